/**
 * What may be kept of a foreign error as a cause: its name, code and words. The objects it carries (token responses,
 * claims) would be printed with it by whoever logs the chain of causes.
 */
export function plainCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('not an error');
  const plain = new Error(error.message);
  plain.name = error.name;
  if (error.stack !== undefined) plain.stack = error.stack;
  // undici says what happened in the cause of "fetch failed".
  const code = (error as { code?: unknown }).code ?? (error.cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? Object.assign(plain, { code }) : plain;
}
