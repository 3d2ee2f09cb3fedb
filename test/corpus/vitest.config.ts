import { defineConfig } from 'vitest/config';

/** Tokens none of which may be accepted, 100,000 and more, and as many verdicts beside jose's: `npm run test:corpus`. */
export default defineConfig({
  test: {
    include: ['test/corpus/**/*.spec.ts'],
    environment: 'node',
    setupFiles: ['test/setup.ts'],
    env: { CORPUS_TOKENS: '120000' },
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
