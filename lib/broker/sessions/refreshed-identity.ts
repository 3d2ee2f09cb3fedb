import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { providerUnreachable } from '../../provider/outgoing-fetch.js';
import type { ProviderTokens } from '../../provider/provider-answers.js';
import { IdTokenVerifier } from '../../verification/id-token-verifier.js';
import { anotherUser, Identities, type Identity } from './identity.js';
import { Leases, type Lease } from './lease.js';

/** Finds out whose tokens a refresh brought, for as long as its lease has time. */
@Injectable()
export class RefreshedIdentities {
  constructor(
    @Inject(IdTokenVerifier) private readonly idTokens: IdTokenVerifier,
    @Inject(Identities) private readonly identities: Identities,
    @Inject(Leases) private readonly leases: Leases,
  ) {}

  /**
   * @throws {@link OidcAuthError} `subject_changed` where they are another user's; `claim_not_met`, `id_token_…`,
   *   `provider_…`
   */
  async renew(lease: Lease, tokens: ProviderTokens): Promise<Identity> {
    try {
      return await within(this.leases.timeLeft(lease), this.identityIn(lease, tokens));
    } catch (error) {
      throw isOfAnotherIssuer(error) ? anotherUser() : error;
    }
  }

  private async identityIn({ session }: Lease, tokens: ProviderTokens): Promise<Identity> {
    const idToken = tokens.id_token === undefined ? undefined : await this.idTokens.verify(tokens.id_token, {});
    const { identity, idToken: earlier } = session.value;
    return this.identities.renew(identity, idToken, decodeJwt(earlier), tokens.access_token);
  }
}

async function within<T>(left: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(identityTooLate()), left);
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}

function identityTooLate(): OidcAuthError {
  return providerUnreachable({
    operatorHint:
      'The identity provider refreshed its tokens, but did not tell in time whose they are (keys, userinfo).',
  });
}

/** An ID token that is genuine but for its issuer is of another user, too. */
function isOfAnotherIssuer(error: unknown): boolean {
  const cause = error instanceof OidcAuthError ? (error.cause as { code?: unknown } | undefined) : undefined;
  return cause?.code === 'token_issuer_unknown';
}
