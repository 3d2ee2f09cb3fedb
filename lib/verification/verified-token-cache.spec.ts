import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { IdTokenClaims } from './claims.js';
import { VerificationKey } from './verification-key.js';
import { SystemClock } from '../clock/clock.js';
import { VerifiedTokenCache } from './verified-token-cache.js';

const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const keys = { mayServe: () => true };
const claims = (fromNow: number): IdTokenClaims => ({
  iss: 'https://idp.example.org',
  sub: 'alice',
  exp: Math.floor(Date.now() / 1_000) + fromNow,
});

describe('the memory of verified tokens', () => {
  it('is bounded: 10,000 tokens, the least recently used one goes first', () => {
    const cache = new VerifiedTokenCache(new SystemClock());
    const key = VerificationKey.from(jwk)!;
    for (let token = 0; token < 10_000; token++) cache.remember(cache.idOf(`token-${token}`), claims(60), key, keys);
    expect(cache.recall(cache.idOf('token-0'))).toBeDefined();
    cache.remember(cache.idOf('one more'), claims(60), key, keys);
    expect(cache.recall(cache.idOf('token-0'))).toBeDefined();
    expect(cache.recall(cache.idOf('token-1'))).toBeUndefined();
  });

  it('does not take in what has expired', () => {
    const cache = new VerifiedTokenCache(new SystemClock());
    cache.remember(cache.idOf('token'), claims(-1), VerificationKey.from(jwk)!, keys);
    expect(cache.recall(cache.idOf('token'))).toBeUndefined();
  });

  it('forgets a token whose key is retired', () => {
    const cache = new VerifiedTokenCache(new SystemClock());
    const key = VerificationKey.from(jwk)!;
    cache.remember(cache.idOf('token'), claims(60), key, keys);
    key.retired = true;
    expect(cache.recall(cache.idOf('token'))).toBeUndefined();
    key.retired = false;
    expect(cache.recall(cache.idOf('token'))).toBeUndefined();
  });
});
