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
import { genuineOf } from './genuine.js';
import { joseVerdictOf } from './jose-verdict.js';
import { mutationsOf } from './mutations/index.js';
import { itRefuses } from './refusal.js';
import { CorpusRoutes } from './routes.js';
import { signerOf } from './signer.js';

const otherTypes = ['logout+jwt', 'id+jwt', 'dpop+jwt', 'secevent+jwt', 'application/jwt', 'JWE', '', 1, null];
const another = 'https://another.example.org';

describe('the tokens of another application that is trusted', async () => {
  const [op, third] = await Promise.all([startOp(), TestPeer.start()]);
  const brokerAudience = sharedAudience;
  const peer = await startBroker(adapters[1], op, { auth: { brokerIssuer: another, brokerAudience } });
  const trustedIssuers = [{ issuer: another, jwksUri: jwksUriOf(peer), roles: ['clerk'] }, third.issuer];
  const brokerStoreObj = new MemoryBrokerStore();
  const applications = await Promise.all(
    adapters.map((adapter) =>
      startBroker(adapter, op, {
        auth: { brokerAudience, trustedIssuers, brokerStoreObj },
        module: { controllers: [CorpusRoutes] },
      }),
    ),
  );
  const [app] = applications;
  afterAll(async () => {
    await Promise.all([...applications, peer].map((each) => each.close()));
    await Promise.all([op.close(), third.down()]);
  });

  const genuine = genuineOf({
    issuer: another,
    audience: sharedAudience,
    signer: await signerOfBroker(peer),
    strangers: [
      await signerOfBroker(app!),
      ...[third.key, op.currentKey, await generateSigningKey('ES256')].map((key) => signerOf(key)),
    ],
    otherTypes,
    issuesOtherTokens: true,
  });
  const jose = await joseVerdictOf([
    { jwksUri: jwksUriOf(peer), options: { issuer: another, audience: sharedAudience } },
    { jwksUri: third.jwksUri, options: { issuer: third.issuer, audience: sharedAudience } },
    { jwksUri: jwksUriOf(app!), options: { issuer: brokerUrl, audience: sharedAudience, typ: 'at+jwt' } },
  ]);
  const court = new Court(applications, jose);

  it('are accepted, and by jose', async () => {
    for (const token of fc.sample(genuine.tokens, 10)) expect(await court.accepts(token)).toBe(true);
    expect(await court.accepts((await peer.broker.mint({ sub: 'a-job' })).access_token)).toBe(true);
    expect(await court.accepts(await third.mint())).toBe(true);
  });

  itRefuses(mutationsOf(genuine), (token) => court.mistreatmentOfBad(token), { share: 0.1, isSignedAnew: true });
});

describe('the tokens of a second identity provider', async () => {
  const [op, second] = await Promise.all([startOp(), startOp({ signingAlgorithm: 'ES256', audience: 'second-api' })]);
  const trustedIssuers = [{ issuer: second.issuer, audience: 'second-api', roles: [] }];
  const applications = await Promise.all(
    adapters.map((adapter) =>
      startApplication(adapter, {
        auth: { ...clientOptions(op), trustedIssuers },
        module: { controllers: [CorpusRoutes] },
      }),
    ),
  );
  afterAll(async () => {
    await Promise.all(applications.map((each) => each.close()));
    await Promise.all([op.close(), second.close()]);
  });

  const genuine = genuineOf({
    issuer: second.issuer,
    audience: 'second-api',
    signer: signerOf(second.currentKey),
    strangers: [op.currentKey, await generateSigningKey('ES256')].map((key) => signerOf(key)),
    otherTypes,
    issuesOtherTokens: true,
  });
  const jose = await joseVerdictOf([
    { jwksUri: `${second.issuer}/jwks`, options: { issuer: second.issuer, audience: 'second-api' } },
    { jwksUri: `${op.issuer}/jwks`, options: { issuer: op.issuer, audience: 'test-api' } },
  ]);
  const court = new Court(applications, jose);

  it('are accepted, and by jose', async () => {
    for (const token of fc.sample(genuine.tokens, 10)) expect(await court.accepts(token)).toBe(true);
    expect(await court.accepts(await second.mint())).toBe(true);
    expect(await court.accepts(await op.mint())).toBe(true);
  });

  itRefuses(mutationsOf(genuine), (token) => court.mistreatmentOfBad(token), { share: 0.1, isSignedAnew: true });
});
