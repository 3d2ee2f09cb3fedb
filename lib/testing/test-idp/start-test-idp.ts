import { Clients, DEFAULT_CLIENT } from './clients.js';
import { TestIdpError } from './errors.js';
import { TestIdpFaults } from './faults.js';
import { Listener } from './listener.js';
import { Login } from './login.js';
import { settingsOf, type TestIdpOptions } from './options.js';
import type { Provider } from './provider.js';
import { Records } from './records.js';
import { Server } from './server.js';
import { SigningKeys } from './signing-keys.js';
import { TestIdp } from './test-idp.js';
import { DEFAULT_USERS, Users } from './users.js';

/**
 * Starts an OpenID Provider for tests, on 127.0.0.1 and a free port. Close it when the tests are done.
 *
 * ```ts
 * const idp = await startTestIdp({ users: { alice: { roles: ['admin'] } } });
 * OidcAuthModule.forRoot({ ...idp.options });
 * ```
 */
export async function startTestIdp(options: TestIdpOptions = {}): Promise<TestIdp> {
  const users = new Users(options.users ?? DEFAULT_USERS);
  const firstUser = options.loginAs ?? users.names[0];
  if (firstUser === undefined) throw new TestIdpError('startTestIdp({ users: {} }): a provider needs a user.');
  const records = new Records();
  const initial = settingsOf(options);
  let settings = initial;
  const provider: Provider = {
    get issuer() {
      return listener.origin;
    },
    get settings() {
      return settings;
    },
    users,
    clients: new Clients(options.clients ?? [DEFAULT_CLIENT]),
    keys: new SigningKeys(options.signingAlgorithm ?? 'RS256'),
    records,
    login: new Login(users, records, firstUser),
  };
  const faults = new TestIdpFaults();
  const server = new Server(provider, faults);
  const listener = new Listener(server.handle);
  await provider.keys.rotate(false);
  await listener.up();
  return new TestIdp({
    provider,
    listener,
    server,
    faults,
    change: (changes) => (settings = changes === undefined ? initial : settingsOf(changes, settings)),
  });
}
