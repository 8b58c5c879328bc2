// The check worker as a thread of Node.

import { parentPort } from 'node:worker_threads';
import type { WorkerRequest } from './check/protocol';
import { serveRequest } from './check/serve';
import { warmUp } from './check/warm';

const stopWarming = warmUp((step, milliseconds) => { setTimeout(step, milliseconds).unref(); });

parentPort?.on('message', (request: WorkerRequest) => {
  stopWarming();
  serveRequest(request, (message) => parentPort?.postMessage(message));
});
