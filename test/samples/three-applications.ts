import { bearer } from '../fixtures/application.js';
import { tokensIn } from '../fixtures/responses.js';
import { UserAgent } from '../fixtures/user-agent.js';
import { startSample, type SampleOptions, type StartedSample } from './start-sample.js';
import { alice, logIn } from './two-instances.js';

/** Two of Nest, and one in Python. */
export const names = ['orders', 'billing', 'inventory'] as const;
export type Name = (typeof names)[number];

export interface ThreeApplications extends StartedSample {
  /** Addresses, with the slash at their end. `orders` has the page. */
  readonly url: Readonly<Record<Name, string>>;
  /** As in `iss` of their tokens. */
  readonly issuer: Readonly<Record<Name, string>>;
  /** Starts the same again, with the same addresses. */
  readonly env: NonNullable<SampleOptions['env']>;
}

export async function startThreeApplications(env: SampleOptions['env'] = {}): Promise<ThreeApplications> {
  const sample = await startSample('sample/05-federation/start.mjs', { env: { PORT_3: '0', ...env } });
  const address = (name: string) => new RegExp(`${name} +(http\\S+)`).exec(sample.output())![1]!;
  const port = (name: string) => new URL(address(name)).port;
  const each = (of: (name: Name) => string) =>
    Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, string>;
  return {
    ...sample,
    url: each(address),
    issuer: each((name) => `${address(name)}api`),
    env: {
      ...env,
      PORT: port('orders'),
      PORT_2: port('billing'),
      PORT_3: port('inventory'),
      IDP_PORT: port('Provider'),
    },
  };
}

/** The access token of somebody who has logged in there. */
export async function tokenOf({ url }: ThreeApplications, name: Name, person = alice): Promise<string> {
  if (name !== 'inventory') return (await logIn(url[name], url[name], person)).access_token;
  const callback = `${url.inventory}api/auth/v2/callback`;
  const browser = new UserAgent();
  const page = await browser.follow(`${url.inventory}api/auth/v2/login?redirect_uri=${encodeURIComponent(callback)}`);
  const { response } = await browser.follow(page.url, { method: 'POST', body: new URLSearchParams(person) });
  return (await tokensIn(response)).access_token;
}

/** What a guarded route there knows of the sender of this token. */
export async function whoAmI(
  { url }: ThreeApplications,
  name: Name,
  token: string,
): Promise<Record<string, unknown> & { readonly status: number }> {
  const response = await fetch(`${url[name]}api/who-am-i`, bearer(token));
  return { ...((await response.json()) as Record<string, unknown>), status: response.status };
}
