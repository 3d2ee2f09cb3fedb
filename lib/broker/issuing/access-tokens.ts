import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CompactSign, type JWTPayload } from 'jose';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { plainCause } from '../../errors/plain-cause.js';
import { RESOLVED_OPTIONS, type BrokerOptions, type ResolvedOptions } from '../../options/resolved-options.js';
import { leadsThrough } from '../../verification/claim-path.js';
import { BrokerEvents, type MintingReason } from '../broker-events.js';
import { PROTOCOL_CLAIMS } from '../protocol-claims.js';
import type { Identity } from '../sessions/identity.js';
import { SigningKeys } from './signing-keys.js';
import { StoreClock } from '../records/store-clock.js';

const SECOND = 1_000;

/** What an access token is made of. */
export interface Minting {
  readonly identity: Pick<Identity, 'sub' | 'claims' | 'roles'>;
  readonly scope: string | undefined;
  /** The session it belongs to, if any. */
  readonly sid?: string | undefined;
  /** ms of the store's clock after which it must not be valid. */
  readonly notAfter?: number | undefined;
  /** s; the configured lifetime where left out. */
  readonly lifetime?: number | undefined;
  readonly reason: MintingReason;
}

export interface MintedToken {
  readonly token: string;
  /** s since the epoch */
  readonly expires: number;
  /** s from now */
  readonly expiresIn: number;
}

/** Claims that say who issued a token, to whom, for how long and what kind it is: not for `mapClaims`. */
const RESERVED: ReadonlySet<string> = new Set([...PROTOCOL_CLAIMS, 'sub']);

/** Mints access tokens of this application (RFC 9068). */
@Injectable()
export class AccessTokens {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(SigningKeys) private readonly keys: SigningKeys,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
  ) {}

  /** @throws {@link OidcAuthError} `signing_key_unavailable`, `store_unavailable` */
  async mint({ identity, scope, sid, notAfter = Infinity, lifetime, reason }: Minting): Promise<MintedToken> {
    const { broker, clientId, clockTolerance } = this.options as ResolvedOptions & { broker: BrokerOptions };
    const { kid, alg, privateKey } = await this.keys.signer();
    const now = Math.floor(this.clock.now() / SECOND);
    const expires = Math.min(now + (lifetime ?? broker.accessTokenTtl), Math.floor(notAfter / SECOND));
    const jti = randomUUID();
    const sub = this.subjectOf(identity);
    const claims: JWTPayload = {
      iss: broker.issuer,
      sub,
      aud: broker.audience,
      exp: expires,
      // Some verifiers have no leeway.
      iat: now - clockTolerance,
      jti,
      client_id: clientId,
      ...(sid === undefined ? {} : { sid }),
      ...(scope === undefined ? {} : { scope }),
      ...(await this.personalClaims(identity)),
    };
    // Not SignJWT, which clones the claims: nobody else holds them.
    const payload = Buffer.from(JSON.stringify(claims));
    const token = await new CompactSign(payload).setProtectedHeader({ typ: 'at+jwt', alg, kid }).sign(privateKey);
    this.events.emit({ type: 'minted', reason, jti, sub, ...(sid === undefined ? {} : { sid }) });
    return { token, expires, expiresIn: Math.max(0, expires - now) };
  }

  /** Who the token says it is of. @throws {@link OidcAuthError} `id_token_invalid` where that is not known */
  private subjectOf({ sub, claims }: Minting['identity']): string {
    if (this.options.broker!.subject === 'sub') return sub;
    const username = claims['preferred_username'];
    if (typeof username === 'string' && username !== '') return username;
    throw new OidcAuthError('id_token_invalid', 'The identity provider does not say the name of the user.', {
      operatorHint:
        "The option subject is 'username', but the identity provider gave no preferred_username: ask for the scope profile.",
    });
  }

  /** @throws {@link OidcAuthError} `map_claims_failed` */
  private async mapped(identity: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    try {
      return (await this.options.broker!.mapClaims(identity)) ?? {};
    } catch (error) {
      const name = error instanceof Error ? error.name : 'not an error';
      throw new OidcAuthError('map_claims_failed', 'The claims of the user cannot be told.', {
        cause: plainCause(error),
        operatorHint: `The option mapClaims failed: ${name}. No token was issued.`,
      });
    }
  }

  /** Typed, whatever the provider says: peers check types, too. */
  private async personalClaims({ claims, roles }: Minting['identity']): Promise<JWTPayload> {
    const mapped = Object.entries(await this.mapped({ ...claims, roles: [...roles] })).filter(
      ([name]) => !RESERVED.has(name),
    );
    const demanded = Object.entries(claims).filter(
      ([name, value]) => !RESERVED.has(name) && this.isDemanded(name, value),
    );
    const merged: Record<string, unknown> = {
      ...Object.fromEntries(demanded),
      preferred_username: claims['preferred_username'],
      email: claims['email'],
      name: claims['name'],
      roles,
      ...Object.fromEntries(mapped),
    };
    return Object.fromEntries(Object.entries(merged).map(withGroupsListed).filter(isOfItsType));
  }

  /** What a default constraint is about guards must find in our token, too. */
  private isDemanded(name: string, value: unknown): boolean {
    return Object.keys(this.options.claims).some((path) => leadsThrough(path, name, value));
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What programs in other languages read these claims as: peers refuse a whole token for one of another type. */
const TYPES: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['preferred_username', isText],
  ['email', isText],
  ['name', isText],
  ['given_name', isText],
  ['family_name', isText],
  ['email_verified', (value: unknown) => typeof value === 'boolean'],
  ['roles', isTexts],
  ['groups', isTexts],
  ['realm_access', isObject],
  ['resource_access', isObject],
]);

function isOfItsType([name, value]: readonly [string, unknown]): boolean {
  return value !== undefined && (TYPES.get(name)?.(value) ?? true);
}

/** Some providers say a word where they mean a list of one. */
function withGroupsListed([name, value]: [string, unknown]): [string, unknown] {
  return name === 'groups' && typeof value === 'string' ? [name, [value]] : [name, value];
}
