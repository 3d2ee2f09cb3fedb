import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { IdentityProvider } from '../../provider/identity-provider.js';
import type { ProviderUserInfo } from '../../provider/provider-answers.js';
import { leadsThrough } from '../../verification/claim-path.js';
import type { IdTokenClaims } from '../../verification/claims.js';
import { assertConstraints, grantedScopes, rolesOf } from '../../verification/constraints.js';
import { ProviderAccessTokens } from '../../verification/provider-access-tokens.js';
import { PROTOCOL_CLAIMS } from '../protocol-claims.js';

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
    const base = idToken ?? filter(earlier, (name, value) => !this.holdsRoles(name, value));
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
    // By entries, as a member of the name __proto__ is no more than that.
    const evidence: Record<string, unknown> = Object.fromEntries(sources.flatMap((source) => Object.entries(source)));
    const withRoles = new Set(sources.flatMap((source) => Object.keys(this.rolesAmong(source))));
    for (const name of withRoles) {
      const found: unknown[] = sources.map((source) => source[name]).filter((value) => value !== undefined);
      evidence[name] = found.reduce(union);
    }
    const token = evidence as unknown as IdTokenClaims;
    const { roleSources } = this.options;
    const claims = Object.entries(this.options.claims);
    assertConstraints(token, { scopes: [], claims, roles: [] }, { sources: roleSources, areFlattened: false });
    // What holds roles is not needed any more, unless a constraint names it.
    const isNamed = (name: string) => claims.some(([path]) => leadsThrough(path, name, evidence[name]));
    const isPersonal = (name: string) => !PROTOCOL_CLAIMS.has(name) && (!withRoles.has(name) || isNamed(name));
    return { ...protocol, claims: filter(evidence, isPersonal), roles: [...rolesOf(token, roleSources)].toSorted() };
  }

  /** Of an access token only what it says of roles: the rest is meant for somebody else. */
  private async rolesIn(accessToken: string): Promise<Claims> {
    return this.rolesAmong((await this.accessTokens.claimsOf(accessToken)) ?? {});
  }

  private rolesAmong(claims: Claims): Claims {
    return filter(claims, (name, value) => this.holdsRoles(name, value));
  }

  private holdsRoles(name: string, value: unknown): boolean {
    return this.options.roleSources.some((path) => leadsThrough(path, name, value));
  }

  /** What is said of the login comes from the ID token alone. */
  private async userInfo(accessToken: string, subject: string): Promise<Claims> {
    const claims = await this.provider.userInfoIfGiven(accessToken, subject);
    return filter(claims, (name) => !PROTOCOL_CLAIMS.has(name));
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

function filter(claims: Claims, keep: (name: string, value: unknown) => boolean): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name, value]) => keep(name, value)));
}

/** Lists are joined, objects member by member; of anything else the later value stays. */
function union(one: unknown, other: unknown): unknown {
  if (Array.isArray(one) && Array.isArray(other)) return [...new Set([...one, ...other])];
  if (!isObject(one) || !isObject(other)) return other;
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(
    names.map((name) => [
      name,
      Object.hasOwn(one, name) && Object.hasOwn(other, name)
        ? union(one[name], other[name])
        : Object.hasOwn(one, name)
          ? one[name]
          : other[name],
    ]),
  );
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
