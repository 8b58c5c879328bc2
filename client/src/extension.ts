// What the extension does in every host: starts the language client and wires the commands to it.

import { Uri, type ExtensionContext } from 'vscode';
import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';
import { registerCommands } from './commands';
import { listFiles, readFile } from './files';
import { requests, type ListFilesParams, type ReadFileParams } from './protocol';
import { Reports } from './reports';

/** Makes the language client of one kind of host. */
export type CreateClient = (id: string, name: string, options: LanguageClientOptions) => BaseLanguageClient;

/** Starts the extension; it ends with the context's subscriptions. */
export async function start(context: ExtensionContext, createClient: CreateClient): Promise<void> {
  const client = createClient('nn', 'nn language server', {
    documentSelector: [{ language: 'nn' }],
    initializationOptions: { readFile: true, diagnosticPages: `${Uri.joinPath(context.extensionUri, 'docs/diagnostics').toString()}/` },
  });
  const reports = new Reports(client);
  context.subscriptions.push(
    reports,
    ...registerCommands(client, reports),
    client.onRequest(requests.readFile, ({ uri }: ReadFileParams) => readFile(uri)),
    client.onRequest(requests.listFiles, ({ folder }: ListFilesParams) => listFiles(folder)),
    { dispose: () => client.stop() },
  );
  await client.start();
}
