import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  MemoryBrokerStore,
  OidcAuthError,
  OidcAuthModule,
  TokenBroker,
  TokenVerifier,
  type IdTokenClaims,
  type OidcAuthOptions,
} from '../../lib/index.js';
import { clientOptions } from '../fixtures/application.js';
import { BreakableStore } from '../fixtures/breakable-store.js';
import { brokerUrl } from '../fixtures/broker.js';
import { fault, generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { accessTokenPayload, rawJws } from '../fixtures/raw-jwt.js';

/** What becomes of a message: it is done with, or the queue delivers it again after so many seconds. */
type Outcome = 'done' | { refused: string } | { retryAfter: number };

/** As docs/verifying-tokens.md has it: a token comes with a message, and no HTTP request. */
@Injectable()
class ExportsConsumer {
  readonly exported: string[] = [];

  constructor(@Inject(TokenVerifier) private readonly verifier: TokenVerifier) {}

  async consume(message: { token: string }): Promise<Outcome> {
    let user: IdTokenClaims;
    try {
      user = await this.verifier.verify(message.token);
    } catch (error) {
      if (!(error instanceof OidcAuthError)) throw error;
      return error.code.startsWith('token_') ? { refused: error.code } : { retryAfter: error.retryAfter ?? 60 };
    }
    this.exported.push(`${user.iss} ${user.sub}`);
    return 'done';
  }
}

/** An application without HTTP. */
async function startWorker(options: OidcAuthOptions) {
  class WorkerModule {}
  Module({ imports: [OidcAuthModule.forRoot(options)], providers: [ExportsConsumer] })(WorkerModule);
  return NestFactory.createApplicationContext(WorkerModule, { logger: false });
}

let op: TestOp;
let worker: Awaited<ReturnType<typeof startWorker>>;
beforeAll(async () => {
  op = await startOp();
  worker = await startWorker(clientOptions(op));
});
afterAll(async () => {
  await worker.close();
  await op.close();
});
beforeEach(() => op.reset());

const verify = (token: unknown) => worker.get(TokenVerifier).verify(token as string);

/** What is thrown for a token; it must be one of ours. */
async function refusalOf(token: unknown): Promise<OidcAuthError> {
  const error: unknown = await verify(token).then(
    () => 'accepted',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OidcAuthError);
  return error as OidcAuthError;
}

describe('TokenVerifier, in an application without HTTP', () => {
  it('gives the claims of a valid token, which nobody can change', async () => {
    const claims = await verify(await op.mint({ realm_access: { roles: ['admin'] } }));
    expect(claims).toMatchObject({ iss: op.issuer, sub: 'alice', realm_access: { roles: ['admin'] } });
    expect(Object.isFrozen(claims) && Object.isFrozen(claims['realm_access'])).toBe(true);
  });

  it.each<[string, (op: TestOp) => string | Promise<string>]>([
    ['token_opaque', () => 'not-a-jwt'],
    ['token_malformed', () => 'a.b.c'],
    ['token_malformed', () => '..'],
    ['token_too_large', () => 'x'.repeat(16 * 1024 + 1)],
    ['token_encrypted', () => 'a.b.c.d.e'],
    ['token_type_not_allowed', (op) => op.mint({}, { typ: 'logout+jwt' })],
    ['token_type_not_allowed', (op) => op.mint({ typ: 'ID' })],
    ['token_algorithm_not_allowed', async () => await generateSigningKey('ES384').then((key) => op.signWith(key))],
    ['token_issuer_unknown', (op) => op.mint({ iss: 'https://elsewhere.example' })],
    ['token_key_unknown', async (op) => op.signWith(await generateSigningKey('RS256'))],
    [
      'token_signature_invalid',
      async (op) => op.signWith({ ...(await generateSigningKey('RS256')), kid: op.currentKid }),
    ],
    ['token_expired', (op) => op.mint({ exp: 1 })],
    ['token_not_yet_valid', (op) => op.mint({ nbf: Math.floor(Date.now() / 1_000) + 60 })],
    ['token_audience_mismatch', (op) => op.mint({ aud: 'another', azp: 'another' })],
    ['token_claims_invalid', (op) => op.mint({ sub: '' })],
    [
      'token_critical_header',
      (op) => {
        const header = { alg: 'RS256', typ: 'at+jwt', kid: op.currentKid, crit: ['b64'], b64: true };
        return rawJws(op.currentKey, header, accessTokenPayload(op.issuer));
      },
    ],
  ])('says by a stable code why a token is refused, and no word of coming again: %s', async (code, make) => {
    expect(await refusalOf(await make(op))).toMatchObject({ code });
    expect(await refusalOf(await make(op))).not.toHaveProperty('retryAfter');
  });

  it.each([[undefined], [null], [5], [true], [{}], [['x']], [Buffer.from('x')], [Symbol('x')]])(
    'refuses what is no string like any other malformed token: %s',
    async (token) => {
      expect(await refusalOf(token)).toMatchObject({ code: 'token_malformed' });
    },
  );

  describe('tells apart that nobody can say', () => {
    it('while the provider is down: come again', async () => {
      const second = await startOp();
      second.faults.set('jwks', fault.status(503));
      const elsewhere = await startWorker(clientOptions(second));
      await expect(elsewhere.get(TokenVerifier).verify(await second.mint())).rejects.toMatchObject({
        code: 'provider_unreachable',
        retryAfter: expect.any(Number),
      });
      await elsewhere.close();
      await second.close();
    });

    it('while the store of the application’s own keys is down: come again', async () => {
      const brokerStoreObj = new MemoryBrokerStore();
      const options = { ...clientOptions(op), brokerMode: true, brokerIssuer: brokerUrl };
      const issuing = await startWorker({ ...options, brokerStoreObj });
      const { access_token } = await issuing.get(TokenBroker).mint({ sub: 'a-job' });
      await issuing.close();
      const broken = new BreakableStore();
      broken.break();
      const elsewhere = await startWorker({ ...options, brokerStoreObj: broken });
      await expect(elsewhere.get(TokenVerifier).verify(access_token)).rejects.toMatchObject({
        code: 'store_unavailable',
        retryAfter: expect.any(Number),
      });
      await elsewhere.close();
    });

    it('where the provider talks nonsense: somebody has to look', async () => {
      const second = await startOp();
      second.faults.set('jwks', fault.html);
      const elsewhere = await startWorker(clientOptions(second));
      const error: unknown = await elsewhere
        .get(TokenVerifier)
        .verify(await second.mint())
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'provider_invalid_response' });
      expect(error).not.toHaveProperty('retryAfter');
      await elsewhere.close();
      await second.close();
    });
  });
});

