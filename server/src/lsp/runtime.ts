// What the server needs of the host that it runs in.

import type { CheckWorker } from '../check/host';

export interface Runtime {
  /** Reads a file that is not open; undefined for one that it cannot read. */
  readFile?(uri: string): string | undefined;
  /** The address of the folder with the pages on the diagnostics' codes, unless the client names another one. */
  readonly diagnosticPages?: string;
  /** The addresses of the .nn files in a folder and the folders in it; undefined for a folder that it cannot read. */
  listFiles?(folder: string): readonly string[] | undefined;
  /** Starts a worker for gradient checks. */
  spawnCheckWorker(): CheckWorker;
  /** How many processors the host has, so that as many workers can share a check; one unless set. */
  readonly processors?: number;
}
