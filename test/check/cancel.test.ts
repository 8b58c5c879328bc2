// Cancelling does not wait for the worker: a thread that never looks up ends all the same.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { CheckHost } from '../../server/src/check/host';
import { type CheckReport, outOfMemory } from '../../server/src/check/protocol';
import { asCheckWorker } from '../../server/src/node-runtime';

const answering = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ id, request: { model } }) => {
    if (model === 'Heavy') {
      parentPort.postMessage({ id, progress: { stage: 'directions', done: 0, total: 1000 } });
      HEAVY
    }
    parentPort.postMessage({ id, report: { model, ok: true, tensors: [], asserts: [], culprits: [], sizes: {}, batch: 2, seconds: 0, notes: [] } });
  });`;

/** (module (func (export "f") (loop (br 0)))) */
const endlessKernel = '0061736d0100000001040160000003020100070501016600000a09010700034 00c000b0b'.replace(' ', '');

it('a worker whose memory runs out says so, and the next check runs', async () => {
  const threads: Worker[] = [];
  const host = new CheckHost(() => {
    const thread = new Worker(answering.replace('HEAVY', 'const kept = []; for (;;) kept.push(new Array(1e5).fill({}));'), { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
    threads.push(thread);
    return asCheckWorker(thread);
  });
  await expect(host.run({ files: [], file: 'file:///a.nn', model: 'Heavy' }, () => undefined).promise).rejects.toThrow(outOfMemory);
  expect((await host.run({ files: [], file: 'file:///a.nn', model: 'Light' }, () => undefined).promise)?.model).toBe('Light');
  host.dispose();
});

it.each([
  ['in a loop', 'for (;;);'],
  ['in a kernel', `new WebAssembly.Instance(new WebAssembly.Module(Buffer.from('${endlessKernel}', 'hex'))).exports.f();`],
])('a check that is deep %s is cancelled at once, and the next one runs', async (_, heavy) => {
  const threads: Worker[] = [];
  const host = new CheckHost(() => {
    const thread = new Worker(answering.replace('HEAVY', heavy), { eval: true });
    threads.push(thread);
    return asCheckWorker(thread);
  });
  const request = (model: string) => ({ files: [], file: 'file:///a.nn', model });
  const outcome = await new Promise<CheckReport | undefined>((resolve, reject) => {
    const running = host.run(request('Heavy'), () => { running.cancel(); });
    running.promise.then(resolve, reject);
  });
  expect(outcome).toBeUndefined();
  const [ended] = await Promise.all([once(threads[0]!, 'exit'), host.run(request('Light'), () => undefined).promise.then((report) => { expect(report?.model).toBe('Light'); })]);
  expect(ended).toEqual([1]);
  host.dispose();
  await once(threads[1]!, 'exit');
});
