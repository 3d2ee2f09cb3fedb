import { defineConfig } from 'vitest/config';

/** Against a real MongoDB, which the global setup starts, or the one at MONGO_URL: `npm run test:mongo`. */
export default defineConfig({
  test: {
    include: [
      'test/mongo/**/*.spec.ts',
      // What broker mode goes through with any database, where it depends on what the store promises.
      'test/broker/{database-gone,interleavings,processes}.spec.ts',
      'test/broker/refresh-{ended-meanwhile,generations,identity,in-parallel,killed,lease,paused,provider-answers,saving,shutdown,take-over,token-worth}.spec.ts',
      'test/e2e/broker-{key-ring,sealing,upkeep}.spec.ts',
    ],
    provide: { databaseKind: 'MongoDB' },
    environment: 'node',
    globalSetup: ['test/mongo/global-setup.mjs', 'test/fixtures/databases/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    isolate: false,
    // Much of it is waiting for elections, and for databases that are gone.
    maxWorkers: 2,
    // A look that is repeated: it never waits this long where all is well.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
