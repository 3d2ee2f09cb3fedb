import { $, h } from './dom.js';
import { isBroker } from './application.js';
import { decode, grouped, isTime } from './claims.js';
import { local, relative } from './time.js';

let tabs = [];

/** Shows these tabs alone, the first of them open. */
export function setUpTabs(...names) {
  tabs = names;
  for (const tab of document.querySelectorAll('[role=tab]')) tab.hidden = !tabs.includes(tab.id.replace('tab-', ''));
  for (const panel of document.querySelectorAll('[role=tabpanel]')) panel.hidden = true;
  for (const [index, name] of tabs.entries()) {
    $(`tab-${name}`).addEventListener('click', () => select(name));
    $(`tab-${name}`).addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step) select(tabs.at((index + step) % tabs.length), true);
    });
  }
  select(tabs[0]);
}

function select(chosen, focus = false) {
  for (const name of tabs) {
    const tab = $(`tab-${name}`);
    tab.setAttribute('aria-selected', String(name === chosen));
    tab.tabIndex = name === chosen ? 0 : -1;
    $(`panel-${name}`).hidden = name !== chosen;
  }
  if (focus) $(`tab-${chosen}`).focus();
}

export function showToken(name, token) {
  const jwt = token && decode(token);
  if (jwt) return show(name, claimList(jwt.payload, [['Header', headerRows(jwt.header)]]));
  show(
    name,
    h(
      'p',
      { class: 'soft' },
      token
        ? 'This token is opaque: only the identity provider can read it.'
        : 'The identity provider gave no such token.',
    ),
  );
}

/** The difference between the modes, in the token itself. */
export function showWhose(token) {
  const issuer = decode(token)?.payload.iss;
  const [name, consequence] = isBroker()
    ? ['this application', 'The identity provider’s own tokens stay with the application, encrypted.']
    : ['the identity provider', 'The application only checks it.'];
  $('whose').replaceChildren(
    h('strong', {}, `Issued by ${name}`),
    issuer ? h('code', {}, issuer) : '',
    h('span', { class: 'soft' }, consequence),
  );
}

export const showUserinfo = (claims) => show('userinfo', claimList(claims));
export const showUserinfoProblem = (text) => show('userinfo', h('p', { class: 'soft' }, text));

/** Keeps "in 4 minutes" true. */
export function updateRelativeTimes() {
  for (const element of document.querySelectorAll('[data-epoch]')) {
    element.textContent = relative(Number(element.dataset.epoch));
  }
}

const show = (name, ...content) => $(`panel-${name}`).replaceChildren(...content);

function claimList(claims, more = []) {
  return h(
    'div',
    { class: 'claims' },
    ...[...grouped(claims), ...more].map(([group, rows]) =>
      h(
        'section',
        {},
        h('h3', {}, group),
        h(
          'dl',
          {},
          ...rows.map(([name, meaning, value]) =>
            h('div', {}, h('dt', {}, h('span', {}, meaning), h('code', {}, name)), h('dd', {}, readable(name, value))),
          ),
        ),
      ),
    ),
  );
}

const headerMeanings = {
  alg: 'Algorithm of the signature',
  kid: 'Key it was signed with',
  typ: 'Kind of token: at+jwt is an access token (RFC 9068)',
};

const headerRows = (header) =>
  Object.entries(header).map(([name, value]) => [name, headerMeanings[name] ?? 'A header of this issuer', value]);

function readable(name, value) {
  if (isTime(name) && Number.isFinite(value)) return moment(value);
  if (name === 'scope' || name === 'scp') return chips(Array.isArray(value) ? value : String(value).split(' '));
  if (name === 'realm_access' && Array.isArray(value?.roles)) return chips(value.roles);
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return chips(value);
  if (value === null) return h('span', { class: 'soft' }, 'not known');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return h('pre', {}, JSON.stringify(value, null, 2));
  return String(value);
}

const moment = (epoch) =>
  h(
    'span',
    {},
    h('time', { datetime: new Date(epoch * 1000).toISOString() }, local(epoch)),
    h('small', { class: 'soft', 'data-epoch': String(epoch) }, relative(epoch)),
  );

const chips = (values) =>
  h('span', { class: 'chips' }, ...values.map((value) => h('span', { class: 'chip' }, String(value))));
