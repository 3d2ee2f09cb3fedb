import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTestIdp, type TestIdp } from '../../lib/testing/test-idp/index.js';
import { verdict, Wire } from './wire.js';

let idp: TestIdp;
let wire: Wire;
let printed: string[];
beforeAll(async () => {
  idp = await startTestIdp({ signingAlgorithm: 'ES256' });
  wire = new Wire(idp);
});
afterAll(() => idp.close());
beforeEach(async () => {
  await idp.reset();
  printed = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => printed.push(String(line)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const json = async (request: Promise<Response>) => (await request).json() as Promise<Record<string, unknown>>;
const discovery = () => fetch(idp.discoveryUrl);

describe('an edit', () => {
  it('changes the right answer, and no error', async () => {
    idp.faults.set('all', { edit: (body) => ({ ...body, added: true }) });
    expect(await json(discovery())).toMatchObject({ issuer: idp.issuer, added: true });
    expect(await json(wire.refresh('unknown'))).not.toHaveProperty('added');
  });

  it('may take its time, as with a token of its own', async () => {
    idp.faults.set('token', {
      edit: async (body) => ({ ...body, id_token: await idp.mintToken({ aud: 'another-client' }) }),
    });
    const { id_token: token } = await wire.signIn();
    expect(JSON.parse(atob(token!.split('.')[1]!))).toMatchObject({ aud: 'another-client' });
    idp.faults.set('authorization', { edit: async (query) => ({ ...query, code: 'stolen' }) });
    expect(await wire.authorizationResponse()).toMatchObject({ code: 'stolen' });
  });

  it('at the authorization endpoint changes what the browser is sent back with, and no error', async () => {
    const redirect_uri = 'http://127.0.0.1:1/callback?own=1&own=2';
    idp.faults.set('authorization', { edit: ({ iss: _, ...rest }) => ({ ...rest, code: 'stolen', added: 1 }) });
    const response = await wire.authorize({ state: 'mine', redirect_uri });
    const { searchParams } = new URL(response.headers.get('location')!);
    expect([...searchParams].toSorted()).toEqual(
      [
        ['own', '1'],
        ['own', '2'],
        ['code', 'stolen'],
        ['state', 'mine'],
        ['added', '1'],
      ].toSorted(),
    );
    idp.denyNextAuthorization();
    expect(await wire.authorizationResponse()).toMatchObject({ error: 'access_denied', iss: idp.issuer });
  });
});

const cyclic = () => {
  const body: Record<string, unknown> = {};
  body['self'] = body;
  return body;
};

describe('a mistake in an edit', () => {
  it.each([
    ['that throws', () => (undefined as never as { x: never }).x, 'edit has thrown TypeError: Cannot read'],
    ['that rejects', () => Promise.reject(new Error('late')), 'edit has thrown Error: late'],
    ['that returns nothing', (body: Record<string, unknown>) => void (body['x'] = 1) as never, 'returned undefined'],
    ['that promises nothing', async () => undefined as never, 'returned undefined'],
    ['that returns a list', () => [] as never, 'edit must return all members of the answer as an object'],
    ['that returns what has no JSON', cyclic, 'edit has thrown TypeError: Converting circular structure'],
  ])('%s is thrown by reset(), which has reset all the same', async (_name, edit, hint) => {
    idp.change({ audience: 'changed' });
    idp.faults.set('discovery', { edit });
    expect((await discovery()).status).toBeGreaterThan(399);
    await expect(idp.reset()).rejects.toThrow(`the last reset(): at discovery, ${hint.startsWith('edit') ? hint : ''}`);
    expect(printed.join('')).toContain(hint);
    expect(idp.options.audience).toBe('test-api');
    expect((await discovery()).status).toBe(200);
    await idp.reset();
  });

  it('is told where there are several of them, each printed once with its stack', async () => {
    idp.faults.set('token', {
      edit: () => {
        throw new RangeError('mine');
      },
    });
    for (let round = 0; round < 3; round++) await wire.signIn().catch(() => undefined);
    idp.faults.set('authorization', { edit: () => 5 as never });
    await wire.authorize();
    const told = await idp.reset().catch((error: Error) => error);
    expect(told).toMatchObject({ name: 'TestIdpError', cause: expect.any(RangeError) });
    expect(String(told)).toMatch(/at token, edit has thrown RangeError: mine; at authorization, .* has returned 5/);
    expect(printed).toHaveLength(2);
    expect(printed[0]).toMatch(/at token, edit has thrown RangeError: mine\n[^]*test-idp-edit\.spec/);
  });

  it('is not forgotten by faults.clear(), and thrown by close(), which has closed all the same', async () => {
    const other = await startTestIdp({ signingAlgorithm: 'ES256' });
    other.faults.once('token', { edit: () => undefined as never });
    await new Wire(other).signIn().catch(() => undefined);
    other.faults.clear();
    await expect(other.close()).rejects.toThrow('at token, edit must return');
    await expect(fetch(other.discoveryUrl)).rejects.toThrow('fetch failed');
    await other.close();
  });

  it('is none where the fault is another answer, a slow one, or an edit of an error', async () => {
    idp.faults.once('token', { status: 500 }, 'garbage', 'wrongKey', { edit: () => undefined as never });
    for (const expected of [500, 200, 400, 400]) expect((await wire.refresh('unknown')).status).toBe(expected);
    expect(await verdict(wire.refresh('unknown'))).toBe('400 invalid_grant');
    await idp.reset();
    expect(printed).toEqual([]);
  });
});
