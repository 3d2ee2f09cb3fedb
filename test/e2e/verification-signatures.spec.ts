import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportSPKI } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fault, generateSigningKey, startOp, type SigningKey, type TestOp } from '../fixtures/op/index.js';
import { accessTokenPayload, rawHmacJws, rawJws, unsignedJwt } from '../fixtures/raw-jwt.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';

const BAD_SIGNATURE = '401 The signature of the token is not valid.';
const BAD_ALGORITHM = '401 The token is signed with an algorithm that is not accepted here.';
const UNKNOWN_KEY = '401 The token is signed by a key that its issuer does not publish.';

let op: TestOp;
let app: VerifyingApplication;
let foreign: SigningKey;
beforeAll(async () => {
  op = await startOp();
  app = await startVerifyingApplication(op);
  foreign = await generateSigningKey('RS256');
  expect(await app.verdict(await op.mint())).toBe('accepted');
});
afterAll(async () => {
  await app.close();
  await op.close();
});
afterEach(() => op.reset());

/** The provider's JWK Set with further keys in it, from the start of an application of its own. */
async function withKeys(keys: object[], test: (app: VerifyingApplication) => Promise<void>, options = {}) {
  op.faults.set(
    'jwks',
    fault.json((body) => ({ keys: [...body['keys'], ...keys] })),
  );
  const other = await startVerifyingApplication(op, options);
  await test(other).finally(() => other.close());
}

describe('the signature', () => {
  it('must be there and fit the whole token', async () => {
    const [header, payload, signature] = (await op.mint()).split('.') as [string, string, string];
    const forged = Buffer.from(JSON.stringify(accessTokenPayload(op.issuer, { sub: 'root' }))).toString('base64url');
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
    expect(await app.verdict(`${header}.${payload}.${flipped}`)).toBe(BAD_SIGNATURE);
    expect(await app.verdict(`${header}.${payload}.`)).toBe(BAD_SIGNATURE);
    expect(await app.verdict(`${header}.${forged}.${signature}`)).toBe(BAD_SIGNATURE);
  });

  it("must be made by a key of the provider's, whatever kid a foreign token borrows", async () => {
    expect(await app.verdict(await op.signWith({ ...foreign, kid: op.currentKid }))).toBe(BAD_SIGNATURE);
    expect(await app.verdict(await op.signWith(foreign))).toBe(UNKNOWN_KEY);
  });

  it('is tried with each key of the type where a token names none', async () => {
    expect(await app.verdict(await op.mint({}, { kid: undefined as never }))).toBe('accepted');
    expect(await app.verdict(await op.signWith(foreign, {}, { kid: undefined as never }))).toBe(BAD_SIGNATURE);
  });
});

