// What the extension does in every host: starts the language client and wires the commands to it.

import { Uri, type ExtensionContext } from 'vscode';
import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';
import { registerCommands } from './commands';
import { listFiles, readFile } from './files';
import { withSpacedTables } from './hovers';
import { Pages } from './pages';
import { analysed, requests, type ListFilesParams, type AnalysedParams, type ReadFileParams } from './protocol';
import { Status } from './status';
import { Tests } from './tests';

/** Makes the language client of one kind of host. */
export type CreateClient = (id: string, name: string, options: LanguageClientOptions) => BaseLanguageClient;

/** Starts the extension; it ends with the context's subscriptions. */
export async function start(context: ExtensionContext, createClient: CreateClient): Promise<void> {
  const client = createClient('nn', 'nn language server', {
    documentSelector: [{ language: 'nn' }],
    middleware: { provideHover: async (document, position, token, next) => withSpacedTables(await next(document, position, token)) },
    initializationOptions: { readFile: true, followsAnalysis: true, argumentHintsCommand: 'editor.action.triggerParameterHints', renameCommand: 'nn.rename', diagnosticPages: `${Uri.joinPath(context.extensionUri, 'docs/diagnostics').toString()}/` },
  });
  const pages = new Pages(client);
  const [status, tests] = [new Status(client), new Tests(client)];
  context.subscriptions.push(
    pages,
    status,
    tests,
    ...registerCommands(client, pages),
    client.onNotification(analysed, ({ uri, onlyCheck }: AnalysedParams) => {
      pages.refresh(uri);
      void status.refresh(uri);
      if (!onlyCheck) void tests.refresh(uri);
    }),
    client.onRequest(requests.readFile, ({ uri }: ReadFileParams) => readFile(uri)),
    client.onRequest(requests.listFiles, ({ folder }: ListFilesParams) => listFiles(folder)),
    { dispose: () => client.stop() },
  );
  await client.start();
}
