import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { Turn } from './turn.js';

it('who asks in one turn of the event loop goes on at its end, step by step with all others', async () => {
  const turn = new Turn();
  const log: string[] = [];
  const requests = ['a', 'b', 'c'].map(async (name) => {
    await turn.end();
    log.push(`${name} 1`);
    await undefined;
    log.push(`${name} 2`);
  });
  await Promise.resolve();
  expect(log).toEqual([]);
  await Promise.all(requests);
  expect(log).toEqual(['a 1', 'b 1', 'c 1', 'a 2', 'b 2', 'c 2']);
});

it('who asks later goes on in a later turn', async () => {
  const turn = new Turn();
  await turn.end();
  let isOver = false;
  void turn.end().then(() => (isOver = true));
  expect(isOver).toBe(false);
  await nextTurn();
  expect(isOver).toBe(true);
});

it('each goes on in the context of its own request', async () => {
  const turn = new Turn();
  const request = new AsyncLocalStorage<string>();
  const contextOf = (name: string) =>
    request.run(name, async () => {
      await turn.end();
      return request.getStore();
    });
  expect(await Promise.all(['a', 'b'].map(contextOf))).toEqual(['a', 'b']);
});

it('ends where timers are replaced in tests, too', async () => {
  vi.useFakeTimers();
  try {
    await expect(new Turn().end()).resolves.toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});
