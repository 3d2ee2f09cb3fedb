import { createConnection, type ConnectOptions, type Connection } from 'mongoose';
import { onTestFinished } from 'vitest';

/** The one server of the URL, without asking it for others: a proxy before it is not passed by then. */
export function direct(url: string): string {
  const parameters = url.includes('?') ? url : `${url}?`;
  return `${parameters.replace(/replicaSet=\w+&?/, '')}&directConnection=true`.replace('?&', '?');
}

/** A connection as an application has it, closed after the test. */
export async function applicationConnection(url: string, options?: ConnectOptions): Promise<Connection> {
  const connection = createConnection(url, options);
  onTestFinished(() => connection.close());
  return connection.asPromise();
}
