import { Connection } from './connection.js';
import type { RequestSource } from './requests.js';

export interface Pace {
  readonly connections: number;
  readonly perSecond: number;
  readonly requests: number;
  readonly source: RequestSource;
  /** What every answer has to be. */
  readonly status: number;
}

/**
 * Sends requests at a steady rate, whatever the answers take, as independent people do. Resolves to the latencies in ms,
 * ascending, each from the time at which the request was due: one that waited for a free connection has waited.
 */
export async function pace(
  port: number,
  { connections, perSecond, requests, source, status }: Pace,
): Promise<Float64Array> {
  const latencies: number[] = [];
  const idle: Connection[] = [];
  const due: number[] = [];
  const dueOf = new WeakMap<Connection, number>();
  let scheduled = 0;

  const { promise, resolve, reject } = outcome();
  const sendDue = (): void => {
    while (idle.length > 0 && due.length > 0) {
      // The one that has rested longest: servers close those that rest for seconds.
      const connection = idle.shift()!;
      dueOf.set(connection, due.shift()!);
      connection.send(source()!);
    }
  };
  const onResponse = (connection: Connection, answered: number, text: string): void => {
    if (answered !== status) reject(new Error(`Expected ${status}, and was answered:\n${text}`));
    latencies.push(performance.now() - dueOf.get(connection)!);
    idle.push(connection);
    if (latencies.length === requests) resolve();
    else sendDue();
  };
  for (let opened = 0; opened < connections; opened++) idle.push(await Connection.open(port, onResponse, reject));

  const all = [...idle];
  const start = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    for (
      let at = start + (scheduled / perSecond) * 1_000;
      at <= now && scheduled < requests;
      at = start + (++scheduled / perSecond) * 1_000
    ) {
      due.push(at);
    }
    sendDue();
  }, 1);
  await promise.finally(() => clearInterval(timer));
  for (const connection of all) connection.close();
  return Float64Array.from(latencies).toSorted();
}

function outcome(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((one, other) => {
    resolve = one;
    reject = other;
  });
  return { promise, resolve, reject };
}
