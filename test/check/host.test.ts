// The queue of checks and its one worker, with a worker that answers when it is told to.

import { describe, expect, it } from 'vitest';
import { CheckHost } from '../../server/src/check/host';
import { mergeReports } from '../../server/src/check/merge';
import { checkModel, checkShare } from '../../server/src/check/run';
import type { Builder, Ref } from '../../server/src/engine/builder';
import type { VectorJacobianProduct } from '../../server/src/engine/primitive';
import { defaultDerivatives } from '../../server/src/engine/primitives/table';
import type { CheckProgress, CheckReport, CheckRequest } from '../../server/src/check/protocol';
import { ScriptedWorker } from '../support/scripted-worker';

const request = (model: string): CheckRequest => ({ files: [], file: 'file:///a.nn', model });
const report = (model: string): CheckReport => ({ model, ok: true, tensors: [], asserts: [], culprits: [], sizes: {}, batch: 2, seconds: 0, notes: [] });

function hostWithWorkers(count?: number): { host: CheckHost; workers: ScriptedWorker[] } {
  const workers: ScriptedWorker[] = [];
  const host = new CheckHost(() => {
    const worker = new ScriptedWorker();
    workers.push(worker);
    return worker;
  }, count);
  return { host, workers };
}

describe('a host of checks', () => {
  it('runs one after the other on the same worker', async () => {
    const { host, workers } = hostWithWorkers();
    const first = host.run(request('A'), () => undefined);
    const second = host.run(request('B'), () => undefined);
    const [worker] = workers;
    expect(worker!.requests.map(({ request: { model } }) => model)).toEqual(['A']);
    worker!.say({ id: worker!.requests[0]!.id, report: report('A') });
    expect(worker!.requests.map(({ request: { model } }) => model)).toEqual(['A', 'B']);
    worker!.say({ id: worker!.requests[1]!.id, report: report('B') });
    expect([await first.promise, await second.promise].map((each) => each?.model)).toEqual(['A', 'B']);
    expect(workers).toHaveLength(1);
  });

  it('hands progress on to whom it belongs', async () => {
    const { host, workers } = hostWithWorkers();
    const seen: number[] = [];
    const running = host.run(request('A'), ({ done }) => seen.push(done));
    const [worker] = workers;
    worker!.say({ id: 99, progress: { stage: 'entries', done: 1, total: 9 } });
    worker!.say({ id: worker!.requests[0]!.id, progress: { stage: 'entries', done: 5, total: 9 } });
    worker!.say({ id: worker!.requests[0]!.id, report: report('A') });
    await running.promise;
    expect(seen).toEqual([5]);
  });

  it('cancels by ending the worker, and goes on with a new one', async () => {
    const { host, workers } = hostWithWorkers();
    const first = host.run(request('A'), () => undefined);
    const second = host.run(request('B'), () => undefined);
    first.cancel();
    expect(await first.promise).toBeUndefined();
    expect(workers[0]!.terminated).toBe(true);
    expect(workers[1]!.requests.map(({ request: { model } }) => model)).toEqual(['B']);
    workers[0]!.say({ id: workers[1]!.requests[0]!.id, report: report('A') });
    workers[1]!.say({ id: workers[1]!.requests[0]!.id, report: report('B') });
    expect((await second.promise)?.model).toBe('B');
  });

  it('a check that waits is cancelled without disturbing the one that runs', async () => {
    const { host, workers } = hostWithWorkers();
    const first = host.run(request('A'), () => undefined);
    const second = host.run(request('B'), () => undefined);
    second.cancel();
    expect(await second.promise).toBeUndefined();
    workers[0]!.say({ id: workers[0]!.requests[0]!.id, report: report('A') });
    expect((await first.promise)?.model).toBe('A');
    expect(workers).toHaveLength(1);
  });

  it('a worker that dies fails its check, not the next one', async () => {
    const { host, workers } = hostWithWorkers();
    const first = host.run(request('A'), () => undefined);
    const second = host.run(request('B'), () => undefined);
    const failed = expect(first.promise).rejects.toThrow('out of memory');
    workers[0]!.fail('out of memory');
    await failed;
    workers[1]!.say({ id: workers[1]!.requests[0]!.id, report: report('B') });
    expect((await second.promise)?.model).toBe('B');
  });
});

