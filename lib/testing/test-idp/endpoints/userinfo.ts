import { OAuthError } from '../errors.js';
import { type Answer, type Exchange, json } from '../http/exchange.js';
import { only, words } from '../http/parameters.js';
import type { Provider } from '../provider.js';
import { claimsAbout, isActive } from '../tokens.js';

/** OpenID Connect Core §5.3. */
export function userinfo({ headers, method, parameters, tokenChanges }: Exchange, provider: Provider): Answer {
  const fromForm = method === 'POST' ? only(parameters, 'access_token') : undefined;
  const presented = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? fromForm;
  if (presented === undefined) throw new OAuthError('invalid_token', 'no access token', 401, challenge());
  const token = provider.records.accessTokens.get(presented);
  if (token === undefined || !isActive(token, provider)) {
    const reason = 'the access token is unknown, has expired or was ended';
    throw new OAuthError('invalid_token', reason, 401, challenge('invalid_token', reason));
  }
  const scope = words(String(token.claims['scope'] ?? ''));
  if (!scope.includes('openid')) {
    const reason = 'the access token has no scope openid';
    throw new OAuthError('insufficient_scope', reason, 403, challenge('insufficient_scope', reason));
  }
  const sub = String(token.claims['sub']);
  const name = provider.users.nameOf(sub);
  return json(name === undefined ? { sub } : claimsAbout(provider, name, scope, 'userinfo', tokenChanges));
}

/** RFC 6750 §3. */
function challenge(error?: string, description?: string): Record<string, string> {
  const details = error === undefined ? '' : ` error="${error}", error_description="${description}"`;
  return { 'www-authenticate': `Bearer${details}` };
}
