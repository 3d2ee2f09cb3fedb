import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';

const EXPIRED = '401 The token has expired.';
const TOO_EARLY = '401 The token is not valid yet.';
const OTHER_AUDIENCE = '401 The token is meant for another application ("aud").';
const OTHER_ISSUER = '401 The token comes from an issuer that is not trusted here.';
const BAD_CLAIM = (claim: string) => `401 The token has no valid "${claim}" claim.`;

const seconds = (fromNow: number) => Math.floor(Date.now() / 1_000) + fromNow;

let op: TestOp;
let app: VerifyingApplication;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
  app = await startVerifyingApplication(op);
});
afterAll(async () => {
  await app.close();
  await op.close();
});

describe('times', () => {
  it.each([
    ['a token that expired just now is tolerated', { exp: -5 }, 'accepted'],
    ['a token that expired before that is not', { exp: -12 }, EXPIRED],
    ['a token that begins in a moment is tolerated', { nbf: 5 }, 'accepted'],
    ['a token that begins after that is not', { nbf: 15 }, TOO_EARLY],
    ['a token issued by a clock that is ahead is accepted', { iat: 5 }, 'accepted'],
  ])('%s, by the default clockTolerance of 10 s', async (_sentence, times, verdict) => {
    const claims = Object.fromEntries(Object.entries(times).map(([name, fromNow]) => [name, seconds(fromNow)]));
    expect(await app.verdict(await op.mint(claims))).toBe(verdict);
  });

  it('are judged by clockTolerance', async () => {
    const [strict, lax] = [
      await startVerifyingApplication(op, { clockTolerance: 0 }),
      await startVerifyingApplication(op, { clockTolerance: 60 }),
    ];
    expect(await strict.verdict(await op.mint({ exp: seconds(-2) }))).toBe(EXPIRED);
    expect(await strict.verdict(await op.mint({ nbf: seconds(3) }))).toBe(TOO_EARLY);
    expect(await lax.verdict(await op.mint({ exp: seconds(-45) }))).toBe('accepted');
    expect(await lax.verdict(await op.mint({ nbf: seconds(45) }))).toBe('accepted');
    await strict.close();
    await lax.close();
  });

  it.each([
    ['no exp', { exp: undefined }, BAD_CLAIM('exp')],
    ['exp as a text', { exp: '9999999999' as never }, BAD_CLAIM('exp')],
    ['exp as null', { exp: null as never }, BAD_CLAIM('exp')],
    ['nbf as a text', { nbf: '0' as never }, BAD_CLAIM('nbf')],
  ])('%s is refused', async (_what, claims, verdict) => {
    expect(await app.verdict(await op.mint(claims as never))).toBe(verdict);
  });
});

describe('sub', () => {
  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['a number', 42],
    ['an object', { id: 'alice' }],
    ['null', null],
  ])('%s is refused', async (_what, sub) => {
    expect(await app.verdict(await op.mint({ sub: sub as never }))).toBe(BAD_CLAIM('sub'));
  });
});

describe('iss', () => {
  it.each([
    ['with a slash more', (issuer: string) => `${issuer}/`],
    ['in other case', (issuer: string) => issuer.toUpperCase()],
    ["somebody else's", () => 'https://idp.example.org'],
    ['a list that holds it', (issuer: string) => [issuer]],
    ['none', () => undefined],
  ])("must be the provider's, character for character: %s", async (_what, issuerFrom) => {
    expect(await app.verdict(await op.mint({ iss: issuerFrom(op.issuer) as never }))).toBe(OTHER_ISSUER);
  });

  it('is compared with the option issuer where that is set', async () => {
    const renamed = await startVerifyingApplication(op, { issuer: 'https://idp.example.org' });
    expect(await renamed.verdict(await op.mint({ iss: 'https://idp.example.org' }))).toBe('accepted');
    expect(await renamed.verdict(await op.mint())).toBe(OTHER_ISSUER);
    await renamed.close();
  });
});

describe('aud, with the option audience', () => {
  it.each([
    ['the audience', 'test-api', true],
    ['a list that holds it', ['account', 'test-api'], true],
    ['a list without it', ['account'], false],
    ['the client only', 'confidential-client', false],
    ['a text that begins with it', 'test-api-2', false],
    ['other case', 'TEST-API', false],
    ['an empty list', [], false],
    ['a list in a list', [['test-api']], false],
    ['nothing', undefined, false],
  ])('%s', async (_what, aud, accepted) => {
    expect(await app.verdict(await op.mint({ aud: aud as never }))).toBe(accepted ? 'accepted' : OTHER_AUDIENCE);
  });

  it('any of several is enough', async () => {
    const other = await startVerifyingApplication(op, { audience: ['first-api', 'second-api'] });
    expect(await other.verdict(await op.mint({ aud: 'second-api' }))).toBe('accepted');
    expect(await other.verdict(await op.mint({ aud: ['x', 'first-api'] }))).toBe('accepted');
    expect(await other.verdict(await op.mint())).toBe(OTHER_AUDIENCE);
    await other.close();
  });

  it('is not replaced by azp or client_id', async () => {
    const claims = { aud: 'other-api', azp: 'confidential-client', client_id: 'confidential-client' };
    expect(await app.verdict(await op.mint(claims))).toBe(OTHER_AUDIENCE);
  });
});

describe('aud, without the option audience', () => {
  let open: VerifyingApplication;
  beforeAll(async () => {
    open = await startVerifyingApplication(op, { audience: undefined });
  });
  afterAll(() => open.close());

  it.each([
    ['aud is the client', { aud: 'confidential-client', azp: undefined }, true],
    ['aud holds the client', { aud: ['account', 'confidential-client'], azp: undefined }, true],
    ['azp is the client', { aud: 'account' }, true],
    ['client_id is the client', { aud: 'account', azp: undefined, client_id: 'confidential-client' }, true],
    ['there is no aud, but azp', { aud: undefined }, true],
    ['all name somebody else', { aud: 'test-api', azp: 'x', client_id: 'y' }, false],
    ['azp only holds the client', { aud: 'test-api', azp: ['confidential-client'] }, false],
    ['none is there', { aud: undefined, azp: undefined }, false],
  ])('%s', async (_what, claims, accepted) => {
    expect(await open.verdict(await op.mint(claims as never))).toBe(accepted ? 'accepted' : OTHER_AUDIENCE);
  });
});

describe('the operator is told', () => {
  it.each([
    ['iss', { iss: 'https://idp.example.org' }, 'its "iss" is "https://idp.example.org"'],
    ['a missing iss', { iss: undefined }, 'its "iss" is undefined'],
    ['aud', { aud: 'somebody-else' }, 'its "aud" is "somebody-else"'],
    ['a list of aud', { aud: ['a', 'b'] }, 'its "aud" is ["a","b"]'],
  ])('what a refused token said and what is accepted, once: %s', async (_claim, claims, found) => {
    const talkative = await startVerifyingApplication(op);
    const token = await op.mint(claims as never);
    for (const _time of ['first', 'again']) await talkative.verdict(token);
    const lines = talkative.operator.containing('A token was refused');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(found);
    expect(lines[0]).toContain('aud' in claims ? '["test-api"]' : `accepted is "${op.issuer}"`);
    expect(lines[0]).not.toContain(token.split('.')[2]);
    await talkative.close();
  });
});
