import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../clock/clock.js';
import { resolveOptions } from '../options/resolve-options.js';
import { RemoteKeySet } from './remote-key-set.js';
import { TokenVerifier } from './token-verifier.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const issuer = 'https://idp.example.org';

/** An issuer with one key whose key set lives by a clock of the test's. */
class Issuer {
  now = 0;
  fetches = 0;
  isDown = false;
  private published: object[] = [];
  private privateKey!: CryptoKey;
  readonly verifier = new TokenVerifier(
    resolveOptions({ clientId: 'client', discoveryUrl: `${issuer}/.well-known/openid-configuration` }),
    {
      keys: new RemoteKeySet(
        () => this.answer(),
        () => this.now,
      ),
      metadata: async () => ({ issuer, algorithms: ['ES256'] }),
      admit: (_header, claims) => claims,
    },
    new SystemClock(),
  );

  async start(): Promise<this> {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    this.privateKey = privateKey;
    this.published = [{ ...(await exportJWK(publicKey)), kid: 'a' }];
    return this;
  }

  async publishAnotherKeyInstead(): Promise<void> {
    const { publicKey } = await generateKeyPair('ES256');
    this.published = [{ ...(await exportJWK(publicKey)), kid: 'b' }];
  }

  issue(claims: object = {}): Promise<string> {
    return new SignJWT({ iss: issuer, sub: 'alice', aud: 'client', scope: 'openid', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'a' })
      .setExpirationTime('7d')
      .sign(this.privateKey);
  }

  private async answer(): Promise<readonly unknown[]> {
    this.fetches++;
    if (this.isDown) throw new Error('down');
    return this.published;
  }
}

const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

let idp: Issuer;
beforeEach(async () => {
  idp = await new Issuer().start();
});

describe('what is no token', () => {
  it.each([undefined, null, 5, {}, ['a.b.c'], true])('is refused by a code, whatever it is: %j', async (token) => {
    await expect(idp.verifier.verify(token as string)).rejects.toMatchObject({ code: 'token_malformed' });
  });

  it.each([
    ['arrays', (inner: unknown) => [inner]],
    ['objects', (inner: unknown) => ({ a: inner })],
  ])('is one whose claims are nested without end, well signed as it may be: %s', async (_kind, wrap) => {
    const nested = (depth: number) => Array.from({ length: depth }).reduce<unknown>(wrap, 'inside');
    await expect(idp.verifier.verify(await idp.issue({ deep: nested(50) }))).resolves.toBeDefined();
    await expect(idp.verifier.verify(await idp.issue({ deep: nested(51) }))).rejects.toMatchObject({
      code: 'token_claims_invalid',
    });
    await expect(idp.verifier.verify(await idp.issue({ deep: nested(1_500) }))).rejects.toMatchObject({
      code: 'token_claims_invalid',
    });
  });
});

it('a token is refused by a code, whatever stands where its issuer is named', async () => {
  const part = (json: string) => Buffer.from(json).toString('base64url');
  const header = part('{"alg":"ES256","kid":"unknown"}');
  for (const iss of ['['.repeat(5_500) + ']'.repeat(5_500), '{}', 'null', '5']) {
    const token = `${header}.${part(`{"iss":${iss}}`)}.${part('x')}`;
    await expect(idp.verifier.verify(token)).rejects.toMatchObject({ code: 'token_issuer_unknown' });
  }
});

describe('a token that was verified before', () => {
  it('asks nobody while the keys are fresh', async () => {
    const token = await idp.issue();
    const claims = await idp.verifier.verify(token);
    idp.now = 599 * SECOND;
    expect(await idp.verifier.verify(token)).toBe(claims);
    expect(idp.fetches).toBe(1);
  });

  it('is refused once its key is known to be withdrawn, also where no other token comes in', async () => {
    const token = await idp.issue();
    const claims = await idp.verifier.verify(token);
    await idp.publishAnotherKeyInstead();
    idp.now = 600 * SECOND;
    expect(await idp.verifier.verify(token)).toBe(claims);
    await settled();
    await expect(idp.verifier.verify(token)).rejects.toMatchObject({ code: 'token_key_unknown' });
  });

  it('is not believed for longer than its keys are, while the issuer is down', async () => {
    const token = await idp.issue();
    const claims = await idp.verifier.verify(token);
    idp.isDown = true;
    idp.now = 24 * HOUR - 1;
    expect(await idp.verifier.verify(token)).toBe(claims);
    await settled();
    idp.now = 24 * HOUR;
    await expect(idp.verifier.verify(token)).rejects.toThrow('down');
  });
});
