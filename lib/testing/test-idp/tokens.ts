import { randomUUID } from 'node:crypto';
import { type CryptoKey, type JWTPayload, SignJWT } from 'jose';
import type { TokenChanges } from './http/exchange.js';
import type { TestIdpRolesCarrier } from './options/options.js';
import type { Provider } from './provider.js';
import type { AccessToken, Grant, Session } from './records.js';
import { releasedClaims, withRoles } from './users.js';

/** What a token is signed with. */
export interface Signer {
  readonly privateKey: CryptoKey | Uint8Array;
  readonly alg: string;
  readonly kid?: string | undefined;
}

type Claims = Readonly<Record<string, unknown>>;

/** A member that is `undefined` is left out. */
export function sign(claims: Claims, header: Claims, { privateKey, alg, kid }: Signer): Promise<string> {
  const protectedHeader = present({ alg, kid, ...header }) as { alg: string };
  const { crit } = header;
  // jose signs no header that it would not understand; who tests for it means it.
  const understood = Array.isArray(crit) ? { crit: Object.fromEntries(crit.map((name) => [name, true])) } : undefined;
  return new SignJWT(claims as JWTPayload).setProtectedHeader(protectedHeader).sign(privateKey, understood);
}

/** An unsecured JWS (RFC 7519 §6), which nobody may accept. */
export function unsecured(claims: Claims, header: Claims): string {
  const parts = [present({ alg: 'none', ...header }), claims];
  return [...parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), ''].join('.');
}

function present(header: Claims): Record<string, unknown> {
  return Object.fromEntries(Object.entries(header).filter(([, value]) => value !== undefined));
}

export function inSeconds({ settings }: Provider): number {
  return Math.floor(settings.now() / 1_000);
}

/** Whether an access token still counts. */
export function isActive({ claims, grant, revoked }: AccessToken, provider: Provider): boolean {
  return !revoked && grant?.ended !== true && Number(claims['exp']) > inSeconds(provider);
}

/** What a carrier tells of a user. */
export function claimsAbout(
  provider: Provider,
  name: string,
  scope: readonly string[],
  carrier: TestIdpRolesCarrier,
  { rolesIn = provider.settings.rolesIn }: TokenChanges = {},
): Record<string, unknown> {
  const { users, settings } = provider;
  const user = users.get(name);
  const roles = rolesIn.includes(carrier) ? user.roles : undefined;
  return { sub: users.subjectOf(name), ...withRoles(releasedClaims(user, scope), settings.rolesClaim, roles) };
}

/** The claims an access token has by itself (RFC 9068 §2.2). */
export function accessTokenClaims(provider: Provider, clientId: string, scope: readonly string[]) {
  const { issuer, settings } = provider;
  const now = inSeconds(provider);
  return {
    iss: issuer as string | undefined,
    aud: settings.audience,
    client_id: clientId,
    iat: now,
    exp: now + settings.accessTokenTtl,
    jti: randomUUID(),
    scope: scope.join(' '),
  };
}

/** What a request at the token endpoint is granted, and so what the answer is to hold. */
export interface TokenGrant {
  readonly grant: Grant;
  /** Default: the scope of the grant. */
  readonly scope?: readonly string[] | undefined;
  readonly nonce?: string | undefined;
  /** A refresh token that goes with it. */
  readonly refreshToken?: string | undefined;
}

/** A token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3). */
export async function tokenResponse(provider: Provider, granted: TokenGrant, changes: TokenChanges) {
  const { grant, scope = grant.scope, refreshToken } = granted;
  const key = changes.unpublishedKey === true ? await provider.keys.unpublished() : provider.keys.current;
  grant.session?.clients.add(grant.clientId);
  const accessToken = await newAccessToken(provider, { ...granted, scope }, changes, key);
  const idToken =
    grant.session !== undefined && scope.includes('openid')
      ? await newIdToken(provider, { ...granted, scope }, grant.session, changes, key)
      : undefined;
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: provider.settings.accessTokenTtl,
    scope: scope.join(' '),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(idToken === undefined ? {} : { id_token: idToken }),
  };
}

async function newAccessToken(
  provider: Provider,
  { grant, scope }: TokenGrant & { scope: readonly string[] },
  changes: TokenChanges,
  key: Signer,
): Promise<string> {
  const { session, clientId } = grant;
  const about =
    session === undefined
      ? withRoles({ sub: clientId }, provider.settings.rolesClaim, provider.clients.get(clientId).roles)
      : {
          ...claimsAbout(provider, session.user, scope, 'access_token', changes),
          sid: session.sid,
          auth_time: session.authTime,
        };
  const claims = { ...about, ...accessTokenClaims(provider, clientId, scope), ...issuerOf(changes) };
  const token = await sign(claims, { typ: 'at+jwt' }, key);
  provider.records.accessTokens.set(token, { claims, grant, revoked: false });
  return token;
}

async function newIdToken(
  provider: Provider,
  { grant, scope, nonce }: TokenGrant & { scope: readonly string[] },
  session: Session,
  changes: TokenChanges,
  key: Signer,
): Promise<string> {
  const now = inSeconds(provider);
  const claims = {
    ...claimsAbout(provider, session.user, scope, 'id_token', changes),
    iss: provider.issuer,
    aud: grant.clientId,
    iat: now,
    exp: now + provider.settings.idTokenTtl,
    auth_time: session.authTime,
    sid: session.sid,
    nonce,
    ...issuerOf(changes),
  };
  const token = await sign({ ...claims, ...changes.idToken?.(claims) }, { typ: 'JWT' }, key);
  provider.records.idTokens.set(token, { grant });
  return token;
}

function issuerOf({ iss }: TokenChanges): { iss?: string | undefined } {
  return iss === undefined ? {} : { iss: iss ?? undefined };
}
