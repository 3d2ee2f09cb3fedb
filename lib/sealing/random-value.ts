import { randomBytes } from 'node:crypto';

/** 256 random bits in base64url: nobody guesses it. Fit for a code verifier (RFC 7636 §4.1), a nonce, a state, an id. */
export function randomValue(): string {
  return randomBytes(32).toString('base64url');
}
