import type { Quickstart } from '../fixtures/samples/quickstart.js';

export interface Mode {
  readonly mode: string;
  /** What the quickstart is started with. */
  readonly env: Record<string, string>;
  /** Who signs the access tokens that a client gets: shows that the mode is the one meant. */
  issuer(quickstart: Quickstart): string;
}

/** Every test runs in each of these: the client must not notice a difference. */
export const modes: readonly Mode[] = [
  { mode: 'broker', env: {}, issuer: ({ page }) => new URL('api', page).href },
  { mode: 'pass-through', env: { MODE: 'pass-through' }, issuer: ({ provider }) => provider },
];
