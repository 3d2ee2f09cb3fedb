import { randomUUID } from 'node:crypto';
import { assertRedirect, type TestIdpClient } from '../clients.js';
import { OAuthError, PageError } from '../errors.js';
import { type Answer, type Exchange, redirect } from '../http/exchange.js';
import { only, required, words } from '../http/parameters.js';
import type { Provider } from '../provider.js';
import type { Session } from '../records.js';

/** RFC 6749 §4.1.1, OpenID Connect Core §3.1.2. The user signs in at once. */
export function authorize({ parameters, headers }: Exchange, provider: Provider): Answer {
  const { client, redirectUri } = whereTo(parameters, provider);
  const answer = (members: Record<string, string>, cookie: Record<string, string> = {}) => {
    const location = new URL(redirectUri);
    const state = parameters.get('state');
    const all = { ...members, ...(state === null ? {} : { state }), iss: provider.issuer };
    for (const [name, value] of Object.entries(all)) location.searchParams.set(name, value);
    return redirect(location, cookie);
  };
  try {
    const request = authorizationRequest(parameters, client);
    const session = provider.login.signIn({ ...request, headers }, provider.settings);
    const code = newCode(provider, { ...request, clientId: client.clientId, redirectUri, session });
    return answer({ code }, { 'set-cookie': provider.login.cookieOf(session) });
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return answer({ error: error.error, error_description: error.description });
  }
}

/** Who cannot be trusted to be the client is not redirected to (RFC 6749 §4.1.2.1). */
function whereTo(parameters: URLSearchParams, { clients }: Provider) {
  const [clientId, redirectUri] = ['client_id', 'redirect_uri'].map((name) => {
    const values = parameters.getAll(name);
    if (values.length === 1) return values[0]!;
    throw new PageError(`The authorization request has ${values.length === 0 ? 'no' : 'more than one'} ${name}.`);
  }) as [string, string];
  const client = clients.named(clientId);
  assertRedirect(client, 'redirect_uri', redirectUri, 'redirectUris');
  return { client, redirectUri };
}

function authorizationRequest(parameters: URLSearchParams, client: TestIdpClient) {
  for (const name of ['request', 'request_uri']) {
    if (parameters.has(name)) throw new OAuthError(`${name}_not_supported`, `${name} is not supported`);
  }
  for (const name of new Set(parameters.keys())) {
    // RFC 8707 §2 lets it be repeated.
    if (name !== 'resource') only(parameters, name);
  }
  if (required(parameters, 'response_type') !== 'code') {
    throw new OAuthError('unsupported_response_type', 'response_type must be code');
  }
  if ((only(parameters, 'response_mode') ?? 'query') !== 'query') {
    throw new OAuthError('invalid_request', 'response_mode must be query');
  }
  const prompts = words(only(parameters, 'prompt'));
  if (prompts.includes('none') && prompts.length > 1) {
    throw new OAuthError('invalid_request', 'prompt has none together with others');
  }
  const maxAge = only(parameters, 'max_age');
  if (maxAge !== undefined && !/^\d{1,10}$/.test(maxAge)) {
    throw new OAuthError('invalid_request', 'max_age must be a number of seconds');
  }
  return {
    prompts,
    scope: words(only(parameters, 'scope')),
    nonce: only(parameters, 'nonce'),
    hint: only(parameters, 'login_hint'),
    maxAge: maxAge === undefined ? undefined : Number(maxAge),
    challenge: challengeOf(parameters, client),
  };
}

/** RFC 7636 §4.3, with S256 only. */
function challengeOf(parameters: URLSearchParams, client: TestIdpClient): string | undefined {
  const challenge = only(parameters, 'code_challenge');
  const method = only(parameters, 'code_challenge_method');
  if (challenge === undefined && method === undefined) {
    if (client.clientSecret !== undefined) return undefined;
    throw new OAuthError('invalid_request', 'a public client must use PKCE: code_challenge is missing');
  }
  if (method !== 'S256') throw new OAuthError('invalid_request', 'code_challenge_method must be S256');
  if (challenge === undefined || !/^[\w-]{43}$/.test(challenge)) {
    throw new OAuthError('invalid_request', 'code_challenge must be 43 characters of base64url');
  }
  return challenge;
}

interface Authorization {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly session: Session;
  readonly scope: readonly string[];
  readonly nonce: string | undefined;
  readonly challenge: string | undefined;
}

function newCode({ records, settings }: Provider, request: Authorization): string {
  const { clientId, session, scope, redirectUri, nonce, challenge } = request;
  const code = randomUUID();
  const expiresAt = settings.now() + settings.codeTtl * 1_000;
  const grant = records.newGrant({ clientId, session, scope });
  records.codes.set(code, { grant, redirectUri, nonce, challenge, expiresAt, used: false });
  return code;
}