describe('a host that starts fewer workers than it is asked for', () => {
  it('goes on with those that there are', async () => {
    const worker = new ScriptedWorker();
    let spawned = 0;
    const host = new CheckHost(() => {
      if (spawned++ > 0) throw new Error('too many');
      return worker;
    }, 2);
    const running = host.run(request('A'), () => undefined);
    expect(worker.requests.map(({ share: { index, count } }) => [index, count])).toEqual([[0, 1]]);
    worker.say({ id: worker.requests[0]!.id, report: report('A') });
    expect((await running.promise)?.model).toBe('A');
  });

  it('fails a check where there is none, not the next one', async () => {
    let refuses = true;
    const worker = new ScriptedWorker();
    const host = new CheckHost(() => {
      if (refuses) throw new Error('none');
      return worker;
    });
    host.warm();
    await expect(host.run(request('A'), () => undefined).promise).rejects.toThrow('none');
    refuses = false;
    const next = host.run(request('B'), () => undefined);
    worker.say({ id: worker.requests[0]!.id, report: report('B') });
    expect((await next.promise)?.model).toBe('B');
  });

  it('after its end checks nothing', async () => {
    const { host, workers } = hostWithWorkers();
    host.dispose();
    expect(await host.run(request('A'), () => undefined).promise).toBeUndefined();
    host.warm();
    expect(workers).toEqual([]);
  });
});

