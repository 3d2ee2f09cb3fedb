import { VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore, OidcAuthModule, OidcAuthService, TokenBroker, TokenVerifier } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, form } from '../fixtures/application.js';
import { brokerUrl, decoded, startBroker } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { caughtRedirect, signIn as signInElsewhere } from '../fixtures/sign-in.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('broker mode in an application, on $name', (adapter) => {
  it('has all its endpoints under a global prefix, with versions in the path', async () => {
    const app = await startBroker(adapter, op, {
      configure: (nest) => {
        nest.setGlobalPrefix('base');
        nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    const redirect_uri = caughtRedirect;
    const base = { ...app, url: `${app.url}/base` };
    const { code, state } = await signInElsewhere(base, { redirect_uri });
    const fields = form({ code, redirect_uri, code_verifier: state });
    const { access_token } = await tokensIn(await app.fetch('/base/auth/v2/token', fields));
    expect((await app.fetch('/base/v1/who-am-i', bearer(access_token))).status).toBe(200);
    expect((await app.fetch('/base/auth/v2/userinfo', bearer(access_token))).status).toBe(200);
    expect((await app.fetch('/base/auth/v2/.well-known/jwks.json')).status).toBe(200);
    const logout = await app.fetch('/base/auth/v2/logout', { method: 'POST', ...bearer(access_token) });
    expect(logout.status).toBe(303);
    await app.close();
  });

  it('offers programs what the endpoints do', async () => {
    const app = await startBroker(adapter, op);
    const service = app.app.get(OidcAuthService);
    const tokens = await signIn(app);
    const next = await service.refresh(tokens.refresh_token!);
    const claims = await app.app.get(TokenVerifier).verify(next.access_token);
    expect(await service.userInfo(next.access_token, claims)).toMatchObject({ sub: 'alice', first_name: 'Alice' });
    const exchanged = await service.exchangeToken({ subject_token: await op.mint(), audience: [], resource: [] });
    expect(await app.verdict(exchanged.access_token)).toBe('accepted');
    expect(await service.publicKeys()).toHaveLength(1);
    const url = new URL(await service.endSession({ refreshToken: next.refresh_token }, {}));
    expect(url.searchParams.get('id_token_hint')).toBeTruthy();
    await expectOAuthError(await app.refresh(next.refresh_token!), 400, 'invalid_grant');
    await app.close();
  });

  it('keeps two registrations apart that name themselves differently', async () => {
    const registration = (prefix: string) => ({
      ...clientOptions(op),
      prefix,
      isGlobal: false,
      brokerMode: true,
      brokerIssuer: `${brokerUrl}${prefix}`,
      brokerStoreObj: new MemoryBrokerStore(),
    });
    const imports = [OidcAuthModule.forRoot(registration('/one')), OidcAuthModule.forRoot(registration('/other'))];
    const app = await startBroker(adapter, op, { module: { imports } });
    const login = async (prefix: string) => {
      const redirect_uri = caughtRedirect;
      const { code, state } = await signInElsewhere({ ...app, url: `${app.url}${prefix}` }, { redirect_uri });
      const fields = form({ code, redirect_uri, code_verifier: state });
      return tokensIn(await app.fetch(`${prefix}/auth/v2/token`, fields));
    };
    const [one, other] = [await login('/one'), await login('/other')];
    expect(decoded(one.access_token).claims.iss).toBe(`${brokerUrl}/one`);
    const status = async (prefix: string, token: string) =>
      (await app.fetch(`${prefix}/auth/v2/userinfo`, bearer(token))).status;
    expect(await status('/one', one.access_token)).toBe(200);
    expect(await status('/other', one.access_token)).toBe(401);
    const fields = form({ refresh_token: one.refresh_token! });
    await expectOAuthError(await app.fetch('/other/auth/v2/token', fields), 400, 'invalid_grant');
    expect(await status('/other', other.access_token)).toBe(200);
    await app.close();
  });
});

describe('broker mode without HTTP', () => {
  it('mints and verifies in an application context, and ends with it', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const options = { ...clientOptions(op), brokerMode: true, brokerIssuer: brokerUrl, brokerStoreObj };
    class ContextModule {}
    const module = { module: ContextModule, imports: [OidcAuthModule.forRoot(options)] };
    const context = await NestFactory.createApplicationContext(module, { logger: false });
    const { access_token } = await context.get(TokenBroker).mint({ sub: 'a-job', roles: ['robot'] });
    expect(await context.get(TokenVerifier).verify(access_token)).toMatchObject({ sub: 'a-job' });

    const app = await startBroker(adapters[0], op, { auth: { brokerStoreObj } });
    expect(await app.verdict(access_token)).toBe('accepted');
    await Promise.all([context.close(), app.close()]);
  });
});

describe('a provider that gives no refresh tokens', () => {
  it('is told of once, with the cure, and its sessions end with their access token', async () => {
    const reluctant = await startOp({ alwaysRefreshToken: false });
    const logger = new OperatorLines();
    const app = await startBroker(adapters[1], reluctant, { auth: { accessTokenTtl: 600 }, logger });
    const [first] = [await signIn(app), await signIn(app)];
    expect(logger.containing('gave no refresh token')).toEqual([expect.stringContaining("offlineAccess: 'always'")]);
    const session = await app.broker.session(decoded(first.access_token).claims['sid'] as string);
    expect(session!.expiresAt.getTime() - session!.createdAt.getTime()).toBe(600_000);
    await app.close();
    await reluctant.close();
  });
});
