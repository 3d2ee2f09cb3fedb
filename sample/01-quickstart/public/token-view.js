import { $, h } from './dom.js';
import { decode, grouped, isTime } from './claims.js';
import { local, relative } from './time.js';

const tabs = ['access', 'id', 'userinfo'];

export function setUpTabs() {
  for (const [index, name] of tabs.entries()) {
    $(`tab-${name}`).addEventListener('click', () => select(name));
    $(`tab-${name}`).addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step) select(tabs.at((index + step) % tabs.length), true);
    });
  }
  select('access');
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
  if (jwt) return show(name, claimList(jwt.payload), signature(jwt.header));
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

export const showUserinfo = (claims) => show('userinfo', claimList(claims));
export const showUserinfoProblem = (text) => show('userinfo', h('p', { class: 'soft' }, text));

/** Keeps "in 4 minutes" true. */
export function updateRelativeTimes() {
  for (const element of document.querySelectorAll('[data-epoch]')) {
    element.textContent = relative(Number(element.dataset.epoch));
  }
}

const show = (name, ...content) => $(`panel-${name}`).replaceChildren(...content);

function claimList(claims) {
  return h(
    'div',
    { class: 'claims' },
    ...grouped(claims).map(([group, rows]) =>
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

const signature = ({ alg, kid, typ }) =>
  h(
    'p',
    { class: 'soft small' },
    `Signed with ${alg ?? 'an unnamed algorithm'}`,
    kid && ` by key ${kid}`,
    typ && `, type ${typ}`,
  );

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
