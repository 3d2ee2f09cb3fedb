import type { TestIdpClient } from '../clients.js';
import type { TestIdpUser } from '../users.js';
import { assertMembers } from './known-names.js';
import { assertValues } from './rules.js';
import { SETTING_NAMES, SETTING_RULES } from './setting-rules.js';

/** What can carry a user's roles. */
export type TestIdpRolesCarrier = 'access_token' | 'id_token' | 'userinfo';

/**
 * What a refresh does to the refresh token it was asked with (RFC 9700 §4.14.2).
 *
 * - `'none'`: no new one, the old one stays good.
 * - `'keepOld'`: a new one, and the old one stays good (Keycloak's default).
 * - `'singleUse'`: a new one; the old one is refused, and nothing more happens.
 * - `'punishReuse'`: a new one; who presents the old one ends all tokens of the login.
 */
export type TestIdpRefreshTokenRotation = 'none' | 'keepOld' | 'singleUse' | 'punishReuse';

/** How the test identity provider behaves; `idp.change()` changes it while it runs. */
export interface TestIdpSettings {
  /** `aud` of access tokens. Default `'test-api'`. */
  audience?: string | readonly string[] | undefined;
  /**
   * Claim that holds a user's roles; dots lead into objects, an array names the members where one holds a dot:
   * `['https://example.org/roles']`. Default `'realm_access.roles'`, as Keycloak has it.
   */
  rolesClaim?: string | readonly string[] | undefined;
  /** What carries the roles. Default: all three. */
  rolesIn?: readonly TestIdpRolesCarrier[] | undefined;
  /** Which logins bring a refresh token: all (default), those that ask for `offline_access`, or none. */
  refreshTokens?: 'always' | 'offline_access' | 'never' | undefined;
  /** Default `'punishReuse'`. */
  refreshTokenRotation?: TestIdpRefreshTokenRotation | undefined;
  /** Seconds. Default 300. */
  accessTokenTtl?: number | undefined;
  /** Seconds. Default 300. */
  idTokenTtl?: number | undefined;
  /** Seconds, anew for each refresh token. Default 30 days. */
  refreshTokenTtl?: number | undefined;
  /** Seconds. Default 60. */
  codeTtl?: number | undefined;
  /** Seconds. Default 600. */
  deviceCodeTtl?: number | undefined;
  /**
   * Seconds between two polls of a device flow, above 0. Who polls sooner while nobody has decided yet gets `slow_down`,
   * and has 5 more to wait from then on (RFC 8628 §3.5). Default 1.
   */
  deviceInterval?: number | undefined;
  /** The time, in ms since the epoch, by which tokens are dated and expire. Default `Date.now`. */
  now?: (() => number) | undefined;
}

/** Options of `startTestIdp`. */
export interface TestIdpOptions extends TestIdpSettings {
  /**
   * People who can sign in, by the name tests call them. Default: `alice` (roles `admin` and `user`) and `bob` (`user`).
   */
  users?: Readonly<Record<string, TestIdpUser>> | undefined;
  /** Applications; the first is the one of `idp.options`. Default: `test-client`, with a secret. */
  clients?: readonly TestIdpClient[] | undefined;
  /** Who signs in where nobody says otherwise. Default: the first user. */
  loginAs?: string | undefined;
  /** What tokens are signed with. Default `'RS256'`, whose key takes some tenths of a second to make; `'ES256'` takes none. */
  signingAlgorithm?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA' | undefined;
  /**
   * Default: a free one, and the process may end without `close()`. One that is given, be it 0 for a free one, is for other
   * processes, too: it keeps this one alive until `close()`.
   */
  port?: number | undefined;
  /**
   * A name or an address of this machine, where it listens and where the issuer is. Default `'127.0.0.1'`. Whoever reaches it
   * can sign in as anybody: give one beyond loopback only where nobody else is, as among containers.
   */
  host?: string | undefined;
}

/** Settings with nothing left out. */
export type Settings = { [Name in keyof TestIdpSettings]-?: NonNullable<TestIdpSettings[Name]> };

const DEFAULTS: Settings = {
  audience: 'test-api',
  rolesClaim: 'realm_access.roles',
  rolesIn: ['access_token', 'id_token', 'userinfo'],
  refreshTokens: 'always',
  refreshTokenRotation: 'punishReuse',
  accessTokenTtl: 300,
  idTokenTtl: 300,
  refreshTokenTtl: 30 * 86_400,
  codeTtl: 60,
  deviceCodeTtl: 600,
  deviceInterval: 1,
  now: () => Date.now(),
};

/** The settings that are given, over those of `base`; what is `undefined` counts as left out. */
export function settingsOf(given: TestIdpSettings, base: Settings = DEFAULTS): Settings {
  assertMembers('setting', given, SETTING_NAMES);
  assertValues({ ...given }, SETTING_RULES);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(present) };
}
