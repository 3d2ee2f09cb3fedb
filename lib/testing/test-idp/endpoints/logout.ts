import { randomUUID } from 'node:crypto';
import { assertRedirect } from '../clients.js';
import { PageError } from '../errors.js';
import { type Answer, type Exchange, page, redirect } from '../http/exchange.js';
import { only } from '../http/parameters.js';
import type { Provider } from '../provider.js';
import type { Session } from '../records.js';
import { inSeconds, sign } from '../tokens.js';

/** What became of a logout token. */
export interface TestIdpLogoutDelivery {
  /** Whose `backchannelLogoutUri` it is. */
  readonly clientId: string;
  /** Where it was posted. */
  readonly uri: string;
  /** The JWT (OpenID Connect Back-Channel Logout §2.4), with `sub` and `sid`. */
  readonly logoutToken: string;
  /** The application's HTTP status: 200 or 204 where it has logged the user out. Left out where none came within 5 s, or before `reset()`. */
  readonly status?: number;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** In ms: an application that hangs must not hang the test that shows it. */
const PATIENCE = 5_000;

/** OpenID Connect RP-Initiated Logout §2. Whoever comes is logged out without being asked. */
export async function endSession({ parameters, headers }: Exchange, provider: Provider): Promise<Answer> {
  const { clients, login, records } = provider;
  const hint = only(parameters, 'id_token_hint');
  const grant = hint === undefined ? undefined : records.idTokens.get(hint)?.grant;
  if (hint !== undefined && grant === undefined) {
    throw new PageError('id_token_hint is no ID token of this provider, or one from before idp.reset().');
  }
  const clientId = only(parameters, 'client_id') ?? grant?.clientId;
  if (grant !== undefined && grant.clientId !== clientId) {
    throw new PageError(`client_id is ${clientId}, but id_token_hint was issued to ${grant.clientId}.`);
  }
  const leadTo = only(parameters, 'post_logout_redirect_uri');
  if (leadTo !== undefined) {
    if (clientId === undefined) throw new PageError('post_logout_redirect_uri needs a client_id or an id_token_hint.');
    assertRedirect(clients.named(clientId), 'post_logout_redirect_uri', leadTo, 'postLogoutRedirectUris');
  }
  const session = grant?.session ?? login.sessionOf(headers);
  if (session !== undefined) await endSessions([session], provider);
  const forget = { 'set-cookie': login.cookieOf(undefined) };
  if (leadTo === undefined) return page('You are signed out.', '', 200, forget);
  const location = new URL(leadTo);
  const state = only(parameters, 'state');
  if (state !== undefined) location.searchParams.set('state', state);
  return redirect(location, forget);
}

/** Ends sessions and tells every application that has got tokens of them, where it has said where. */
export async function endSessions(sessions: readonly Session[], provider: Provider): Promise<TestIdpLogoutDelivery[]> {
  const alive = sessions.filter(({ id }) => provider.records.sessions.has(id));
  for (const session of alive) provider.records.endSession(session);
  return Promise.all(
    alive.flatMap((session) =>
      [...session.clients].flatMap((clientId) => {
        const uri = provider.clients.get(clientId).backchannelLogoutUri;
        return uri === undefined ? [] : [deliver(session, clientId, uri, provider)];
      }),
    ),
  );
}

/** Back-Channel Logout §2.5. */
async function deliver(
  session: Session,
  clientId: string,
  uri: string,
  provider: Provider,
): Promise<TestIdpLogoutDelivery> {
  const now = inSeconds(provider);
  const claims = {
    iss: provider.issuer,
    sub: provider.users.subjectOf(session.user),
    sid: session.sid,
    aud: clientId,
    iat: now,
    exp: now + 120,
    jti: randomUUID(),
    events: { [EVENT]: {} },
  };
  const logoutToken = await sign(claims, { typ: 'logout+jwt' }, provider.keys.current);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE);
  try {
    const { status, body } = await fetch(uri, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: logoutToken }),
      redirect: 'manual',
      signal: AbortSignal.any([late.signal, provider.ended]),
    });
    await body?.cancel();
    return { clientId, uri, logoutToken, status };
  } catch {
    return { clientId, uri, logoutToken };
  } finally {
    clearTimeout(timer);
  }
}
