import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, expectOAuthError, expectUnavailable, json } from '../fixtures/responses.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('the device endpoint, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: { ...clientOptions(op), allowedScopes: 'orders:read' } });
  });
  afterAll(() => app.close());

  const start = (init: RequestInit = { method: 'POST' }) => app.fetch('/auth/v2/device', init);
  const askedScope = () => op.requests('device').at(-1)?.form['scope'];

  it('answers the device authorization response of RFC 8628', async () => {
    const response = await start();
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      device_code: expect.any(String),
      user_code: expect.any(String),
      verification_uri: `${op.issuer}/device`,
      verification_uri_complete: expect.stringContaining(`${op.issuer}/device?user_code=`),
      expires_in: 600,
      interval: 5,
    });
  });

  it.each([
    { kind: 'nothing', init: { method: 'POST' } },
    { kind: 'an empty form', init: form({}) },
    { kind: 'an empty JSON object', init: json({}) },
    { kind: 'an empty scope', init: form({ scope: '' }) },
    { kind: 'parameters it does not know', init: json({ client_id: 'c', nonsense: [1, null, {}] }) },
  ])('needs $kind, and asks for the scopes of the options and offline_access', async ({ init }) => {
    expect((await start(init)).status).toBe(200);
    expect(askedScope()).toBe('openid profile email offline_access');
  });

  it.each([
    { scope: 'email', asked: 'openid email offline_access' },
    { scope: ' openid  profile ', asked: 'openid profile offline_access' },
    { scope: 'orders:read offline_access', asked: 'openid orders:read offline_access' },
  ])('asks for what the client wants of it: $scope', async ({ scope, asked }) => {
    for (const encode of [form, json]) {
      expect((await start(encode({ scope }))).status).toBe(200);
      expect(askedScope()).toBe(asked);
    }
  });

  it('refuses a scope that is not allowed, and asks the provider nothing', async () => {
    for (const scope of ['orders:write', 'email orders:write', 'OPENID', '<script>', 'ü']) {
      await expectOAuthError(await start(form({ scope })), 400, 'invalid_scope');
    }
    expect(op.requests('device')).toHaveLength(0);
  });

  it('refuses a scope that is given twice, too long, or no string', async () => {
    const twice = new URLSearchParams([
      ['scope', 'email'],
      ['scope', 'email'],
    ]);
    const bad = [
      { method: 'POST', body: twice },
      form({ scope: 'x'.repeat(10_000) }),
      ...[1, true, null, ['email'], { a: 'email' }].map((scope) => json({ scope })),
    ];
    for (const init of bad) await expectOAuthError(await start(init), 400, 'invalid_request');
    expect(op.requests('device')).toHaveLength(0);
  });

  it('names 5 seconds where the provider names no interval, else that of the provider', async () => {
    op.faults.once(
      'device',
      fault.without('interval'),
      fault.json((body) => ({ ...body, interval: 17 })),
    );
    expect(await (await start()).json()).toMatchObject({ interval: 5 });
    expect(await (await start()).json()).toMatchObject({ interval: 17 });
  });

  it('leaves verification_uri_complete out where the provider does', async () => {
    op.faults.once('device', fault.without('verification_uri_complete'));
    expect(await (await start()).json()).not.toHaveProperty('verification_uri_complete');
  });

  it.each(['device_code', 'user_code', 'verification_uri', 'expires_in'])(
    'names %s where the provider leaves it out or null',
    async (member) => {
      op.faults.once(
        'device',
        fault.without(member),
        fault.json((body) => ({ ...body, [member]: null })),
      );
      for (let answer = 0; answer < 2; answer++) {
        const { error_description: text } = await expectBadGateway(await start());
        expect(text).toBe(`The identity provider's device authorization response lacks ${member}.`);
      }
    },
  );

  it('names all members that are missing', async () => {
    op.faults.once('device', fault.status(200, {}));
    const { error_description: text } = await expectBadGateway(await start());
    expect(text).toContain('device_code, user_code, verification_uri, expires_in');
  });

  it.each([
    { kind: 'HTML', answer: fault.html },
    { kind: 'empty', answer: fault.empty },
    { kind: 'no JSON', answer: fault.garbage },
    { kind: 'more than 1 MB', answer: fault.oversized },
  ])('answers 502 to an answer that is $kind', async ({ answer }) => {
    op.faults.once('device', answer);
    await expectBadGateway(await start());
  });

  it('passes on an error of the provider', async () => {
    op.faults.once('device', fault.status(400, { error: 'unauthorized_client', error_description: 'Not this one.' }));
    const body = await expectOAuthError(await start(), 400, 'unauthorized_client');
    expect(body.error_description).toBe('Not this one.');
  });

  it('answers 503 with Retry-After where the provider cannot be reached', async () => {
    op.faults.once('device', fault.down, fault.status(503));
    await expectUnavailable(await start());
    await expectUnavailable(await start());
    expect((await start()).status).toBe(200);
  });
});

describe.each(adapters)('the device endpoint, where the provider has none, on $name', (adapter) => {
  it('is 503 unsupported_grant_type without Retry-After, so that clients fall back to the code flow', async () => {
    const without = await startOp({ deviceFlow: false });
    const app = await startApplication(adapter, { auth: clientOptions(without) });
    const response = await app.fetch('/auth/v2/device', { method: 'POST' });
    expect(response.headers.has('retry-after')).toBe(false);
    const { error_description: text } = await expectOAuthError(response, 503, 'unsupported_grant_type');
    expect(text).toContain('device_authorization_endpoint');
    await app.close();
    await without.close();
  });
});

describe('offline_access in the device flow', () => {
  async function started(offlineAccess: OidcAuthOptions['offlineAccess'], scope = ''): Promise<Response> {
    const app = await startApplication(adapters[0], { auth: { ...clientOptions(op), offlineAccess } });
    try {
      return await app.fetch('/auth/v2/device', form({ scope }));
    } finally {
      await app.close();
    }
  }
  const askedScope = () => op.requests('device').at(-1)?.form['scope'];

  it.each([undefined, true, 'always'] as const)('is asked for with offlineAccess: %j', async (offlineAccess) => {
    expect((await started(offlineAccess)).status).toBe(200);
    expect(askedScope()).toBe('openid profile email offline_access');
  });

  it('is not asked for with offlineAccess: false, and refused where a client wants it', async () => {
    expect((await started(false)).status).toBe(200);
    expect(askedScope()).toBe('openid profile email');
    await expectOAuthError(await started(false, 'email offline_access'), 400, 'invalid_scope');
  });
});
