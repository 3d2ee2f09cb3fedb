import { askApplications } from './applications.js';
import { $, chips, notify, silence } from './dom.js';
import { returnFromProvider, signIn, signOut } from './sign-in.js';
import { claimsOf, tokenOf } from './tokens.js';
import { showTrials, tryAll } from './trials.js';
import { showTrust } from './trust.js';

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

const tell = (problem) => notify('bad', problem.message);

function showPerson(applications) {
  const places = applications.filter(tokenOf);
  $('guest').hidden = places.length === applications.length;
  $('person').hidden = places.length === 0;
  $('try-own').disabled = places.length === 0;
  if (places.length === 0) return;
  const { sub, roles = [] } = claimsOf(tokenOf(places[0]));
  const names = new Intl.ListFormat('en').format(places.map(({ name }) => name));
  $('person-name').textContent = sub;
  $('person-line').textContent =
    `Signed in at ${names}: one person at the identity provider, a user of its own at each.`;
  $('person-roles').replaceChildren(chips(roles));
}

function show(applications) {
  showTrust(applications);
  showTrials(applications);
  showPerson(applications);
}

try {
  const applications = await askApplications();
  on('sign-in', () => signIn(applications));
  on('sign-out', () => signOut(applications));
  on('try-own', () => tryAll('own'));
  on('try-strange', () => tryAll('strange'));
  try {
    const next = await returnFromProvider(applications);
    if (next?.length > 0) await signIn(next);
    else if (next) notify('good', 'Signed in at all three.');
  } catch (problem) {
    tell(problem);
  }
  show(applications);
} catch (problem) {
  tell(problem);
}
