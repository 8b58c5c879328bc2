// How long a pool of worker threads takes for a whole check, when they have warmed up as those of an editor do: prints a line of JSON with the milliseconds
// of the first check and of the quickest later one.

import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { CheckHost } from '../../server/src/check/host';
import type { WorkerMessage } from '../../server/src/check/protocol';
import { warmingDelay } from '../../server/src/check/warm';

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
const file = 'file:///bench.nn';
/** The exam's network on smaller images, whose entries are compared, too. */
const text = `model Net {
  input x: [3, 16, 16]
  Conv2d(32, 5, padding = 2) -> ReLU() -> BatchNorm2d() -> MaxPool2d(2)
  Conv2d(64, 3, padding = 1) -> ReLU() -> BatchNorm2d() -> MaxPool2d(2)
  Conv2d(100, 1) -> AdaptiveAvgPool2d(1) -> Flatten() -> Linear(10)
}
`;
const request = { files: [{ uri: file, text }], file, model: 'Net', budgetMilliseconds: 1e7 };
/** More than warming up takes. */
const warmingTime = 5000;
host.warm();
await new Promise((resolve) => setTimeout(resolve, warmingDelay + warmingTime));
const times: number[] = [];
for (let round = 0; round < 7; round++) {
  const start = performance.now();
  const report = await host.run(request, () => undefined).promise;
  if (!report?.ok || report.tensors.some(({ checked, entries }) => checked < entries)) throw new Error(`the check is ${report?.ok ? 'incomplete' : 'wrong'}: ${report?.problem}`);
  times.push(performance.now() - start);
}
host.dispose();
console.log(JSON.stringify({ first: times[0], wall: Math.min(...times.slice(1)) }));
