import { CLIENT_RULES, DEFAULT_CLIENT, type TestIdpClient } from '../clients.js';
import { TestIdpError } from '../errors.js';
import type { Place } from '../http/listener.js';
import { DEFAULT_USERS, type TestIdpUser } from '../users.js';
import { copyOf } from './copy-of.js';
import { assertKnown, assertMembers, isObject, shown } from './known-names.js';
import { type Settings, settingsOf, type TestIdpOptions } from './options.js';
import { assertValues, host, port } from './rules.js';
import { SETTING_NAMES } from './setting-rules.js';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const RULES = { host, port };

/** What a provider starts with. */
export interface Start {
  readonly users: Readonly<Record<string, TestIdpUser>>;
  readonly clients: readonly TestIdpClient[];
  readonly loginAs: string;
  readonly signingAlgorithm: string;
  readonly place: Place;
  readonly settings: Settings;
}

/** The options, checked and completed. */
export function startOf(options: TestIdpOptions): Start {
  const own = ['users', 'clients', 'loginAs', 'signingAlgorithm', ...Object.keys(RULES)];
  assertMembers('option', options, [...own, ...SETTING_NAMES]);
  assertValues({ ...options }, RULES);
  const { users = DEFAULT_USERS, clients = [DEFAULT_CLIENT], loginAs, signingAlgorithm = 'RS256', ...rest } = options;
  const { host: name = '127.0.0.1', port: number, ...settings } = rest;
  assertKnown('signingAlgorithm', signingAlgorithm, ALGORITHMS);
  if (!isObject(users)) throw new TestIdpError(`users must be an object of people by name, not ${shown(users)}.`);
  for (const [user, members] of Object.entries(users)) {
    if (!isObject(members)) throw new TestIdpError(`User ${shown(user)} must be an object, not ${shown(members)}.`);
  }
  const firstUser = loginAs ?? Object.keys(users)[0];
  if (firstUser === undefined) throw new TestIdpError('startTestIdp({ users: {} }): a provider needs a user.');
  if (!Array.isArray(clients)) throw new TestIdpError(`clients must be a list, not ${shown(clients)}.`);
  for (const client of clients) assertMembers('member', client, Object.keys(CLIENT_RULES), ' of a client');
  return {
    users: copyOf(users),
    clients: copyOf(clients),
    loginAs: firstUser,
    signingAlgorithm,
    // At a port of its own choice nobody looks for it but the process it is in.
    place: { host: name, port: number ?? 0, keepsAlive: number !== undefined },
    settings: settingsOf(settings),
  };
}
