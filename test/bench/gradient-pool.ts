// How long a pool of worker threads takes for a whole check: prints a line of JSON with the milliseconds of a first and of a warm run.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { CheckHost } from '../../server/src/check/host';
import type { WorkerMessage } from '../../server/src/check/protocol';

const [count, worker] = process.argv.slice(2) as [string, string];
const host = new CheckHost(() => {
  const thread = new Worker(path.resolve(worker));
  return {
    post: (message) => { thread.postMessage(message); },
    onMessage: (listener) => thread.on('message', (message: WorkerMessage) => { listener(message); }),
    onFailure: (listener) => thread.on('error', (error) => { listener(error.message); }),
    terminate: () => void thread.terminate(),
  };
}, Number(count));
const file = 'file:///exam.nn';
const request = { files: [{ uri: file, text: readFileSync('examples/exam.nn', 'utf8') }], file, model: 'PooledClassifier', budgetMilliseconds: 1e7 };
const times: number[] = [];
for (let round = 0; round < 3; round++) {
  const start = performance.now();
  const report = await host.run(request, () => undefined).promise;
  if (!report?.ok || report.tensors.some(({ checked, entries }) => checked < entries)) throw new Error(`the check is ${report?.ok ? 'incomplete' : 'wrong'}: ${report?.problem}`);
  times.push(performance.now() - start);
}
host.dispose();
console.log(JSON.stringify({ first: times[0], wall: Math.min(times[1]!, times[2]!) }));
