import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPeer } from '../fixtures/peer.js';
import type { SampleError } from '../fixtures/samples/start-sample.js';
import {
  names,
  startThreeApplications,
  tokenOf,
  whoAmI,
  type Name,
  type ThreeApplications,
} from '../fixtures/samples/three-applications.js';
import { bob } from '../fixtures/samples/two-instances.js';

const START = 240_000; // the first start builds

describe('the sample of three applications that trust each other', () => {
  let data: string;
  let sample: ThreeApplications;
  let stranger: TestPeer;
  const tokens = {} as Record<Name, string>;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'federation-'));
    sample = await startThreeApplications({ DATA_FOLDER: data });
    stranger = await TestPeer.start();
    for (const name of names) tokens[name] = await tokenOf(sample, name);
  }, START);
  afterAll(async () => {
    await sample?.stop();
    await stranger?.down();
    await rm(data, { recursive: true });
  });

  const get = async <T>(name: Name, path: string) => (await (await fetch(`${sample.url[name]}${path}`)).json()) as T;
  const keysOf = async (name: Name) => (await get<{ keys: JWK[] }>(name, 'api/auth/v2/.well-known/jwks.json')).keys;

  describe.each(names)('a token of %s', (issuer) => {
    it.each(names)('is accepted at %s, which knows by iss and sub whose it is', async (name) => {
      expect(decodeJwt(tokens[issuer])).toMatchObject({ iss: sample.issuer[issuer], aud: 'federation' });
      const { roles, ...answer } = await whoAmI(sample, name, tokens[issuer]);
      expect(answer).toEqual({ status: 200, application: name, iss: sample.issuer[issuer], sub: 'alice' });
      const isBounded = issuer === 'inventory' && name === 'orders';
      expect((roles as string[]).toSorted()).toEqual(isBounded ? ['user'] : ['admin', 'user']);
    });

    it('says for all that alice is an admin', () => {
      expect(decodeJwt(tokens[issuer])['roles']).toEqual(expect.arrayContaining(['admin', 'user']));
    });

    it.each(names)('is refused at %s once it has been changed', async (name) => {
      const [header, payload, signature] = tokens[issuer].split('.') as [string, string, string];
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url');
      expect(await whoAmI(sample, name, `${header}.${changed}.${signature}`)).toMatchObject({ status: 401 });
    });

    it.each(names)('is refused at %s where somebody else has signed it under its key id', async (name) => {
      const [key] = await keysOf(issuer);
      const forged = await stranger.mint({ iss: sample.issuer[issuer], sub: 'alice' }, { kid: key!.kid! });
      expect(await whoAmI(sample, name, forged)).toMatchObject({ status: 401 });
    });
  });

  it.each(names)('a stranger is refused at %s, and not even asked for its keys', async (name) => {
    expect(await whoAmI(sample, name, await stranger.mint({ sub: 'alice' }))).toMatchObject({ status: 401 });
    expect(stranger.fetches).toBe(0);
  });

  it('somebody else is somebody else everywhere', async () => {
    const token = await tokenOf(sample, 'inventory', bob);
    for (const name of names) {
      expect(await whoAmI(sample, name, token)).toMatchObject({ status: 200, sub: 'bob', roles: ['user'] });
    }
  });

  it('each has a key of its own', async () => {
    const keys = (await Promise.all(names.map(keysOf))).flat();
    expect(new Set(keys.map(({ n }) => n)).size).toBe(3);
  });

  it('each says whom it trusts, and how far', async () => {
    const { orders, billing, inventory } = sample.issuer;
    const trusted = Object.fromEntries(
      await Promise.all(
        names.map(async (name) => {
          const { issuer, trustedIssuers } = await get<{ issuer: string; trustedIssuers: object[] }>(name, 'api/about');
          return [issuer, trustedIssuers] as const;
        }),
      ),
    );
    expect(trusted).toEqual({
      [orders]: [{ issuer: billing }, { issuer: inventory, roles: ['user'] }],
      [billing]: [{ issuer: orders }, { issuer: inventory }],
      [inventory]: [{ issuer: orders }, { issuer: billing }],
    });
  });

  it.each(names)('%s lets the page call it from its origin, and no other page', async (name) => {
    const allowed = async (origin: string) => {
      const headers = {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      };
      const answer = await fetch(`${sample.url[name]}api/who-am-i`, { method: 'OPTIONS', headers });
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      return answer.headers.get('access-control-allow-origin');
    };
    const { origin } = new URL(sample.url.orders);
    expect(await allowed(origin)).toBe(origin);
    // Some always name the one that may.
    expect([origin, null]).toContain(await allowed('https://elsewhere.example'));
  });

  it(
    'after a restart all have their keys, and accept what they accepted; nothing of it is told',
    { timeout: START },
    async () => {
      const keys = await Promise.all(names.map(keysOf));
      expect(await sample.stop()).toBe(0);
      for (const name of names) await expect(fetch(sample.url[name])).rejects.toThrow('fetch failed');
      sample = await startThreeApplications(sample.env);
      expect(await Promise.all(names.map(keysOf))).toEqual(keys);
      for (const issuer of names) {
        for (const name of names) {
          expect(await whoAmI(sample, name, tokens[issuer])).toMatchObject({ status: 200, iss: sample.issuer[issuer] });
        }
      }
      expect(sample.output()).not.toContain('│');
    },
  );

  it('the first start has nothing to tell either', { timeout: START }, async () => {
    const first = await startThreeApplications();
    for (const name of names) {
      expect(await whoAmI(first, 'billing', await tokenOf(first, name))).toMatchObject({ status: 200 });
    }
    expect(await first.stop()).toBe(0);
    expect(first.output()).not.toMatch(/│|WARN|ERROR/);
  });

  it('where there is no Python, it says what to do', async () => {
    const { code, output } = await startThreeApplications({ PYTHON: '/nowhere/python3' }).then(
      () => expect.unreachable(),
      (error: SampleError) => error,
    );
    expect(code).toBe(1);
    expect(output).toContain('/nowhere/python3 does not serve: ENOENT');
    expect(output).toContain('apt-get install python3 python3-venv');
  });
});
