import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Issuer } from '../variants/index.js';
import type { Adapter } from './adapters.js';
import type { Figures } from './main.js';

const core = '1';

/** Whether a server is kept on one core: where `taskset` exists and the machine has a second core for the load. */
export const pinned = spawnSync('taskset', ['-c', core, 'true']).status === 0;

export class Server {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  static async start(adapter: Adapter, variant: string, issuer: Issuer): Promise<Server> {
    const child = fork(fileURLToPath(new URL('main.js', import.meta.url)), [adapter, variant, JSON.stringify(issuer)], {
      execArgv: ['--expose-gc', ...process.execArgv],
      env: { ...process.env, NODE_ENV: 'production' },
      // The server's log goes to stderr: stdout is the report.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    const port = await answer<number>(child);
    if (pinned) {
      // Work that a variant moves to other threads (WebCrypto) then counts like work on the main thread, as it does in
      // a container with one CPU.
      spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', core, String(child.pid)]);
    }
    return new Server(child, port);
  }

  /** CPU time of the whole process so far, all threads, in µs. */
  async cpu(): Promise<number> {
    const { cpu } = await this.ask('cpu');
    return cpu.user + cpu.system;
  }

  /** After a full garbage collection. */
  async memory(): Promise<NodeJS.MemoryUsage> {
    return (await this.ask('memory')).memory;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private ask(question: 'cpu' | 'memory'): Promise<Figures> {
    this.child.send(question);
    return answer<Figures>(this.child);
  }
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void =>
      reject(new Error(`The server under test ended with code ${code}; its log is above`));
    child.once('exit', gone);
    child.once('message', (message) => {
      child.off('exit', gone);
      resolve(message as T);
    });
  });
}
