// Entry of the command line.

import { availableParallelism } from 'node:os';
import { createConnection, ProposedFeatures, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { CheckHost } from './check/host';
import { workersFor } from './check/pool';
import { main } from './cli/main';
import type { Terminal } from './cli/terminal';
import { startServer } from './lsp/server';
import { nodeRuntime, spawnCheckWorker } from './node-runtime';

const { stdin, stdout, stderr } = process;

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

const serve = (): void => {
  startServer(createConnection(ProposedFeatures.all, new StreamMessageReader(stdin), new StreamMessageWriter(stdout)), nodeRuntime);
};

const workers = (): CheckHost => new CheckHost(() => spawnCheckWorker(true), workersFor(availableParallelism()));

void Promise.resolve(main(process.argv.slice(2), terminal, serve, workers)).then((code) => { process.exitCode = code; });
