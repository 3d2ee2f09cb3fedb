import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { brokerUrl, startBroker } from '../fixtures/broker.js';
import { generateSigningKey, startOp } from '../fixtures/op/index.js';
import { sharedAudience, TestPeer } from '../fixtures/peer.js';
import { jwksUriOf, signerOfBroker } from './broker-signer.js';
import { Court } from './court.js';
import { genuineOf, type Genuine } from './genuine.js';
import { joseVerdictOf } from './jose-verdict.js';
import { boundedRolesOf, oddTokensOf } from './odd-claims.js';
import { itIsNotDeceivedBy } from './refusal.js';
import { CorpusRoutes, demanded } from './routes.js';
import { signerOf, type Signer } from './signer.js';

/** Besides: some of them are accepted where nothing is demanded, so that they do not count. */
const SHARE = 0.03;

const genuine = (issuer: string, audience: string, signer: Signer, strangers: readonly Signer[]): Genuine =>
  genuineOf({ issuer, audience, signer, strangers, otherTypes: [], issuesOtherTokens: true });

const module = { controllers: [CorpusRoutes] };

describe('odd tokens of the provider', async () => {
  const op = await startOp({ signingAlgorithm: 'ES256' });
  await op.rotateKeys();
  const applications = await Promise.all(
    adapters.map((adapter) => startApplication(adapter, { auth: clientOptions(op), module })),
  );
  afterAll(async () => {
    await Promise.all(applications.map((each) => each.close()));
    await op.close();
  });
  const stranger = signerOf(await generateSigningKey('ES256'));
  const tokens = genuine(op.issuer, 'test-api', signerOf(op.currentKey), [stranger]);
  const options = { issuer: op.issuer, audience: 'test-api', algorithms: ['ES256'] };
  const court = new Court(applications, await joseVerdictOf([{ jwksUri: `${op.issuer}/jwks`, options }]));

  it('are odd in what is added alone', async () => {
    for (const token of fc.sample(tokens.tokens, 10)) expect(await court.mistreatmentOfOdd(token)).toBeUndefined();
  });

  itIsNotDeceivedBy(oddTokensOf(tokens), (token) => court.mistreatmentOfOdd(token), {
    share: SHARE,
    isSignedAnew: true,
  });
});

describe('odd tokens of applications', async () => {
  const [op, peer] = await Promise.all([startOp(), TestPeer.start()]);
  const brokerStoreObj = new MemoryBrokerStore();
  const trustedIssuers = [{ issuer: peer.issuer, roles: ['clerk'] }];
  const auth = { brokerAudience: sharedAudience, trustedIssuers, brokerStoreObj };
  const applications = await Promise.all(adapters.map((adapter) => startBroker(adapter, op, { auth, module })));
  const [app] = applications;
  afterAll(async () => {
    await Promise.all(applications.map((each) => each.close()));
    await Promise.all([op.close(), peer.down()]);
  });
  const [own, theirs] = [await signerOfBroker(app!), signerOf(peer.key)];
  const jose = await joseVerdictOf([
    { jwksUri: jwksUriOf(app!), options: { issuer: brokerUrl, audience: sharedAudience, typ: 'at+jwt' } },
    { jwksUri: peer.jwksUri, options: { issuer: peer.issuer, audience: sharedAudience } },
  ]);
  const court = new Court(applications, jose);
  const judge = (token: string) => court.mistreatmentOfOdd(token);

  describe('of this one', () => {
    const tokens = genuine(brokerUrl, sharedAudience, own, [theirs]);
    itIsNotDeceivedBy(oddTokensOf(tokens), judge, { share: SHARE, isSignedAnew: true });
  });

  describe('of another that may give certain roles only', () => {
    const tokens = genuine(peer.issuer, sharedAudience, theirs, [own]);
    itIsNotDeceivedBy(oddTokensOf(tokens), judge, { share: SHARE, isSignedAnew: true });

    // Beside what routes ask for: an application may look for roles in its handlers, too.
    const judgeRoles = async (token: string) =>
      (await judge(token)) ?? ((await court.isTold(token, demanded.role)) ? `its role is told: ${token}` : undefined);
    itIsNotDeceivedBy(boundedRolesOf(tokens), judgeRoles, { share: SHARE / 5, isSignedAnew: true });
  });
});
