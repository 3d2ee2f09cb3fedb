import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['lib/**/*.spec.ts', 'test/**/*.spec.ts'],
    exclude: [
      '**/node_modules/**',
      'test/browser/**',
      'test/keycloak/**',
      'test/mongo/**',
      'test/python/**',
      'test/redis/**',
      'test/{contract,stores}/mariadb*.spec.ts',
    ],
    environment: 'node',
    // Files share a worker and what it has imported, which halves the time: Nest and the provider are big.
    isolate: false,
    // Much of it is waiting; by itself vitest would leave a core idle, which is half of a small machine.
    maxWorkers: 2,
    setupFiles: ['test/setup.ts'],
    // Starts a database server when a test first asks for one.
    globalSetup: ['test/fixtures/databases/global-setup.ts'],
    // A look that is repeated: it never waits this long where all is well.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
