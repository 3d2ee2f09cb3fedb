import { defineConfig } from 'vitest/config';

/** Against a real Redis, which the global setup starts, or the one at REDIS_URL: `npm run test:redis`. */
export default defineConfig({
  test: {
    include: ['test/redis/**/*.spec.ts'],
    environment: 'node',
    globalSetup: ['test/redis/global-setup.mjs', 'test/fixtures/databases/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
