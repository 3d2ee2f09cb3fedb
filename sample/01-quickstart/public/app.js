import { $, h, notify, silence } from './dom.js';
import { decode } from './claims.js';
import { closeDevice, runDeviceFlow } from './device.js';
import { login, logout, refresh, returnFromProvider, returnedFromLogout, userinfo } from './oauth.js';
import { showPerson, updateLifetime } from './person.js';
import { ask } from './problems.js';
import { callAll, forgetAnswers, showRoutes } from './routes.js';
import { onSession, secondsLeft, session } from './session.js';
import { timeOfDay } from './time.js';
import { setUpTabs, showToken, showUserinfo, showUserinfoProblem, updateRelativeTimes } from './token-view.js';

/** Runs an action of a button; while it runs the button rests, and what goes wrong is told at the top. */
function on(id, action) {
  $(id).addEventListener('click', async () => {
    silence();
    $(id).setAttribute('aria-busy', 'true');
    try {
      await action();
    } catch (problem) {
      notify('bad', problem.message, problem.detail);
    } finally {
      $(id).removeAttribute('aria-busy');
    }
  });
}

const subjectOf = (current) => current && (decode(current.id_token ?? current.access_token)?.payload.sub ?? 'somebody');
let shown;
let demo = false;

async function showSession(current) {
  $('guest').hidden = Boolean(current);
  $('people').hidden = Boolean(current) || !demo;
  $('person').hidden = !current;
  $('token').hidden = !current;
  if (subjectOf(current) !== shown) forgetAnswers(current);
  shown = subjectOf(current);
  if (!current) return;
  showPerson(current);
  showToken('access', current.access_token);
  showToken('id', current.id_token);
  if (secondsLeft(current) <= 0) return showUserinfoProblem('The access token has expired. Refresh it to ask again.');
  try {
    const claims = await userinfo();
    if (session()?.access_token !== current.access_token) return;
    showUserinfo(claims);
    showPerson(current, claims);
  } catch (problem) {
    showUserinfoProblem(`${problem.message} ${problem.detail ?? ''}`);
  }
}

function askedFor() {
  const scopes = [...document.querySelectorAll('#scopes input:checked')].map((input) => input.value);
  return { scopes, offline: $('offline').checked, again: $('again').checked };
}

function showApplication({ provider, scopes, routes }) {
  $('provider').replaceChildren(
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    provider.demo ? 'Demo identity provider' : new URL(provider.url).host,
  );
  $('scopes').replaceChildren(
    ...scopes.map((scope) =>
      h('label', {}, h('input', { type: 'checkbox', value: scope, checked: true }), ` ${scope}`),
    ),
  );
  demo = provider.demo;
  showRoutes(routes);
}

on('login', () => login(askedFor()));
on('logout', logout);
on('refresh', async () => {
  await refresh();
  notify('good', 'Refreshed.', `The new access token is valid until ${timeOfDay(session().until)}.`);
});
on('device-start', () => void runDeviceFlow());
on('device-again', () => void runDeviceFlow());
on('call-all', callAll);
setUpTabs();

try {
  showApplication(await (await ask('/api/demo')).json());
  if (returnedFromLogout()) notify('good', 'Logged out.', 'The session at the identity provider has ended, too.');
  if (await returnFromProvider()) notify('good', 'Logged in.');
} catch (problem) {
  notify('bad', problem.message, problem.detail);
}
onSession(showSession);
setInterval(() => (updateLifetime(), updateRelativeTimes()), 1000);
addEventListener('pagehide', closeDevice);
