import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    python: string;
    peerPython: string;
  }
}

/** With the client. */
export const python = inject('python');
/** With the library that other applications are built on. */
export const peerPython = inject('peerPython');

/** What a program of a test runs in: nothing of this machine's set-up, and nothing is left behind. */
export const environmentAt = (home: string): NodeJS.ProcessEnv => ({
  ...process.env,
  HOME: home,
  XDG_CACHE_HOME: join(home, '.cache'),
  NO_PROXY: '*', // all of it is on this machine
  PYTHONDONTWRITEBYTECODE: '1', // nothing beside the programs
});

/** A program that one of the test's Pythons runs. */
export class PythonProcess {
  readonly #child: ChildProcess;
  readonly #lines;
  readonly #ended: Promise<void>;
  #errors = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv, interpreter = python) {
    // In a group of its own, to which the browser that it starts belongs, too. Nothing is ever written to its input,
    // which ends with this process.
    const child = spawn(interpreter, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.#ended = this.#end(args);
    this.#ended.catch(() => {}); // it reaches whoever reads or waits
  }

  async #end(args: readonly string[]): Promise<void> {
    const [code] = await once(this.#child, 'close');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${this.#errors}`);
  }

  /** The next line of its output, as soon as it is there: JSON. Rejects with its error output if none comes. */
  async line<T>(): Promise<T> {
    const { done, value } = await this.#lines.next();
    if (!done) return JSON.parse(value) as T;
    await this.#ended;
    throw new Error('The program has ended without this line.');
  }

  /** All the rest of its output, once it has ended: JSON. Rejects with its error output if it did not end well. */
  async rest<T>(): Promise<T> {
    const lines = [];
    for await (const line of this.#lines) lines.push(line);
    await this.#ended;
    return JSON.parse(lines.join('\n')) as T;
  }

  /** Rejects with its error output if it did not end well. */
  ended(): Promise<void> {
    return this.#ended;
  }

  /** Resolves when it has ended, if it was still running. */
  async killed(): Promise<void> {
    this.kill();
    await this.#ended.catch(() => {});
  }

  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(-this.#child.pid!, 'SIGKILL');
  }
}
