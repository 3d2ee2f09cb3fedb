import { $, h } from './dom.js';
import { ask } from './problems.js';
import { authorization, session } from './session.js';

const BASE = '/api/demo';
let rows = [];

export function showRoutes(routes) {
  rows = routes.map(row);
  $('route-list').replaceChildren(...rows.map(({ element }) => element));
}

/** A new person: what the routes said to the last one no longer counts. */
export function forgetAnswers(current) {
  $('routes-lead').textContent = current
    ? 'Called with your access token.'
    : 'Called without a token: log in and see what changes.';
  for (const { answer, chip } of rows) {
    answer.hidden = true;
    chip.hidden = true;
  }
}

export const callAll = () => Promise.all(rows.map((row) => call(row)));

function row({ name, needs, note }) {
  const path = `${BASE}/${name}`;
  const chip = h('span', { class: 'status', hidden: true });
  const answer = h('div', { class: 'answer', hidden: true });
  const self = { path, chip, answer };
  const button = h(
    'button',
    { type: 'button', 'data-route': name, 'aria-label': `Call ${path}`, onclick: () => call(self) },
    'Call',
  );
  const element = h(
    'li',
    {},
    h(
      'div',
      { class: 'route' },
      h(
        'div',
        { class: 'route-text' },
        h('p', { class: 'route-needs' }, needs),
        h('p', { class: 'soft small' }, h('code', {}, `GET ${path}`), ' ', note),
      ),
      chip,
      button,
    ),
    answer,
  );
  return Object.assign(self, { element });
}

async function call({ path, chip, answer }) {
  const withToken = Boolean(session());
  let response;
  try {
    response = await ask(path, { headers: authorization() });
  } catch (problem) {
    chip.hidden = true;
    answer.hidden = false;
    answer.replaceChildren(h('p', {}, problem.message));
    return;
  }
  const { status } = response;
  const challenge = response.headers.get('www-authenticate');
  const body = await response.text();
  chip.hidden = false;
  chip.className = `status ${status < 300 ? 'good' : status === 403 ? 'bad' : 'warn'}`;
  chip.textContent = `${status} ${response.statusText}`.trim();
  answer.hidden = false;
  answer.replaceChildren(
    h('p', { class: 'meaning' }, meaning(status, withToken)),
    challenge ? h('p', { class: 'header' }, h('b', {}, 'WWW-Authenticate: '), challenge) : '',
    h('pre', {}, pretty(body)),
  );
  $('route-status').textContent = `${path} answered ${status}. ${meaning(status, withToken)}`;
}

function meaning(status, withToken) {
  if (status === 401) return withToken ? 'Your token is not accepted (any more).' : 'You are not logged in.';
  if (status === 403) return 'You are known, but this is not for you.';
  if (status === 503) return 'The identity provider cannot be reached, so nobody can be checked.';
  return status < 300 ? 'You are let in.' : 'Something unexpected happened.';
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
