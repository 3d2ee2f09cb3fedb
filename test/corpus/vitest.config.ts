import { defineConfig } from 'vitest/config';
import { Tally } from './tally.js';

const tokens = Number(process.env['CORPUS_TOKENS'] ?? 110_000);

/** Tokens none of which may be accepted, 100,000 and more, and as many verdicts beside jose's: `npm run test:corpus`. */
export default defineConfig({
  test: {
    include: ['test/corpus/**/*.spec.ts'],
    environment: 'node',
    maxWorkers: 2,
    setupFiles: ['test/setup.ts'],
    env: { CORPUS_TOKENS: String(tokens) },
    reporters: ['default', new Tally(Math.min(tokens, 100_000))],
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
