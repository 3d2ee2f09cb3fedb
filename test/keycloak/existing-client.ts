import type { Application } from './application.js';
import type { KeycloakUser } from './keycloak-user.js';
import { redirectUri } from './standard-client.js';

/** What existing clients read from a token response. */
export interface Tokens {
  access_token: string;
  token_type: string;
  expires: number;
  refresh_token: string;
  refresh_expires: number;
  refresh_expires_in: number;
  id_token: string;
  scope: string;
}

/** The application's own callback answers the browser itself. */
export async function signInByOwnCallback(
  { url }: Application,
  user: KeycloakUser,
  parameters: Record<string, string> = {},
): Promise<Response> {
  const callback = `${url}/api/auth/v2/callback`;
  const login = new URLSearchParams({ redirect_uri: callback, ...parameters });
  return user.browser.get(await user.signIn(`${url}/api/auth/v2/login?${login}`, callback));
}

/** A client without PKCE of its own catches the redirect; its verifier is what stands last in `state`. */
export async function signInByCaughtRedirect(app: Application, user: KeycloakUser): Promise<Response> {
  const login = new URLSearchParams({ redirect_uri: redirectUri, prompt: 'none' });
  const landed = await user.signIn(`${app.url}/api/auth/v2/login?${login}`, redirectUri);
  return app.post('/api/auth/v2/token', {
    code: landed.searchParams.get('code')!,
    redirect_uri: redirectUri,
    code_verifier: landed.searchParams.get('state')!.split('|').at(-1)!,
  });
}

export async function tokensOf(response: Response): Promise<Tokens> {
  const body: unknown = await response.json();
  if (response.status !== 200) throw new Error(`${response.status} ${JSON.stringify(body)}`);
  return body as Tokens;
}
