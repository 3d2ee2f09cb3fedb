import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OidcAuthError, OidcAuthModule, TokenVerifier, type IdTokenClaims } from '../../lib/index.js';
import { clientOptions } from '../fixtures/application.js';
import { fault, generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';

/** What takes messages from a queue, or connections of a WebSocket: a token comes with them, and no HTTP request. */
@Injectable()
class QueueConsumer {
  constructor(@Inject(TokenVerifier) private readonly verifier: TokenVerifier) {}

  consume(message: { token: string }): Promise<IdTokenClaims> {
    return this.verifier.verify(message.token);
  }
}

let op: TestOp;
let consumer: QueueConsumer;
let close: () => Promise<void>;
beforeAll(async () => {
  op = await startOp();
  class WorkerModule {}
  Module({ imports: [OidcAuthModule.forRoot(clientOptions(op))], providers: [QueueConsumer] })(WorkerModule);
  const context = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
  consumer = context.get(QueueConsumer);
  close = () => context.close();
});
afterAll(async () => {
  await close();
  await op.close();
});
beforeEach(() => op.reset());

const codeOf = (token: string) =>
  consumer.consume({ token }).then(
    () => 'accepted',
    (error: unknown) => (error instanceof OidcAuthError ? error.code : String(error)),
  );

describe('TokenVerifier, in an application without HTTP', () => {
  it('gives the claims of a valid token, which nobody can change', async () => {
    const claims = await consumer.consume({ token: await op.mint({ realm_access: { roles: ['admin'] } }) });
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
  ])('says by a stable code why a token is refused: %s', async (code, make) => {
    expect(await codeOf(await make(op))).toBe(code);
  });

  it('tells apart that nobody can say', async () => {
    const second = await startOp();
    second.faults.set('jwks', fault.status(503));
    class WorkerModule {}
    Module({ imports: [OidcAuthModule.forRoot(clientOptions(second))] })(WorkerModule);
    const context = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
    await expect(context.get(TokenVerifier).verify(await second.mint())).rejects.toMatchObject({
      code: 'provider_unreachable',
      retryAfter: expect.any(Number),
    });
    await context.close();
    await second.close();
  });
});
