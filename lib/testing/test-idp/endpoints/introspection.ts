import { type Answer, type Exchange, json } from '../http/exchange.js';
import { required } from '../http/parameters.js';
import type { Provider } from '../provider.js';
import { isActive } from '../tokens.js';

/** RFC 7662. */
export function introspection({ headers, parameters }: Exchange, provider: Provider): Answer {
  const { records, settings, clients } = provider;
  clients.authenticate(headers.authorization, parameters);
  const presented = required(parameters, 'token');
  const access = records.accessTokens.get(presented);
  if (access !== undefined && isActive(access, provider)) {
    return json({ active: true, token_type: 'Bearer', ...access.claims });
  }
  const refresh = records.refreshTokens.get(presented);
  const isGood = refresh !== undefined && !refresh.grant.ended && !refresh.used && settings.now() < refresh.expiresAt;
  if (!isGood) return json({ active: false });
  const { clientId, scope } = refresh.grant;
  return json({
    active: true,
    client_id: clientId,
    scope: scope.join(' '),
    exp: Math.floor(refresh.expiresAt / 1_000),
  });
}
