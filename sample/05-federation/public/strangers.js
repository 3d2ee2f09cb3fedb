import { ask } from './problems.js';
import { base64url } from './tokens.js';

/** A key that this page has made itself: nobody publishes it, and nobody trusts it. */
let ownKey;

/** What must be refused everywhere: tokens that look right and are signed well, by the wrong one. */
export const strangers = ([victim]) => [
  {
    name: 'a stranger',
    about: 'Signed by an application that nobody trusts, in its own name.',
    make: () => sign({ kid: 'strange' }, { iss: 'https://stranger.example/api', aud: victim.audience }),
  },
  {
    name: 'a forger',
    about: `The same key, in the name of ${victim.name} and under the id of its key.`,
    make: async () => sign({ kid: await keyIdOf(victim) }, { iss: victim.issuer, aud: victim.audience }),
  },
];

async function keyIdOf({ url }) {
  const { keys } = await (await ask(`${url}api/auth/v2/.well-known/jwks.json`)).json();
  return keys[0].kid;
}

async function sign(header, claims) {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const rsa = { ...algorithm, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const { privateKey } = await (ownKey ??= crypto.subtle.generateKey(rsa, false, ['sign', 'verify']));
  const now = Math.floor(Date.now() / 1000) - 10;
  const said = [
    { alg: 'RS256', typ: 'at+jwt', ...header },
    { sub: 'alice', roles: ['admin'], jti: crypto.randomUUID(), iat: now, exp: now + 300, ...claims },
  ];
  const input = said.map((part) => base64url(new TextEncoder().encode(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign(algorithm, privateKey, new TextEncoder().encode(input));
  return `${input}.${base64url(signature)}`;
}
