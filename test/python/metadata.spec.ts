import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { decoded, forgedToken, type RunningBroker } from '../fixtures/broker.js';
import { generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { sharedAudience } from '../fixtures/peer.js';
import { rawHmacJws, unsignedJwt } from '../fixtures/raw-jwt.js';
import { NestAddress, signInAt } from './nest-application.js';
import { environmentAt, peerPython, PythonProcess } from './python-process.js';

const PROGRAM = fileURLToPath(new URL('programs/verify.py', import.meta.url));

let op: TestOp;
let home: string;
beforeAll(async () => {
  op = await startOp();
  home = await mkdtemp(join(tmpdir(), 'python-verifier-'));
});
afterAll(async () => {
  await op?.close();
  await rm(home, { recursive: true, force: true });
});

const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
const cases = adapters.flatMap((adapter) =>
  algorithms.map((algorithm) => ({ adapter, name: adapter.name, algorithm })),
);

describe.each(cases)('PyJWT, told the issuer of an application on $name alone', ({ adapter, algorithm }) => {
  let app: RunningBroker;
  let issuer: string;
  beforeAll(async () => {
    const address = await NestAddress.free();
    ({ issuer } = address);
    app = await address.start(op, { signingAlgorithm: algorithm }, adapter);
  });
  afterAll(() => app?.close());

  /** The claims of each token, or why it is refused. */
  const verdicts = (tokens: readonly string[]) =>
    new PythonProcess([PROGRAM, issuer, sharedAudience, ...tokens], environmentAt(home), peerPython).rest<unknown[]>();

  it(`verifies its tokens (${algorithm})`, async () => {
    const { access_token } = await app.broker.mint({ sub: 'a-job' });
    expect(await verdicts([await signInAt(app), access_token])).toEqual([
      expect.objectContaining({ iss: issuer, sub: 'alice' }),
      expect.objectContaining({ iss: issuer, sub: 'a-job' }),
    ]);
  });

  it(`refuses all others (${algorithm})`, async () => {
    const signed = (claims: object = {}, header: object = {}) =>
      forgedToken(app, { iss: issuer, aud: sharedAudience, ...claims }, header);
    const { header, claims } = decoded(await signed());
    const now = Math.floor(Date.now() / 1_000);
    const stranger = await generateSigningKey(algorithm);
    const refused: Record<string, [token: string, why: string]> = {
      'for another audience': [await signed({ aud: 'another' }), 'InvalidAudienceError'],
      'of long ago': [await signed({ iat: now - 600, exp: now - 60 }), 'ExpiredSignatureError'],
      'of its issuer spelled otherwise': [await signed({ iss: `${issuer}/` }), 'InvalidIssuerError'],
      'by another key of the same id': [
        await op.signWith({ ...stranger, kid: header.kid! }, claims),
        'InvalidSignatureError',
      ],
      'by a key that is not published': [await op.signWith(stranger, claims), 'PyJWKClientError'],
      'by nobody': [unsignedJwt({ ...header, alg: 'none' }, claims), 'InvalidAlgorithmError'],
      'by a word': [rawHmacJws('secret', { ...header, alg: 'HS256' }, claims), 'InvalidAlgorithmError'],
    };
    const [accepted, ...others] = await verdicts([await signed(), ...Object.values(refused).map(([token]) => token)]);
    expect(accepted).toMatchObject({ iss: issuer });
    const expected = Object.entries(refused).map(([which, [, why]]) => `${which}: ${why}`);
    expect(Object.keys(refused).map((which, index) => `${which}: ${String(others[index])}`)).toEqual(expected);
  });
});
