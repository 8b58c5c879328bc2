// The queue of checks and its one worker, with a worker that answers when it is told to.

import { describe, expect, it } from 'vitest';
import { CheckHost, type CheckWorker } from '../../server/src/check/host';
import type { CheckReport, CheckRequest, WorkerMessage, WorkerRequest } from '../../server/src/check/protocol';

class ScriptedWorker implements CheckWorker {
  readonly requests: WorkerRequest[] = [];
  ended = false;
  private listener: (message: WorkerMessage) => void = () => undefined;
  private failure: (reason: string) => void = () => undefined;

  post(message: WorkerRequest): void {
    this.requests.push(message);
  }
  onMessage(listener: (message: WorkerMessage) => void): void {
    this.listener = listener;
  }
  onFailure(listener: (reason: string) => void): void {
    this.failure = listener;
  }
  terminate(): void {
    this.ended = true;
  }
  say(message: WorkerMessage): void {
    this.listener(message);
  }
  fail(reason: string): void {
    this.failure(reason);
  }
}

const request = (model: string): CheckRequest => ({ files: [], file: 'file:///a.nn', model });
const report = (model: string): CheckReport => ({ model, ok: true, tensors: [], asserts: [], culprits: [], sizes: {}, batch: 2, seconds: 0, notes: [] });

function hostWithWorkers(): { host: CheckHost; workers: ScriptedWorker[] } {
  const workers: ScriptedWorker[] = [];
  const host = new CheckHost(() => {
    const worker = new ScriptedWorker();
    workers.push(worker);
    return worker;
  });
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
    expect(workers[0]!.ended).toBe(true);
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
