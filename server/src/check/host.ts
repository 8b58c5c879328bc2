// The server's side of gradient checks: a pool of warm workers, a queue, and cancelling by ending the workers.

import { CheckPool } from './pool';
import type { CheckWorker } from './pool';
import type { CheckProgress, CheckReport, CheckRequest } from './protocol';

export type { CheckWorker } from './pool';

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
  private pool: CheckPool | undefined;
  private readonly queue: Job[] = [];
  private current: Job | undefined;
  private nextId = 1;
  private disposed = false;

  /** @param workers How many share the entries of a check. */
  constructor(
    private readonly spawn: () => CheckWorker,
    private readonly workers = 1,
  ) {}

  /** Starts the workers, so that the first check need not wait for them. */
  warm(): void {
    try {
      this.ready();
    } catch {
      // Whoever asks for a check hears of it.
    }
  }

  /** Runs a check as soon as those before it are done. */
  run(request: CheckRequest, onProgress: (progress: CheckProgress) => void): RunningCheck {
    if (this.disposed) return { promise: Promise.resolve(undefined), cancel: () => undefined };
    const id = this.nextId++;
    const promise = new Promise<CheckReport | undefined>((resolve, reject) => {
      this.queue.push({ id, request, onProgress, resolve, reject });
    });
    this.advance();
    return { promise, cancel: () => { this.cancel(id); } };
  }

  /** Cancels all checks; later ones count as cancelled from the start. */
  dispose(): void {
    this.disposed = true;
    const jobs = [...(this.current === undefined ? [] : [this.current]), ...this.queue.splice(0)];
    this.stop();
    for (const job of jobs) job.resolve(undefined);
  }

  /** Workers that wait for a check; none where the host is at its end. Throws where it refuses to start any. */
  private ready(): CheckPool | undefined {
    if (!this.disposed) this.pool ??= this.start();
    return this.pool;
  }

  private start(): CheckPool {
    const pool = new CheckPool(this.spawn, this.workers);
    pool.onDeath = () => {
      if (pool !== this.pool) return;
      this.stop();
      this.advance();
    };
    return pool;
  }

  private stop(): void {
    this.pool?.terminate();
    this.pool = undefined;
    this.current = undefined;
  }

  private advance(): void {
    if (this.current !== undefined) return;
    const job = this.queue.shift();
    if (job === undefined) return;
    this.current = job;
    try {
      this.runIn(this.ready()!, job);
    } catch (error) {
      this.current = undefined;
      job.reject(error instanceof Error ? error : new Error(String(error)));
      this.advance();
    }
  }

  private runIn(pool: CheckPool, job: Job): void {
    pool.run(job.id, job.request, {
      progress: job.onProgress,
      done: (report) => {
        this.current = undefined;
        job.resolve(report);
        this.advance();
      },
      failed: (reason) => { job.reject(new Error(reason)); },
    });
  }

  private cancel(id: number): void {
    if (this.current?.id === id) {
      const job = this.current;
      this.stop();
      job.resolve(undefined);
      // The next check should find workers that are ready.
      this.warm();
      this.advance();
      return;
    }
    const waiting = this.queue.findIndex((job) => job.id === id);
    if (waiting >= 0) this.queue.splice(waiting, 1)[0]!.resolve(undefined);
  }
}
