import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program in a process of its own, which says where it listens, and what it has counted when it is asked. */
export class Child<Counts> {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  static async start<Counts>(program: string, ...args: readonly string[]): Promise<Child<Counts>> {
    const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
      env: { ...process.env, NODE_ENV: 'production' },
      // stdout is the report.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    return new Child(child, await answer<string>(child));
  }

  counts(): Promise<Counts> {
    this.process.send('counts');
    return answer<Counts>(this.process);
  }

  async stop(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.disconnect();
    await exited;
  }
}

/** The other end: tells where it listens, answers with its counts, and closes when nobody needs it any more. */
export function serve(url: string, counts: () => object, close: () => Promise<void>): void {
  process.on('message', () => process.send!(counts()));
  process.once('disconnect', () => void close());
  process.send!(url);
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`a process ended with code ${code}; its log is above`));
    child.once('exit', gone);
    child.once('message', (message) => {
      child.off('exit', gone);
      resolve(message as T);
    });
  });
}
