// A worker that a test speaks for.

import type { CheckWorker } from '../../server/src/check/host';
import type { WorkerMessage, WorkerRequest } from '../../server/src/check/protocol';

export class ScriptedWorker implements CheckWorker {
  readonly requests: WorkerRequest[] = [];
  terminated = false;
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
    this.terminated = true;
  }

  /** Answers the newest request. */
  answer(message: { progress: unknown } | { report: unknown } | { error: string }): void {
    this.say({ id: this.requests.at(-1)!.id, ...message } as WorkerMessage);
  }

  say(message: WorkerMessage): void {
    this.listener(message);
  }

  fail(reason: string): void {
    this.failure(reason);
  }
}
