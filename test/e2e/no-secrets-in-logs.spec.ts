import { createHash } from 'node:crypto';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Auth, OidcGuard, OptionalOidcGuard, type TokenResponse } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { captureConsole } from '../fixtures/captured-console.js';
import { CapturingLogger } from '../fixtures/capturing-logger.js';
import { fault, generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { json } from '../fixtures/responses.js';
import { Secrets } from '../fixtures/secrets.js';
import { UserAgent } from '../fixtures/user-agent.js';

@Controller()
class Routes {
  @Get('guarded')
  @UseGuards(OidcGuard)
  guarded() {
    return {};
  }

  @Get('maybe')
  @UseGuards(OptionalOidcGuard)
  maybe() {
    return {};
  }

  @Get('admin')
  @Auth({ scopes: 'admin', claims: { department: ['research'] }, roles: ['boss'] })
  admin() {
    return {};
  }
}

/** Of a client that catches the redirect itself. */
const caught = 'http://127.0.0.1:1/caught';
const verifier = 'the-verifier-of-the-client-0123456789-abcdefghijkl';
const wrongSecret = 'this-is-not-the-secret-0123456789-abcdefgh';

describe.each(adapters)('everything that can be seen of an application, on $name', (adapter) => {
  const logger = new CapturingLogger();
  const secrets = new Secrets();
  const errorBodies: string[] = [];
  let written: string[];
  let op: TestOp;
  let app: RunningApplication;

  beforeAll(async () => {
    written = captureConsole();
    op = await startOp();
    secrets.add('client secret', op.clients.confidential.clientSecret, wrongSecret);
    app = await start();
  });
  afterAll(async () => {
    await app.close();
    await op.close();
    vi.restoreAllMocks();
  });

  const start = (options = {}) =>
    startApplication(adapter, {
      auth: { ...clientOptions(op), timeout: 2_000, ...options },
      module: { controllers: [Routes] },
      logger,
    });

  /** Keeps the body where it is an error. */
  async function answered(response: Response): Promise<Response> {
    if (response.status >= 400) {
      const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
      errorBodies.push(`${response.status} ${headers.join('\n')}\n${await response.clone().text()}`);
    }
    return response;
  }

  const post = async (fields: Record<string, string>) => answered(await app.fetch('/auth/v2/token', form(fields)));
  const get = async (path: string, token: string) => answered(await app.fetch(path, bearer(token)));

  async function tokensIn(response: Response): Promise<TokenResponse> {
    const tokens = (await response.json()) as TokenResponse;
    secrets.add('token', tokens.access_token, tokens.refresh_token, tokens.id_token);
    return tokens;
  }

  /** A login up to where the provider sends the browser back to. */
  async function authorized(browser: UserAgent, redirectUri: string, more: Record<string, string> = {}): Promise<URL> {
    const query = new URLSearchParams({ redirect_uri: redirectUri, ...more });
    const login = await browser.get(`${app.url}/auth/v2/login?${query}`);
    const request = new URL(login.headers.get('location')!);
    secrets.add('state', request.searchParams.get('state'));
    secrets.add('nonce', request.searchParams.get('nonce'));
    secrets.add('cookie', ...browser.cookies.for(app.url).map(({ value }) => value));
    const { url } = await browser.follow(request, { until: (location) => location.startsWith(redirectUri) });
    const callback = new URL(url);
    secrets.add('code', callback.searchParams.get('code'));
    return callback;
  }

  it('is made: all flows, and every way to fail', async () => {
    const ownCallback = `${app.url}/auth/v2/callback`;

    // Logins in each of the three ways, then what must not work about them.
    const browser = new UserAgent();
    const callback = await authorized(browser, ownCallback);
    await answered(await new UserAgent().get(callback));
    const tokens = await tokensIn(await browser.get(callback));
    await answered(await browser.get(callback));
    secrets.add('verifier', ...op.requests('token').map(({ form: { code_verifier: value } }) => value as string));
    const tampered = new URL(callback);
    tampered.searchParams.set('state', `${callback.searchParams.get('state')}x`);
    await answered(await browser.get(tampered));

    const own = await authorized(new UserAgent(), caught);
    const sealed = own.searchParams.get('state')!;
    const code = own.searchParams.get('code')!;
    await post({ code, redirect_uri: `${caught}/other`, code_verifier: sealed });
    await post({ code, redirect_uri: caught, code_verifier: sealed.slice(0, -4) });
    await post({ code, redirect_uri: caught });
    await tokensIn(await post({ code, redirect_uri: caught, code_verifier: sealed }));
    await post({ code, redirect_uri: caught, code_verifier: sealed });

    secrets.add('verifier', verifier);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const pkce = await authorized(new UserAgent(), caught, {
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: 'a-state-of-the-client-0123456789',
    });
    const clientCode = pkce.searchParams.get('code')!;
    await post({ code: clientCode, redirect_uri: caught, code_verifier: verifier.replace('the', 'not') });
    await post({ code: clientCode, redirect_uri: caught, code_verifier: verifier });

    for (const [error, description] of [
      ['access_denied', undefined],
      ['server_error', 'It went wrong.'],
    ] as const) {
      op.failNextAuthorization(error, description);
      const again = new UserAgent();
      await answered(await again.get(await authorized(again, ownCallback)));
    }

    // Refresh and reuse, device, userinfo.
    const refreshed = await tokensIn(await post({ refresh_token: tokens.refresh_token! }));
    await post({ refresh_token: tokens.refresh_token! });
    await post({ 'refresh-token': refreshed.refresh_token! });
    const device = (await (await app.fetch('/auth/v2/device', { method: 'POST' })).json()) as Record<string, string>;
    secrets.add('device code', device['device_code']);
    await post({ device_code: device['device_code']! });
    await op.approveDevice(device['user_code']!);
    await tokensIn(await post({ device_code: device['device_code']! }));
    await post({ device_code: device['device_code']! });
    await get('/auth/v2/userinfo', tokens.access_token);
    await get(`/auth/v2/logout?id_token_hint=${tokens.id_token}&id_token_hint=${tokens.id_token}`, '');

    // Guards, with every bad token.
    const stranger = await generateSigningKey('RS256');
    const bad = [
      tokens.id_token!,
      tokens.refresh_token!,
      'an-opaque-token-0123456789',
      'this.is.no-jwt-0123456789',
      `${tokens.access_token}x`,
      tokens.access_token.slice(0, -20),
      `${tokens.access_token}.a.b`,
      'x'.repeat(20_000),
      await op.signWith(stranger),
      await op.signWith({ ...stranger, kid: op.currentKid }),
      await op.mint({ exp: 1 }),
      await op.mint({ aud: 'other-api' }),
      await op.mint({ iss: 'https://other.example.org' }),
      await op.mint({ nbf: 9_999_999_999 }),
      await op.mint({}, { typ: 'logout+jwt' }),
    ];
    secrets.add('token', ...bad);
    for (const token of [...bad, tokens.access_token]) {
      for (const path of ['/guarded', '/maybe', '/admin', '/auth/v2/userinfo']) await get(path, token);
    }

    // Bad input that holds secrets.
    for (const body of [
      { refresh_token: [refreshed.refresh_token] },
      { code: { a: code } },
      { refresh_token: refreshed.refresh_token, code },
    ]) {
      await answered(await app.fetch('/auth/v2/token', json(body)));
    }
    await post({ grant_type: tokens.refresh_token!, refresh_token: 'r' });

    // A provider in trouble, at each endpoint.
    const troubles = [
      fault.down,
      fault.answerLost,
      fault.hang,
      fault.status(500),
      fault.html,
      fault.empty,
      fault.garbage,
      fault.oversized,
      fault.redirect(`http://127.0.0.1:1/?token=${tokens.access_token}`),
      fault.status(401, { error: 'invalid_client' }),
      fault.status(200, { access_token: 5, id_token: tokens.id_token, refresh_token: refreshed.refresh_token }),
      fault.status(200, { access_token: tokens.access_token, token_type: 'Bearer', id_token: bad.at(-4) }),
      fault.status(200, { sub: 'bob', device_code: device['device_code'] }),
    ];
    for (const trouble of troubles) {
      for (const endpoint of ['token', 'device', 'userinfo'] as const) op.faults.set(endpoint, trouble);
      await Promise.all([
        post({ refresh_token: refreshed.refresh_token! }),
        post({ device_code: device['device_code']! }),
        app.fetch('/auth/v2/device', { method: 'POST' }).then(answered),
        get('/auth/v2/userinfo', tokens.access_token),
      ]);
      op.faults.clear();
    }
    for (const endpoint of ['discovery', 'jwks'] as const) {
      op.faults.set(endpoint, fault.html);
      const unlucky = await start();
      await answered(await unlucky.fetch('/guarded', bearer(tokens.access_token)));
      await unlucky.close();
      op.faults.clear();
    }

    // A wrong client secret, by Basic and by form.
    for (const tokenEndpointAuthMethod of ['client_secret_basic', 'client_secret_post']) {
      const wrong = await start({ clientSecret: wrongSecret, tokenEndpointAuthMethod });
      await answered(await wrong.fetch('/auth/v2/token', form({ refresh_token: refreshed.refresh_token! })));
      await answered(await wrong.fetch('/auth/v2/device', { method: 'POST' }));
      await wrong.close();
    }
    for (const { headers } of op.requests('token')) secrets.add('client secret', headers.authorization?.split(' ')[1]);

    expect(errorBodies.length).toBeGreaterThan(100);
    expect(logger.lines.length).toBeGreaterThan(5);
    expect(secrets.size).toBeGreaterThan(40);
  }, 60_000);

  it('holds no secret in the log, at any level', () => {
    expect(secrets.foundIn(logger.text())).toEqual([]);
  });

  it('holds no secret on the console', () => {
    expect(secrets.foundIn(written.join('\n'))).toEqual([]);
  });

  it('holds no secret in the errors, their headers, and no stack trace or file name', () => {
    expect(secrets.foundIn(errorBodies.join('\n'))).toEqual([]);
    expect(errorBodies.filter((body) => /\.(js|ts):\d|node_modules|^\s+at /m.test(body))).toEqual([]);
    expect(errorBodies.filter((body) => body.includes(op.issuer))).toEqual([]);
  });
});
