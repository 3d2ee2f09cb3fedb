import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Auth, IdToken, IdTokenClaims, MemoryBrokerStore, OidcAuthModule } from '../../lib/index.js';
import { startTestIdp, type TestIdp, type TestIdpMintOptions } from '../../lib/testing/test-idp/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { deviceIn, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { UserAgent } from '../fixtures/user-agent.js';

@Controller()
class OrdersController {
  @Get('me')
  @Auth()
  me(@IdToken() token: IdTokenClaims) {
    return { sub: token.sub };
  }

  @Get('admin')
  @Auth({ roles: 'admin' })
  admin(@IdToken() token: IdTokenClaims) {
    return { sub: token.sub };
  }

  @Get('orders')
  @Auth({ scopes: 'orders:read' })
  orders() {
    return [];
  }
}

const publicUrl = 'https://orders.example.org';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp();
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

const modes = [
  { mode: 'pass-through mode', more: () => ({}) },
  {
    mode: 'broker mode',
    more: () => ({ brokerMode: true, brokerIssuer: publicUrl, brokerStoreObj: new MemoryBrokerStore() }),
  },
];
const cases = adapters.flatMap((adapter) => modes.map((mode) => ({ ...mode, adapter, name: adapter.name })));

describe.each(cases)(
  'an application of this library in $mode, on $name, with nothing overridden',
  ({ adapter, more }) => {
    let app: RunningApplication;
    beforeAll(async () => {
      const auth = { ...idp.options, ...more() };
      app = await startApplication(adapter, { auth, module: { controllers: [OrdersController] } });
    });
    afterAll(() => app.close());

    async function signIn(parameters: Record<string, string> = {}) {
      const query = new URLSearchParams({ redirect_uri: `${app.url}/auth/v2/callback`, ...parameters });
      const { response } = await new UserAgent().follow(`${app.url}/auth/v2/login?${query}`);
      return tokensIn(response);
    }
    const status = async (path: string, token: string) => (await app.fetch(path, bearer(token))).status;
    const refresh = (token: string) => app.fetch('/auth/v2/token', form({ refresh_token: token }));

    it('signs in, and its guards know who has which role', async () => {
      const ofAlice = await signIn();
      idp.loginAs('bob');
      const ofBob = await signIn();
      expect(await (await app.fetch('/me', bearer(ofAlice.access_token))).json()).toEqual({ sub: 'alice' });
      expect(await status('/admin', ofAlice.access_token)).toBe(200);
      expect(await status('/admin', ofBob.access_token)).toBe(403);
    });

    it('asks userinfo, and refreshes with the roles of that moment', async () => {
      const tokens = await signIn();
      const userinfo = await app.fetch('/auth/v2/userinfo', bearer(tokens.access_token));
      expect(await userinfo.json()).toMatchObject({ sub: 'alice', email: 'alice@example.org' });

      idp.user('alice').roles = ['user'];
      const next = await tokensIn(await refresh(tokens.refresh_token!));
      expect(await status('/admin', next.access_token)).toBe(403);
      expect(await status('/me', next.access_token)).toBe(200);
    });

    it('goes through the device flow', async () => {
      const device = await deviceIn(await app.fetch('/auth/v2/device', { method: 'POST' }));
      const poll = () => app.fetch('/auth/v2/token', form({ device_code: device.device_code }));
      expect((await poll()).status).toBe(400);
      idp.approveDevice(device.user_code, 'bob');
      const { access_token: token } = await tokensIn(await poll());
      expect(await (await app.fetch('/me', bearer(token))).json()).toEqual({ sub: 'bob' });
    });

    it('is told that the user said no', async () => {
      idp.denyNextAuthorization();
      await expect(signIn()).rejects.toThrow('no tokens, but 403');
    });

    it('leads a logout to the provider and back', async () => {
      const after = 'http://127.0.0.1:1/bye';
      const query = new URLSearchParams({ post_logout_redirect_uri: after });
      const { url } = await new UserAgent().follow(`${app.url}/auth/v2/logout?${query}`, {
        until: (location) => location.startsWith(after),
      });
      expect(url).toBe(after);
      expect(idp.requests('end_session')).toHaveLength(1);
    });

    it.each(['down', 'answerLost', 'html', 'garbage', 'empty', { status: 500 }] as const)(
      'answers an error, no tokens, where the token endpoint has the fault %o',
      async (fault) => {
        idp.faults.set('token', fault);
        await expect(signIn()).rejects.toThrow(/no tokens, but 50[23]/);
      },
    );

    it.each([
      ['wrongKey', 502],
      ['issMissing', 502],
      ['issWrong', 502],
      ['audWrong', 502],
      ['idTokenExpired', 502],
      ['noIdToken', 502],
      // Somebody else's login is the client's mistake, or an attack by it.
      ['nonceWrong', 400],
      ['nonceMissing', 400],
    ] as const)('takes no ID token it cannot trust: %s', async (fault, status) => {
      idp.faults.once('token', fault);
      await expect(signIn()).rejects.toThrow(`no tokens, but ${status}`);
    });

    it('takes no authorization response of somebody else (RFC 9207)', async () => {
      idp.faults.once('authorization', 'issWrong', 'issMissing');
      await expect(signIn()).rejects.toThrow(/no tokens, but 4/);
      await expect(signIn()).rejects.toThrow(/no tokens, but 4/);
    });

    it('does without a refresh token, and without expires_in', async () => {
      idp.faults.once('token', 'noRefreshToken', 'noExpiresIn');
      expect(await signIn()).not.toHaveProperty('refresh_token');
      expect((await signIn()).expires_in).toBeGreaterThan(0);
    });

    it('is unavailable while the provider refuses connections, and recovers', async () => {
      const { refresh_token: token } = await signIn();
      await idp.down();
      await expectUnavailable(await refresh(token!));
      await idp.up();
      expect((await refresh(token!)).status).toBe(200);
    });
  },
);

