import { startSample, type SampleOptions } from '../fixtures/samples/start-sample.js';
import type { TwoInstances } from '../fixtures/samples/two-instances.js';

/** On the Redis at `REDIS_URL` of `env`, else on one that the sample starts, whatever the environment of the tests says. */
export async function startRedisSample(env: NonNullable<SampleOptions['env']>): Promise<TwoInstances> {
  const sample = await startSample('sample/04-custom-store/start.mjs', { env: { REDIS_URL: '', ...env } });
  const address = (name: string) => new RegExp(`${name}\\s+(\\S+)`).exec(sample.output())![1]!;
  const [one, other, provider] = [address('Instance 1'), address('Instance 2'), address('Provider')];
  const port = (url: string) => new URL(url).port;
  return { ...sample, one, other, env: { ...env, PORT: port(one), PORT_2: port(other), IDP_PORT: port(provider) } };
}
