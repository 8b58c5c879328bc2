// The server's side of gradient checks: one warm worker, a queue, and cancelling by ending the worker.

import type { CheckProgress, CheckReport, CheckRequest, WorkerMessage, WorkerRequest } from './protocol';

/** A worker of whatever host: a thread of Node, or a web worker. */
export interface CheckWorker {
  post(message: WorkerRequest): void;
  onMessage(listener: (message: WorkerMessage) => void): void;
  onFailure(listener: (reason: string) => void): void;
  terminate(): void;
}

export interface RunningCheck {
  /** The report; undefined once cancelled. Rejected if the worker fails. */
  readonly promise: Promise<CheckReport | undefined>;
  cancel(): void;
}

interface Job {
  readonly id: number;
  readonly request: CheckRequest;
  readonly onProgress: (progress: CheckProgress) => void;
  readonly resolve: (report: CheckReport | undefined) => void;
  readonly reject: (reason: Error) => void;
}

export class CheckHost {
  private worker: CheckWorker | undefined;
  private readonly queue: Job[] = [];
  private current: Job | undefined;
  private nextId = 1;

  constructor(private readonly spawn: () => CheckWorker) {}

  /** Starts the worker, so that the first check need not wait for it. */
  warm(): void {
    this.worker ??= this.start();
  }

  /** Runs a check as soon as those before it are done. */
  run(request: CheckRequest, onProgress: (progress: CheckProgress) => void): RunningCheck {
    const id = this.nextId++;
    const promise = new Promise<CheckReport | undefined>((resolve, reject) => {
      this.queue.push({ id, request, onProgress, resolve, reject });
    });
    this.advance();
    return { promise, cancel: () => { this.cancel(id); } };
  }

  dispose(): void {
    const jobs = [...(this.current === undefined ? [] : [this.current]), ...this.queue.splice(0)];
    this.stop();
    for (const job of jobs) job.resolve(undefined);
  }

  private start(): CheckWorker {
    const worker = this.spawn();
    worker.onMessage((message) => {
      if (worker === this.worker) this.receive(message);
    });
    worker.onFailure((reason) => {
      if (worker !== this.worker) return;
      const job = this.current;
      this.stop();
      job?.reject(new Error(reason));
      this.advance();
    });
    return worker;
  }

  private stop(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.current = undefined;
  }

  private advance(): void {
    if (this.current !== undefined) return;
    const job = this.queue.shift();
    if (job === undefined) return;
    this.current = job;
    this.warm();
    this.worker!.post({ id: job.id, request: job.request });
  }

  private receive(message: WorkerMessage): void {
    const job = this.current;
    if (job === undefined || message.id !== job.id) return;
    if ('progress' in message) {
      job.onProgress(message.progress);
      return;
    }
    this.current = undefined;
    if ('report' in message) job.resolve(message.report);
    else job.reject(new Error(message.error));
    this.advance();
  }

  private cancel(id: number): void {
    if (this.current?.id === id) {
      const job = this.current;
      this.stop();
      job.resolve(undefined);
      // The next check should find a worker that is ready.
      this.warm();
      this.advance();
      return;
    }
    const waiting = this.queue.findIndex((job) => job.id === id);
    if (waiting >= 0) this.queue.splice(waiting, 1)[0]!.resolve(undefined);
  }
}