describe('a pool of workers', () => {
  const tensor = (checked: number, rank: number, index: number): CheckReport['tensors'][number] => ({
    name: 'w', shape: [9], entries: 9, checked, directions: 1, together: 1, kinks: 0, ok: true,
    worst: { tensor: 'w', index: [index], analytic: 1, numeric: 1, relativeError: rank / 2, rank, wrong: false },
  });

  it('gives each worker a share of one check and answers when all are done', async () => {
    const { host, workers } = hostWithWorkers(2);
    const seen: number[] = [];
    const running = host.run(request('A'), ({ done }) => seen.push(done));
    expect(workers.map((worker) => worker.requests[0]!.share)).toMatchObject([{ index: 0, count: 2 }, { index: 1, count: 2 }]);
    const { id } = workers[0]!.requests[0]!;
    workers[0]!.say({ id, progress: { stage: 'entries', done: 500, total: 1000 } });
    workers[0]!.say({ id, report: { ...report('A'), tensors: [tensor(5, 1e-9, 4)] } });
    workers[1]!.say({ id, progress: { stage: 'entries', done: 200, total: 1000 } });
    workers[1]!.say({ id, report: { ...report('A'), tensors: [tensor(4, 2e-9, 7)] } });
    const merged = await running.promise;
    expect(merged?.tensors).toEqual([{
      name: 'w', shape: [9], entries: 9, checked: 9, directions: 2, together: 1, kinks: 0, ok: true,
      worst: { tensor: 'w', index: [7], analytic: 1, numeric: 1, relativeError: 1e-9 },
    }]);
    expect(seen).toEqual([250, 600]);
  });

  it('is as far as those that take part, and passes on what they say of the time', async () => {
    const { host, workers } = hostWithWorkers(3);
    const seen: CheckProgress[] = [];
    const running = host.run(request('A'), (progress) => seen.push(progress));
    const { id } = workers[0]!.requests[0]!;
    // It has no memory to take part.
    workers[2]!.say({ id, report: report('A') });
    workers[0]!.say({ id, progress: { stage: 'entries', done: 500, total: 1000, secondsLeft: 3, remark: 'slow' } });
    workers[1]!.say({ id, progress: { stage: 'entries', done: 300, total: 1000, secondsLeft: 4 } });
    workers[0]!.say({ id, report: { ...report('A'), tensors: [tensor(5, 1e-9, 4)] } });
    workers[1]!.say({ id, progress: { stage: 'entries', done: 600, total: 1000 } });
    workers[1]!.say({ id, report: { ...report('A'), tensors: [tensor(4, 2e-9, 7)] } });
    await running.promise;
    expect(seen).toEqual([
      { stage: 'entries', done: 250, total: 1000, secondsLeft: 3, remark: 'slow' },
      { stage: 'entries', done: 400, total: 1000, secondsLeft: 4, remark: 'slow' },
      { stage: 'entries', done: 800, total: 1000, remark: 'slow' },
    ]);
  });

  it('is wrong when one worker finds something wrong', async () => {
    const { host, workers } = hostWithWorkers(2);
    const running = host.run(request('A'), () => undefined);
    const { id } = workers[0]!.requests[0]!;
    const culprit = { message: 'relu', place: { file: 'file:///a.nn', span: { start: 1, end: 2 } } };
    const failing = tensor(4, 1e-3, 2);
    workers[1]!.say({ id, report: { ...report('A'), ok: false, tensors: [{ ...failing, ok: false, worst: { ...failing.worst!, wrong: true } }], culprits: [culprit] } });
    workers[0]!.say({ id, report: { ...report('A'), tensors: [tensor(5, 2e-3, 1)], culprits: [culprit] } });
    expect(await running.promise).toMatchObject({ ok: false, tensors: [{ ok: false, worst: { index: [2] } }], culprits: [culprit] });
  });

  it('second derivatives are put together alike', () => {
    const right = { ...report('A'), tensors: [tensor(5, 1e-9, 1)] };
    const wrong = { ...report('A'), ok: false, tensors: [{ ...tensor(4, 1e-3, 2), ok: false }] };
    expect(mergeReports([{ ...right, second: right }, { ...right, second: wrong }]).second).toMatchObject({ ok: false, tensors: [{ ok: false, checked: 9 }] });
  });

  it('ends and starts together when a check is cancelled or a worker dies', async () => {
    const { host, workers } = hostWithWorkers(2);
    host.run(request('A'), () => undefined).cancel();
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true, false, false]);
    const second = host.run(request('B'), () => undefined);
    const failed = expect(second.promise).rejects.toThrow('out of memory');
    workers[3]!.fail('out of memory');
    await failed;
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true, true, true]);
  });

  const text = `model Small {
  input x: [2, 6, 6]
  target label: int
  logits = x -> Conv2d(3, kernel_size = 3) -> ReLU -> BatchNorm2d -> Flatten -> Linear(3)
  loss cross_entropy(logits, label)
}`;

  it('finds what one worker finds', () => {
    const asked: CheckRequest = { files: [{ uri: 'file:///a.nn', text }], file: 'file:///a.nn', model: 'Small', budgetEvaluations: 1_000_000, seed: 3 };
    const alone = checkModel(asked);
    const shared = mergeReports([0, 1, 2].map((index) => checkShare(asked, { index, count: 3 })));
    expect(alone.ok).toBe(true);
    expect({ ...shared, seconds: 0 }).toEqual({ ...alone, seconds: 0 });
  });

  it('finds the same where whoever is free takes the next entries, and none is left out or taken twice', () => {
    const asked: CheckRequest = { files: [{ uri: 'file:///a.nn', text }], file: 'file:///a.nn', model: 'Small', budgetEvaluations: 1_000_000, seed: 3 };
    const alone = checkModel(asked);
    const claims = new Int32Array(new SharedArrayBuffer(12 * 64));
    // The first one comes to all of them before the others begin.
    const shares = [2, 0, 1].map((index) => checkShare(asked, { index, count: 3, claims }));
    const compared = shares.map(({ tensors }) => tensors.reduce((sum, { checked }) => sum + checked, 0));
    expect(compared).toEqual([alone.tensors.reduce((sum, { entries }) => sum + entries, 0), 0, 0]);
    expect({ ...mergeReports([shares[1]!, shares[2]!, shares[0]!]), seconds: 0 }).toEqual({ ...alone, seconds: 0 });
  });

  it('finds the same where several take entries in turn', () => {
    const asked: CheckRequest = { files: [{ uri: 'file:///a.nn', text }], file: 'file:///a.nn', model: 'Small', budgetEvaluations: 1_000_000, seed: 3 };
    const alone = checkModel(asked);
    const claims = new Int32Array(new SharedArrayBuffer(12 * 64));
    const reports: CheckReport[] = [];
    // Each one begins while the one before is among its entries, and takes what is left then.
    const run = (index: number): void => {
      let before = 0;
      reports[index] = checkShare(asked, { index, count: 3, claims }, { onProgress: ({ entries }) => {
        if (entries && entries.done > 20 && ++before === 1 && index < 2) run(index + 1);
      } });
    };
    run(0);
    const compared = reports.map(({ tensors }) => tensors.reduce((sum, { checked }) => sum + checked, 0));
    expect(compared.filter((each) => each > 0).length).toBeGreaterThan(1);
    expect(compared.reduce((a, b) => a + b)).toBe(alone.tensors.reduce((sum, { entries }) => sum + entries, 0));
    expect({ ...mergeReports(reports), seconds: 0 }).toEqual({ ...alone, seconds: 0 });
  });

  it('divides a sample alike: whoever is free takes what is left of it, and no entry is compared twice', () => {
    const asked: CheckRequest = { files: [{ uri: 'file:///a.nn', text }], file: 'file:///a.nn', model: 'Small', budgetEvaluations: 400, seed: 3 };
    const claims = new Int32Array(new SharedArrayBuffer(12 * 64));
    const reports: CheckReport[] = [];
    const run = (index: number): void => {
      let hasBegun = false;
      reports[index] = checkShare(asked, { index, count: 2, claims }, { onProgress: ({ stage }) => {
        if (stage === 'entries' && index === 0 && !hasBegun) run(1);
        hasBegun ||= stage === 'entries';
      } });
    };
    run(0);
    const agreed = reports[0]!.tensors.map((_, tensor) => claims[3 * tensor + 1]!);
    const compared = reports[0]!.tensors.map(({ checked }, tensor) => [checked, reports[1]!.tensors[tensor]!.checked] as const);
    expect(reports[0]!.tensors.filter(({ entries }, tensor) => agreed[tensor]! < entries).length).toBeGreaterThan(1);
    expect(compared.filter(([a, b], tensor) => a + b > agreed[tensor]!)).toEqual([]);
    // The second one, which works in between, has not only its half of them.
    expect(compared.filter(([a, b]) => b > a + 1).length).toBeGreaterThan(1);
  });

  /** The right derivative, with something done to that of the kernel. */
  const kernel = (change: (builder: Builder, gradient: Ref) => Ref): VectorJacobianProduct<unknown> => (builder, ...rest) =>
    (defaultDerivatives.convolution as VectorJacobianProduct<unknown>)(builder, ...rest)
      .map((part) => (typeof part === 'number' && String(builder.shape(part)) === '3,2,3,3' ? change(builder, part) : part));
  const scaled = (isScaled: (row: number, column: number) => boolean) => kernel((builder, gradient) =>
    builder.multiply(gradient, builder.constant(Array.from({ length: 9 }, (_, i) => (isScaled(Math.floor(i / 3), i % 3) ? 2 : 1)), [3, 3])));
  it.each([
    ['the border of the kernel', scaled((row) => row !== 1), 'only entries at the border of kh (0 and 2) are wrong; they are too large by a factor of 2'],
    ['one column', scaled((_, column) => column === 2), 'only entries at kw = 2 are wrong; they are too large by a factor of 2'],
    ['exchanged axes', kernel((builder, gradient) => builder.transpose(gradient, [0, 1, 3, 2])), 'all wrong entries have kh ≠ kw: the two are exchanged (transposed)'],
  ])('sees the pattern that one worker sees: %s', (_, convolution, says) => {
    const asked: CheckRequest = { files: [{ uri: 'file:///a.nn', text }], file: 'file:///a.nn', model: 'Small', budgetEvaluations: 1_000_000, seed: 3 };
    const alone = checkModel(asked, { derivatives: { convolution } });
    const shared = mergeReports([0, 1, 2].map((index) => checkShare(asked, { index, count: 3 }, { derivatives: { convolution } })));
    expect(alone.tensors.find(({ name }) => name === 'Conv2d_1.weight')!.pattern).toContain(says);
    expect({ ...shared, seconds: 0 }).toEqual({ ...alone, seconds: 0 });
  });
});
