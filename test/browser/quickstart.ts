import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));

export interface Quickstart {
  /** Address of the page, with the slash at its end. */
  readonly page: string;
  /** Origin of the identity provider. */
  readonly provider: string;
  /** All that the script has printed so far. */
  output(): string;
  /** As Ctrl-C does; resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** What `npm start` starts, on free ports unless `env` says otherwise. Rejects with its output if it does not start. */
export async function startQuickstart(env: Record<string, string> = {}): Promise<Quickstart> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OIDC_|DEMO_|PORT$|IDP_PORT$|HOST$)/.test(name));
  const child = spawn(process.execPath, [script], {
    env: { ...Object.fromEntries(inherited), PORT: '0', IDP_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = once(child, 'close').then(([code]) => code as number | null);
  await new Promise<void>((ready, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('Ctrl-C stops it.')) ready();
      });
    }
    void ended.then((code) => failed(new QuickstartError(code, output)));
  });
  return {
    page: /Quickstart\s+(\S+)/.exec(output)![1]!,
    provider: new URL(/Provider\s+(\S+)/.exec(output)![1]!).origin,
    output: () => output,
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

export class QuickstartError extends Error {
  constructor(
    readonly code: number | null,
    readonly output: string,
  ) {
    super(`The quickstart ended with code ${code} and these words:\n${output}`);
  }
}

/** The demo provider alone, as one that the quickstart knows nothing of. */
export async function startIdentityProvider(env: Record<string, string>): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('../../sample/01-quickstart/dist/idp/main.js', import.meta.url)), {
    env: { ...process.env, ...env },
  });
  await once(child, 'message');
  return child;
}
