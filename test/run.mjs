// `npm test`: installs what is missing, builds, then lint, types, unit and end-to-end tests; counts them all.
//
//   npm test [-- --skip-e2e]        or NN_SKIP_E2E=1

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build, install, root } from '../client/workbench/prepare.mjs';
import { findChromium, howToGetChromium } from './e2e/chromium.mjs';

const unknown = process.argv.slice(2).find((argument) => argument !== '--skip-e2e');
if (unknown !== undefined) {
  console.error(`Unknown option ${unknown}. Usage: npm test [-- --skip-e2e]`);
  process.exit(2);
}
const skipEndToEnd = process.argv.includes('--skip-e2e') || process.env.NN_SKIP_E2E === '1';
const reports = path.join(root, '.cache/test');
const total = { passed: 0, failed: 0 };

/** Runs one tool of node_modules with its output shown, and returns whether it succeeded. */
function run(tool, ...args) {
  const { status } = spawnSync(process.execPath, [path.join(root, 'node_modules', tool), ...args], { cwd: root, stdio: 'inherit' });
  return status === 0;
}

/** A step that counts as one test. */
function single(title, step) {
  console.log(`\n── ${title}`);
  const passed = step();
  total[passed ? 'passed' : 'failed'] += 1;
  console.log(passed ? 'passed' : 'FAILED');
}

/** A vitest run; its tests are counted from its report. */
function vitest(title, name, ...args) {
  console.log(`\n── ${title}`);
  const report = path.join(reports, `${name}.json`);
  const passed = run('vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { numPassedTests: 0, numFailedTests: 0 };
  total.passed += counts.numPassedTests;
  // A file that does not even load, or an error outside of any test, fails the run without a failed test.
  total.failed += passed ? 0 : Math.max(1, counts.numFailedTests);
}

install();
build();
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

single('Lint', () => run('eslint/bin/eslint.js', '.', '--max-warnings', '0'));
single('Types', () => run('typescript/bin/tsc', '--noEmit'));
vitest('Unit tests', 'unit');
if (skipEndToEnd) {
  console.log('\n── End-to-end tests: skipped, as asked');
} else if (findChromium() === undefined) {
  single('End-to-end tests', () => {
    console.error(`${howToGetChromium}\nTo leave the end-to-end tests out: npm test -- --skip-e2e`);
    return false;
  });
} else {
  vitest('End-to-end tests', 'e2e', '--config', 'test/e2e/vitest.config.mts');
}

console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
