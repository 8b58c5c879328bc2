// Entry of the language server in a web worker; its gradient checks run in a worker of their own.

import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import checkWorker from 'nn:check-worker';
import type { CheckWorker } from './check/host';
import type { WorkerMessage } from './check/protocol';
import { startServer } from './lsp/server';

function spawnCheckWorker(): CheckWorker {
  const address = URL.createObjectURL(new Blob([checkWorker], { type: 'text/javascript' }));
  const worker = new Worker(address);
  return {
    post: (message) => { worker.postMessage(message); },
    onMessage: (listener) => { worker.addEventListener('message', (event: MessageEvent<WorkerMessage>) => { listener(event.data); }); },
    onFailure: (listener) => { worker.addEventListener('error', (event) => { listener(event.message); }); },
    terminate: () => {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}

// The types of pages and of workers share this name; here it is a worker's.
const scope = self as unknown as DedicatedWorkerGlobalScope;
startServer(createConnection(new BrowserMessageReader(scope), new BrowserMessageWriter(scope)), { spawnCheckWorker, processors: navigator.hardwareConcurrency });
