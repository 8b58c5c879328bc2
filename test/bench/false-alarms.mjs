// `node test/bench/false-alarms.mjs`: builds and runs false-alarms.ts with the arguments that it documents.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { root } from '../../client/workbench/prepare.mjs';
import { buildKernels } from '../../server/src/engine/kernels/wasm/build.mjs';

await buildKernels();
const outfile = path.join(root, '.cache/bench/false-alarms.mjs');
await esbuild.build({ entryPoints: [path.join(root, 'test/bench/false-alarms.ts')], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'warning' });
process.exitCode = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1;
