// Entry of the command line.

import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CheckHost } from './check/host';
import { workersFor } from './check/pool';
import { main } from './cli/main';
import type { Terminal } from './cli/terminal';
import { spawnCheckWorker } from './node-runtime';

const { stdout, stderr } = process;

// A reader such as `head` may have had enough.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const terminal: Terminal = {
  out: (text) => { stdout.write(text); },
  error: (text) => { stderr.write(text); },
  colours: stdout.isTTY && (process.env.NO_COLOR ?? '') === '',
  progress: stderr.isTTY ? (text) => { stderr.write(`\r\u001b[K${text}`); } : undefined,
};

/** The server is a bundle of its own beside this one: no other command waits until it is loaded. It finds `--stdio` among the arguments. */
const serve = (): void => { void import(pathToFileURL(path.join(__dirname, 'server.js')).href); };

const workers = (): CheckHost => new CheckHost(() => spawnCheckWorker(true), workersFor(availableParallelism()));

void Promise.resolve(main(process.argv.slice(2), terminal, serve, workers)).then((code) => { process.exitCode = code; });
