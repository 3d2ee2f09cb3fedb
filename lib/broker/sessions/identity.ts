import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { IdentityProvider } from '../../provider/identity-provider.js';
import { isRefusal } from '../../provider/provider-error.js';
import type { ProviderUserInfo } from '../../provider/provider-answers.js';
import type { IdTokenClaims } from '../../verification/claims.js';
import { assertConstraints, grantedScopes, rolesOf } from '../../verification/constraints.js';
import { ProviderAccessTokens } from '../../verification/provider-access-token.js';

/** Who signed in, as the provider says. */
export interface Identity {
  /** Of the ID token: what every later one must repeat (Core §12.2). */
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly nonce?: string | undefined;
  /** The provider's session id. */
  readonly sid?: string | undefined;
  /** Claims about the person, of the ID token and of userinfo. */
  readonly claims: Claims;
  /** The union of what every source names. */
  readonly roles: readonly string[];
}

/** Claims that say something of the token they stand in, not of the person. */
const PROTOCOL_CLAIMS = new Set(
  'iss aud exp iat nbf jti nonce azp sid at_hash c_hash s_hash typ events cnf scope scp client_id'.split(' '),
);

type Claims = Readonly<Record<string, unknown>>;

/** Gathers what the provider tells of a user: by the ID token, userinfo, and, as far as roles go, the access token. */
@Injectable()
export class Identities {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
    @Inject(ProviderAccessTokens) private readonly accessTokens: ProviderAccessTokens,
  ) {}

  /** At login. @throws {@link OidcAuthError} `subject_changed`, `claim_not_met`, `provider_unreachable` */
  async establish(idToken: JWTPayload, accessToken: string): Promise<Identity> {
    const sub = idToken.sub!;
    const userInfo = await this.userInfo(accessToken, sub);
    return this.assemble([await this.rolesIn(accessToken), idToken, userInfo], {
      iss: idToken.iss!,
      sub,
      aud: idToken.aud!,
      nonce: text(idToken['nonce']),
      sid: text(idToken['sid']),
    });
  }

  /**
   * At a refresh: everything is what the provider says now. Where it sends no ID token, the earlier one still tells who
   * the person is, but nothing of roles.
   *
   * @param earlier claims of the last ID token
   * @throws {@link OidcAuthError} as {@link establish}, and `id_token_invalid`
   */
  async renew(
    known: Identity,
    idToken: JWTPayload | undefined,
    earlier: JWTPayload,
    accessToken: string,
  ): Promise<Identity> {
    if (idToken !== undefined) assertSameUser(known, idToken);
    const userInfo = await this.userInfo(accessToken, known.sub);
    const { claims: _claims, roles: _roles, ...protocol } = known;
    const base = idToken ?? filter(earlier, (name) => !this.holdsRoles(name));
    return this.assemble([await this.rolesIn(accessToken), base, userInfo], protocol);
  }

  /** What an access token of the provider says it is good for, where nobody else does. */
  async scopeOf(accessToken: string): Promise<string | undefined> {
    const claims = await this.accessTokens.claimsOf(accessToken);
    if (claims === undefined) return undefined;
    return [...grantedScopes(claims as unknown as IdTokenClaims)].join(' ') || undefined;
  }

  /** Whom an access token of the provider belongs to. */
  describe(token: IdTokenClaims, userInfo: ProviderUserInfo | undefined): Identity {
    const { iss, sub, aud = [] } = token;
    return this.assemble([token, userInfo ?? {}], { iss, sub, aud });
  }

  /** Later sources win, but in what holds roles: there all count. */
  private assemble(sources: readonly Claims[], protocol: Omit<Identity, 'claims' | 'roles'>): Identity {
    const evidence: Record<string, unknown> = Object.assign({}, ...sources);
    for (const name of Object.keys(evidence).filter((claim) => this.holdsRoles(claim))) {
      const found: unknown[] = sources.map((source) => source[name]).filter((value) => value !== undefined);
      evidence[name] = found.reduce(union);
    }
    const token = evidence as unknown as IdTokenClaims;
    const { roleSources } = this.options;
    const claims = Object.entries(this.options.claims);
    assertConstraints(token, { scopes: [], claims, roles: [] }, { sources: roleSources, areFlattened: false });
    // What holds roles is not needed any more, unless a constraint names it.
    const isNamed = (name: string) => claims.some(([path]) => leadsThrough(path, name));
    const isPersonal = (name: string) => !PROTOCOL_CLAIMS.has(name) && (!this.holdsRoles(name) || isNamed(name));
    return { ...protocol, claims: filter(evidence, isPersonal), roles: [...rolesOf(token, roleSources)].toSorted() };
  }

  /** Of an access token only what it says of roles: the rest is meant for somebody else. */
  private async rolesIn(accessToken: string): Promise<Claims> {
    const claims = (await this.accessTokens.claimsOf(accessToken)) ?? {};
    return filter(claims, (name) => this.holdsRoles(name));
  }

  private holdsRoles(name: string): boolean {
    return this.options.roleSources.some((path) => leadsThrough(path, name));
  }

  /** A provider that refuses its own token at userinfo (one for another API alone) tells us no more. */
  private async userInfo(accessToken: string, subject: string): Promise<Claims> {
    try {
      const claims = (await this.provider.userInfo(accessToken, subject)) ?? {};
      // What is said of the login comes from the ID token alone.
      return filter(claims, (name) => !PROTOCOL_CLAIMS.has(name));
    } catch (error) {
      if (isRefusal(error)) return {};
      throw error;
    }
  }
}

export function anotherUser(): OidcAuthError {
  return new OidcAuthError('subject_changed', 'The identity provider answered for another user.', {
    operatorHint: 'A refresh at the identity provider brought the ID token of another user: the session was ended.',
  });
}

/** Core §12.2: a refreshed ID token is of the same issuer, user and audience, and repeats the nonce if it has one. */
function assertSameUser(known: Identity, idToken: JWTPayload): void {
  if (idToken.iss !== known.iss || idToken.sub !== known.sub) {
    throw anotherUser();
  }
  const nonce = idToken['nonce'];
  if (!sameAudience(idToken.aud, known.aud) || (nonce !== undefined && nonce !== known.nonce)) {
    throw new OidcAuthError('id_token_invalid', 'The identity provider issued an ID token that is not valid.', {
      operatorHint: 'A refreshed ID token was refused: its "aud" or "nonce" differs from the first.',
    });
  }
}

function sameAudience(one: unknown, other: unknown): boolean {
  const sorted = (value: unknown) => JSON.stringify(([] as unknown[]).concat(value).toSorted());
  return sorted(one) === sorted(other);
}

/** Whether a claim path begins at this claim, whose name may hold dots itself. */
function leadsThrough(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}.`);
}

function filter(claims: Claims, keep: (name: string) => boolean): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => keep(name)));
}

/** Lists are joined, objects member by member; of anything else the later value stays. */
function union(one: unknown, other: unknown): unknown {
  if (Array.isArray(one) && Array.isArray(other)) return [...new Set([...one, ...other])];
  if (!isObject(one) || !isObject(other)) return other;
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(
    names.map((name) => [
      name,
      name in one && name in other ? union(one[name], other[name]) : (one[name] ?? other[name]),
    ]),
  );
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
