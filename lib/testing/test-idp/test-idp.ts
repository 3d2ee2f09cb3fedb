import type { TestIdpClient } from './clients.js';
import { decideDevice } from './endpoints/device-flow.js';
import { PATHS, type TestIdpEndpoint } from './endpoints/endpoints.js';
import { endSessions, type TestIdpLogoutDelivery } from './endpoints/logout.js';
import type { Epochs } from './epochs.js';
import { OAuthError } from './errors.js';
import type { TestIdpFaults } from './faults/faults.js';
import type { Mistakes } from './faults/mistakes.js';
import { assertEndpoint } from './faults/parse-fault.js';
import type { Listener } from './http/listener.js';
import type { TestIdpRequest } from './http/requests.js';
import type { TestIdpMintOptions, TestIdpTokenClaims } from './mint-types.js';
import { mintAccessToken } from './mint.js';
import { assertMembers } from './options/known-names.js';
import { settingsOf, type TestIdpSettings } from './options/options.js';
import { must } from './options/rules.js';
import type { Provider } from './provider.js';
import type { TestIdpKey } from './signing-keys.js';
import type { TestIdpUser } from './users.js';

/** Members of `OidcAuthOptions` that belong to a client of the test identity provider. */
export interface TestIdpClientOptions {
  /** `client_id`. */
  clientId: string;
  /** `undefined` for a public client. */
  clientSecret: string | undefined;
  /** On `http://127.0.0.1` and a free port, where the options `host` and `port` do not say otherwise. */
  discoveryUrl: string;
  /** The setting `audience`. */
  audience: string | readonly string[];
}

/** @internal What a {@link TestIdp} is made of. */
export interface TestIdpParts {
  readonly epochs: Epochs;
  readonly listener: Listener;
  readonly faults: TestIdpFaults;
  readonly mistakes: Mistakes;
}

/**
 * An OpenID Provider for tests, in the process of the test and over real HTTP on loopback. Who signs in is said by the
 * test, all else is as the standards have it: what it issues is verified for real. Made by `startTestIdp()`.
 *
 * Methods that are given an unknown user, client, user code, endpoint, fault or setting, or a value of another kind than is
 * asked for, throw at once and list what there is. So do the members of what `user()` and `client()` return, when they are set.
 */
export class TestIdp {
  /** What goes wrong, at which endpoint, once or until cleared. */
  readonly faults: TestIdpFaults;
  readonly #parts: TestIdpParts;

  /** @internal */
  constructor(parts: TestIdpParts) {
    this.#parts = parts;
    this.faults = parts.faults;
  }

  /** `iss` of tokens, and where the endpoints are. */
  get issuer(): string {
    return this.#provider.issuer;
  }

  /** Where its metadata is. */
  get discoveryUrl(): string {
    return `${this.issuer}${PATHS.discovery}`;
  }

  /** For the application: `OidcAuthModule.forRoot({ ...idp.options })`. They are those of the first client. */
  get options(): TestIdpClientOptions {
    return this.optionsFor(this.client().clientId);
  }

  /** The same for another client. */
  optionsFor(clientId: string): TestIdpClientOptions {
    const { clientSecret } = this.client(clientId);
    const { audience } = this.#provider.settings;
    return { clientId, clientSecret, discoveryUrl: this.discoveryUrl, audience };
  }

  /** A user, to be changed: `idp.user('alice').roles = []` counts from the next token on, also at a refresh. */
  user(name: string): TestIdpUser {
    return this.#provider.users.get(name);
  }

  /** A client, to be changed, as where its `backchannelLogoutUri` is known late. Default: the first. */
  client(clientId?: string): TestIdpClient {
    const { clients } = this.#provider;
    return clientId === undefined ? clients.first : clients.get(clientId);
  }

  /**
   * Who signs in from now on. The `login_hint` of a request (a user's name, username or e-mail) goes before it, and so
   * does the session of a browser that has kept the provider's cookie, unless the request has `prompt=login`.
   */
  loginAs(name: string): void {
    this.#provider.login.as = name;
  }

  /** Changes how the provider behaves, until `reset()`; what is left out stays. */
  change(settings: TestIdpSettings): void {
    const provider = this.#provider;
    provider.settings = settingsOf(settings, provider.settings);
  }

