import type { Quickstart } from '../fixtures/samples/quickstart.js';

export interface Mode {
  readonly name: string;
  /** Of `npm start --`. */
  readonly args: readonly string[];
  /** Who signs the access tokens that the page holds. */
  issuer(quickstart: Quickstart): string;
  /** What the page shows of its tokens. */
  readonly tabs: readonly [string, string, string];
}

export const broker: Mode = {
  name: 'broker',
  args: [],
  issuer: ({ page }) => `${page}api`,
  tabs: ['Access token', 'User info', 'Keys'],
};

export const passThrough: Mode = {
  name: 'pass-through',
  args: ['--pass-through'],
  issuer: ({ provider }) => provider,
  tabs: ['Access token', 'ID token', 'User info'],
};

/** The page is the same for who logs in, looks around and logs out. */
export const modes = [broker, passThrough];
