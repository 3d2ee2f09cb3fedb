import type { TestIdp } from '../../lib/testing/test-idp/index.js';

/** Nothing listens there. */
export const redirectUri = 'http://127.0.0.1:1/callback';

type Parameters = Readonly<Record<string, string | undefined>>;

function present(parameters: Parameters): [string, string][] {
  return Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** Sends the bare requests that no client library would send. */
export class Wire {
  constructor(private readonly idp: TestIdp) {}

  /** The answer to an authorization request; `undefined` leaves a parameter out. */
  authorize(parameters: Parameters = {}): Promise<Response> {
    const { clientId } = this.idp.options;
    const all = {
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid',
      ...parameters,
    };
    const query = new URLSearchParams(present(all));
    return fetch(`${this.idp.issuer}/authorize?${query}`, { redirect: 'manual' });
  }

  /** What the browser is sent back with. */
  async authorizationResponse(parameters: Parameters = {}): Promise<Record<string, string>> {
    const response = await this.authorize(parameters);
    const location = response.headers.get('location');
    if (location === null) throw new Error(`no redirect, but ${response.status} ${await response.text()}`);
    return Object.fromEntries(new URL(location).searchParams);
  }

  /** A form to an endpoint, with the secret of the first client in it. */
  post(path: string, fields: Parameters = {}): Promise<Response> {
    const { clientId, clientSecret } = this.idp.options;
    const all = { client_id: clientId, client_secret: clientSecret, ...fields };
    return fetch(`${this.idp.issuer}${path}`, { method: 'POST', body: new URLSearchParams(present(all)) });
  }

  redeem(code: string | undefined, fields: Parameters = {}): Promise<Response> {
    return this.post('/token', { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...fields });
  }

  refresh(refreshToken: string | undefined, fields: Parameters = {}): Promise<Response> {
    return this.post('/token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...fields });
  }

  /** The tokens of a login. */
  async signIn(parameters: Parameters = {}): Promise<Record<string, string>> {
    const { code } = await this.authorizationResponse(parameters);
    return (await this.redeem(code)).json() as Promise<Record<string, string>>;
  }
}

/** `200`, or status and OAuth error code. */
export async function verdict(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  const { error } = (await response.json()) as { error?: string };
  return error === undefined ? String(response.status) : `${response.status} ${error}`;
}
