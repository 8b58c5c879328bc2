// `npm run bench:grad`: the gradient engine beside PyTorch, one thread each, float64; writes docs/benchmarks.md.
//
//   node test/bench/gradient.mjs [--rounds 3] [--only word] [--no-write]
//
// PyTorch runs with NN_TORCH_PYTHON, or python3, if that has torch. Rounds alternate between the two; each figure is a median of processor time, which
// other work on the machine disturbs less than the clock.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { root } from '../../client/workbench/prepare.mjs';
import { findChromium } from '../e2e/chromium.mjs';

const { values: options } = parseArgs({ options: { 'rounds': { type: 'string', default: '3' }, 'only': { type: 'string' }, 'no-write': { type: 'boolean', default: false } } });
const rounds = Number(options.rounds);
const folder = path.join(root, '.cache/bench');
const bundle = (name, format, more = {}) => esbuild.build({
  entryPoints: [path.join(root, `test/bench/${name}.ts`)], bundle: true, platform: format === 'esm' ? 'node' : 'browser', format, outfile: path.join(folder, `${name}.mjs`), logLevel: 'warning', ...more,
});
mkdirSync(folder, { recursive: true });
await Promise.all([bundle('gradient', 'esm'), bundle('gradient-pool', 'esm'), bundle('gradient-worker', 'iife')]);

const relaxedFlags = Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
const python = process.env.NN_TORCH_PYTHON ?? 'python3';

/** Keeps PyTorch to vectors of 256 bits where the processor has wider ones, so that figures of different machines can be compared. */
const narrow = { ATEN_CPU_CAPABILITY: 'avx2', MKL_ENABLE_INSTRUCTIONS: 'AVX2', ONEDNN_MAX_CPU_ISA: 'AVX2' };

/** The last line that a command prints, as JSON; undefined if it fails. */
function ask(command, args, more = {}) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', ...more } });
  if (status !== 0) return undefined;
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** @param flags Of Node. @param more For the case. */
const ours = (name, implementation, flags = [], more = []) => ask(process.execPath, [...flags, ...(implementation === 'relaxed' ? relaxedFlags : []), path.join(folder, 'gradient.mjs'), name, implementation, ...more]);
const torch = (name, more) => ask(python, [path.join(root, 'test/bench/gradient.py'), name], more);
const { version, capability } = torch('version') ?? {};
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const isWanted = (name) => options.only === undefined || name.includes(options.only);

/** Several rounds of a case in turn: baseline, relaxed, PyTorch as it is and with narrower vectors. */
function compare(name, times = rounds, torchTimes = times) {
  const results = { baseline: [], relaxed: [], torch: [], narrow: [] };
  let last;
  for (let round = 0; round < times; round++) {
    for (const implementation of ['baseline', 'relaxed']) {
      // The host's compilers and collectors work on that one thread, too.
      const result = ours(name, implementation, ['--single-threaded']);
      if (result) results[implementation].push(result.cpu);
      if (implementation === 'baseline') last = result;
    }
    if (version && round < torchTimes) {
      const result = torch(name);
      if (result) results.torch.push(result.cpu);
      const narrower = torchTimes < times ? undefined : torch(name, narrow);
      if (narrower) results.narrow.push(narrower.cpu);
    }
  }
  process.stderr.write(`${name}\n`);
  return { baseline: median(results.baseline), relaxed: median(results.relaxed), torch: median(results.torch), narrow: median(results.narrow), last };
}

