import { OAuthError, PageError, TestIdpError } from './errors.js';
import { only } from './http/parameters.js';
import { checked } from './options/checked.js';
import { assertKnown, shown } from './options/known-names.js';
import { assertValues, listOfTexts, listOfUris, oneOf, type Rule, text, webAddress } from './options/rules.js';

/** An application that is registered at the test identity provider. */
export interface TestIdpClient {
  /** `client_id`. */
  clientId: string;
  /** Without one it is a public client, which must use PKCE. */
  clientSecret?: string | undefined;
  /** The only way it may authenticate. Default: with a secret basic or post, as it likes; without one `none`. */
  tokenEndpointAuthMethod?: 'client_secret_basic' | 'client_secret_post' | 'none' | undefined;
  /** Exact redirect URIs, beside every http address on loopback, as applications in tests listen on random ports. */
  redirectUris?: readonly string[] | undefined;
  /** Where a logout may lead, by the same rule. */
  postLogoutRedirectUris?: readonly string[] | undefined;
  /** Where logout tokens are posted (OpenID Connect Back-Channel Logout §2.2). Default: nowhere. */
  backchannelLogoutUri?: string | undefined;
  /** Roles of the client itself, for tokens it gets by `client_credentials`. Default none. */
  roles?: readonly string[] | undefined;
}

export const CLIENT_RULES: Readonly<Record<keyof TestIdpClient, Rule>> = {
  clientId: text,
  clientSecret: text,
  tokenEndpointAuthMethod: oneOf('client_secret_basic', 'client_secret_post', 'none'),
  redirectUris: listOfUris,
  postLogoutRedirectUris: listOfUris,
  backchannelLogoutUri: webAddress,
  roles: listOfTexts,
};

/** Its secret is long enough for broker mode to derive a key from. */
export const DEFAULT_CLIENT: TestIdpClient = {
  clientId: 'test-client',
  clientSecret: 'test-client-secret-0123456789-abcdefghij',
};

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether a browser may be sent there; what is listed, or plain http on this machine without a fragment. */
export function mayRedirect(uri: string, listed: readonly string[] = []): boolean {
  if (listed.includes(uri)) return true;
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  return url?.protocol === 'http:' && LOOPBACK.has(url.hostname) && !uri.includes('#') && url.username === '';
}

/** Says which address it was, and how it would be allowed. */
export function assertRedirect(
  client: TestIdpClient,
  parameter: string,
  uri: string,
  option: 'redirectUris' | 'postLogoutRedirectUris',
): void {
  if (mayRedirect(uri, client[option])) return;
  const listed = client[option] ?? [];
  throw new PageError(
    `${parameter} ${JSON.stringify(uri)} is not one of client ${JSON.stringify(client.clientId)}. ` +
      `It may use http addresses on loopback${listed.map((known) => `, ${known}`).join('')}. Allow it by startTestIdp({ clients: ` +
      `[{ clientId: ${JSON.stringify(client.clientId)}, ${option}: [${JSON.stringify(uri)}] }] }).`,
  );
}

/** The applications there are. */
export class Clients {
  readonly #clients: readonly TestIdpClient[];

  constructor(clients: readonly TestIdpClient[]) {
    if (clients.length === 0) throw new TestIdpError('startTestIdp({ clients: [] }): a provider needs a client.');
    for (const [index, client] of clients.entries()) {
      const { clientId } = client;
      text(clientId, 'clientId');
      assertValues({ ...client }, CLIENT_RULES, ` of client ${shown(clientId)}`);
      if (clients.findIndex((other) => other.clientId === clientId) === index) continue;
      throw new TestIdpError(`Two clients have the clientId ${shown(clientId)}.`);
    }
    this.#clients = clients.map((client) => checked({ ...client }, (name, value) => assertMember(client, name, value)));
  }

  get first(): TestIdpClient {
    return this.#clients[0]!;
  }

  get all(): readonly TestIdpClient[] {
    return this.#clients;
  }

  find(clientId: string): TestIdpClient | undefined {
    return this.#clients.find((client) => client.clientId === clientId);
  }

  get(clientId: string): TestIdpClient {
    const client = this.find(clientId);
    if (client !== undefined) return client;
    throw new TestIdpError(this.unknown(clientId));
  }

  /** For the authorization and logout endpoints. */
  named(clientId: string): TestIdpClient {
    const client = this.find(clientId);
    if (client !== undefined) return client;
    throw new PageError(this.unknown(clientId));
  }

  /** Who posts a form (RFC 6749 §2.3). */
  authenticate(authorization: string | undefined, form: URLSearchParams): TestIdpClient {
    const { clientId, secret, method } = credentials(authorization, form);
    const client = this.find(clientId);
    if (client === undefined) throw invalidClient(this.unknown(clientId));
    const methods = methodsOf(client);
    if (!methods.includes(method)) {
      throw invalidClient(`client ${clientId} authenticates by ${methods.join(' or ')}, not by ${method}`);
    }
    if (client.clientSecret !== secret) throw invalidClient(`the secret of client ${clientId} is another one`);
    return client;
  }

  private unknown(clientId: string): string {
    const known = this.#clients.map((client) => client.clientId).join(', ');
    return (
      `The test identity provider has no client ${JSON.stringify(clientId)}. It has: ${known}. ` +
      `Give it to startTestIdp({ clients: [{ clientId: ${JSON.stringify(clientId)} }] }).`
    );
  }
}

/** One that is set while the provider runs. */
function assertMember({ clientId }: TestIdpClient, name: string, value: unknown): void {
  assertKnown('member', name, Object.keys(CLIENT_RULES), ' of a client');
  if (name === 'clientId') throw new TestIdpError(`The clientId of client ${shown(clientId)} stays: tokens hold it.`);
  assertValues({ [name]: value }, CLIENT_RULES, ` of client ${shown(clientId)}`);
}

function methodsOf({ clientSecret, tokenEndpointAuthMethod }: TestIdpClient): readonly string[] {
  if (tokenEndpointAuthMethod !== undefined) return [tokenEndpointAuthMethod];
  return clientSecret === undefined ? ['none'] : ['client_secret_basic', 'client_secret_post'];
}

function credentials(authorization: string | undefined, form: URLSearchParams) {
  const posted = { clientId: only(form, 'client_id'), secret: only(form, 'client_secret') };
  const basic = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) {
    if (posted.clientId === undefined) throw invalidClient('there is no client authentication, and no client_id');
    const method = posted.secret === undefined ? 'none' : 'client_secret_post';
    return { clientId: posted.clientId, secret: posted.secret, method };
  }
  if (posted.secret !== undefined) throw new OAuthError('invalid_request', 'two client authentications at once');
  const [id = '', ...secret] = Buffer.from(basic, 'base64').toString().split(':');
  const clientId = formDecoded(id);
  if (posted.clientId !== undefined && posted.clientId !== clientId) {
    throw new OAuthError('invalid_request', 'client_id is not the client that authenticates');
  }
  return { clientId, secret: formDecoded(secret.join(':')), method: 'client_secret_basic' };
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
function formDecoded(text: string): string {
  return new URLSearchParams(`value=${text}`).get('value') ?? '';
}

function invalidClient(description: string): OAuthError {
  return new OAuthError('invalid_client', description, 401, { 'www-authenticate': 'Basic realm="test-idp"' });
}