describe.each(adapters)('guards of an application in pass-through mode, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: idp.options, module: { controllers: [OrdersController] } });
  });
  afterAll(() => app.close());
  const status = async (path: string, claims = {}, options: TestIdpMintOptions = {}) =>
    (await app.fetch(path, bearer(await idp.mintToken(claims, options)))).status;

  it('take minted tokens for what they are', async () => {
    expect(await status('/me')).toBe(200);
    expect(await status('/admin', { sub: 'bob' })).toBe(403);
    expect(await status('/admin', { sub: 'bob', roles: ['admin'] })).toBe(200);
    expect(await status('/orders')).toBe(403);
    expect(await status('/orders', { scope: 'orders:read' })).toBe(200);
  });

  it.each([
    ['has expired', { exp: 1 }, {}],
    ['is for somebody else', { aud: 'another-api', client_id: 'another' }, {}],
    ['is of another issuer', { iss: 'https://evil.example.org' }, {}],
    ['has no end', { exp: undefined }, {}],
    ['has no subject', { sub: undefined }, {}],
    ['is a logout token', {}, { header: { typ: 'logout+jwt' } }],
    ['is signed with a key that is not published', {}, { signWith: 'unpublished' }],
    ['is not signed at all', {}, { signWith: 'none' }],
    ['is not signed at all, and says so in capitals', {}, { signWith: 'none', header: { alg: 'NONE' } }],
    ['has a critical header', {}, { header: { crit: ['x'], x: 1 } }],
    ['has null for a subject', { sub: null }, {}],
  ] as const)('refuse one that %s', async (_name, claims, options) => {
    expect(await status('/me', claims, options)).toBe(401);
  });
});

describe.each(adapters)('the time of an application and of its provider, on $name,', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    const auth = { ...idp.options, timeout: 2_000 };
    app = await startApplication(adapter, { auth, module: { controllers: [OrdersController] } });
  });
  afterAll(() => app.close());
  afterEach(() => {
    vi.useRealTimers();
  });
  const status = async (token: string) => (await app.fetch('/me', bearer(token))).status;
  const login = () => {
    const query = new URLSearchParams({ redirect_uri: `${app.url}/auth/v2/callback` });
    return new UserAgent().follow(`${app.url}/auth/v2/login?${query}`).then(({ response }) => response.status);
  };

  it('is moved by a faked Date for both', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const token = await idp.mintToken();
    expect(await status(token)).toBe(200);
    vi.setSystemTime(Date.now() + 330_000);
    expect(await status(token)).toBe(401);
    expect(await status(await idp.mintToken())).toBe(200);
    expect(await login()).toBe(200);
  });

  it('is moved by `now` for the provider alone, whose tokens are of another time then', async () => {
    idp.change({ now: () => Date.now() + 60_000 });
    expect(await login()).toBe(502);
  });

  it.each(['hang', { slow: 5_000 }] as const)('is short where `timeout` is, with the fault %o', async (fault) => {
    idp.faults.once('token', fault);
    expect(await login()).toBe(503);
  });
});

describe.each(adapters)('an application in broker mode, on $name', (adapter) => {
  it('exchanges a minted token for one of its own', async () => {
    const auth = { ...idp.options, ...modes[1]!.more() };
    const app = await startApplication(adapter, { auth, module: { controllers: [OrdersController] } });
    try {
      const exchange = form({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: await idp.mintToken({ sub: 'alice' }),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
      const { access_token: token } = await tokensIn(await app.fetch('/auth/v2/token', exchange));
      expect(decodeJwt(token)).toMatchObject({ iss: publicUrl, sub: 'alice', roles: ['admin', 'user'] });
      expect((await app.fetch('/admin', bearer(token))).status).toBe(200);
    } finally {
      await app.close();
    }
  });
});

it('a test module that is guarded for real is unavailable while no key can be had', async () => {
  const other = await startTestIdp({ signingAlgorithm: 'ES256' });
  const token = await other.mintToken();
  // Before the application starts, which gets itself the keys in the background.
  await other.down();
  let app: INestApplication | undefined;
  try {
    const moduleRef = await Test.createTestingModule({
      imports: [OidcAuthModule.forRoot({ ...other.options })],
      controllers: [OrdersController],
    }).compile();
    app = moduleRef.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const address = await app.getUrl();
    expect((await fetch(`${address}/me`, bearer(token))).status).toBe(503);
  } finally {
    await app?.close();
    await other.close();
  }
});
