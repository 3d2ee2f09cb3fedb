import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

const publicUrl = 'https://app.example.org';

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('a redirect URI that looks like another, on $name,', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: { ...clientOptions(op), publicUrl } });
  });
  afterAll(() => app.close());

  async function login(redirectUri: string): Promise<{ status: number; description?: string }> {
    const query = new URLSearchParams({ redirect_uri: redirectUri });
    const response = await app.fetch(`/auth/v2/login?${query}`);
    if (response.status === 302) return { status: 302 };
    const { error_description: description } = (await response.json()) as { error_description: string };
    return { status: response.status, description };
  }

  it.each([
    '/auth/v2/callback?',
    '/auth/v2/callback?x=1',
    '/auth/v2/callback/',
    '/auth/v2/Callback',
    '//auth/v2/callback',
    '/auth//v2/callback',
    '/auth/v2/%63allback',
    '/auth/v2/%2563allback/../callback/',
  ])('is refused where routers may take it for our callback: %s', async (path) => {
    expect(await login(`${publicUrl}${path}`)).toEqual({
      status: 400,
      description: 'redirect_uri must be spelled exactly as the callback is.',
    });
  });

  it.each([
    ['percent encoding in the host', 'https://%61pp.example.org/x'],
    ['percent encoding in a loopback name', 'http://%6cocalhost/'],
    ['an address with parts left out', 'http://127.1/'],
    ['an address in hexadecimal', 'http://0x7f.0.0.1/'],
    ['an address as one number', 'http://2130706433/'],
    ['the origin of a blob', 'blob:https://app.example.org/x'],
    ['a file', 'file:///etc/passwd'],
    ['a subdomain of localhost, which may be looked up elsewhere', 'http://app.localhost:3000/'],
  ])('is refused for %s', async (_, uri) => expect(await login(uri)).toMatchObject({ status: 400 }));

  it.each(['code', 'state', 'iss', 'error', 'id_token'])('is refused where it brings %s along', async (name) => {
    expect(await login(`${publicUrl}/app?${name}=x`)).toEqual({
      status: 400,
      description: `redirect_uri must not hold the parameter ${name}.`,
    });
  });

  it.each([
    `${publicUrl}/app?tab=1`,
    'https://APP.example.org/app',
    'https://app.example.org:443/app',
    'http://LOCALHOST:1/',
  ])('is taken where it means the same to everybody: %s', async (uri) =>
    expect(await login(uri)).toEqual({ status: 302 }),
  );
});
