import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { ErrorRequestHandler, Express, Request } from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import type { JWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore, type OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { newToken } from '../fixtures/broker-keys.js';
import { decoded, forgedToken, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { anyFreePort } from '../../scripts/start/ports.mjs';
import { generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { rawHmacJws, rawJws, unsignedJwt } from '../fixtures/raw-jwt.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';

const audience = 'my-api';

/** An application in another framework, which knows our issuer and its own audience, and nothing else. */
class OtherApplication {
  private readonly server;

  private constructor(issuerBaseURL: string) {
    const app = new ExpressAdapter().getInstance<Express>();
    // `strict`: what RFC 9068 demands of an access token is looked at, too.
    app.use(auth({ issuerBaseURL, audience, strict: true }));
    app.get('/', ({ auth: verified }: Request, response) => void response.json(verified!.payload));
    const told: ErrorRequestHandler = (
      error: { status?: number; code?: string; message: string },
      _,
      response,
      _next,
    ) => void response.status(error.status ?? 500).send(`${error.code} ${error.message}`);
    app.use(told);
    this.server = createServer(app);
  }

  static async start(issuer: string): Promise<OtherApplication> {
    const application = new OtherApplication(issuer);
    application.server.listen(0, '127.0.0.1');
    await once(application.server, 'listening');
    return application;
  }

  /** The status, and the claims of the token or why it was refused. */
  async answer(token: string): Promise<{ status: number; text: string }> {
    const { port } = this.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, bearer(token));
    return { status: response.status, text: await response.text() };
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());

const placed = [
  { place: 'an issuer with a path', prefix: '/api' },
  { place: 'an issuer without a path', prefix: '' },
];
const cases = adapters.flatMap((adapter) => placed.map((place) => ({ adapter, name: adapter.name, ...place })));

describe.each(cases)('express-oauth2-jwt-bearer, told $place of a broker on $name', ({ adapter, prefix }) => {
  let broker: RunningBroker;
  let issuer: string;
  let other: OtherApplication;
  beforeAll(async () => {
    const port = await anyFreePort();
    const publicUrl = `http://127.0.0.1:${port}`;
    issuer = `${publicUrl}${prefix}`;
    broker = await startBroker(adapter, op, {
      auth: { brokerIssuer: undefined, publicUrl, prefix, brokerAudience: audience },
      port,
    });
    other = await OtherApplication.start(issuer);
  });
  afterAll(async () => {
    await other?.close();
    await broker?.close();
  });

  /** Signed by the broker's key, whatever it says. */
  const signed = (claims: object = {}, header: object = {}) =>
    forgedToken(broker, { iss: issuer, aud: audience, client_id: 'somebody', jti: 'a', ...claims }, header);

  it('accepts the tokens it issues, of people and of programs', async () => {
    const { access_token } = await signIn({ ...broker, url: issuer });
    const { status, text } = await other.answer(access_token);
    expect(status, text).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ iss: issuer, aud: audience, sub: 'alice', roles: expect.any(Array) });

    expect((await other.answer((await broker.broker.mint({ sub: 'a-job' })).access_token)).status).toBe(200);
    expect((await other.answer(await signed())).status).toBe(200);
  });

  it('refuses what it did not issue, issued to others, or issued long ago', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const { header, claims } = decoded(await signed());
    const jwks = (await (await broker.fetch(`${prefix}/auth/v2/.well-known/jwks.json`)).json()) as { keys: JWK[] };
    const stranger = await generateSigningKey('RS256');
    const [head, , signature] = (await signed()).split('.');
    const refused = {
      'of another audience': await signed({ aud: 'another-api' }),
      'that has expired': await signed({ iat: now - 600, exp: now - 60 }),
      'of another issuer': await signed({ iss: 'https://other.example.org' }),
      'of its issuer spelled otherwise': await signed({ iss: `${issuer}/` }),
      'that is no access token': await signed({}, { typ: 'JWT' }),
      'by another key of the same id': rawJws(stranger, header, claims),
      'by a key that is not published': rawJws(stranger, { ...header, kid: stranger.kid }, claims),
      'by nobody': unsignedJwt({ ...header, alg: 'none' }, claims),
      'by a public key as a secret': rawHmacJws(JSON.stringify(jwks.keys[0]), { ...header, alg: 'HS256' }, claims),
      'with the signature of another': `${head}.${(await signed({ sub: 'bob' })).split('.')[1]}.${signature}`,
    };
    for (const [which, token] of Object.entries(refused)) {
      expect(await other.answer(token), which).toMatchObject({
        status: 401,
        text: expect.stringMatching(/^invalid_token /),
      });
    }
  });
});

describe.each(adapters)(
  'express-oauth2-jwt-bearer, while a broker on $name changes its signing algorithm',
  (adapter) => {
    beforeEach(() => stopTime());
    afterEach(() => backToRealTime());

    it('accepts the tokens of before, those in between and the new ones', async () => {
      const port = await anyFreePort();
      const publicUrl = `http://127.0.0.1:${port}`;
      const brokerStoreObj = new MemoryBrokerStore();
      const start = (signingAlgorithm: OidcAuthOptions['signingAlgorithm']) =>
        startBroker(adapter, op, {
          auth: { brokerIssuer: undefined, publicUrl, brokerAudience: audience, brokerStoreObj, signingAlgorithm },
          port,
        });
      const before = await start('RS256');
      const other = await OtherApplication.start(publicUrl);
      const old = await newToken(before);
      const verdict = async (token: string) => {
        const { status, text } = await other.answer(token);
        return status === 200 ? decoded(token).header.alg : text;
      };
      expect(await verdict(old)).toBe('RS256');
      await before.close();

      const after = await start('ES256');
      // Longer than it keeps what it has read.
      pass(601);
      expect(await verdict(await newToken(after))).toBe('RS256');
      pass(3_300);
      expect(await verdict(await newToken(after))).toBe('ES256');
      expect(await verdict(old)).toBe('RS256');
      await other.close();
      await after.close();
    });
  },
);
