// `npm run bench`: how fast the analysis is, as growth with size and beside the start of Node; names the machine.

import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { root } from '../../client/workbench/prepare.mjs';

const outfile = path.join(root, '.cache/bench/analysis.mjs');
await esbuild.build({ entryPoints: [path.join(root, 'test/bench/analysis.ts')], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'warning' });

console.log(`${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`);
spawnSync(process.execPath, [outfile, path.join(root, 'examples/resnet.nn')], { stdio: 'inherit' });

/** Median wall-clock milliseconds of a command. */
function command(...args) {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    spawnSync(process.execPath, args, { cwd: root });
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[3];
}

const bare = command('-e', '0');
const check = command('dist/cli.js', 'check', 'examples/resnet.nn');
console.log(`cold: nn check examples/resnet.nn takes ${check.toFixed(0)} ms, ${(check / bare).toFixed(1)} times a start of Node alone (${bare.toFixed(0)} ms)`);
