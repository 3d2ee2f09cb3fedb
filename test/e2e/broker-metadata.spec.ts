import { Controller, Get, Module } from '@nestjs/common';
import { MemoryBrokerStore, OidcAuthModule, type OidcAuthOptions } from '../../lib/index.js';
import { allowInsecureRequests, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { BreakableStore } from '../fixtures/breakable-store.js';
import { maintain, newToken } from '../fixtures/broker-keys.js';
import { decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable } from '../fixtures/responses.js';
import { anyFreePort } from '../../scripts/start/ports.mjs';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';

const OPENID = '/.well-known/openid-configuration';
const RFC_8414 = '/.well-known/oauth-authorization-server';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

describe.each(adapters)('the metadata of broker mode, on $name', (adapter) => {
  const publicUrl = 'https://app.example.org/base';

  it('says where keys and endpoints are, and what they do', async () => {
    const app = await startBroker(adapter, op, { auth: { brokerIssuer: undefined, publicUrl, prefix: '/api' } });
    const response = await app.fetch(`/api${OPENID}`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const base = 'https://app.example.org/base/api';
    expect(await json(response)).toEqual({
      issuer: base,
      jwks_uri: `${base}/auth/v2/.well-known/jwks.json`,
      token_endpoint: `${base}/auth/v2/token`,
      device_authorization_endpoint: `${base}/auth/v2/device`,
      userinfo_endpoint: `${base}/auth/v2/userinfo`,
      grant_types_supported: [
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      response_types_supported: [],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['none'],
    });
    await app.close();
  });

  it('follows endpoints that were moved or left out, and another algorithm', async () => {
    const endpoints = { device: false, userinfo: false, jwks: '/keys', token: '/oauth/token' } as const;
    const app = await startBroker(adapter, op, {
      auth: { brokerIssuer: undefined, publicUrl, endpoints, brokerJwksPath: '/keys', signingAlgorithm: 'PS256' },
    });
    const metadata = await json(await app.fetch(OPENID));
    expect(metadata).toMatchObject({
      jwks_uri: `${publicUrl}/keys`,
      token_endpoint: `${publicUrl}/oauth/token`,
      grant_types_supported: ['refresh_token', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      id_token_signing_alg_values_supported: ['PS256'],
    });
    expect(Object.keys(metadata)).not.toEqual(expect.arrayContaining(['device_authorization_endpoint']));
    expect(Object.keys(metadata)).not.toEqual(expect.arrayContaining(['userinfo_endpoint']));
    await app.close();
  });

  it('is not sent again to who has it', async () => {
    const app = await startBroker(adapter, op);
    const etag = (await app.fetch(OPENID)).headers.get('etag')!;
    expect((await app.fetch(OPENID, { headers: { 'if-none-match': etag } })).status).toBe(304);
    await app.close();
  });

  it('is open to everybody where all routes are guarded, and under a global prefix', async () => {
    const app = await startBroker(adapter, op, {
      auth: { globalGuard: true, brokerIssuer: undefined, publicUrl: 'https://app.example.org/v1', prefix: '/api' },
      configure: (nest) => nest.setGlobalPrefix('/v1'),
    });
    const response = await app.fetch(`/v1/api${OPENID}`);
    expect(await json(response)).toMatchObject({ issuer: 'https://app.example.org/v1/api' });
    await app.close();
  });

  it('of an issuer with a path is also where RFC 8414 looks for it, if the application serves that path', async () => {
    const auth = { brokerIssuer: undefined, publicUrl: 'https://app.example.org', prefix: '/api', globalGuard: true };
    const app = await startBroker(adapter, op, { auth });
    const response = await app.fetch(`${RFC_8414}/api`);
    expect(response.status).toBe(200);
    expect(await json(response)).toEqual(await json(await app.fetch(`/api${OPENID}`)));
    await app.close();

    const proxied = await startBroker(adapter, op, { auth: { ...auth, publicUrl: 'https://app.example.org/base' } });
    await expectOAuthError(await proxied.fetch(`${RFC_8414}/api`), 404, 'invalid_request');
    await proxied.close();
  });

  it('of an issuer without a path is at the root', async () => {
    const app = await startBroker(adapter, op);
    expect(await json(await app.fetch(RFC_8414))).toMatchObject({ issuer: 'https://broker.example.org' });
    await app.close();
  });

  it('is not there in pass-through mode, where the issuer is no address, and where it is left out', async () => {
    @Module({ imports: [OidcAuthModule.forRootAsync({ useFactory: () => clientOptions(op) })] })
    class LateOptions {}
    const passThrough = await startApplication(adapter, { module: { imports: [LateOptions] } });
    for (const path of [OPENID, RFC_8414]) {
      await expectOAuthError(await passThrough.fetch(path), 404, 'invalid_request');
    }
    await passThrough.close();

    const named = await startBroker(adapter, op, { auth: { brokerIssuer: undefined, brokerAudience: 'my-api' } });
    await expectOAuthError(await named.fetch(OPENID), 404, 'invalid_request');
    await named.close();

    const without = await startBroker(adapter, op, { auth: { endpoints: { metadata: false } } });
    for (const path of [OPENID, RFC_8414]) expect((await without.fetch(path)).status).toBe(404);
    await without.close();
  });

  it('leaves these routes to an application that is no issuer', async () => {
    @Controller('.well-known')
    class OwnMetadata {
      @Get(['openid-configuration', 'oauth-authorization-server'])
      metadata() {
        return { issuer: 'https://elsewhere.example.org' };
      }
    }
    const app = await startApplication(adapter, { auth: clientOptions(op), module: { controllers: [OwnMetadata] } });
    for (const path of [OPENID, RFC_8414]) {
      expect(await json(await app.fetch(path))).toEqual({ issuer: 'https://elsewhere.example.org' });
    }
    await app.close();
  });

  it('is 503 while nobody can say how tokens are signed, and stays once it is known', async () => {
    const store = new BreakableStore();
    store.break();
    const late = await startBroker(adapter, op, { auth: { brokerStoreObj: store } });
    for (const path of [OPENID, RFC_8414]) await expectUnavailable(await late.fetch(path));
    await late.close();

    store.mend();
    const app = await startBroker(adapter, op, { auth: { brokerStoreObj: store } });
    expect((await app.fetch(OPENID)).status).toBe(200);
    store.break();
    for (const path of [OPENID, RFC_8414]) expect((await app.fetch(path)).status).toBe(200);
    await app.close();
  });

  it('is that of the registration it is asked for, where there are several', async () => {
    const second = (issuer: string, auth: Partial<OidcAuthOptions> = {}) => ({
      ...clientOptions(op),
      brokerMode: true,
      brokerIssuer: issuer,
      brokerStoreObj: new MemoryBrokerStore(),
      isGlobal: false,
      ...auth,
    });
    const one = second('https://one.example.org/one');
    const two = second('https://two.example.org/two', { signingAlgorithm: 'ES256' });
    const app = await startApplication(adapter, {
      module: {
        imports: [
          OidcAuthModule.forRoot({ ...one, prefix: '/one' }),
          OidcAuthModule.forRoot({ ...two, prefix: '/two' }),
        ],
      },
    });
    for (const [name, algorithm] of Object.entries({ one: 'RS256', two: 'ES256' })) {
      for (const path of [`/${name}${OPENID}`, `${RFC_8414}/${name}`]) {
        expect(await json(await app.fetch(path)), path).toMatchObject({
          issuer: `https://${name}.example.org/${name}`,
          id_token_signing_alg_values_supported: [algorithm],
        });
      }
    }
    await app.close();
  });

  describe('after a change of the algorithm', () => {
    const running: RunningBroker[] = [];
    const start = async (auth: Partial<OidcAuthOptions>) => {
      running.push(await startBroker(adapter, op, { auth }));
      return running.at(-1)!;
    };
    beforeEach(() => stopTime());
    afterEach(async () => {
      await Promise.all(running.splice(0).map((app) => app.close()));
      backToRealTime();
    });

    it('names those of all published keys, so that it contradicts no token that is valid', async () => {
      const brokerStoreObj = new MemoryBrokerStore();
      await newToken(await start({ brokerStoreObj }));
      const app = await start({ brokerStoreObj, signingAlgorithm: 'ES256' });
      const named = async () => {
        const bodies = await Promise.all([OPENID, RFC_8414].map(async (path) => json(await app.fetch(path))));
        return bodies.map((body) => body['id_token_signing_alg_values_supported']);
      };
      const both = [
        ['RS256', 'ES256'],
        ['RS256', 'ES256'],
      ];
      expect(decoded(await newToken(app)).header.alg).toBe('RS256');
      expect(await named()).toEqual(both);
      pass(3_901);
      expect(decoded(await newToken(app)).header.alg).toBe('ES256');
      expect(await named()).toEqual(both);
      pass(2 * 86_400);
      await maintain(app);
      expect(await named()).toEqual([['ES256'], ['ES256']]);
    });
  });

  it('is enough for a strict client to verify our tokens from the issuer alone', async () => {
    const port = await anyFreePort();
    const issuer = new URL(`http://127.0.0.1:${port}/api`);
    const app = await startBroker(adapter, op, {
      auth: { brokerIssuer: undefined, publicUrl: issuer.origin, prefix: '/api', brokerAudience: 'my-api' },
      port,
    });
    const { access_token } = await app.broker.mint({ sub: 'a-job' });
    for (const algorithm of ['oidc', 'oauth2'] as const) {
      const options = { algorithm, [allowInsecureRequests]: true };
      const metadata = await processDiscoveryResponse(issuer, await discoveryRequest(issuer, options));
      const keys = createRemoteJWKSet(new URL(metadata.jwks_uri!));
      const { payload } = await jwtVerify(access_token, keys, {
        issuer: metadata.issuer,
        audience: 'my-api',
        typ: 'at+jwt',
        algorithms: metadata.id_token_signing_alg_values_supported as string[],
      });
      expect(payload.sub).toBe('a-job');
    }
    await app.close();
  });
});
