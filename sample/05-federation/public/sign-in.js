import { Problem, ask, problemOf } from './problems.js';
import { base64url, forgetAll, keep, tokenOf } from './tokens.js';

const PENDING = 'federation.login';
const AUTH = 'api/auth/v2';

/** Where the identity provider sends the browser back to: this page. */
const home = `${location.origin}/`;

/**
 * Signs in at these, one after the other. The provider asks for a name and a password at the first, and knows the person
 * at the others.
 */
export async function signIn([application, ...others]) {
  const pending = {
    name: application.name,
    others: others.map(({ name }) => name),
    state: random(),
    verifier: random(),
  };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const query = new URLSearchParams({ redirect_uri: home });
  if (application.loginState === 'page') {
    query.set('state', pending.state);
    query.set('code_challenge', await s256(pending.verifier));
    query.set('code_challenge_method', 'S256');
  }
  location.assign(`${application.url}${AUTH}/login?${query}`);
}

/**
 * Goes on where the identity provider has just sent the browser back.
 *
 * @returns where to sign in next, perhaps nowhere; undefined if it has not
 */
export async function returnFromProvider(applications) {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('code') && !answer.has('error')) return undefined;
  history.replaceState(null, '', home); // a reload must not send the code again
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? 'null');
  sessionStorage.removeItem(PENDING);
  const application = applications.find(({ name }) => name === pending?.name);
  const verifier = application && verifierFor(application, answer.get('state') ?? '', pending);
  if (!verifier) throw new Problem('This answer does not belong to a login begun in this tab. Sign in again.');
  if (answer.has('error')) throw new Problem(answer.get('error_description') ?? answer.get('error'));
  keep(application, await redeem(application, answer.get('code'), verifier));
  return applications.filter(({ name }) => pending.others.includes(name));
}

/**
 * The application in Python makes state and verifier itself, and they come back as one: `…|redirect_uri|verifier`. So all that can
 * be known there is that a login was begun in this tab.
 */
function verifierFor({ loginState }, state, pending) {
  if (loginState === 'page') return state === pending.state ? pending.verifier : undefined;
  const [, returned, verifier] = state.split('|');
  return returned === home ? verifier : undefined;
}

async function redeem({ url }, code, verifier) {
  const body = new URLSearchParams({ code, redirect_uri: home, code_verifier: verifier });
  const answer = await ask(`${url}${AUTH}/token`, { method: 'POST', body });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()).access_token;
}

/** Ends the sessions at the applications that keep one, then the one at the identity provider. */
export async function signOut(applications) {
  let next;
  for (const application of applications) {
    const token = tokenOf(application);
    if (!token || application.loginState !== 'page') continue;
    const answer = await ask(`${application.url}${AUTH}/logout`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
      body: new URLSearchParams({ post_logout_redirect_uri: home }),
    });
    if (!answer.ok) continue;
    const { logout_url } = await answer.json();
    // Each leads to the provider, which has one session for all.
    next ??= logout_url;
  }
  forgetAll();
  location.assign(next ?? home);
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const s256 = async (text) => base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
