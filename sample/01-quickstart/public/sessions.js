import { $, h, notify } from './dom.js';
import { showEvents } from './events.js';
import { ask, problemOf } from './problems.js';
import { authorization, secondsLeft, session } from './session.js';
import { local } from './time.js';

const SESSIONS = '/api/demo/sessions';
const INTERVAL_MS = 5000;

/** Shows what the application knows now; what other tabs and devices do comes in with the next look. */
export async function showActivity() {
  const current = session();
  if (secondsLeft(current) <= 0) return;
  const [sessions, events] = await Promise.all([get(SESSIONS), get('/api/demo/events')]);
  // Somebody may have logged out meanwhile.
  if (session()?.access_token !== current.access_token) return;
  showSessions(sessions);
  showEvents(events);
}

export function watchActivity() {
  setInterval(() => document.hidden || showActivity().catch(() => undefined), INTERVAL_MS);
}

export async function endAll() {
  await send(SESSIONS);
  notify('good', 'All your sessions have ended.', LEFT_OVER);
  await showActivity();
}

/** Guards look at the token alone: that keeps them fast, and is why access tokens are short-lived. */
const LEFT_OVER = 'An access token that is out there is good until it expires, and gets no successor.';

async function end({ sid, current }) {
  await send(`${SESSIONS}/${sid}`);
  notify('good', current ? 'The session of this tab has ended.' : 'The other session has ended.', LEFT_OVER);
  await showActivity();
}

function showSessions(sessions) {
  const gone = !sessions.some(({ current }) => current);
  $('session-gone').hidden = !gone;
  $('session-list').replaceChildren(...sessions.toReversed().map(row));
  $('end-all').disabled = sessions.length === 0;
}

function row(info) {
  const { sid, current, createdAt, refreshedAt, expiresAt, refreshes } = info;
  const title = `session-${sid}`;
  return h(
    'li',
    { class: current ? 'current' : undefined },
    h(
      'div',
      { class: 'session-head' },
      h('p', { id: title, class: 'session-name' }, current ? 'This tab' : 'Another login'),
      h(
        'button',
        { type: 'button', class: 'small-button', 'aria-describedby': title, onclick: () => told(end(info)) },
        'End this one',
      ),
    ),
    h(
      'dl',
      { class: 'facts' },
      fact('Created', moment(createdAt)),
      fact('Last refresh', refreshes === 0 ? 'not yet' : moment(refreshedAt)),
      fact('Refreshes', String(refreshes)),
      fact('Ends', moment(expiresAt)),
    ),
  );
}

const fact = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, value));

const moment = (iso) => h('time', { datetime: iso }, local(Date.parse(iso) / 1000));

async function get(url) {
  const answer = await ask(url, { headers: authorization() });
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

async function send(url) {
  const answer = await ask(url, { method: 'DELETE', headers: authorization() });
  if (!answer.ok) throw await problemOf(answer);
}

const told = (action) => action.catch((problem) => notify('bad', problem.message, problem.detail));
