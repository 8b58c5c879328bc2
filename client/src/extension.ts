// What the extension does in every host: starts the language client and wires the commands to it.

import type { ExtensionContext } from 'vscode';
import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';
import { registerCommands } from './commands';
import { Reports } from './reports';

/** Makes the language client of one kind of host. */
export type CreateClient = (id: string, name: string, options: LanguageClientOptions) => BaseLanguageClient;

/** Starts the extension; it ends with the context's subscriptions. */
export async function start(context: ExtensionContext, createClient: CreateClient): Promise<void> {
  const client = createClient('nn', 'nn language server', { documentSelector: [{ language: 'nn' }] });
  const reports = new Reports(client);
  context.subscriptions.push(reports, ...registerCommands(client, reports), { dispose: () => client.stop() });
  await client.start();
}
