import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const loader = fileURLToPath(new URL('../fixtures/process/register.mjs', import.meta.url));

/** Starts a TypeScript file of this folder as a process of its own. */
export function startProgram(name: string, ...args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(name, import.meta.url)), [...args], { execArgv: ['--import', loader] });
}

export async function messageOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  try {
    const [message] = (await Promise.race([
      once(child, 'message', over),
      once(child, 'exit', over).then(([code]) => Promise.reject(new Error(`the process has ended with ${code}`))),
    ])) as [unknown];
    return message;
  } finally {
    over.abort();
  }
}

/** What each of some processes says that set up the same store once all of them are ready. */
export async function setUpAtOnce(url: string, count: number): Promise<unknown[]> {
  const children = Array.from({ length: count }, () => startProgram('setting-up.ts', url));
  await Promise.all(children.map(messageOf));
  const results = children.map(messageOf);
  for (const child of children) child.send('go');
  const said = await Promise.all(results);
  await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
  return said;
}
