import { expect, it } from 'vitest';
import { eventsFor, remember } from '../../sample/01-quickstart/src/events.js';

const issuer = 'https://quickstart.example.org/api';
const provider = 'https://idp.example.org';
const partner = 'https://partner.example.com';

remember({ type: 'login', sid: 'laptop', iss: provider, sub: 'alice' });
remember({ type: 'login', sid: 'phone', iss: provider, sub: 'alice' });
remember({ type: 'login', sid: 'namesake', iss: partner, sub: 'alice' });
remember({ type: 'login', sid: 'other', iss: provider, sub: 'bob' });
for (const sid of ['laptop', 'phone', 'namesake', 'other', 'before-restart']) {
  remember({ type: 'minted', reason: 'login', jti: `of-${sid}`, sub: sid === 'other' ? 'bob' : 'alice', sid });
  remember({ type: 'ended', sid, reason: 'logout' });
}
remember({ type: 'key_rotated', kid: 'a', generation: 1, reason: 'first' });

/** The sessions of which the holder of a token hears. */
function sessionsToldTo(token: { iss: string; sub: string; sid?: string }): string[] {
  const told = eventsFor(token as never, issuer).flatMap((event) => ('sid' in event ? [String(event.sid)] : []));
  return [...new Set(told)].toSorted();
}

it('the quickstart tells somebody of all his sessions, and of no namesake of another issuer', () => {
  expect(sessionsToldTo({ iss: issuer, sub: 'alice', sid: 'laptop' })).toEqual(['laptop', 'phone']);
  expect(sessionsToldTo({ iss: issuer, sub: 'alice', sid: 'namesake' })).toEqual(['namesake']);
  expect(sessionsToldTo({ iss: issuer, sub: 'bob', sid: 'other' })).toEqual(['other']);
});

it('the quickstart takes a session id of its own tokens alone', () => {
  expect(sessionsToldTo({ iss: partner, sub: 'mallory', sid: 'laptop' })).toEqual([]);
  expect(sessionsToldTo({ iss: 'https://peer.example.org/api', sub: 'alice', sid: 'laptop' })).toEqual([]);
});

it('the quickstart tells of a session whose login it has forgotten, and of nobody else’s to who has none', () => {
  expect(sessionsToldTo({ iss: issuer, sub: 'alice', sid: 'before-restart' })).toEqual(['before-restart']);
  expect(sessionsToldTo({ iss: issuer, sub: 'a-job' })).toEqual([]);
  expect(eventsFor({ iss: issuer, sub: 'a-job' } as never, issuer).map(({ type }) => type)).toEqual(['key_rotated']);
});
