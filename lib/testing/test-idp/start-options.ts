import { CLIENT_MEMBERS, DEFAULT_CLIENT, type TestIdpClient } from './clients.js';
import { TestIdpError } from './errors.js';
import { assertKnown, assertMembers, isObject, shown } from './known-names.js';
import { type Settings, settingsOf, type TestIdpOptions } from './options.js';
import { SETTING_NAMES } from './setting-rules.js';
import { DEFAULT_USERS, type TestIdpUser } from './users.js';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** What a provider starts with. */
export interface Start {
  readonly users: Readonly<Record<string, TestIdpUser>>;
  readonly clients: readonly TestIdpClient[];
  readonly loginAs: string;
  readonly signingAlgorithm: string;
  readonly settings: Settings;
}

/** The options, checked and completed. */
export function startOf(options: TestIdpOptions): Start {
  assertMembers('option', options, ['users', 'clients', 'loginAs', 'signingAlgorithm', ...SETTING_NAMES]);
  const { users = DEFAULT_USERS, clients = [DEFAULT_CLIENT], loginAs, signingAlgorithm = 'RS256', ...rest } = options;
  assertKnown('signingAlgorithm', signingAlgorithm, ALGORITHMS);
  if (!isObject(users)) throw new TestIdpError(`users must be an object of people by name, not ${shown(users)}.`);
  for (const [name, user] of Object.entries(users)) {
    if (!isObject(user)) throw new TestIdpError(`User ${shown(name)} must be an object, not ${shown(user)}.`);
  }
  const firstUser = loginAs ?? Object.keys(users)[0];
  if (firstUser === undefined) throw new TestIdpError('startTestIdp({ users: {} }): a provider needs a user.');
  if (!Array.isArray(clients)) throw new TestIdpError(`clients must be a list, not ${shown(clients)}.`);
  for (const client of clients) assertMembers('member', client, CLIENT_MEMBERS, ' of a client');
  return { users, clients, loginAs: firstUser, signingAlgorithm, settings: settingsOf(rest) };
}
