import { exportJWK, generateKeyPair } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { RemoteKeySet } from './remote-key-set.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

let publicJwk: object;
beforeAll(async () => {
  publicJwk = await exportJWK((await generateKeyPair('ES256')).publicKey);
});

/** An issuer's endpoint that answers when it is told to. */
class Issuer {
  now = 0;
  fetches = 0;
  kids: string[] = ['a'];
  /** Of no use, and published before the others. */
  unusable: unknown[] = [];
  isDown = false;
  gate: Promise<void> = Promise.resolve();

  readonly keys = new RemoteKeySet(
    () => this.answer(),
    () => this.now,
  );

  find(kid: string | undefined, isOurs = () => true) {
    return this.keys.find({ alg: 'ES256', kid }, isOurs);
  }

  /** Lets a fetch begin and wait until the returned function is called. */
  hold(): () => void {
    let release!: () => void;
    this.gate = new Promise((resolve) => (release = resolve));
    return release;
  }

  private async answer(): Promise<readonly unknown[]> {
    this.fetches++;
    const { isDown, kids, unusable } = this;
    await this.gate;
    if (isDown) throw new OidcAuthError('provider_unreachable', 'down');
    return [...unusable, ...kids.map((kid) => ({ ...publicJwk, kid, use: 'sig' }))];
  }
}

const UNKNOWN = { code: 'token_key_unknown' };
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

let issuer: Issuer;
beforeEach(() => {
  issuer = new Issuer();
});

describe('a key set', () => {
  it('is fetched once for any number of callers', async () => {
    const found = await Promise.all(Array.from({ length: 64 }, () => issuer.find('a')));
    expect(new Set(found.map(([key]) => key)).size).toBe(1);
    expect(issuer.fetches).toBe(1);
  });

  it('is fetched ahead by warmUp(), which does nothing while it is fresh', async () => {
    await issuer.keys.warmUp();
    await issuer.keys.warmUp();
    await issuer.find('a');
    expect(issuer.fetches).toBe(1);
  });

  it('is used as it is for 600 s', async () => {
    await issuer.find('a');
    issuer.now = 600 * SECOND - 1;
    await issuer.find('a');
    expect(issuer.fetches).toBe(1);
  });

  it('is then fetched behind the requests, which do not wait for it', async () => {
    const [before] = await issuer.find('a');
    issuer.now = 600 * SECOND;
    const release = issuer.hold();
    expect((await issuer.find('a'))[0]).toBe(before);
    expect(issuer.keys.mayServe()).toBe(true);
    expect(issuer.fetches).toBe(2);
    release();
    await settled();
    issuer.now += 599 * SECOND;
    await issuer.find('a');
    expect(issuer.fetches).toBe(2);
  });

  it('is also renewed where only tokens that were verified before come in', async () => {
    const [key] = await issuer.find('a');
    issuer.kids = ['b'];
    issuer.now = 600 * SECOND;
    expect(issuer.keys.mayServe()).toBe(true);
    await settled();
    expect(issuer.fetches).toBe(2);
    expect(key!.retired).toBe(true);
  });

  it('serves stale for 86,400 s while its source is down, and no longer', async () => {
    await issuer.find('a');
    issuer.isDown = true;
    issuer.now = 24 * HOUR - 1;
    await expect(issuer.find('a')).resolves.toHaveLength(1);
    expect(issuer.keys.mayServe()).toBe(true);
    await settled();
    issuer.now = 24 * HOUR;
    expect(issuer.keys.mayServe()).toBe(false);
    await expect(issuer.find('a')).rejects.toMatchObject({ code: 'provider_unreachable' });
    issuer.isDown = false;
    issuer.now += 60 * SECOND;
    await expect(issuer.find('a')).resolves.toHaveLength(1);
  });

  it('gives a source that is down a rest instead of asking it at each request', async () => {
    issuer.isDown = true;
    for (let request = 0; request < 50; request++) {
      await expect(issuer.find('a')).rejects.toMatchObject({ code: 'provider_unreachable' });
    }
    expect(issuer.fetches).toBe(1);
    issuer.isDown = false;
    issuer.now += SECOND;
    await expect(issuer.find('a')).resolves.toHaveLength(1);
  });
});

