import type { Clients } from './clients.js';
import type { Login } from './login.js';
import type { Settings } from './options/options.js';
import type { Records } from './records.js';
import type { SigningKeys } from './signing-keys.js';
import type { Users } from './users.js';

/** What the endpoints work with. */
export interface Provider {
  readonly issuer: string;
  /** As they are now. */
  settings: Settings;
  readonly users: Users;
  readonly clients: Clients;
  readonly keys: SigningKeys;
  readonly records: Records;
  readonly login: Login;
  /** Aborted by `reset()` and `close()`: another has taken its place, or none. */
  readonly ended: AbortSignal;
}