describe('the algorithm', () => {
  it.each(['none', 'None', 'nOnE', 'NONE', ''])('"%s" is refused, with and without a signature', async (alg) => {
    const header = { alg, typ: 'at+jwt', kid: op.currentKid };
    const token = unsignedJwt(header, accessTokenPayload(op.issuer));
    expect(await app.verdict(token)).toBe(BAD_ALGORITHM);
    expect(await app.verdict(`${token}AAAA`)).toBe(BAD_ALGORITHM);
  });

  it('HS256 with the public key as its secret is refused', async () => {
    const { publicKey, publicJwk, kid } = op.currentKey;
    const payload = accessTokenPayload(op.issuer);
    const pem = await exportSPKI(publicKey);
    for (const secret of [pem, pem.trim(), JSON.stringify(publicJwk), Buffer.from(publicJwk.n!, 'base64url')]) {
      expect(await app.verdict(rawHmacJws(secret, { alg: 'HS256', typ: 'JWT', kid }, payload))).toBe(BAD_ALGORITHM);
    }
  });

  it('HS256 with the client secret is refused', async () => {
    const token = rawHmacJws(op.clients.confidential.clientSecret, { alg: 'HS256' }, accessTokenPayload(op.issuer));
    expect(await app.verdict(token)).toBe(BAD_ALGORITHM);
  });

  it('that the provider does not announce is refused, also where its key would fit', async () => {
    const { privateKey, kid } = op.currentKey;
    for (const alg of ['PS256', 'RS512']) {
      const token = rawJws({ privateKey }, { alg, kid, typ: 'at+jwt' }, accessTokenPayload(op.issuer));
      expect(await app.verdict(token)).toBe(BAD_ALGORITHM);
    }
  });

  it('that the provider announces is still refused where the option algorithms leaves it out', async () => {
    const strict = await startVerifyingApplication(op, { algorithms: ['ES256'] });
    expect(await strict.verdict(await op.mint())).toBe(BAD_ALGORITHM);
    await strict.close();
  });

  it('a symmetric one announced by the provider is not learned from it', async () => {
    op.faults.set(
      'discovery',
      fault.json((body) => ({ ...body, id_token_signing_alg_values_supported: ['HS256', 'none', 'RS256'] })),
    );
    const other = await startVerifyingApplication(op);
    expect(await other.verdict(await op.mint())).toBe('accepted');
    const token = rawHmacJws(op.clients.confidential.clientSecret, { alg: 'HS256' }, accessTokenPayload(op.issuer));
    expect(await other.verdict(token)).toBe(BAD_ALGORITHM);
    await other.close();
  });

  it('must be the one the key is published for', async () => {
    const elliptic = await generateSigningKey('ES256');
    const algorithms = ['RS256', 'ES256'];
    await withKeys(
      [{ ...elliptic.publicJwk, alg: 'ES384' }],
      async (other) => {
        expect(await other.verdict(await op.signWith(elliptic))).toBe(UNKNOWN_KEY);
        const { privateKey } = op.currentKey;
        const typed = rawJws({ privateKey }, { alg: 'ES256', kid: op.currentKid }, accessTokenPayload(op.issuer));
        expect(await other.verdict(typed)).toBe(UNKNOWN_KEY);
      },
      { algorithms },
    );
  });

  it.each(['ES256', 'PS256', 'EdDSA', 'ES384', 'RS512'])('%s is verified where it is accepted', async (alg) => {
    const key = await generateSigningKey(alg);
    await withKeys(
      [key.publicJwk],
      async (other) => {
        expect(await other.verdict(await op.signWith(key))).toBe('accepted');
        expect(await other.verdict((await op.signWith(key)).slice(0, -8) + 'AAAAAAAA')).toBe(BAD_SIGNATURE);
      },
      { algorithms: [alg] },
    );
  });
});

