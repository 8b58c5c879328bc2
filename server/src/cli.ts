// Entry of the command line.

import { createConnection, ProposedFeatures, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { main } from './cli/main';
import type { Terminal } from './cli/terminal';
import { startServer } from './lsp/server';
import { nodeRuntime } from './node-runtime';

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

process.exitCode = main(process.argv.slice(2), terminal, () => {
  startServer(createConnection(ProposedFeatures.all, new StreamMessageReader(stdin), new StreamMessageWriter(stdout)), nodeRuntime);
});
