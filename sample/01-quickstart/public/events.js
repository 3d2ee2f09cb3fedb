import { $, h } from './dom.js';

const SHOWN = 12;

const HERE = 'application';
const THERE = 'provider';

const reasons = {
  logout: 'by logging out',
  revoked: 'from the list of sessions',
  reuse_detected: 'because a refresh token was used twice',
  upstream_ended: 'because the identity provider no longer knows it',
  upstream_lost: 'because an answer of the identity provider was lost',
  subject_changed: 'because the identity provider answered for somebody else',
};

/** What each event means, and where it happened. */
const meanings = {
  login: () => [THERE, 'You logged in, and a session began'],
  minted: ({ reason }) => [HERE, `Access token signed (${reason.replaceAll('_', ' ')})`],
  refreshed: ({ generation }) => [HERE, `Refresh token replaced by number ${generation + 1}`],
  replayed: () => [HERE, 'The last refresh token was sent again, and answered again'],
  reuse_detected: () => [HERE, 'An old refresh token was used'],
  ended: ({ reason }) => [HERE, `A session ended ${reasons[reason] ?? ''}`],
  upstream_refreshed: ({ rotated }) => [
    THERE,
    `Refreshed there, too: ${rotated ? 'it gave a new refresh token' : 'its refresh token stays'}`,
  ],
  upstream_failed: ({ error }) => [THERE, `Could not be refreshed there (${error})`],
  upstream_joined: () => [HERE, 'Waited for a refresh that was under way'],
  upstream_lost: () => [THERE, 'An answer was lost on its way'],
  key_rotated: ({ reason }) => [HERE, `Signing key made (${reason})`],
};

export function showEvents(events) {
  $('event-list').replaceChildren(...events.slice(0, SHOWN).map(row));
}

function row(event) {
  const [where, text] = meanings[event.type]?.(event) ?? [HERE, event.type];
  return h(
    'li',
    {},
    h('time', { datetime: event.at, class: 'soft small' }, new Date(event.at).toLocaleTimeString()),
    h('span', { class: `where ${where}` }, where),
    h('span', {}, text),
  );
}
