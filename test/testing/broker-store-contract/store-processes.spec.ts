import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { StoreProcesses } from '../../../lib/testing/broker-store-contract/store-processes.js';
import { storeProcess } from '../../fixtures/stores/contract-options.js';

const { module, execArgv } = storeProcess(new URL('./open-in-one-process.ts', import.meta.url));

/** ms for processes to end that do not. */
const IMPATIENCE = 500;

async function opened(place: string, patience?: number): Promise<StoreProcesses> {
  const processes = new StoreProcesses({ module, execArgv }, [0, 0], patience);
  onTestFinished(() => processes.end().catch(() => undefined));
  await processes.inAll(() => ({ open: place }));
  return processes;
}

async function pidsOf(processes: StoreProcesses): Promise<number[]> {
  return (await processes.call(() => [['now']])).flat() as number[];
}

it('a task fails when all have ended it: none goes on while the next test runs', async () => {
  const processes = await opened('');
  const task = processes.call((index) => [index === 0 ? ['ping'] : ['find', 'grant', '300']]);
  await expect(task).rejects.toThrow('no answer');
  expect(await processes.call(() => [['purgeExpired', 1]])).toEqual([[0], [1]]);
});

it('a task that was given up does not answer for the next', async () => {
  const processes = await opened('');
  const slow = processes.call(() => [['find', 'grant', '300']]);
  const pids = await pidsOf(processes);
  expect(new Set(pids).size).toBe(2);
  expect(pids.every(Number.isInteger)).toBe(true);
  expect(await slow).toEqual([['found'], ['found']]);
});

it('a process that has gone is said to have ended, whether it was asked before or after', async () => {
  const processes = await opened('');
  const [pid] = await pidsOf(processes);
  const task = processes.call(() => [['find', 'grant', '300']]);
  process.kill(pid!, 'SIGKILL');
  await expect(task).rejects.toThrow('the process has ended');
  await expect(pidsOf(processes)).rejects.toThrow('the process has ended');
  await processes.end();
});

it('a module that cannot be loaded is told', async () => {
  const processes = new StoreProcesses({ module: new URL('./absent.mjs', import.meta.url), execArgv }, [0]);
  onTestFinished(() => processes.end());
  await expect(processes.inAll(() => ({ open: '' }))).rejects.toThrow('Cannot find module');
});

it('a module that exports no "open" is told before anything is tried', async () => {
  const processes = new StoreProcesses({ module: new URL('./failures-of.ts', import.meta.url), execArgv }, [0]);
  onTestFinished(() => processes.end());
  await expect(processes.inAll(() => ({ load: true }))).rejects.toThrow(/failures-of\.ts exports no function "open"/);
});

it('a module that is no absolute URL is refused, as it would be looked for beside the suite', () => {
  expect(() => new StoreProcesses({ module: './open.js' }, [0])).toThrow(
    "process.module has to be an absolute URL, as by new URL('./open.js', import.meta.url), not ./open.js",
  );
});

it('the clocks of processes are ahead by what each is told', async () => {
  const processes = new StoreProcesses({ module, execArgv }, [120_000, -120_000]);
  onTestFinished(() => processes.end());
  await processes.inAll(() => ({ open: 'clock' }));
  const readings = (await processes.call(() => [['now']])).flat() as number[];
  expect(readings.map((reading) => Math.round((reading - Date.now()) / 60_000))).toEqual([2, -2]);
});

it('processes that nothing keeps end by themselves', async () => {
  const processes = await opened('');
  await expect(processes.end()).resolves.toBeUndefined();
});

it('a client that stays open is told, and its process does not stay', async () => {
  const processes = await opened('client', IMPATIENCE);
  const pids = await pidsOf(processes);
  await processes.inAll(() => ({ close: true }));
  await expect(processes.end()).rejects.toThrow('close() must also end the client that open() made');
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('a process that is too busy to hear of its end is killed', async () => {
  const processes = await opened('busy', IMPATIENCE);
  const pids = await pidsOf(processes);
  const task = processes.call(() => [['ping']]);
  await Promise.all([expect(task).rejects.toThrow('the process has ended'), expect(processes.end()).rejects.toThrow()]);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('no process stays when the test runner is killed', async () => {
  const runner = fork(fileURLToPath(new URL('./runner-with-processes.ts', import.meta.url)), {
    execArgv: [...execArgv!],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(runner, 'message');
  runner.kill('SIGKILL');
  // Its output is shared with the processes it started: it is over when the last of them has ended.
  await once(runner, 'close');
  expect(runner.signalCode).toBe('SIGKILL');
});
