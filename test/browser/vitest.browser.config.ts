import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.spec.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000, // the first start builds
    hookTimeout: 120_000,
  },
});
