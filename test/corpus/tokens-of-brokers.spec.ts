import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { brokerUrl, startBroker, type BrokerOptions, type RunningBroker } from '../fixtures/broker.js';
import { generateSigningKey, startOp } from '../fixtures/op/index.js';
import { sharedAudience } from '../fixtures/peer.js';
import { jwksUriOf, signerOfBroker } from './broker-signer.js';
import { Court } from './court.js';
import { genuineOf } from './genuine.js';
import { joseVerdictOf } from './jose-verdict.js';
import { damagedCharacters, mutationsOf } from './mutations/index.js';
import { itRefuses } from './refusal.js';
import { CorpusRoutes } from './routes.js';
import { signed, signerOf } from './signer.js';

describe('the tokens of an application in broker mode', async () => {
  const op = await startOp();
  const start = (auth: BrokerOptions['auth'], adapter: Adapter = adapters[1]) =>
    startBroker(adapter, op, {
      auth: { brokerAudience: sharedAudience, ...auth },
      module: { controllers: [CorpusRoutes] },
    });
  const brokerStoreObj = new MemoryBrokerStore();
  const app = await start({ brokerStoreObj });
  const applications = [app, await start({ brokerStoreObj }, adapters[0])];
  // Not trusted, with stores and keys of their own; the second gives our name for its own.
  const another = await start({ brokerIssuer: 'https://another.example.org' });
  const namesake = await start({});
  afterAll(async () => {
    await Promise.all([...applications, another, namesake].map((each) => each.close()));
    await op.close();
  });

  const others = await Promise.all([signerOfBroker(another), signerOfBroker(namesake), signerOf(op.currentKey)]);
  const genuine = genuineOf({
    issuer: brokerUrl,
    audience: sharedAudience,
    signer: await signerOfBroker(app),
    strangers: [...others, signerOf(await generateSigningKey('ES256'))],
    // Each token of ours says that it is an access token.
    otherTypes: [undefined, 'JWT', 'jwt', 'logout+jwt', 'id+jwt', 'application/jwt', '', 1, null],
    issuesOtherTokens: false,
  });
  const options = { issuer: brokerUrl, audience: sharedAudience, typ: 'at+jwt' };
  const court = new Court(applications, await joseVerdictOf([{ jwksUri: jwksUriOf(app), options }]));
  const judge = (token: string) => court.mistreatmentOfBad(token);

  it('are accepted by all of its instances, and by jose', async () => {
    for (const token of fc.sample(genuine.tokens, 10)) expect(await court.accepts(token)).toBe(true);
    expect(await court.accepts((await app.broker.mint({ sub: 'a-job' })).access_token)).toBe(true);
  });

  describe('after a change', () => {
    itRefuses(mutationsOf(genuine), judge, { share: 0.15, isSignedAnew: true });
  });

  describe('of another instance, with a key of its own', async () => {
    const mint = async ({ broker }: RunningBroker, index: number) =>
      (await broker.mint({ sub: `job-${index}` })).access_token;
    const theirs = await Promise.all(
      Array.from({ length: 40 }, (_, index) => mint(index % 2 ? another : namesake, index)),
    );
    const their = fc.constantFrom(...theirs);

    it('are refused as they are', async () => {
      expect((await Promise.all(theirs.map(judge))).filter((wrong) => wrong !== undefined)).toEqual([]);
    });

    itRefuses(
      {
        ...damagedCharacters((how, change) => fc.tuple(their, how).map(([token, drawn]) => change(token, drawn))),
        'put together of theirs and ours': fc.tuple(their, genuine.tokens, fc.nat(6)).map(([token, our, ways]) => {
          const [parts, ourParts] = [token.split('.'), our.split('.')];
          return parts.map((part, index) => ((ways >> index) & 1 ? ourParts[index] : part)).join('.');
        }),
        'signed in whatever name': fc
          .tuple(
            genuine.payloads,
            fc.constantFrom(...others),
            fc.constantFrom(brokerUrl, 'https://another.example.org', op.issuer),
            fc.boolean(),
          )
          .map(([claims, other, iss, isNamedAsOurs]) => {
            const kid = isNamedAsOurs ? genuine.signer.kid : other.kid;
            return signed(other, JSON.stringify({ ...genuine.header, kid }), JSON.stringify({ ...claims, iss }));
          }),
      },
      judge,
      { share: 0.05, isSignedAnew: false },
    );
  });
});
