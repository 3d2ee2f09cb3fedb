import { defineConfig } from 'vitest/config';

/** Against a real MariaDB, which the global setup starts, or the one at MARIADB_URL: `npm run test:mariadb`. */
export default defineConfig({
  test: {
    include: ['test/{contract,stores}/mariadb*.spec.ts'],
    environment: 'node',
    globalSetup: ['test/fixtures/databases/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
