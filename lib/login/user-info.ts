import { Inject, Injectable } from '@nestjs/common';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import type { IdTokenClaims } from '../verification/claims.js';
import { TokenIssuer } from './token-issuer.js';

/** The standard claims (Core §5.1) and, beside them, the names existing clients read. */
export interface UserInfo {
  /** The token's. */
  readonly sub: string;
  readonly preferred_username?: string;
  readonly name?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly email_verified?: boolean;
  /** `null` where it is not known. */
  readonly email: string | null;
  /** The first that is known of `preferred_username`, `username`, `email` and `sub`. */
  readonly username: string;
  /** `given_name`, or `''`. */
  readonly first_name: string;
  /** `family_name`, or `''`. */
  readonly last_name: string;
  /** The same as `username`. */
  readonly pw_name: string;
}

type ProfileClaims = Readonly<Record<string, unknown>>;

/** Tells who a token belongs to. */
@Injectable()
export class UserInfoService {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(TokenIssuer) private readonly issuer: TokenIssuer,
  ) {}

  /** From the token where it suffices, else also from what the provider (Core §5.3) or the user's session knows. */
  async describe(token: string, claims: IdTokenClaims): Promise<UserInfo> {
    if (suffices(claims) || this.isOfPeer(claims)) return userInfoOf(claims);
    return userInfoOf({ ...claims, ...usable(await this.issuer.profileOf(token, claims)), sub: claims.sub });
  }

  /** Its token is nobody else's business, and names no session of ours. */
  private isOfPeer({ iss }: IdTokenClaims): boolean {
    return this.options.trustedIssuers.some(({ issuer }) => issuer === iss);
  }
}

function suffices(claims: ProfileClaims): boolean {
  return ['preferred_username', 'given_name', 'family_name', 'email'].every(
    (claim) => typeof claims[claim] === 'string',
  );
}

/** What the provider does not know, or gives in a type we cannot use, must not hide what the token says. */
function usable(claims: ProfileClaims): ProfileClaims {
  return Object.fromEntries(
    Object.entries(claims).filter(
      ([name, value]) => typeof value === (name === 'email_verified' ? 'boolean' : 'string'),
    ),
  );
}

function userInfoOf(claims: ProfileClaims): UserInfo {
  const given = {
    preferred_username: text(claims['preferred_username']),
    name: text(claims['name']),
    given_name: text(claims['given_name']),
    family_name: text(claims['family_name']),
    email_verified: typeof claims['email_verified'] === 'boolean' ? claims['email_verified'] : undefined,
  };
  const sub = String(claims['sub']);
  const username = given.preferred_username ?? text(claims['username']) ?? text(claims['email']) ?? sub;
  return {
    sub,
    ...withoutUndefined(given),
    email: text(claims['email']) ?? null,
    username,
    first_name: given.given_name ?? '',
    last_name: given.family_name ?? '',
    pw_name: username,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function withoutUndefined<T extends object>(members: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
