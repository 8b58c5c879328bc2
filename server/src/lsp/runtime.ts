// What the server needs of the host that it runs in.

import type { CheckWorker } from '../check/host';
import type { ReadFile } from '../features/workspace';

export interface Runtime {
  /** Reads a file that is not open. Without it, the client is asked. */
  readonly readFile?: ReadFile;
  /** Starts a worker for gradient checks. */
  spawnCheckWorker(): CheckWorker;
}
