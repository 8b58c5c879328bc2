// Gradient reports as read-only Markdown documents, one for each model; an open one follows the next check.

import { commands, EventEmitter, extensions, Uri, ViewColumn, window, workspace, type Disposable, type TextDocumentContentProvider } from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { requests, type ModelReference, type ReportResult } from './protocol';

const scheme = 'nn-report';

export class Reports implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  readonly onDidChange = this.changed.event;
  private readonly registration: Disposable;

  constructor(private readonly client: BaseLanguageClient) {
    this.registration = workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** Shows the report of a model beside its text: rendered, where the editor can. */
  async show(reference: ModelReference): Promise<void> {
    const address = addressOf(reference);
    this.changed.fire(address);
    if (extensions.getExtension('vscode.markdown-language-features') !== undefined) {
      await commands.executeCommand('markdown.showPreviewToSide', address);
    } else {
      await window.showTextDocument(await workspace.openTextDocument(address), { viewColumn: ViewColumn.Beside });
    }
  }

  /** Reads the report of a model again, after a check. */
  refresh(reference: ModelReference): void {
    this.changed.fire(addressOf(reference));
  }

  async provideTextDocumentContent(address: Uri): Promise<string> {
    const { markdown } = await this.client.sendRequest<ReportResult>(requests.report, referenceOf(address));
    return markdown;
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

function addressOf({ uri, model }: ModelReference): Uri {
  return Uri.from({ scheme, path: `/Gradients of ${model}.md`, query: JSON.stringify([uri, model]) });
}

function referenceOf(address: Uri): ModelReference {
  const [uri, model] = JSON.parse(address.query) as [string, string];
  return { uri, model };
}
