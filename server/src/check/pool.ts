// Several workers as one: each checks a share of the entries of one request, and their reports are put together.

import { CLAIMS } from '../engine/gradient-check/shares';
import { mergeReports } from './merge';
import type { CheckProgress, CheckReport, CheckRequest, WorkerMessage, WorkerRequest } from './protocol';

/** A worker of whatever host: a thread of Node, or a web worker. */
export interface CheckWorker {
  post(message: WorkerRequest): void;
  onMessage(listener: (message: WorkerMessage) => void): void;
  onFailure(listener: (reason: string) => void): void;
  terminate(): void;
}

/** Hears of one request. */
export interface PoolListener {
  progress(progress: CheckProgress): void;
  done(report: CheckReport): void;
  failed(reason: string): void;
}

/** Workers beyond this number bring little: each prepares the whole check for itself. */
const mostWorkers = 8;

/** How many workers a machine with so many processors should have. */
export function workersFor(processors: number): number {
  return Math.min(mostWorkers, Math.max(1, processors));
}

/** Workers that are ready from the start; they end together. */
export class CheckPool {
  private readonly workers: readonly CheckWorker[];
  private request: { readonly id: number; readonly listener: PoolListener; readonly shares: Share[] } | undefined;
  private ended = false;

  constructor(spawn: () => CheckWorker, count: number) {
    this.workers = started(spawn, count);
    this.workers.forEach((worker, index) => {
      worker.onMessage((message) => { this.receive(index, message); });
      worker.onFailure((reason) => { this.fail(reason); });
    });
  }

  run(id: number, request: CheckRequest, listener: PoolListener): void {
    const count = this.workers.length;
    this.request = { id, listener, shares: this.workers.map(() => ({})) };
    // Browsers share memory between workers only where the page is isolated.
    const claims = count > 1 && typeof SharedArrayBuffer !== 'undefined' ? new Int32Array(new SharedArrayBuffer(4 * CLAIMS)) : undefined;
    this.workers.forEach((worker, index) => { worker.post({ id, request, share: { index, count, ...(claims && { claims }) } }); });
  }

  terminate(): void {
    this.ended = true;
    for (const worker of this.workers) worker.terminate();
  }

  private receive(index: number, message: WorkerMessage): void {
    const running = this.request;
    if (this.ended || running === undefined || message.id !== running.id) return;
    const share = running.shares[index]!;
    if ('progress' in message) {
      share.progress = message.progress;
      this.tell(running);
      return;
    }
    if ('error' in message) {
      this.fail(message.error);
      return;
    }
    share.report = message.report;
    const reports = running.shares.flatMap(({ report }) => report ?? []);
    if (reports.length < this.workers.length) return;
    this.request = undefined;
    running.listener.done(mergeReports(reports));
  }

  /** As far as the workers are on average, at the stage of the slowest. */
  private tell({ shares: all, listener }: { readonly shares: readonly Share[]; readonly listener: PoolListener }): void {
    // Where memory does not suffice for all of them, some have nothing to do.
    const shares = all.filter(({ report }) => report === undefined || report.tensors.length > 0);
    const fraction = ({ progress, report }: Share): number => (report !== undefined ? 1 : progress === undefined || progress.total === 0 ? 0 : progress.done / progress.total);
    const slowest = shares.reduce((a, b) => (fraction(b) < fraction(a) ? b : a));
    const { stage, total } = slowest.progress ?? shares.find(({ progress }) => progress !== undefined)!.progress!;
    const done = Math.floor((total * shares.reduce((sum, share) => sum + fraction(share), 0)) / shares.length);
    const entries = shares.flatMap(({ progress }) => progress?.entries ?? []);
    const compared = entries.reduce((sum, each) => sum + each.done, 0);
    const left = shares.flatMap(({ progress, report }) => (report !== undefined ? [] : progress?.secondsLeft ?? []));
    const remark = shares.find(({ progress }) => progress?.remark !== undefined)?.progress?.remark;
    listener.progress({
      stage, done, total,
      ...(entries.length > 0 && { entries: { done: compared, total: entries[0]!.total } }),
      ...(left.length > 0 && { secondsLeft: Math.max(...left) }),
      ...(remark !== undefined && { remark }),
    });
  }

  private fail(reason: string): void {
    const running = this.request;
    if (this.ended) return;
    this.request = undefined;
    running?.listener.failed(reason);
    this.onDeath?.();
  }

  /** Called when a worker has failed, whether it was at work or not. */
  onDeath: (() => void) | undefined;
}

/** So many workers, or as many as the host starts. Throws where that is none. */
function started(spawn: () => CheckWorker, count: number): CheckWorker[] {
  const workers: CheckWorker[] = [];
  try {
    while (workers.length < count) workers.push(spawn());
  } catch (error) {
    if (workers.length === 0) throw error;
  }
  return workers;
}

interface Share {
  progress?: CheckProgress;
  report?: CheckReport;
}
