import { defineConfig } from 'vitest/config';

/** Against a real Keycloak, which global-setup.mjs starts once: `npm run test:keycloak`. */
export default defineConfig({
  test: {
    include: ['test/keycloak/**/*.spec.ts'],
    environment: 'node',
    globalSetup: ['test/keycloak/global-setup.mjs', 'test/fixtures/databases/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    isolate: false, // the files share nothing but the modules: loading Nest once halves the time
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
