import { $, h } from './dom.js';
import { decode } from './claims.js';
import { ask, problemOf } from './problems.js';

const JWKS = '/api/auth/v2/.well-known/jwks.json';
const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** The application's public keys, as anybody may fetch them, and which of them this tab's token is signed with. */
export async function showKeys(token) {
  const answer = await ask(JWKS);
  if (!answer.ok) throw await problemOf(answer);
  const jwks = await answer.json();
  const signer = decode(token)?.header.kid;
  const cards = jwks.keys.map(async (key) => keyCard(key, key.kid === signer && (await hasSigned(key, token))));
  $('panel-keys').replaceChildren(
    h(
      'p',
      { class: 'soft small' },
      'Anybody can check this application’s tokens with these: ',
      h('a', { href: JWKS }, JWKS),
    ),
    h('div', { class: 'claims' }, ...(await Promise.all(cards))),
    h(
      'details',
      { class: 'options' },
      h('summary', {}, 'The JWKS as it is'),
      h('pre', {}, JSON.stringify(jwks, null, 2)),
    ),
  );
}

function keyCard({ kid, alg, kty, use }, signed) {
  return h(
    'section',
    {},
    h('h3', {}, 'Public key'),
    h(
      'dl',
      {},
      row('kid', 'Key id: its thumbprint (RFC 7638)', kid),
      row('alg', 'Algorithm', alg),
      row('kty', 'Type of key', kty),
      row('use', 'Use', use === 'sig' ? 'signatures' : use),
    ),
    signed && h('p', { class: 'verdict' }, h('span', { class: 'tick', 'aria-hidden': 'true' }, '✓'), SIGNED),
  );
}

const SIGNED = 'Your access token is signed with this key: this browser has just checked.';

const row = (name, meaning, value) =>
  h('div', {}, h('dt', {}, h('span', {}, meaning), h('code', {}, name)), h('dd', {}, value));

async function hasSigned(jwk, token) {
  const [header, payload, signature] = token.split('.');
  const key = await crypto.subtle.importKey('jwk', jwk, RS256, false, ['verify']);
  return crypto.subtle.verify(RS256, key, bytes(signature), new TextEncoder().encode(`${header}.${payload}`));
}

const bytes = (base64url) =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
