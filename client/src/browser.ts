// Entry of the extension in a web editor: the language server is a worker.

import { Uri, type ExtensionContext } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { start } from './extension';

/** Called by the web extension host when the first .nn file opens. */
export async function activate(context: ExtensionContext): Promise<void> {
  const script = Uri.joinPath(context.extensionUri, 'dist/server-browser.js').toString(true);
  await start(context, (id, name, options) => {
    const worker = new Worker(script);
    context.subscriptions.push({ dispose: () => { worker.terminate(); } });
    return new LanguageClient(id, name, worker, options);
  });
}
