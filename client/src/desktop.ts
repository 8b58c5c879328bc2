// Entry of the extension in desktop VS Code: the language server is a process of its own.

import type { ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { start } from './extension';

/** Called by VS Code when the first .nn file opens. */
export async function activate(context: ExtensionContext): Promise<void> {
  const module = context.asAbsolutePath('dist/server.js');
  await start(context, (id, name, options) => new LanguageClient(id, name, { module, transport: TransportKind.ipc }, options));
}
