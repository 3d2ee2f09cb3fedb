import { fork, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allSettled } from './all-settled.js';
import type { StoreProcess } from './contract-options.js';
import type { Call, Numbered, Outcome, Task } from './store-process.js';
import { orLate } from './time-limit.js';

const program = fileURLToPath(new URL(`./store-process${extname(import.meta.url)}`, import.meta.url));

/** ms in which a process has ended by itself, when nobody needs it any more. */
const PATIENCE = 5_000;

/** Processes of their own, each with a store. */
export class StoreProcesses {
  private readonly children: readonly ChildProcess[];
  private tasks = 0;

  /** As many as `clocks`: by so many ms the clock of each is ahead. */
  constructor(
    { module, execArgv = [] }: StoreProcess,
    clocks: readonly number[],
    private readonly patience = PATIENCE,
  ) {
    if (!URL.canParse(String(module))) {
      throw new TypeError(
        `process.module has to be an absolute URL, as by new URL('./open.js', import.meta.url), not ${String(module)}`,
      );
    }
    this.children = clocks.map((ahead) =>
      fork(program, [String(module), String(ahead), String(2 * patience)], { execArgv: [...execArgv] }),
    );
  }

  /** What each has to tell of its task; all begin at the same time, and have ended when one's failure is told. */
  inAll(task: (index: number) => Task): Promise<(readonly unknown[])[]> {
    const number = ++this.tasks;
    return allSettled(this.children.map((child, index) => perform(child, { number, ...task(index) })));
  }

  /** What the methods of each one's store say, all called at the same time. */
  call(make: (index: number) => readonly Call[]): Promise<(readonly unknown[])[]> {
    return this.inAll((index) => ({ calls: make(index) }));
  }

  /** @throws where a process does not end by itself, after having killed it */
  async end(): Promise<void> {
    const ended = await Promise.all(this.children.map((child) => this.hasEnded(child)));
    if (ended.includes(false)) {
      throw new Error(
        'A process keeps running after its store was closed: close() must also end the client that open() made.',
      );
    }
  }

  private async hasEnded(child: ChildProcess): Promise<boolean> {
    if (child.exitCode !== null || child.signalCode !== null) return true;
    const exited = once(child, 'exit').then(() => true);
    if (child.connected) child.disconnect();
    const ended = await orLate(this.patience, exited, false);
    if (!ended) child.kill('SIGKILL');
    await exited;
    return ended;
  }
}

async function perform(child: ChildProcess, task: Numbered & Task): Promise<readonly unknown[]> {
  if (!child.connected) throw new Error('the process has ended');
  const over = new AbortController();
  const outcome = Promise.race([
    answerTo(task, on(child, 'message', over)),
    once(child, 'exit', over).then(() => ({ error: 'the process has ended' })),
  ]).finally(() => over.abort());
  child.send(task);
  const answer = await outcome;
  if ('error' in answer) throw new Error(answer.error);
  return answer.results;
}

async function answerTo({ number }: Numbered, messages: AsyncIterable<unknown>): Promise<Outcome> {
  for await (const [answer] of messages as AsyncIterable<[Numbered & Outcome]>) {
    // Where tests run in a realm of their own, as with jest, what comes from outside has another `Object` than they do.
    if (answer.number === number) return JSON.parse(JSON.stringify(answer)) as Outcome;
  }
  throw new Error('the process says nothing any more');
}
