import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { quoted } from '../../errors/operator-log.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { SIGNING_ALGORITHMS } from '../../options/signature-algorithms.js';
import type { VerificationMetadata } from '../../provider/provider-answers.js';
import type { AcceptedIssuer } from '../../verification/accepted-issuer.js';
import { audienceMismatch, type AccessTokenHeader } from '../../verification/access-token-rules.js';
import { isInAudience } from '../../verification/registered-claims.js';
import { RemoteKeySet } from '../../verification/remote-key-set.js';
import { KEYS_FRESH, SigningKeys } from './signing-keys.js';

/** RFC 9068 §2.1: every token of ours says so. */
const TYPES: ReadonlySet<string | undefined> = new Set(['at+jwt', 'application/at+jwt']);

/** This application as an issuer of tokens. */
@Injectable()
export class OwnIssuer implements AcceptedIssuer {
  readonly keys: RemoteKeySet;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(SigningKeys) signingKeys: SigningKeys,
  ) {
    this.keys = new RemoteKeySet(
      async () => {
        await signingKeys.load();
        return signingKeys.published();
      },
      undefined,
      KEYS_FRESH,
    );
    // What this process has learnt of a rotation holds for its guards at once.
    signingKeys.onChange(() => void this.keys.reload().catch(() => undefined));
  }

  async metadata(): Promise<VerificationMetadata> {
    return { issuer: this.options.broker!.issuer, algorithms: SIGNING_ALGORITHMS };
  }

  admit({ typ }: AccessTokenHeader, claims: JWTPayload): JWTPayload {
    const { aud } = claims;
    if (!TYPES.has(typ)) {
      throw new OidcAuthError('token_type_not_allowed', 'The token is not an access token of this application.');
    }
    const { audience } = this.options.broker!;
    if (isInAudience(aud, audience)) return claims;
    throw audienceMismatch(`its "aud" is ${quoted(aud)}, this application's is ${quoted(audience)}.`);
  }
}