const cell = (value, digits = 3) => (value === undefined ? '–' : value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(digits));
const ratio = (a, b) => (a === undefined || b === undefined ? '–' : (a / b).toFixed(2));
const table = (head, rows) => [`| ${head.join(' | ')} |`, `| ${head.map((_, i) => (i === 0 ? '---' : '---:')).join(' | ')} |`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

function peak() {
  const program = path.join(tmpdir(), `nn-peak-${process.pid}`);
  if (spawnSync('cc', ['-O2', '-o', program, path.join(root, 'test/bench/peak.c')]).status !== 0) return undefined;
  const runs = Array.from({ length: 3 }, () => spawnSync(program, { encoding: 'utf8' }).stdout.trim().split('\n').map(Number));
  const [separate, fused] = [0, 1].map((i) => Math.max(...runs.map((figures) => figures[i] ?? 0)));
  return { separate, fused };
}

async function browser() {
  const executablePath = findChromium();
  if (executablePath === undefined) return undefined;
  const { chromium } = await import('playwright-core');
  const instance = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await instance.newPage();
    const code = readFileSync(path.join(folder, 'gradient-worker.mjs'), 'utf8');
    return await page.evaluate((text) => new Promise((resolve, reject) => {
      const worker = new Worker(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
    }), code);
  } finally {
    await instance.close();
  }
}

const sections = [];
const flops = { 'gemm': 2 * 512 ** 3, 'conv A': 3 * 2 * 2 * 32 * 32 * 32 * 75, 'conv B': 3 * 2 * 2 * 16 * 16 * 64 * 288, 'conv C': 3 * 2 * 56 * 56 * 64 * 576 };
const kernels = [['gemm', 'matrix product 512³'], ['conv A', 'convolution 2×3→32, 5×5, 32², forward and backward'], ['conv B', 'convolution 2×32→64, 3×3, 16², forward and backward'], ['conv C', 'convolution 1×64→64, 3×3, 56², forward and backward']];
const kernelRows = kernels.filter(([name]) => isWanted(name)).map(([name, title]) => {
  const { baseline, relaxed, torch: other, narrow: narrower } = compare(name);
  const speed = (time) => (time === undefined ? undefined : flops[name] / time / 1e6);
  return [title, ...[baseline, relaxed, other, narrower].map((time) => cell(speed(time))), ratio(other, baseline), ratio(narrower, baseline), ratio(narrower, relaxed)];
});
if (kernelRows.length > 0) {
  const limit = peak();
  sections.push(`## Kernels, GFLOP/s\n\n${limit === undefined ? '' : `With 128-bit vectors, which is what WebAssembly has, one core does at most ${limit.separate.toFixed(1)} GFLOP/s multiplying and adding${limit.fused > 0 ? `, ${limit.fused.toFixed(1)} fused` : ''}; large products and 3×3 convolutions save some of the multiplications (Strassen, Winograd). PyTorch uses wider vectors${capability ? ` (${capability} here)` : ''}, or the 256 bits that most machines have.\n\n`}${
    table(['', 'baseline', 'relaxed', 'PyTorch', 'PyTorch, 256 bits', 'baseline / PyTorch', 'baseline / 256 bits', 'relaxed / 256 bits'], kernelRows)}`);
}

const passes = [['exam forward', 'the exam\'s network, 2 examples, forward'], ['exam gradient', 'the same, forward and backward'], ['resnet18 32', 'ResNet-18, 32², 2 examples: gradient and one direction'], ['resnet18 224', 'ResNet-18, 224², 1 example: gradient and one direction'], ['transformer', 'Transformer encoder, 4 layers of 256, 2 × 64 tokens: gradient and one direction']];
const passRows = passes.filter(([name]) => isWanted(name)).map(([name, title]) => {
  const { baseline, relaxed, torch: other, narrow: narrower } = compare(name, name.startsWith('exam') ? rounds : Math.min(rounds, 2));
  return [title, ...[baseline, relaxed, other, narrower].map((time) => cell(time)), ratio(baseline, other), ratio(baseline, narrower), ratio(relaxed, narrower)];
});
if (passRows.length > 0) sections.push(`## Whole networks, milliseconds\n\n${table(['', 'baseline', 'relaxed', 'PyTorch', 'PyTorch, 256 bits', 'baseline / PyTorch', 'baseline / 256 bits', 'relaxed / 256 bits'], passRows)}`);

if (isWanted('exam full check')) {
  const { baseline, relaxed, torch: other, last } = compare('exam full check', Math.min(rounds, 2), 1);
  const fast = version ? torch('exam fast check') : undefined;
  const rows = [
    ['every entry, warm', cell(baseline / 1000), cell(relaxed / 1000), cell(other && other / 1000), ratio(other, baseline), ratio(other, relaxed)],
    ['every entry, first run of a process', cell(last.first / 1000), '–', cell(other && other / 1000), ratio(other, last.first), '–'],
  ];
  const note = fast === undefined ? '' : `\n\nPyTorch's fast mode, which compares one direction of all, took ${cell(fast.cpu / 1000)} s.`;
  sections.push(`## The full check of the exam's network, seconds\n\n28,630 entries by central differences, against \`torch.autograd.gradcheck\`.\n\n${table(['', 'baseline', 'relaxed', 'PyTorch', 'times faster, baseline', 'times faster, relaxed'], rows)}${note}`);
}

if (isWanted('workers')) {
  const pool = (count) => ask(process.execPath, [path.join(folder, 'gradient-pool.mjs'), String(count), 'dist/check-worker.cjs']);
  const [one, two] = [1, 2].map(pool);
  const inNode = ours('exam full check', 'baseline');
  const inBrowser = await browser();
  sections.push(`## Workers, seconds by the clock\n\n${table(['', '', ''], [
    ...[['first', 'the first whole check by one worker thread, by two'], ['wall', 'later ones']].map(([run, title]) =>
      [title, `${cell(one && one[run] / 1000)}, ${cell(two && two[run] / 1000)}`, `${ratio(one?.[run], two?.[run])} times faster`]),
    ['the full check in Node, in a worker of Chromium', `${cell(inNode && inNode.wall / 1000)}, ${cell(inBrowser && inBrowser.wall / 1000)}`, `ratio ${ratio(inBrowser?.wall, inNode?.wall)}`],
  ])}`);
}

const large = [['budget resnet50', 'ResNet-50'], ['budget gpt2', 'GPT-2 small'], ['budget unet', 'U-Net'], ['budget lstm', 'LSTM language model', 'Medium']];
const largeRows = large.filter(([name]) => isWanted(name)).map(([name, title, ...more]) => {
  const result = ours(name, 'baseline', [], more);
  process.stderr.write(`${name}\n`);
  if (result === undefined || result.problem !== undefined) return [title, result?.problem ?? 'failed', '', '', '', ''];
  const sizes = Object.entries(result.sizes).map(([size, value]) => `${size} = ${value}`).join(', ');
  return [`${title}${sizes === '' ? '' : ` (${sizes})`}`, cell(result.entries), `${result.together} of ${result.tensors} tensors`, cell(result.checked), cell(result.wall / 1000), `${cell(result.memory)} MB`];
});
if (largeRows.length > 0) sections.push(`## Large models within the default budget\n\n${table(['', 'entries', 'a direction moves at most', 'entries compared', 'seconds', 'memory of the process'], largeRows)}`);

if (isWanted('cancel')) {
  const models = [['examples/exam.nn', 'FlatClassifier'], ['examples/resnet.nn', 'ResNet50'], ['examples/gpt2.nn', 'GPT2']];
  const lines = models.map(([file, model]) => spawnSync(process.execPath, [path.join(root, 'test/bench/cancel.mjs'), file, model, '8'], { cwd: root, encoding: 'utf8' }).stdout.trim());
  sections.push(`## Cancelling, by the clock\n\nThe editor does not wait for a worker to end: a cancel is answered at once.\n\n${lines.map((line) => `- ${line}`).join('\n')}`);
}

const seeds = readFileSync(path.join(root, 'test/bench/false-alarms.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const total = (of) => seeds.reduce((sum, finding) => sum + Number(of(finding)), 0).toLocaleString('en-US');
sections.push(`False alarms, full checks of the exam's network with seeds ${seeds[0].seed}–${seeds.at(-1).seed}: ${total(({ checked }) => checked)} entries, ${total(({ ok }) => !ok)} failures, ${total(({ nearKinks }) => nearKinks)} entries near a kink, ${total(({ kinks }) => kinks)} at one, ${total(({ unresolved }) => unresolved)} unresolved.`);

const examples = readFileSync(path.join(root, 'test/bench/false-alarms-examples.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const fitting = examples.filter(({ problem }) => problem === undefined);
const refused = new Set(examples.filter(({ problem }) => problem !== undefined).map(({ model }) => model));
sections.push(`The same for the models of \`examples/\` within budgets of 3 and 5 s: ${fitting.length} checks of ${new Set(fitting.map(({ model }) => model)).size} models in ${new Set(fitting.map(({ model }) => model.split(' ')[0])).size} files, ${fitting.filter(({ ok }) => !ok).length} failures${refused.size === 0 ? '' : `; ${[...refused].map((model) => model.split(' ')[1]).join(', ')} ${refused.size === 1 ? 'needs' : 'need'} more than 4 GB`}.`);

const page = `# Benchmarks of gradient checks

Written by \`npm run bench:grad\` on ${cpus()[0]?.model.trim() ?? 'an unknown processor'} (${cpus().length} cores), Node ${process.version}, ${version ? `PyTorch ${version}` : 'without PyTorch'}.
float64 and one thread throughout; medians of processor time in rounds that alternate. *Baseline* is WebAssembly with 128-bit SIMD, which every current
browser has; *relaxed* adds fused multiply-add.

${sections.join('\n\n')}
`;
console.log(page);
if (!options['no-write']) writeFileSync(path.join(root, 'docs/benchmarks.md'), page);
