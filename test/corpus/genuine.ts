import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { signed, type Signer } from './signer.js';

export type Members = Readonly<Record<string, unknown>>;

/** An issuer whose tokens are accepted where they are tried, and what those are like. */
export interface Issuer {
  readonly issuer: string;
  /** Its tokens must be meant for this one. */
  readonly audience: string;
  readonly signer: Signer;
  /** Keys that are not the issuer's: of others that are trusted, too, and of strangers. */
  readonly strangers: readonly Signer[];
  /** Media types of other tokens than access tokens (RFC 9068 §2.1), `undefined` for none. */
  readonly otherTypes: readonly unknown[];
  /** Whether it signs ID, logout or sender-constrained tokens with the same key. */
  readonly issuesOtherTokens: boolean;
}

/** What mutations begin with. */
export interface Genuine extends Issuer {
  readonly header: Members;
  /** The claims of one token; those of others are like it. */
  readonly payload: Members;
  /** Claims of a token, never twice the same. */
  readonly payloads: Arbitrary<Members>;
  /** Tokens that are accepted. */
  readonly tokens: Arbitrary<string>;
}

export function genuineOf(issuer: Issuer): Genuine {
  const { signer } = issuer;
  const header = { alg: signer.alg, typ: 'at+jwt', kid: signer.kid };
  const now = Math.floor(Date.now() / 1_000);
  const payload = {
    iss: issuer.issuer,
    sub: 'alice',
    aud: issuer.audience,
    iat: now,
    exp: now + 86_400,
    jti: '0',
    scope: 'openid',
    azp: 'web',
    realm_access: { roles: ['user'] },
    name: 'Älice Ünicode 👩',
  };
  const payloads = fc
    .record(
      {
        sub: fc.constantFrom('alice', 'bob', 'auth0|5f7c8ec7c33c6c004bbafe82'),
        jti: fc.noBias(fc.uuid()),
        scope: fc.constantFrom('openid', 'openid profile', 'openid email offline_access'),
        aud: fc.constantFrom<unknown>(issuer.audience, [issuer.audience], ['another', issuer.audience]),
        realm_access: fc.subarray(['user', 'clerk']).map((roles) => ({ roles })),
        name: fc.string({ unit: 'grapheme', maxLength: 8 }),
      },
      { requiredKeys: ['jti'] },
    )
    .map((claims) => ({ ...payload, ...claims }));
  const tokens = payloads.map((claims) => signed(signer, JSON.stringify(header), JSON.stringify(claims)));
  return { ...issuer, header, payload, payloads, tokens };
}
