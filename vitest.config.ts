import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['fixtures/**', 'node_modules/**', 'dist/**'],
    // Vectors that an earlier run kept would hide what a test is about; test/cache/ turns it on.
    env: { TANDEM_CACHE: 'off' },
    globalSetup: 'tools/test-setup.mjs',
    pool: 'forks',
    maxConcurrency: 3, // of tests in one file that say so
    maxWorkers: 2, // many tests wait for programs they start
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