describe('a queue consumer', () => {
  it('does what the user of a message asked for, known by issuer and subject', async () => {
    expect(await worker.get(ExportsConsumer).consume({ token: await op.mint() })).toBe('done');
    expect(worker.get(ExportsConsumer).exported).toContain(`${op.issuer} alice`);
  });

  it('is done with a message whose token is refused, also where it has none', async () => {
    const consumer = worker.get(ExportsConsumer);
    expect(await consumer.consume({ token: await op.mint({ exp: 1 }) })).toEqual({ refused: 'token_expired' });
    expect(await consumer.consume({} as { token: string })).toEqual({ refused: 'token_malformed' });
  });

  it('takes a message again once the provider is back', async () => {
    const second = await startOp();
    second.faults.set('jwks', fault.status(503));
    const elsewhere = await startWorker(clientOptions(second));
    const message = { token: await second.mint() };
    const deliver = () => elsewhere.get(ExportsConsumer).consume(message);
    expect(await deliver()).toEqual({ retryAfter: expect.any(Number) });
    expect(elsewhere.get(ExportsConsumer).exported).toEqual([]);
    second.faults.clear();
    await expect.poll(deliver, { interval: 100 }).toBe('done');
    expect(elsewhere.get(ExportsConsumer).exported).toEqual([`${second.issuer} alice`]);
    await elsewhere.close();
    await second.close();
  });
});