describe('what a token says about its own key', () => {
  let elsewhere: Server;
  let asked = 0;
  beforeAll(async () => {
    elsewhere = createServer((_request, response) => {
      asked++;
      response.end(JSON.stringify({ keys: [foreign.publicJwk] }));
    });
    await new Promise<void>((resolve) => void elsewhere.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => elsewhere.close());

  const hints = () => {
    const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/jwks`;
    return { jwk: foreign.publicJwk, jku: url, x5u: url, x5c: ['AAAA'] };
  };

  it.each(['jwk', 'jku', 'x5u', 'x5c'] as const)('%s is never honoured, and no address is asked', async (hint) => {
    const header = { [hint]: hints()[hint] };
    expect(await app.verdict(await op.signWith(foreign, {}, header))).toBe(UNKNOWN_KEY);
    const borrowed = await op.signWith({ ...foreign, kid: op.currentKid }, {}, header);
    expect(await app.verdict(borrowed)).toBe(BAD_SIGNATURE);
    expect(asked).toBe(0);
  });

  it('does no harm to a good token either', async () => {
    expect(await app.verdict(await op.mint({}, hints() as never))).toBe('accepted');
    expect(asked).toBe(0);
  });

  it.each([[['exp']], [['b64']], [['http://example.org/unknown']], [[]], ['exp'], [null]])(
    'crit is refused, as none is understood: %j',
    async (crit) => {
      const header = { alg: 'RS256', typ: 'at+jwt', kid: op.currentKid, crit, b64: true, exp: 1 };
      const token = rawJws(op.currentKey, header, accessTokenPayload(op.issuer));
      expect(await app.verdict(token)).toBe('401 The token has critical header parameters, which are not supported.');
    },
  );

  it.each([{ alg: 5 }, { kid: 5 }, { kid: {} }, { alg: ['RS256'] }, { alg: undefined }])(
    'a header with members of another type is malformed: %j',
    async (members) => {
      const header = { alg: 'RS256', typ: 'at+jwt', kid: op.currentKid, ...members };
      const verdict = await app.verdict(rawJws(op.currentKey, header, accessTokenPayload(op.issuer)));
      expect(verdict).toBe('401 The token is not a well-formed JWT.');
    },
  );
});

describe('keys that are published but must not be used', () => {
  const published = (key: KeyObject, members: object) => ({
    ...key.export({ format: 'jwk' }),
    alg: 'RS256',
    ...members,
  });

  it('RSA keys of 1,024 bits are refused', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    await withKeys([published(publicKey, { kid: 'short', use: 'sig' })], async (other) => {
      const token = rawJws(privateKey, { alg: 'RS256', kid: 'short' }, accessTokenPayload(op.issuer));
      expect(await other.verdict(token)).toBe(UNKNOWN_KEY);
      expect(await other.verdict(await op.mint())).toBe('accepted');
    });
  });

  it.each([
    ['for encryption', { use: 'enc' }],
    ['to sign only', { key_ops: ['sign'] }],
    ['of another type', { kty: 'oct', k: 'AAAA' }],
  ])('keys meant %s are refused', async (_what, members) => {
    const { use: _use, ...publicJwk } = foreign.publicJwk;
    await withKeys([{ ...publicJwk, ...members }], async (other) => {
      expect(await other.verdict(await op.signWith(foreign))).toBe(UNKNOWN_KEY);
    });
  });

  it('two keys of one name are tried both', async () => {
    const twin = { ...foreign, kid: op.currentKid, publicJwk: { ...foreign.publicJwk, kid: op.currentKid } };
    await withKeys([twin.publicJwk], async (other) => {
      expect(await other.verdict(await op.mint())).toBe('accepted');
      expect(await other.verdict(await op.signWith(twin))).toBe('accepted');
      const third = { ...(await generateSigningKey('RS256')), kid: op.currentKid };
      expect(await other.verdict(await op.signWith(third))).toBe(BAD_SIGNATURE);
    });
  });

  it('a private key that is published by mistake verifies as its public half', async () => {
    await withKeys([foreign.privateJwk], async (other) => {
      expect(await other.verdict(await op.signWith(foreign))).toBe('accepted');
      expect(await other.verdict(await op.mint())).toBe('accepted');
    });
  });

  it('a key without a name verifies what names none, and nothing else', async () => {
    op.faults.set(
      'jwks',
      fault.json((body) => ({ keys: body['keys'].map((key: object) => ({ ...key, kid: undefined })) })),
    );
    const other = await startVerifyingApplication(op);
    expect(await other.verdict(await op.mint({}, { kid: undefined as never }))).toBe('accepted');
    expect(await other.verdict(await op.signWith(foreign, {}, { kid: undefined as never }))).toBe(BAD_SIGNATURE);
    expect(await other.verdict(await op.mint())).toBe(UNKNOWN_KEY);
    await other.close();
  });

  it('nonsense among the keys does not spoil the others', async () => {
    await withKeys([null, 5, 'key', [], {}, { kty: 'RSA' }, { kty: 'EC', crv: 'P-256' }] as object[], async (other) => {
      expect(await other.verdict(await op.mint())).toBe('accepted');
    });
  });
});
