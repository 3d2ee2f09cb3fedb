import { OAuthError } from '../errors.js';
import type { Answer, Exchange } from '../http/exchange.js';
import { required } from '../http/parameters.js';
import type { Provider } from '../provider.js';

/** RFC 7009: a refresh token takes the whole login with it, an access token nothing else. */
export function revocation({ headers, parameters }: Exchange, provider: Provider): Answer {
  const { clientId } = provider.clients.authenticate(headers.authorization, parameters);
  const presented = required(parameters, 'token');
  const access = provider.records.accessTokens.get(presented);
  const grant = provider.records.refreshTokens.get(presented)?.grant ?? access?.grant;
  if (grant !== undefined && grant.clientId !== clientId) {
    throw new OAuthError('unauthorized_client', 'the token is of another client');
  }
  if (access !== undefined) access.revoked = true;
  else if (grant !== undefined) grant.ended = true;
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: '' };
}
