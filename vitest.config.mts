import { defineConfig } from 'vitest/config';

/** Work is counted there, block by block; V8's optimising compilers, which work in the background, would leave some uncounted. */
const counting = ['test/growth.test.ts'];

export default defineConfig({
  test: {
    globalSetup: 'server/src/engine/kernels/wasm/build.mjs',
    // No test is timed: on two cores, two files at once take little more than half as long.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', ...counting], pool: 'threads' },
      },
      {
        extends: true,
        test: { name: 'growth', include: counting, pool: 'forks', execArgv: ['--no-opt', '--no-maglev'] },
      },
    ],
    setupFiles: ['test/support/spans.ts', 'test/support/properties.ts'],
    testTimeout: 60_000,
  },
});
