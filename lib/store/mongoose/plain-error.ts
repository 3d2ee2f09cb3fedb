/** What is read of an error of the driver. */
interface DriverError extends Error {
  /** A number where the server has one for it, and then it also has a name. */
  readonly code?: unknown;
  readonly codeName?: unknown;
  /** Of a selection that found no server: what is known of the servers, by their addresses. */
  readonly reason?: Topology;
}

interface Topology {
  readonly type?: string;
  readonly setName?: string | null;
  readonly servers?: ReadonlyMap<string, { readonly type?: string; readonly error?: Error | null }>;
}

/**
 * An error of the driver without the objects it carries: its name, words and stack, and as `code` the name that the server
 * has for it (`Unauthorized`), or Node.js (`ECONNREFUSED`). The words end where the server begins to quote the command,
 * with documents in it.
 */
export function plainError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('not an error');
  const { name, stack, cause, reason, code, codeName } = error as DriverError;
  const unreached = [...(reason?.servers?.values() ?? [])].find((server) => server.error != null)?.error;
  const why = unreached?.message ?? (reason?.servers === undefined ? '' : seen(reason));
  const message = wordsOf(error.message.includes(why) ? error.message : `${error.message}: ${why}`);
  const plain = new Error(message);
  plain.name = name;
  plain.stack = [`${name}: ${message}`, ...(stack?.split('\n').filter((line) => /^ +at /.test(line)) ?? [])].join('\n');
  const plainCode = [codeName, code, (cause as DriverError | undefined)?.code, codeOf(unreached)].find(
    (candidate) => typeof candidate === 'string',
  );
  return plainCode === undefined ? plain : Object.assign(plain, { code: plainCode });
}

/** Where all servers answer, but none is what the URL says: another replica set, one that is not initiated, or none. */
function seen({ type, setName, servers }: Topology): string {
  const each = [...servers!].map(([address, server]) => `${address} is ${server.type}`);
  return `${[type, setName].filter(Boolean).join(' ')}, ${each.join(', ') || 'no server belongs to it'}`;
}

function wordsOf(message: string): string {
  return message.replace(/[\s:]*\{.*$/s, '');
}

function codeOf(error: Error | null | undefined): unknown {
  const { code, cause } = (error ?? {}) as DriverError;
  return code ?? (cause as DriverError | undefined)?.code;
}
