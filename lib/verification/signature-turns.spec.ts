import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SignatureTurns } from './signature-turns.js';

function busyFor(ms: number): true {
  for (const end = performance.now() + ms; performance.now() < end;);
  return true;
}

it('what arrives in one turn of the event loop is checked in a row, before anybody goes on', async () => {
  const turns = new SignatureTurns();
  const log: string[] = [];
  const checks = ['a', 'b', 'c'].map((name) =>
    turns.run(() => log.push(`check ${name}`) > 0).then(() => log.push(`${name} goes on`)),
  );
  expect(log).toEqual([]);
  await Promise.all(checks);
  expect(log).toEqual(['check a', 'check b', 'check c', 'a goes on', 'b goes on', 'c goes on']);
});

it('others get their turn after some ms, however many signatures wait', async () => {
  const turns = new SignatureTurns();
  let checked = 0;
  const checks = Promise.all(Array.from({ length: 20 }, () => turns.run(() => busyFor(3) && ++checked > 0)));
  const seen: number[] = [];
  do {
    await nextTurn();
    seen.push(checked);
  } while (seen.at(-1)! < 20);
  await checks;
  // Two of 3 ms are more than the 5 ms of a turn; the first look comes before any.
  expect(seen.length).toBeGreaterThan(8);
  expect(Math.max(...seen.map((count, index) => count - (seen[index - 1] ?? 0)))).toBeLessThanOrEqual(2);
});

it('says what each check said', async () => {
  const turns = new SignatureTurns();
  expect(await Promise.all([true, false, true].map((verdict) => turns.run(() => verdict)))).toEqual([
    true,
    false,
    true,
  ]);
});
