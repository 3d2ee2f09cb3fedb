import { Clients } from './clients.js';
import { Epochs } from './epochs.js';
import { TestIdpFaults } from './faults/faults.js';
import { Mistakes } from './faults/mistakes.js';
import { Listener } from './http/listener.js';
import { Server } from './http/server.js';
import { Login } from './login.js';
import type { TestIdpOptions } from './options/options.js';
import { startOf } from './options/start-options.js';
import type { Provider } from './provider.js';
import { Records } from './records.js';
import { SigningKeys } from './signing-keys.js';
import { TestIdp } from './test-idp.js';
import { Users } from './users.js';

/**
 * Starts an OpenID Provider for tests, by default on 127.0.0.1 and a free port. Close it when the tests are done.
 *
 * ```ts
 * const idp = await startTestIdp({ users: { alice: { roles: ['admin'] } } });
 * OidcAuthModule.forRoot({ ...idp.options });
 * ```
 *
 * @throws where an option has an unknown name or a value it cannot have, and where `port` is in use
 */
export async function startTestIdp(options: TestIdpOptions = {}): Promise<TestIdp> {
  const { users, clients, loginAs, signingAlgorithm, place, settings } = startOf(options);
  const registered = new Clients(clients);
  const keys = new SigningKeys(signingAlgorithm);
  const epochs = new Epochs((ended): Provider => {
    const people = new Users(users);
    const records = new Records();
    const login = new Login(people, records, () => listener.origin, loginAs);
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
  const mistakes = new Mistakes();
  const faults = new TestIdpFaults(mistakes);
  const listener: Listener = new Listener(new Server(epochs, faults).handle, place);
  await keys.rotate(false);
  await listener.up();
  return new TestIdp({ epochs, listener, faults, mistakes });
}