  /** The user says no to the next authorization request: the application is answered `access_denied`. */
  denyNextAuthorization(): void {
    this.failNextAuthorization('access_denied', 'the user said no');
  }

  /** The next authorization request is answered with this error (RFC 6749 §4.1.2.1). */
  failNextAuthorization(error: string, description = 'as the test wanted it'): void {
    this.#provider.login.failNext(new OAuthError(error, description));
  }

  /** Somebody types the code of a device flow and agrees. Default user: who signs in. */
  approveDevice(userCode: string, user = this.#provider.login.as): void {
    decideDevice(this.#provider, userCode, { approvedBy: user });
  }

  /** Somebody types the code of a device flow and says no. */
  denyDevice(userCode: string): void {
    decideDevice(this.#provider, userCode, 'denied');
  }

  /**
   * Ends all sessions of a user at the provider, and with them their tokens, but for those with `offline_access`. Each client
   * with a `backchannelLogoutUri` is posted a logout token for each session; resolves when they have answered.
   */
  async logOut(user: string): Promise<readonly TestIdpLogoutDelivery[]> {
    this.#parts.listener.assertOpen();
    const provider = this.#provider;
    provider.users.get(user);
    const sessions = [...provider.records.sessions.values()].filter((session) => session.user === user);
    return endSessions(sessions, provider);
  }

  /**
   * An access token at once, as a login would bring it, with any claim and header member changed or left out:
   * `idp.mintToken({ sub: 'bob', roles: ['admin'], scope: 'orders:read' })`. For a known user there is a session behind it
   * that `logOut` ends; for somebody else there is none, and neither `sid` nor `auth_time`.
   */
  async mintToken(claims: TestIdpTokenClaims = {}, options: TestIdpMintOptions = {}): Promise<string> {
    this.#parts.listener.assertOpen();
    return mintAccessToken(this.#provider, claims, options);
  }

  /** The signing keys in the JWKS, the one in use first. */
  get keys(): readonly TestIdpKey[] {
    return this.#provider.keys.published;
  }

  /**
   * Signs with a new key from now on. `keepOld` (default `true`): the others stay in the JWKS.
   *
   * Applications keep keys: this library fetches them on account of an unknown `kid` at most once in 10 s.
   */
  async rotateKeys(options: { keepOld?: boolean | undefined } = {}): Promise<void> {
    this.#parts.listener.assertOpen();
    assertMembers('option', options, ['keepOld'], ' of rotateKeys');
    const { keepOld = true } = options;
    must('true or false', (value) => typeof value === 'boolean')(keepOld, 'keepOld');
    return this.#provider.keys.rotate(keepOld);
  }

  /** What it was asked since the start or the last `reset()`, in order; at one endpoint or at all. */
  requests(endpoint?: TestIdpEndpoint): readonly TestIdpRequest[] {
    if (endpoint !== undefined) assertEndpoint(endpoint);
    return this.#parts.epochs.current.requests.filter(
      (request) => endpoint === undefined || request.endpoint === endpoint,
    );
  }

  /** Refuses connections, and breaks those there are. */
  down(): Promise<void> {
    return this.#parts.listener.down();
  }

  /** Listens again, on the same port. */
  up(): Promise<void> {
    return this.#parts.listener.up();
  }

  /**
   * For tests that share a provider: as after the start, with no sessions, tokens, requests and faults. The keys, the
   * port and the clients stay, since applications know them. What has been asked and not answered yet is broken off.
   *
   * @throws after it is done, where a fault's `edit` has thrown or returned no object since the last time
   */
  async reset(): Promise<void> {
    this.faults.clear();
    this.#parts.epochs.next();
    await this.up();
    this.#parts.mistakes.tell();
  }

  /**
   * Ends it for good; open connections are broken, and nothing is left that keeps the process alive. Afterwards `mintToken`,
   * `rotateKeys`, `logOut`, `up` and `reset` are refused.
   *
   * @throws after it is done, as `reset()` does
   */
  async close(): Promise<void> {
    this.#parts.epochs.end();
    await this.#parts.listener.close();
    this.#parts.mistakes.tell();
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #provider(): Provider {
    return this.#parts.epochs.current.provider;
  }
}
