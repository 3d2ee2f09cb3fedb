import { createHash } from 'node:crypto';
import type { TestIdpClient } from '../clients.js';
import { OAuthError } from '../errors.js';
import { type Answer, type Exchange, json } from '../http/exchange.js';
import { only, required, words } from '../http/parameters.js';
import type { Provider } from '../provider.js';
import { type TokenGrant, tokenResponse } from '../tokens.js';
import { redeemDeviceCode } from './device-flow.js';
import { firstRefreshToken, refresh } from './refresh-tokens.js';

type Redemption = (form: URLSearchParams, client: TestIdpClient, provider: Provider) => TokenGrant;

const GRANTS: ReadonlyMap<string, Redemption> = new Map([
  ['authorization_code', redeemCode],
  ['refresh_token', refresh],
  ['urn:ietf:params:oauth:grant-type:device_code', redeemDeviceCode],
  ['client_credentials', clientCredentials],
]);

export const GRANT_TYPES: readonly string[] = [...GRANTS.keys()];

/** RFC 6749 §3.2. */
export async function token({ headers, parameters, tokenChanges }: Exchange, provider: Provider): Promise<Answer> {
  const client = provider.clients.authenticate(headers.authorization, parameters);
  const grantType = required(parameters, 'grant_type');
  const redeem = GRANTS.get(grantType);
  if (redeem === undefined) {
    throw new OAuthError('unsupported_grant_type', `grant_type ${grantType} is not one of: ${GRANT_TYPES.join(', ')}`);
  }
  return json(await tokenResponse(provider, redeem(parameters, client, provider), tokenChanges));
}

/** RFC 6749 §4.1.3, RFC 7636 §4.6. */
function redeemCode(form: URLSearchParams, client: TestIdpClient, provider: Provider): TokenGrant {
  const code = provider.records.codes.get(required(form, 'code'));
  const redirectUri = required(form, 'redirect_uri');
  const verifier = only(form, 'code_verifier');
  if (code === undefined) throw new OAuthError('invalid_grant', 'the code is unknown');
  const { grant, nonce } = code;
  if (grant.clientId !== client.clientId) throw new OAuthError('invalid_grant', 'the code is of another client');
  if (code.used) {
    // §4.1.2: what was issued for it may be in the wrong hands.
    grant.ended = true;
    throw new OAuthError('invalid_grant', 'the code has been redeemed before: all its tokens end');
  }
  code.used = true;
  if (grant.ended) throw new OAuthError('invalid_grant', 'the login of the code has ended');
  if (provider.settings.now() >= code.expiresAt) throw new OAuthError('invalid_grant', 'the code has expired');
  if (code.redirectUri !== redirectUri) {
    throw new OAuthError(
      'invalid_grant',
      `redirect_uri is ${redirectUri}, but the code was sent to ${code.redirectUri}`,
    );
  }
  if (code.challenge !== challengeOf(verifier)) {
    throw new OAuthError('invalid_grant', 'code_verifier does not belong to the code_challenge of the login');
  }
  return { grant, nonce, refreshToken: firstRefreshToken(grant, provider) };
}

function challengeOf(verifier: string | undefined): string | undefined {
  return verifier === undefined ? undefined : createHash('sha256').update(verifier).digest('base64url');
}

/** RFC 6749 §4.4: no user, no ID token, no refresh token. */
function clientCredentials(form: URLSearchParams, client: TestIdpClient, { records }: Provider): TokenGrant {
  if (client.clientSecret === undefined) {
    throw new OAuthError('unauthorized_client', 'a public client cannot act for itself');
  }
  const scope = words(only(form, 'scope')).filter((word) => word !== 'openid' && word !== 'offline_access');
  return { grant: records.newGrant({ clientId: client.clientId, scope }) };
}
