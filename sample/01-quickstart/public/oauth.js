import { isBroker, isDemoProvider } from './application.js';
import { Problem, ask, problemOf } from './problems.js';
import { authorization, forget, keep, session } from './session.js';

const AUTH = '/api/auth/v2';
const PENDING = 'quickstart.login';
const GOODBYE = 'quickstart.goodbye';

/** Where the identity provider sends the browser back to: this page. */
const home = `${location.origin}/`;

/** Sends the browser to the identity provider, with a PKCE secret and a state that only this tab knows. */
export async function login({ scopes, offline, again }) {
  if (!crypto.subtle) throw new Problem('insecure origin', 'Logging in needs https, or localhost.');
  const pending = { verifier: random(), state: random() };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const query = new URLSearchParams({
    redirect_uri: home,
    scope: ['openid', ...scopes].join(' '),
    state: pending.state,
    code_challenge: await s256(pending.verifier),
    code_challenge_method: 'S256',
  });
  if (offline) query.set('offline_access', 'true');
  if (again) query.set('prompt', 'login');
  await go(`${AUTH}/login?${query}`);
}

/** Finishes a login if the identity provider has just sent the browser back. True if somebody is signed in now. */
export async function returnFromProvider() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('code') && !answer.has('error')) return false;
  history.replaceState(null, '', home); // a reload must not send the code again
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? 'null');
  sessionStorage.removeItem(PENDING);
  if (!pending || answer.get('state') !== pending.state) {
    throw new Problem('state mismatch', 'This answer does not belong to a login begun in this tab. Log in again.');
  }
  if (answer.has('error')) throw new Problem(answer.get('error'), answer.get('error_description') ?? undefined);
  keep(await redeem({ code: answer.get('code'), redirect_uri: home, code_verifier: pending.verifier }));
  return true;
}

export async function refresh() {
  try {
    keep(await redeem({ refresh_token: session().refresh_token }));
  } catch (problem) {
    if (problem.code !== 'invalid_grant') throw problem;
    forget();
    throw new Problem(
      problem.code,
      isDemoProvider() && 'The demo identity provider forgets everybody when it is restarted.',
    );
  }
}

export async function logout() {
  const address = isBroker() ? await endSession() : logoutAddress();
  forget();
  sessionStorage.setItem(GOODBYE, 'yes');
  if (isBroker()) location.assign(address);
  else await go(address);
}

/** Broker mode: ends the session at the application, which says where to go on. */
async function endSession() {
  const answer = await ask(`${AUTH}/logout`, {
    method: 'POST',
    headers: { ...authorization(), Accept: 'application/json' },
    body: new URLSearchParams({ post_logout_redirect_uri: home }),
  });
  // A token that is not accepted any more has no session to end; the provider may still have one.
  if (answer.status === 401) return logoutAddress();
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()).logout_url;
}

function logoutAddress() {
  const query = new URLSearchParams({ post_logout_redirect_uri: home });
  const hint = session()?.id_token;
  if (hint) query.set('id_token_hint', hint);
  return `${AUTH}/logout?${query}`;
}

/** True once, on the way back from the identity provider's logout. */
export function returnedFromLogout() {
  const returned = sessionStorage.getItem(GOODBYE) !== null;
  sessionStorage.removeItem(GOODBYE);
  return returned;
}

export async function userinfo() {
  const answer = await ask(`${AUTH}/userinfo`, { headers: { Authorization: `Bearer ${session().access_token}` } });
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

export async function beginDevice() {
  const answer = await ask(`${AUTH}/device`, { method: 'POST' });
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

/** Redeems a code, a refresh token or a device code at the application's token endpoint. */
export async function redeem(parameters) {
  const answer = await ask(`${AUTH}/token`, { method: 'POST', body: new URLSearchParams(parameters) });
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

/** Leaves for `url`, unless the application has a reason not to redirect: that reason is for this page to tell. */
async function go(url) {
  const answer = await ask(url, { redirect: 'manual' });
  if (answer.type !== 'opaqueredirect') throw await problemOf(answer);
  location.assign(url);
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const s256 = async (text) =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
