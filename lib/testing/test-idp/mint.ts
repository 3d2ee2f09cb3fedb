import type { CryptoKey } from 'jose';
import { assertMembers } from './known-names.js';
import { words } from './parameters.js';
import type { Provider } from './provider.js';
import { accessTokenClaims, claimsAbout, sign } from './tokens.js';
import { withRoles } from './users.js';

/** Claims of a minted token; `undefined` leaves one out, any other may be added. */
export interface TestIdpTokenClaims {
  /** Default: that of the user who is signed in by default. One of a known user brings that user's claims. */
  sub?: string | undefined;
  /** Stand where `rolesClaim` says. Default: the user's. */
  roles?: readonly string[] | undefined;
  /** Separated by spaces. Default `'openid profile email'`. */
  scope?: string | undefined;
  /** Default: the setting `audience`. */
  aud?: string | readonly string[] | undefined;
  /** Seconds since the epoch. Default: `accessTokenTtl` from now. */
  exp?: number | undefined;
  /** Seconds since the epoch. Default: now. */
  iat?: number | undefined;
  /** Seconds since the epoch. Default: left out. */
  nbf?: number | undefined;
  /** Default: the issuer. */
  iss?: string | undefined;
  /** Default: that of the first client. */
  client_id?: string | undefined;
  /** Default: that of a login of its own where `sub` is that of a known user. */
  sid?: string | undefined;
  /** Seconds since the epoch. Default: now, where `sub` is that of a known user. */
  auth_time?: number | undefined;
  [claim: string]: unknown;
}

/** How a minted token is made. */
export interface TestIdpMintOptions {
  /** Members of the header; `undefined` leaves one out. Default: `alg`, `kid` and `typ: 'at+jwt'`. */
  header?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Another key: `'unpublished'`, one of the provider's own that is not in the JWKS, or yours (`generateTestIdpKey()`; a
   * `Uint8Array` for HMAC). The provider itself does not know such a token, at userinfo for instance. Default: the key in use.
   */
  signWith?:
    | 'unpublished'
    | { readonly privateKey: CryptoKey | Uint8Array; readonly alg: string; readonly kid?: string | undefined }
    | undefined;
}

export async function mintAccessToken(
  provider: Provider,
  given: TestIdpTokenClaims,
  options: TestIdpMintOptions,
): Promise<string> {
  assertMembers('option', options, ['header', 'signWith'], ' of mintToken');
  const { header = {}, signWith } = options;
  const { users, login, clients, keys, records, settings } = provider;
  const { sub = users.subjectOf(login.as), roles, scope = 'openid profile email', ...changed } = given;
  const scopes = words(scope);
  const name = users.nameOf(sub);
  // Roles that are given, be it as `undefined`, stand instead of the user's.
  const issuing = 'roles' in given ? { rolesIn: [] } : {};
  const about = name === undefined ? { sub } : claimsAbout(provider, name, scopes, 'access_token', issuing);
  // `logOut` ends it; a `sid` that is given is that of the logout token, too.
  const session = name === undefined ? undefined : records.newSession(name, settings.now(), given.sid);
  const claims: Record<string, unknown> = {
    ...withRoles(about, settings.rolesClaim, roles),
    ...(session === undefined ? {} : { sid: session.sid, auth_time: session.authTime }),
    ...accessTokenClaims(provider, clients.first.clientId, scopes),
    ...changed,
  };
  for (const left of ['sub', 'scope']) if (left in given && given[left] === undefined) delete claims[left];
  const key = signWith === 'unpublished' ? await keys.unpublished() : (signWith ?? keys.current);
  const token = await sign(claims, { typ: 'at+jwt', ...header }, key);
  if (signWith !== undefined) return token;
  const client = clients.find(String(claims['client_id']));
  const isOfLogin = session !== undefined && client !== undefined;
  const grant = isOfLogin ? records.newGrant({ clientId: client.clientId, session, scope: scopes }) : undefined;
  if (isOfLogin) session.clients.add(client.clientId);
  records.accessTokens.set(token, { claims, grant, revoked: false });
  return token;
}
