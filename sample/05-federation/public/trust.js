import { $, chips, h, nameOf } from './dom.js';

/** Who trusts whom: an application in each row, whose tokens it takes in the columns. */
export function showTrust(applications) {
  $('trust-head').replaceChildren(
    h('th', { scope: 'col' }, 'Application'),
    ...applications.map((application) => h('th', { scope: 'col' }, 'Tokens of ', nameOf(application))),
  );
  $('trust-rows').replaceChildren(
    ...applications.map((application) =>
      h(
        'tr',
        {},
        h(
          'th',
          { scope: 'row' },
          nameOf(application),
          h('span', { class: 'soft small' }, application.madeWith),
          h('code', {}, application.issuer),
        ),
        ...applications.map((other) =>
          h('td', { 'data-column': `Tokens of ${other.name}` }, ...trustIn(application, other)),
        ),
      ),
    ),
  );
}

function trustIn(application, other) {
  if (application === other) return [h('span', { class: 'soft' }, 'its own')];
  const trusted = application.trustedIssuers.find(({ issuer }) => issuer === other.issuer);
  if (!trusted) return [h('span', { class: 'verdict bad' }, 'refused')];
  if (!trusted.roles) return [h('span', { class: 'verdict good' }, 'trusted')];
  return [
    h('span', { class: 'verdict warn' }, 'trusted within bounds'),
    h('span', { class: 'small' }, 'roles: ', chips(trusted.roles)),
  ];
}
