/**
 * oidc-provider warns on the console that its in-memory storage and the runtime are not for production. True, and known
 * here: this provider exists for a demonstration. To be called before oidc-provider is loaded, as it writes then, too.
 */
export function quiet(): void {
  for (const level of ['info', 'warn'] as const) {
    const write = console[level].bind(console);
    console[level] = (...message: unknown[]) => {
      if (!/oidc-provider (NOTICE|WARNING)/.test(String(message[0]))) write(...message);
    };
  }
}
