import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { providerSessionIndex, subjectIndex } from './session.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

it('sessions are found by a hash of issuer and subject, which the database can make nothing of', () => {
  expect(subjectIndex('https://idp.example.org', 'alice')).toBe(sha256('https://idp.example.org\0alice'));
});

it("sessions are found by a hash of issuer and the provider's session id, where there is one", () => {
  expect(providerSessionIndex('https://idp.example.org', 's1')).toBe(sha256('https://idp.example.org\0s1'));
  expect(providerSessionIndex('https://idp.example.org', undefined)).toBeUndefined();
});
