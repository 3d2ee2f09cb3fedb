import { UserAgent } from '../fixtures/user-agent.js';

/** Somebody who has signed in, and what they hold. */
export interface Session {
  refreshToken: string;
  /** What went wrong at last; such a session is not used any more. */
  lost?: string;
}

/** One refresh as a client sees it. */
export interface Refresh {
  /** ms */
  readonly took: number;
  /** Whether the same token was presented at two processes at once. */
  readonly isDouble: boolean;
}

export const userName = (index: number) => `user-${index}`;

/** The code flow at the application's own callback, by a browser of its own. */
export async function signIn(url: string, user: string): Promise<Session> {
  const query = new URLSearchParams({ redirect_uri: `${url}/auth/v2/callback`, login_hint: user });
  const { response } = await new UserAgent().follow(`${url}/auth/v2/login?${query}`);
  return { refreshToken: await refreshTokenIn(response) };
}

/** Presents the refresh token at each of the addresses at once: all must get the same new one. */
export async function refresh(session: Session, urls: readonly string[]): Promise<Refresh[]> {
  const answers = await Promise.allSettled(urls.map((url) => refreshAt(url, session.refreshToken)));
  const failure = answers.find((answer) => answer.status === 'rejected');
  const good = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value);
  const [next, ...others] = new Set(good.map(({ refreshToken }) => refreshToken));
  if (failure !== undefined) session.lost = String(failure.reason);
  else if (others.length > 0) session.lost = 'two successors of one refresh token';
  else if (next === session.refreshToken) session.lost = 'the refresh token was not rotated';
  else session.refreshToken = next!;
  return good.map(({ took }) => ({ took, isDouble: urls.length > 1 }));
}

async function refreshAt(url: string, refreshToken: string) {
  const start = performance.now();
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const response = await fetch(`${url}/auth/v2/token`, { method: 'POST', body });
  const next = await refreshTokenIn(response);
  return { refreshToken: next, took: performance.now() - start };
}

async function refreshTokenIn(response: Response): Promise<string> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return (JSON.parse(text) as { refresh_token: string }).refresh_token;
}
