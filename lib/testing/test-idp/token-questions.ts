import { OAuthError } from './errors.js';
import { type Answer, type Exchange, json } from './exchange.js';
import { only, required, words } from './parameters.js';
import type { Provider } from './provider.js';
import type { AccessToken } from './records.js';
import { claimsAbout, inSeconds } from './tokens.js';

/** OpenID Connect Core §5.3. */
export function userinfo({ headers, method, parameters, issuing }: Exchange, provider: Provider): Answer {
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
  return json(name === undefined ? { sub } : claimsAbout(provider, name, scope, 'userinfo', issuing));
}

/** RFC 6750 §3. */
function challenge(error?: string, description?: string): Record<string, string> {
  const details = error === undefined ? '' : ` error="${error}", error_description="${description}"`;
  return { 'www-authenticate': `Bearer${details}` };
}

function isActive({ claims, grant, revoked }: AccessToken, provider: Provider): boolean {
  return !revoked && grant?.ended !== true && Number(claims['exp']) > inSeconds(provider);
}

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
