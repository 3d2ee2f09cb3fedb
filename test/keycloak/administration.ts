import { issuer } from './realm.js';

const server = issuer.slice(0, issuer.indexOf('/realms/'));

/** A request to Keycloak's admin REST API as the bootstrap administrator. */
export async function administer<T = undefined>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${server}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${await accessToken()}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} is answered by ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function accessToken(): Promise<string> {
  const response = await fetch(`${server}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'admin-cli',
      username: 'admin',
      password: 'admin',
    }),
  });
  const { access_token } = (await response.json()) as { access_token?: string };
  if (access_token === undefined) throw new Error('Keycloak does not know the administrator admin / admin');
  return access_token;
}
