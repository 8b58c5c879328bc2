// `node test/bench/cancel.mjs FILE MODEL [TIMES]`: how long it takes from a cancel until the workers of a check have ended, and until the next check answers.
// Needs `npm run build` first.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { root } from '../../client/workbench/prepare.mjs';

const [file = 'examples/resnet.nn', model = 'ResNet50', count = '20'] = process.argv.slice(2);
const uri = pathToFileURL(path.join(root, file)).href;
const request = (text, name) => ({ id: 1, share: { index: 0, count: 1 }, request: { files: [{ uri, text }], file: uri, model: name, budgetMilliseconds: 60_000 } });
const heavy = request(readFileSync(path.join(root, file), 'utf8'), model);
const light = request('model M { input x: [3]; loss sum(x ^ 2) }', 'M');
const spawn = () => new Worker(path.join(root, 'dist/check-worker.cjs'));
const heard = (worker, isSought) => new Promise((resolve) => worker.on('message', (message) => { if (isSought(message)) resolve(); }));

/** @param delay Milliseconds after the first word of progress, so that the cancel comes at another point of the check each time. */
async function cancelAfter(delay) {
  const worker = spawn();
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const started = heard(worker, ({ progress }) => progress !== undefined);
  worker.postMessage(heavy);
  await started;
  await new Promise((resolve) => setTimeout(resolve, delay));
  const asked = performance.now();
  void worker.terminate();
  // What the host does: a new worker at once, for the next check.
  const next = spawn();
  const answered = heard(next, ({ report }) => report !== undefined);
  next.postMessage(light);
  await ended;
  const gone = performance.now() - asked;
  await answered;
  const answer = performance.now() - asked;
  await next.terminate();
  return { gone, answer };
}

const times = [];
for (let i = 0; i < Number(count); i++) times.push(await cancelAfter((4000 * i) / Number(count)));
const spread = (of) => {
  const sorted = times.map(of).sort((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1].toFixed(0)} ms, most ${sorted.at(-1).toFixed(0)} ms`;
};
console.log(`${model}, ${times.length} cancels: the worker has ended after ${spread(({ gone }) => gone)}; a next check answers after ${spread(({ answer }) => answer)}`);
