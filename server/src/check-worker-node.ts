// The check worker as a thread of Node.

import { parentPort } from 'node:worker_threads';
import type { WorkerRequest } from './check/protocol';
import { serveRequest } from './check/serve';

parentPort?.on('message', (request: WorkerRequest) => {
  serveRequest(request, (message) => parentPort?.postMessage(message));
});
