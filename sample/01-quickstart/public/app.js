import { $, h, notify, silence } from './dom.js';
import { askApplication, isBroker } from './application.js';
import { decode } from './claims.js';
import { closeDevice, runDeviceFlow } from './device.js';
import { showKeys } from './keys.js';
import { login, logout, refresh, returnFromProvider, returnedFromLogout, userinfo } from './oauth.js';
import { showPerson, updateLifetime } from './person.js';
import { callAll, forgetAnswers, showRoutes } from './routes.js';
import { onSession, secondsLeft, session } from './session.js';
import { endAll, showActivity, watchActivity } from './sessions.js';
import { timeOfDay } from './time.js';
import {
  setUpTabs,
  showToken,
  showUserinfo,
  showUserinfoProblem,
  showWhose,
  updateRelativeTimes,
} from './token-view.js';

/** Runs an action of a button; while it runs the button rests, and what goes wrong is told at the top. */
function on(id, action) {
  $(id).addEventListener('click', async () => {
    silence();
    $(id).setAttribute('aria-busy', 'true');
    try {
      await action();
    } catch (problem) {
      tell(problem);
    } finally {
      $(id).removeAttribute('aria-busy');
    }
  });
}

const tell = (problem) => notify('bad', problem.message, problem.detail);

/** A person is an issuer and a subject: another issuer's alice is somebody else. */
function personIn(current) {
  const { iss, sub } = decode(current?.id_token ?? current?.access_token)?.payload ?? {};
  return current && JSON.stringify([iss, sub]);
}
let shown;
let demo = false;

async function showSession(current) {
  $('guest').hidden = Boolean(current);
  $('people').hidden = Boolean(current) || !demo;
  $('person').hidden = !current;
  $('token').hidden = !current;
  $('sessions').hidden = !current || !isBroker();
  $('events').hidden = !current || !isBroker();
  if (personIn(current) !== shown) forgetAnswers(current);
  shown = personIn(current);
  if (!current) return;
  showPerson(current);
  showWhose(current.access_token);
  showToken('access', current.access_token);
  if (isBroker()) void Promise.all([showKeys(current.access_token), showActivity()]).catch(tell);
  else showToken('id', current.id_token);
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

function showApplication({ mode, provider, scopes, routes }) {
  $('mode').textContent = isBroker() ? 'Broker mode' : 'Pass-through mode';
  $('mode-note').textContent = modeNotes[mode];
  $('provider').textContent = provider.demo ? 'Demo identity provider' : new URL(provider.url).host;
  setUpTabs('access', ...(isBroker() ? ['userinfo', 'keys'] : ['id', 'userinfo']));
  $('scopes').replaceChildren(
    ...scopes.map((scope) =>
      h('label', {}, h('input', { type: 'checkbox', value: scope, checked: true }), ` ${scope}`),
    ),
  );
  demo = provider.demo;
  showRoutes(routes);
}

const modeNotes = {
  broker:
    'Broker mode: the application keeps the identity provider’s tokens, encrypted, and gives this page tokens of its own. npm start -- --pass-through shows the other mode.',
  'pass-through':
    'Pass-through mode: the application keeps nothing, and this page holds the identity provider’s own tokens. npm start without a flag shows broker mode.',
};

on('login', () => login(askedFor()));
on('logout', logout);
on('refresh', async () => {
  await refresh();
  notify('good', 'Refreshed.', `The new access token is valid until ${timeOfDay(session().until)}.`);
});
on('device-start', () => void runDeviceFlow());
on('device-again', () => void runDeviceFlow());
on('call-all', callAll);
on('end-all', endAll);

try {
  showApplication(await askApplication());
  if (returnedFromLogout()) notify('good', 'Logged out.', 'The session at the identity provider has ended, too.');
  if (await returnFromProvider()) notify('good', 'Logged in.');
} catch (problem) {
  tell(problem);
}
onSession(showSession);
if (isBroker()) watchActivity();
setInterval(() => (updateLifetime(), updateRelativeTimes()), 1000);
addEventListener('pagehide', closeDevice);
