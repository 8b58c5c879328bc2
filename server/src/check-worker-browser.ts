// The check worker as a web worker.

import type { WorkerRequest } from './check/protocol';
import { serveRequest } from './check/serve';

self.onmessage = (event: MessageEvent<WorkerRequest>) => {
  serveRequest(event.data, (message) => { self.postMessage(message); });
};
