import { TestIdpError } from './errors.js';
import { words } from './http/parameters.js';
import type { TestIdpMintOptions, TestIdpTokenClaims } from './mint-types.js';
import { shown } from './options/known-names.js';
import { assertClaims, assertMintOptions } from './options/mint-rules.js';
import type { Provider } from './provider.js';
import type { Session } from './records.js';
import { accessTokenClaims, claimsAbout, sign, unsecured } from './tokens.js';
import { withRoles } from './users.js';

const DEFAULT_SCOPE = 'openid profile email';

export async function mintAccessToken(
  provider: Provider,
  given: TestIdpTokenClaims,
  options: TestIdpMintOptions,
): Promise<string> {
  assertClaims(given);
  assertMintOptions(options);
  const { users, login, clients, records, settings } = provider;
  const sub = given.sub ?? users.subjectOf(login.as);
  const scopes = words(given.scope ?? DEFAULT_SCOPE);
  const name = users.nameOf(sub);
  // `logOut` ends it; a `sid` that is given is that of the logout token, too.
  const session = name === undefined ? undefined : records.newSession(name, settings.now(), given.sid ?? undefined);
  const claims = claimsOf(provider, given, { sub, name, scopes, session });
  const token = await signed(provider, claims, options);
  if (options.signWith !== undefined) return token;
  const client = clients.find(String(claims['client_id']));
  const isOfLogin = session !== undefined && client !== undefined;
  const grant = isOfLogin ? records.newGrant({ clientId: client.clientId, session, scope: scopes }) : undefined;
  if (isOfLogin) session.clients.add(client.clientId);
  records.accessTokens.set(token, { claims, grant, revoked: false });
  return token;
}

interface About {
  readonly sub: string;
  readonly name: string | undefined;
  readonly scopes: readonly string[];
  readonly session: Session | undefined;
}

/** Those of a login, and over them what is given; what is `undefined` has no JSON, and so is left out. */
function claimsOf(provider: Provider, given: TestIdpTokenClaims, { sub, name, scopes, session }: About) {
  const { clients, settings } = provider;
  // Roles that are given, be it as `undefined`, stand instead of the user's.
  const changes = 'roles' in given ? { rolesIn: [] } : {};
  const about = name === undefined ? { sub } : claimsAbout(provider, name, scopes, 'access_token', changes);
  const { roles, ...changed } = given;
  assertOnce(changed, settings.rolesClaim, roles);
  const claims = {
    ...about,
    ...(session === undefined ? {} : { sid: session.sid, auth_time: session.authTime }),
    ...accessTokenClaims(provider, clients.first.clientId, scopes),
    ...changed,
  };
  return withRoles(claims, settings.rolesClaim, roles);
}

/** Roles that are given by two names have no right answer. */
function assertOnce(changed: Readonly<Record<string, unknown>>, place: string | readonly string[], roles: unknown) {
  if (roles === undefined) return;
  const path = typeof place === 'string' ? place.split('.') : place;
  const there = path.reduce<unknown>((inner, member) => (inner as Record<string, unknown> | null)?.[member], changed);
  if (there === undefined) return;
  throw new TestIdpError(
    `mintToken is given roles, and ${path.join('.')}, which is where they stand: give one of them.`,
  );
}

async function signed(provider: Provider, claims: Record<string, unknown>, options: TestIdpMintOptions) {
  const { keys } = provider;
  const { signWith } = options;
  const header = { typ: 'at+jwt', ...options.header };
  if (signWith === 'none') return unsecured(claims, header);
  const key = signWith === 'unpublished' ? await keys.unpublished() : (signWith ?? keys.current);
  try {
    return await sign(claims, header, key);
  } catch (error) {
    const { alg = key.alg } = header as { alg?: unknown };
    const reason = (error as Error).message;
    throw new TestIdpError(`A token with alg ${shown(alg)} cannot be signed with this key: ${reason}`, {
      cause: error,
    });
  }
}
