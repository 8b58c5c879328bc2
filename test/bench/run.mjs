// `npm run bench`: how fast the analysis is and how quickly the editor is answered; writes docs/benchmarks-editor.md, which
// names the machine. With the names of parts it only prints those: analysis, keystrokes, hostile, soak, typing.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { root } from '../../client/workbench/prepare.mjs';
import { typing } from './typing.mjs';

const outfile = path.join(root, '.cache/bench/analysis.mjs');
// fast-check is left outside: it is a package like any other here.
await esbuild.build({ entryPoints: [path.join(root, 'test/bench/analysis.ts')], bundle: true, platform: 'node', format: 'esm', outfile, external: ['fast-check'], logLevel: 'warning' });

const examples = ['resnet.nn', 'exam.nn', 'unet_variants.nn'].map((name) => path.join(root, 'examples', name));
const hostileFiles = 22;

/** What a part prints, run in a process of its own. */
function printed(...args) {
  return spawnSync(process.execPath, ['--expose-gc', outfile, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).stdout.trimEnd();
}

/** Median wall-clock milliseconds of a command. */
function command(...args) {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    spawnSync(process.execPath, args, { cwd: root });
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[3];
}

function cold() {
  const bare = command('-e', '0');
  const check = command('dist/cli.js', 'check', 'examples/resnet.nn');
  return `As a cold command, \`nn check examples/resnet.nn\` takes ${check.toFixed(0)} ms by the clock, ${(check / bare).toFixed(1)} times a start of Node alone (${bare.toFixed(0)} ms).`;
}

const parts = {
  analysis: () => `## Analysis\n\nMilliseconds.\n\n${printed('analysis', examples[0])}\n\n${cold()}`,
  keystrokes: () => `## A keystroke in a large file\n\nMilliseconds after a number of one model has changed, when 120 edits went before.\n\n${printed('keystrokes')}`,
  hostile: () => {
    const rows = Array.from({ length: hostileFiles }, (_, index) => printed('hostile', String(index)));
    return `## Hostile and large files\n\nMilliseconds until all errors are known, in a fresh process and once more.\n\n| file | cold | warm | errors |\n| --- | ---: | ---: | ---: |\n${rows.join('\n')}`;
  },
  typing: async () => `## Typing\n\n${await typing(path.join(root, 'dist'), printed('text'))}`,
  soak: () => `## Ten thousand random edits, with requests in between\n\n${printed('soak', ...examples)}`,
};

const wanted = process.argv.slice(2);
const sections = [];
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  sections.push(await part());
  console.log(`${sections.at(-1)}\n`);
}
if (wanted.length === 0) {
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`;
  const busy = loadavg()[0] > 1.5 ? ' The machine was busy with other work, so that times are longer than on a quiet one.' : '';
  const intro = `\`npm run bench\` measures and rewrites this page, here on ${machine}.${busy} Times are processor time of all threads, with what the collector of garbage takes, but where the clock is named.`;
  writeFileSync(path.join(root, 'docs/benchmarks-editor.md'), `# Benchmarks of the editor\n\n${intro}\n\n${sections.join('\n\n')}\n`);
}
