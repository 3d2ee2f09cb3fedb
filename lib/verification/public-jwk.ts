import type { JWK } from 'jose';

/** RFC 7518 §6, RFC 8037 §2: all other members of an asymmetric key are private, or say what it is for. */
const PUBLIC_MEMBERS = ['kty', 'n', 'e', 'crv', 'x', 'y'] as const;

/** The public key in a JWK, private or not: these members and no others, as far as they are strings. */
export function publicMembersOf(jwk: JWK): JWK {
  const members = PUBLIC_MEMBERS.filter((name) => typeof jwk[name] === 'string');
  return Object.fromEntries(members.map((name) => [name, jwk[name]])) as JWK;
}
