import * as fc from 'fast-check';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OidcAuthError, TokenVerifier } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';
import { genuineOf, type Genuine } from './genuine.js';
import { mutationsOf } from './mutations.js';

/** All in all; `npm run test:corpus` asks for more. */
const TOKENS = Number(process.env['CORPUS_TOKENS'] ?? 3_000);
/** Sent at once, in one property. */
const AT_ONCE = 25;

const op: TestOp = await startOp({ signingAlgorithm: 'ES256' });
const genuine: Genuine = await genuineOf(op);
const mutations = Object.entries(mutationsOf(genuine));
const runs = Math.ceil(TOKENS / mutations.length / AT_ONCE);

/** Whether a header can carry it at all: Node hangs up on more than 16 KiB. */
const isSendable = (token: string) => token.length < 15_000 && /^[\x21-\x7e\x80-\xff]+$/.test(token);

describe.each(adapters)('a guard on $name', (adapter) => {
  let app: VerifyingApplication;
  let verifier: TokenVerifier;
  let keys: ReturnType<typeof createRemoteJWKSet>;
  beforeAll(async () => {
    app = await startVerifyingApplication(op, { algorithms: ['ES256'] }, adapter);
    verifier = app.app.get(TokenVerifier);
    keys = createRemoteJWKSet(new URL(`${op.issuer}/jwks`));
  });
  afterAll(() => app.close());

  /** `undefined`, or what is wrong with how the token was treated. */
  async function mistreatmentOf(token: string): Promise<string | undefined> {
    const reason = await verifier.verify(token).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (reason === undefined) return `accepted: ${token}`;
    if (!(reason instanceof OidcAuthError) || !reason.code.startsWith('token_')) return `${String(reason)}: ${token}`;
    if (!isSendable(token)) return undefined;
    const { status } = await app.fetch('/me', { headers: { authorization: `Bearer ${token}` } });
    return status === 401 || status === 400 ? undefined : `${status}: ${token}`;
  }

  it('accepts the tokens that the corpus is made of', async () => {
    for (const token of genuine.tokens) {
      expect(await app.verdict(token)).toBe('accepted');
      await jwtVerify(token, keys, { issuer: op.issuer, algorithms: ['ES256'] });
    }
  });

  it.each(mutations)('refuses, with a reason of its own: %s', { timeout: 600_000 }, async (_, mutation) => {
    const tokens = fc.array(mutation, { minLength: AT_ONCE, maxLength: AT_ONCE });
    await fc.assert(
      fc.asyncProperty(tokens, async (batch) => {
        const wrong = (await Promise.all(batch.map(mistreatmentOf))).filter((each) => each !== undefined);
        expect(wrong).toEqual([]);
      }),
      { numRuns: runs },
    );
  });
});

afterAll(() => op.close());
