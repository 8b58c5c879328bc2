// The check worker as a web worker.

import type { WorkerRequest } from './check/protocol';
import { serveRequest } from './check/serve';
import { warmUp } from './check/warm';

const stopWarming = warmUp((step, milliseconds) => { setTimeout(step, milliseconds); });

self.onmessage = (event: MessageEvent<WorkerRequest>) => {
  stopWarming();
  serveRequest(event.data, (message) => { self.postMessage(message); });
};