describe('a key that is not in the set', () => {
  beforeEach(async () => {
    await issuer.find('a');
  });

  it('is looked for at once', async () => {
    issuer.kids = ['a', 'b'];
    await expect(issuer.find('b')).resolves.toHaveLength(1);
    expect(issuer.fetches).toBe(2);
  });

  it('causes at most one fetch in 10 s, whatever names a flood of tokens brings', async () => {
    for (let token = 0; token < 2_000; token++) await expect(issuer.find(`x${token}`)).rejects.toMatchObject(UNKNOWN);
    expect(issuer.fetches).toBe(2);
    issuer.now += 10 * SECOND - 1;
    await expect(issuer.find('y')).rejects.toMatchObject(UNKNOWN);
    expect(issuer.fetches).toBe(2);
    issuer.now += 1;
    await expect(issuer.find('y')).rejects.toMatchObject(UNKNOWN);
    expect(issuer.fetches).toBe(3);
  });

  it('without a name is looked for no more often', async () => {
    const nameless = () => issuer.keys.find({ alg: 'RS256' }, () => true);
    for (let token = 0; token < 20; token++) await expect(nameless()).rejects.toMatchObject(UNKNOWN);
    expect(issuer.fetches).toBe(2);
  });

  it('does not delay those which are', async () => {
    const release = issuer.hold();
    const unknown = issuer.find('x');
    await expect(issuer.find('a')).resolves.toHaveLength(1);
    release();
    await expect(unknown).rejects.toMatchObject(UNKNOWN);
  });

  it('is not looked for again within a minute, unless another fetch brought news', async () => {
    await expect(issuer.find('x')).rejects.toMatchObject(UNKNOWN);
    issuer.now += 10 * SECOND;
    await expect(issuer.find('x')).rejects.toMatchObject(UNKNOWN);
    expect(issuer.fetches).toBe(2);
    issuer.kids = ['a', 'x'];
    await expect(issuer.find('y')).rejects.toMatchObject(UNKNOWN);
    await expect(issuer.find('x')).resolves.toHaveLength(1);
    expect(issuer.fetches).toBe(3);
  });

  it('is remembered among a thousand at most, so that a flood fills no memory', async () => {
    const flood = Array.from({ length: 1_500 }, (_, index) => issuer.find(`x${index}`));
    expect(new Set((await Promise.allSettled(flood)).map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(issuer.fetches).toBe(2);
    issuer.now += 10 * SECOND;
    await expect(issuer.find('x1499')).rejects.toMatchObject(UNKNOWN);
    await expect(issuer.find('x500')).rejects.toMatchObject(UNKNOWN);
    expect(issuer.fetches).toBe(2);
    await expect(issuer.find('x499')).rejects.toMatchObject(UNKNOWN);
    expect(issuer.fetches).toBe(3);
  });

  it('is looked for again after a fetch that failed', async () => {
    issuer.isDown = true;
    issuer.kids = ['a', 'b'];
    await expect(issuer.find('b')).rejects.toMatchObject({ message: 'down' });
    issuer.isDown = false;
    issuer.now += 10 * SECOND;
    await expect(issuer.find('b')).resolves.toHaveLength(1);
  });

  it('is not looked for on account of a token that is not ours', async () => {
    const foreign = () => {
      throw new OidcAuthError('token_issuer_unknown', 'foreign');
    };
    await expect(issuer.find('x', foreign)).rejects.toMatchObject({ code: 'token_issuer_unknown' });
    expect(issuer.fetches).toBe(1);
  });
});

describe('a source whose keys change every second', () => {
  it('is asked once in 10 s, and each time its newest key is found', async () => {
    const found: number[] = [];
    for (let second = 0; second < 60; second++) {
      issuer.now = second * SECOND;
      issuer.kids = [`key-${second}`];
      const newest = await issuer.find(`key-${second}`).catch(() => []);
      if (newest.length > 0) found.push(second);
    }
    // The first set, which nothing had to be looked for in, is followed by one for the first unknown key.
    expect(found).toEqual([0, 1, 11, 21, 31, 41, 51]);
    expect(issuer.fetches).toBe(found.length);
  });
});

describe('a new set', () => {
  it('retires the keys it no longer holds, and keeps the objects of those it does', async () => {
    issuer.kids = ['a', 'b'];
    const [a] = await issuer.find('a');
    const [b] = await issuer.find('b');
    issuer.kids = ['b', 'c'];
    await issuer.find('c');
    expect(a!.retired).toBe(true);
    expect(b!.retired).toBe(false);
    expect((await issuer.find('b'))[0]).toBe(b);
    await expect(issuer.find('a')).rejects.toMatchObject(UNKNOWN);
  });

  it('that fails to come retires nothing', async () => {
    const [a] = await issuer.find('a');
    issuer.isDown = true;
    issuer.now = 700 * SECOND;
    await issuer.find('a');
    await settled();
    expect(a!.retired).toBe(false);
  });
});

describe.each([
  ['no key', []],
  ['no key that can be used', [null, 'key', {}, { kty: 'oct', k: 'AAAA' }, { kty: 'EC', crv: 'P-256', kid: 'a' }]],
])('a set of %s', (_what, unusable) => {
  const UNUSABLE = { code: 'provider_invalid_response' };
  const breakDown = () => Object.assign(issuer, { kids: [], unusable });
  const recover = (...kids: string[]) => Object.assign(issuer, { kids, unusable: [] });

  it('is no answer: known keys go on serving, for as long as they may', async () => {
    const [before] = await issuer.find('a');
    breakDown();
    issuer.now = 600 * SECOND;
    await issuer.find('a');
    await settled();
    expect(issuer.fetches).toBe(2);
    expect(before!.retired).toBe(false);
    expect((await issuer.find('a'))[0]).toBe(before);
    issuer.now = 24 * HOUR;
    await expect(issuer.find('a')).rejects.toMatchObject(UNUSABLE);
  });

  it('says nothing of a key that it does not bring', async () => {
    await issuer.find('a');
    breakDown();
    await expect(issuer.find('b')).rejects.toMatchObject(UNUSABLE);
    recover('a', 'b');
    issuer.now += 10 * SECOND;
    await expect(issuer.find('b')).resolves.toHaveLength(1);
  });

  it('that was the first is forgotten with the next', async () => {
    breakDown();
    await expect(issuer.find('a')).rejects.toMatchObject(UNUSABLE);
    recover('a');
    issuer.now += SECOND;
    await expect(issuer.find('a')).resolves.toHaveLength(1);
  });
});

describe('a set of very many keys', () => {
  it('is looked at up to the hundredth, as each of one name costs a verification', async () => {
    issuer.kids = Array.from({ length: 101 }, (_, index) => `key-${index}`);
    await expect(issuer.find('key-99')).resolves.toHaveLength(1);
    await expect(issuer.find('key-100')).rejects.toMatchObject(UNKNOWN);
  });
});

describe('keys that somebody has kept', () => {
  const kept = () => [{ ...publicJwk, kid: 'kept' }];

  it('serve while the source is down, counted from when they were fetched', async () => {
    issuer.isDown = true;
    issuer.keys.seed(kept(), 23 * HOUR);
    await expect(issuer.find('kept')).resolves.toHaveLength(1);
    issuer.now = HOUR - 1;
    await expect(issuer.find('kept')).resolves.toHaveLength(1);
    expect(issuer.keys.mayServe()).toBe(true);
    await settled();
    issuer.now = HOUR;
    expect(issuer.keys.mayServe()).toBe(false);
    await expect(issuer.find('kept')).rejects.toMatchObject({ code: 'provider_unreachable' });
  });

  it('are used as they are while they are fresh, and then renewed behind the requests', async () => {
    issuer.keys.seed(kept(), 599 * SECOND);
    await issuer.find('kept');
    expect(issuer.fetches).toBe(0);
    issuer.now = SECOND;
    await issuer.find('kept');
    await settled();
    expect(issuer.fetches).toBe(1);
    await expect(issuer.find('a')).resolves.toHaveLength(1);
  });

  it('are of no use once they are a day old', async () => {
    issuer.isDown = true;
    issuer.keys.seed(kept(), 24 * HOUR);
    expect(issuer.keys.areKnown).toBe(false);
    await expect(issuer.find('kept')).rejects.toMatchObject({ code: 'provider_unreachable' });
  });

  it('replace nothing that was fetched', async () => {
    const [fetched] = await issuer.find('a');
    issuer.keys.seed(kept(), 0);
    expect((await issuer.find('a'))[0]).toBe(fetched);
    await expect(issuer.find('kept')).rejects.toMatchObject(UNKNOWN);
  });

  it('are none where none of them can be used', async () => {
    expect(() => issuer.keys.seed([null, {}], 0)).toThrow(OidcAuthError);
    expect(issuer.keys.areKnown).toBe(false);
  });
});
