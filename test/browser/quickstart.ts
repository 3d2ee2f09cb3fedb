import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startSample, type SampleOptions, type StartedSample } from '../samples/start-sample.js';

export { SampleError as QuickstartError } from '../samples/start-sample.js';

export interface Quickstart extends StartedSample {
  /** Address of the page, with the slash at its end. */
  readonly page: string;
  /** Origin of the identity provider. */
  readonly provider: string;
}

/** What `npm start` starts, in broker mode unless `env` or `args` say otherwise. */
export async function startQuickstart(
  env: SampleOptions['env'] = {},
  args: SampleOptions['args'] = [],
): Promise<Quickstart> {
  const sample = await startSample('scripts/start.mjs', { env, args });
  return {
    ...sample,
    page: /Quickstart\s+(\S+)/.exec(sample.output())![1]!,
    provider: new URL(/Provider\s+(\S+)/.exec(sample.output())![1]!).origin,
  };
}

/** The demo provider alone, as one that the quickstart knows nothing of. */
export async function startIdentityProvider(env: Record<string, string>): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('../../sample/01-quickstart/dist/idp/main.js', import.meta.url)), {
    env: { ...process.env, ...env },
  });
  await once(child, 'message');
  return child;
}
