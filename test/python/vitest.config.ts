import { defineConfig } from 'vitest/config';

/** With a real client of another language, which global-setup.mjs installs once: `npm run test:python`. */
export default defineConfig({
  test: {
    include: ['test/python/**/*.spec.ts'],
    environment: 'node',
    globalSetup: ['test/python/global-setup.mjs'],
    isolate: false,
    fileParallelism: false, // each file starts the quickstart, and the first start builds
    // A look that is repeated: it never waits this long where all is well.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
