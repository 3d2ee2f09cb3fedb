import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface StartedSample {
  /** All that the script has printed so far. */
  output(): string;
  /** As Ctrl-C does; resolves to the exit code. */
  stop(): Promise<number | null>;
}

export interface SampleOptions {
  readonly args?: readonly string[];
  /** `DATA_FOLDER`: what the sample keeps outlives it, for who starts it again; else it goes with it. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What the scripts read: nothing of it comes from the environment of the tests. */
const SETTINGS =
  /^(OIDC_.*|DEMO_.*|.*_?PORT(_\d)?|HOST|MODE|ACCESS_TOKEN_TTL|BROKER_STORE_URL|ENCRYPTION_KEYS|DATA_FOLDER|POSTGRES_URL|MONGO_URL|REDIS_URL)$/;

/**
 * What a person starts by one command, on free ports unless `env` says otherwise. Rejects with its output if it does not
 * start.
 *
 * @param script path in this repository
 */
export async function startSample(script: string, { args = [], env = {} }: SampleOptions): Promise<StartedSample> {
  const inherited = Object.entries(process.env).filter(([name]) => !SETTINGS.test(name));
  const data = env['DATA_FOLDER'] === undefined ? await mkdtemp(join(tmpdir(), 'sample-')) : undefined;
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../../${script}`, import.meta.url)), ...args], {
    env: {
      ...Object.fromEntries(inherited),
      PORT: '0',
      PORT_2: '0',
      IDP_PORT: '0',
      ...(data === undefined ? {} : { DATA_FOLDER: data }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = once(child, 'close').then(async ([code]) => {
    if (data !== undefined) await rm(data, { recursive: true });
    return code as number | null;
  });
  await new Promise<void>((ready, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('Ctrl-C stops it.')) ready();
      });
    }
    void ended.then((code) => failed(new SampleError(code, output)));
  });
  return {
    output: () => output,
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

export class SampleError extends Error {
  constructor(
    readonly code: number | null,
    readonly output: string,
  ) {
    super(`The sample ended with code ${code} and these words:\n${output}`);
  }
}
