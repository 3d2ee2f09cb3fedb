import { whoAmI } from './applications.js';
import { $, chips, h, nameOf } from './dom.js';
import { strangers } from './strangers.js';
import { claimsOf, tokenOf } from './tokens.js';

let cells = [];

/** Whose token, tried where: a row for each token, a column for each application. */
export function showTrials(applications) {
  cells = [];
  $('trial-head').replaceChildren(
    h('th', { scope: 'col' }, 'Token of'),
    ...applications.map((application) => h('th', { scope: 'col' }, 'At ', nameOf(application))),
  );
  $('own-rows').replaceChildren(
    ...applications.map((issuer) => {
      const token = tokenOf(issuer);
      const about = token ? holder(claimsOf(token)) : [h('span', { class: 'soft small' }, 'Sign in to get one.')];
      return row(applications, 'own', issuer.name, [nameOf(issuer), ...about], token && (() => token));
    }),
  );
  $('strange-rows').replaceChildren(
    ...strangers(applications).map(({ name, about, make }) =>
      row(applications, 'strange', name, [h('span', {}, name), h('span', { class: 'soft small' }, about)], make),
    ),
  );
}

/** Tries all tokens of a kind everywhere, and says how that went. */
export async function tryAll(kind) {
  const verdicts = await Promise.all(cells.filter((cell) => cell.kind === kind).map((cell) => cell.attempt()));
  const accepted = verdicts.filter(Boolean).length;
  $('trial-status').textContent = `${accepted} accepted, ${verdicts.length - accepted} refused.`;
}

const holder = ({ sub, roles = [] }) => [h('span', { class: 'small' }, sub, ' '), chips(roles)];

function row(applications, kind, name, head, make) {
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, ...head),
    ...applications.map((application) => cell(applications, application, kind, name, make)),
  );
}

function cell(applications, application, kind, name, make) {
  const answer = h('div', { class: 'answer' });
  const attempt = async () => {
    button.setAttribute('aria-busy', 'true');
    try {
      const token = await make();
      const result = await whoAmI(application, token);
      answer.replaceChildren(...told(result, token, applications));
      return result.status === 200;
    } catch (problem) {
      answer.replaceChildren(h('span', { class: 'small' }, problem.message));
      return false;
    } finally {
      button.removeAttribute('aria-busy');
    }
  };
  const button = h(
    'button',
    {
      type: 'button',
      class: 'small-button',
      disabled: !make,
      'aria-label': `Try the token of ${name} at ${application.name}`,
      onclick: attempt,
    },
    'Try',
  );
  if (make) cells.push({ kind, attempt });
  return h('td', { 'data-column': `At ${application.name}` }, answer, button);
}

function told(result, token, applications) {
  const { status, reason, iss, sub, roles } = result;
  const verdict = h(
    'span',
    { class: `verdict ${status === 200 ? 'good' : 'bad'}` },
    `${status} `,
    meanings[status] ?? '',
  );
  if (status !== 200) return [verdict, h('span', { class: 'small' }, reason)];
  const issuer = applications.find((application) => application.issuer === iss);
  const gone = (claimsOf(token).roles ?? []).filter((role) => !roles.includes(role));
  return [
    verdict,
    h('span', { class: 'small' }, h('strong', {}, sub), ' of ', issuer ? nameOf(issuer) : iss),
    h('code', {}, iss),
    chips(roles, gone),
  ];
}

const meanings = { 200: 'accepted', 401: 'refused', 403: 'forbidden', 503: 'cannot tell now' };
