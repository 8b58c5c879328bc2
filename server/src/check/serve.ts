// The worker's side of a gradient check: takes requests one by one and answers with progress and a report.

import { CancelledError } from '../engine/errors';
import { outOfMemory, type WorkerMessage, type WorkerRequest } from './protocol';
import { checkShare } from './run';

/** Milliseconds between two reports of progress. */
const interval = 50;

/** Answers one request through `send`. Cancelling is done from outside, by ending the worker. */
export function serveRequest({ id, request, share }: WorkerRequest, send: (message: WorkerMessage) => void): void {
  let last = -Infinity;
  try {
    const report = checkShare(request, share, {
      onProgress: (progress) => {
        const now = performance.now();
        if (now - last < interval) return;
        last = now;
        send({ id, progress });
      },
    });
    send({ id, report });
  } catch (error) {
    if (error instanceof CancelledError) return;
    send({ id, error: isAllocation(error) ? outOfMemory : error instanceof Error ? error.message : String(error) });
  }
}

/** Hosts say in words of their own that there is no memory for an array. */
function isAllocation(error: unknown): boolean {
  return error instanceof RangeError && /alloc|memory|array (buffer )?length/i.test(error.message);
}
