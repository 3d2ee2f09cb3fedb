import { newPkce } from '../fixtures/pkce.js';
import { form } from '../fixtures/application.js';
import { tokensIn } from '../fixtures/responses.js';
import { UserAgent } from '../fixtures/user-agent.js';
import { startSample, type SampleOptions, type StartedSample } from './start-sample.js';

export interface TwoInstances extends StartedSample {
  /** Addresses, with the slash at their end. */
  readonly one: string;
  readonly other: string;
  /** Starts the same again, with the same addresses. */
  readonly env: NonNullable<SampleOptions['env']>;
}

export async function startTwoInstances(env: NonNullable<SampleOptions['env']>): Promise<TwoInstances> {
  const sample = await startSample('sample/02-postgres/start.mjs', { env });
  const address = (name: string) => new RegExp(`${name}\\s+(\\S+)`).exec(sample.output())![1]!;
  const [one, other, provider] = [address('Instance 1'), address('Instance 2'), address('Provider')];
  const port = (url: string) => new URL(url).port;
  return { ...sample, one, other, env: { ...env, PORT: port(one), PORT_2: port(other), IDP_PORT: port(provider) } };
}

/** The people of the demo provider. */
export const alice = { username: 'alice', password: 'wonderland' };
export const bob = { username: 'bob', password: 'builder' };

/** Logs in with a page that begins at one instance, and redeems its code at the same or another. */
export async function logIn(begin: string, redeem = begin, person = alice) {
  const { code_verifier, challenge } = await newPkce();
  const query = new URLSearchParams({ redirect_uri: begin, ...challenge });
  const browser = new UserAgent();
  const { url } = await browser.follow(`${begin}api/auth/v2/login?${query}`);
  const landing = await browser.follow(url, {
    method: 'POST',
    body: new URLSearchParams(person),
    until: (location) => location.startsWith(begin),
  });
  const code = new URL(landing.url).searchParams.get('code')!;
  return tokensIn(await fetch(`${redeem}api/auth/v2/token`, form({ code, redirect_uri: begin, code_verifier })));
}

export const refresh = (instance: string, refreshToken: string | undefined) =>
  fetch(`${instance}api/auth/v2/token`, form({ refresh_token: refreshToken! }));
