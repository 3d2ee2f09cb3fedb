import { randomUUID } from 'node:crypto';
import { generateSigningKey, type SigningKey, type TestOp } from '../fixtures/op/index.js';
import { accessTokenPayload } from '../fixtures/raw-jwt.js';

/** What mutations begin with. */
export interface Genuine {
  readonly issuer: string;
  readonly kid: string;
  /** Of the issuer; makes what is wrong in another way than by its signature. */
  readonly key: SigningKey;
  /** Of somebody else. */
  readonly foreign: SigningKey;
  /** Tokens that are accepted. */
  readonly tokens: readonly string[];
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
}

/** @param op signs with ES256: a corpus of re-signed tokens takes minutes with RSA */
export async function genuineOf(op: TestOp): Promise<Genuine> {
  const header = { alg: 'ES256', typ: 'at+jwt', kid: op.currentKid };
  const payload = accessTokenPayload(op.issuer, {
    exp: Math.floor(Date.now() / 1_000) + 86_400,
    jti: randomUUID(),
    azp: 'web',
    realm_access: { roles: ['user'] },
    name: 'Älice Ünicode 👩',
  });
  return {
    issuer: op.issuer,
    kid: op.currentKid,
    key: op.currentKey,
    foreign: await generateSigningKey('ES256'),
    tokens: await Promise.all([op.mint(payload), op.mint({ ...payload, scope: 'openid profile' })]),
    header,
    payload,
  };
}
