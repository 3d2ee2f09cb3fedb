import { Clients } from './clients.js';
import { Epochs } from './epochs.js';
import { TestIdpFaults } from './faults.js';
import { Listener } from './listener.js';
import { Login } from './login.js';
import type { TestIdpOptions } from './options.js';
import type { Provider } from './provider.js';
import { Records } from './records.js';
import { Server } from './server.js';
import { SigningKeys } from './signing-keys.js';
import { startOf } from './start-options.js';
import { TestIdp } from './test-idp.js';
import { Users } from './users.js';

/**
 * Starts an OpenID Provider for tests, on 127.0.0.1 and a free port. Close it when the tests are done.
 *
 * ```ts
 * const idp = await startTestIdp({ users: { alice: { roles: ['admin'] } } });
 * OidcAuthModule.forRoot({ ...idp.options });
 * ```
 *
 * @throws where an option has a name or a value that there is not
 */
export async function startTestIdp(options: TestIdpOptions = {}): Promise<TestIdp> {
  const { users, clients, loginAs, signingAlgorithm, settings } = startOf(options);
  const registered = new Clients(clients);
  const keys = new SigningKeys(signingAlgorithm);
  const epochs = new Epochs((ended): Provider => {
    const people = new Users(users);
    const records = new Records();
    const login = new Login(people, records, loginAs);
    return {
      get issuer() {
        return listener.origin;
      },
      settings,
      users: people,
      clients: registered,
      keys,
      records,
      login,
      ended,
    };
  });
  const faults = new TestIdpFaults();
  const listener: Listener = new Listener(new Server(epochs, faults).handle);
  await keys.rotate(false);
  await listener.up();
  return new TestIdp({ epochs, listener, faults });
}
