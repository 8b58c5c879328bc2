// The server's host on Node: files from the disk, gradient checks in a thread.

import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { CheckWorker } from './check/host';
import { outOfMemory, type WorkerMessage } from './check/protocol';
import { listUris, readUri } from './disk';
import type { Runtime } from './lsp/runtime';

export const nodeRuntime: Runtime = {
  processors: availableParallelism(),
  readFile: readUri,
  // The bundle stands in dist/, beside docs/.
  diagnosticPages: `${pathToFileURL(path.join(__dirname, '..', 'docs', 'diagnostics')).href}/`,
  listFiles: listUris,
  spawnCheckWorker: () => spawnCheckWorker(false),
};

/** A thread for gradient checks. @param staysAlive Whether the process waits for it to end. */
export function spawnCheckWorker(staysAlive: boolean): CheckWorker {
  // The build puts the worker beside the bundle that this becomes a part of.
  const worker = new Worker(path.join(__dirname, 'check-worker.cjs'));
  if (!staysAlive) worker.unref();
  return asCheckWorker(worker);
}

/** A thread that speaks the protocol of checks. */
export function asCheckWorker(worker: Worker): CheckWorker {
  return {
    post: (message) => { worker.postMessage(message); },
    onMessage: (listener) => worker.on('message', (message: WorkerMessage) => { listener(message); }),
    onFailure: (listener) => {
      worker.on('error', (error: NodeJS.ErrnoException) => { listener(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? outOfMemory : error.message); });
      worker.on('exit', (code) => { listener(`the check ended with code ${String(code)}`); });
    },
    terminate: () => void worker.terminate(),
  };
}
