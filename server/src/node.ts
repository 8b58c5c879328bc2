// Entry of the language server as a process: over standard input and output, a pipe, or Node's channel, as its arguments say.

import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startServer } from './lsp/server';
import { nodeRuntime } from './node-runtime';

startServer(createConnection(ProposedFeatures.all), nodeRuntime);
