import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    globalSetup: 'server/src/engine/kernels/wasm/build.mjs',
    setupFiles: ['test/support/spans.ts', 'test/support/properties.ts'],
    pool: 'threads',
    // No test is timed: on two cores, two files at once take little more than half as long.
    maxWorkers: '100%',
    testTimeout: 60_000,
  },
});
