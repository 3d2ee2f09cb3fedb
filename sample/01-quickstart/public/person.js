import { $, h } from './dom.js';
import { decode, rolesIn } from './claims.js';
import { session, secondsLeft } from './session.js';
import { clock, local, timeOfDay } from './time.js';

/** Who is signed in, from all that is known: the tokens at once, the user info as soon as it is there. */
export function showPerson(current, userinfo = {}) {
  const access = decode(current.access_token)?.payload ?? {};
  const id = current.id_token ? decode(current.id_token)?.payload : {};
  const known = { ...access, ...id, ...userinfo };
  const username = known.preferred_username ?? known.username;
  const name = known.name ?? username ?? known.email ?? known.sub ?? 'Somebody';
  const roles = [...new Set([...rolesIn(access), ...rolesIn(id ?? {})])];
  $('person-name').textContent = name;
  $('person-avatar').textContent = initials(name);
  $('person-line').textContent = [known.email, username].filter((part) => part && part !== name).join(' · ');
  $('person-roles').replaceChildren(
    ...(roles.length > 0
      ? roles.map((role) => h('span', { class: 'chip' }, role))
      : [h('span', { class: 'soft small' }, 'no roles in the tokens')]),
  );
  $('refresh').disabled = !current.refresh_token;
  $('lifetime-refresh').textContent = refreshLine(current);
  updateLifetime();
}

export function updateLifetime() {
  const current = session();
  if (!current) return;
  const left = secondsLeft(current);
  const share = Math.min(1, Math.max(0, left / Math.max(1, current.until - current.since)));
  $('person').classList.toggle('expired', left <= 0);
  $('person').classList.toggle('soon', left > 0 && share < 0.2);
  $('lifetime-text').textContent = left > 0 ? `Token valid until ${timeOfDay(current.until)}` : 'The token has';
  $('lifetime-left').textContent = left > 0 ? clock(left) : 'expired';
  $('lifetime-bar').style.width = `${share * 100}%`;
}

function refreshLine({ refresh_token, refresh_expires }) {
  if (!refresh_token) return 'No refresh token was given. Log in with offline access to ask for one.';
  return refresh_expires ? `Can be refreshed until ${local(refresh_expires)}.` : 'Can be refreshed.';
}

const initials = (name) =>
  name
    .split(/[\s@._-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => word[0].toUpperCase())
    .join('');
