import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { generateSigningKey, startOp } from '../fixtures/op/index.js';
import { Court } from './court.js';
import { genuineOf } from './genuine.js';
import { joseVerdictOf } from './jose-verdict.js';
import { mutationsOf } from './mutations/index.js';
import { itRefuses } from './refusal.js';
import { CorpusRoutes } from './routes.js';
import { signerOf } from './signer.js';

const settings = [
  { alg: 'ES256', share: 0.3 },
  { alg: 'RS256', share: 0.2 },
] as const;

describe.each(settings)("the provider's tokens, signed with $alg", async ({ alg, share }) => {
  const op = await startOp({ signingAlgorithm: alg });
  // A key that is published and signs no more.
  await op.rotateKeys();
  const applications = await Promise.all(
    adapters.map((adapter) =>
      startApplication(adapter, {
        auth: { ...clientOptions(op), algorithms: [alg] },
        module: { controllers: [CorpusRoutes] },
      }),
    ),
  );
  afterAll(async () => {
    await Promise.all(applications.map((app) => app.close()));
    await op.close();
  });

  const genuine = genuineOf({
    issuer: op.issuer,
    audience: 'test-api',
    signer: signerOf(op.currentKey),
    strangers: await Promise.all(['ES256', 'RS256'].map(async (other) => signerOf(await generateSigningKey(other)))),
    otherTypes: ['logout+jwt', 'id+jwt', 'dpop+jwt', 'secevent+jwt', 'application/jwt', 'JWE', '', 1, null],
    issuesOtherTokens: true,
  });
  const options = { issuer: op.issuer, audience: 'test-api', algorithms: [alg] };
  const court = new Court(applications, await joseVerdictOf([{ jwksUri: `${op.issuer}/jwks`, options }]));

  it('accepts the tokens that the corpus is made of, and so does jose', async () => {
    for (const token of fc.sample(genuine.tokens, 10)) expect(await court.accepts(token)).toBe(true);
  });

  itRefuses(mutationsOf(genuine), (token) => court.mistreatmentOfBad(token), { share, isSignedAnew: true });
});
