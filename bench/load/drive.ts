import { Connection } from './connection.js';
import type { RequestSource } from './requests.js';

export interface Load {
  readonly connections: number;
  /** The end, whichever comes first: this time, this many requests, or the end of `source`. */
  readonly milliseconds: number;
  readonly requests: number;
  readonly source: RequestSource;
}

export interface Outcome {
  readonly requests: number;
  readonly milliseconds: number;
  /** In ms, ascending. */
  readonly latencies: Float64Array;
}

/** Keeps one request in flight on each connection until the load ends. Any answer but 200 fails the benchmark. */
export async function drive(port: number, load: Load): Promise<Outcome> {
  const latencies: number[] = [];
  const refused: string[] = [];
  let sent = 0;
  let idle = 0;
  let deadline = Infinity;
  let finish: () => void;
  let fail: (error: Error) => void;
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });

  const sendNext = (connection: Connection): void => {
    const request = sent < load.requests && performance.now() < deadline ? load.source() : undefined;
    if (request) {
      sent += 1;
      connection.send(request);
    } else if (++idle === load.connections) {
      finish();
    }
  };
  const onResponse = (connection: Connection, status: number, text: string): void => {
    latencies.push(performance.now() - connection.sentAt);
    if (status !== 200) {
      refused.push(text);
    }
    sendNext(connection);
  };

  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => Connection.open(port, onResponse, (error) => fail(error))),
  );
  const start = performance.now();
  deadline = start + load.milliseconds;
  connections.forEach(sendNext);
  await finished;
  const milliseconds = performance.now() - start;
  connections.forEach((connection) => connection.close());

  if (refused.length > 0) {
    throw new Error(`${refused.length} of ${latencies.length} responses were not 200, the first:\n${refused[0]}`);
  }
  return { requests: latencies.length, milliseconds, latencies: Float64Array.from(latencies).toSorted() };
}
