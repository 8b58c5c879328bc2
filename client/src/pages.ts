// Gradient reports and comparisons as read-only Markdown documents; an open one follows what changes.

import { commands, EventEmitter, extensions, Uri, ViewColumn, window, workspace, type Disposable, type TextDocumentContentProvider } from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { requests, type CompareParams, type ModelReference, type PageResult } from './protocol';

const scheme = 'nn-page';

/** What a page is about; it is kept in the page's address. */
type Subject = { readonly report: ModelReference } | { readonly comparison: CompareParams };

export class Pages implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  readonly onDidChange = this.changed.event;
  private readonly registration: Disposable;

  constructor(private readonly client: BaseLanguageClient) {
    this.registration = workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** Shows the report on a model's last gradient check. */
  async showReport(reference: ModelReference): Promise<void> {
    await this.show(addressOf(`Gradients of ${reference.model}`, { report: reference }));
  }

  /** Shows two models side by side. */
  async showComparison(comparison: CompareParams): Promise<void> {
    await this.show(addressOf(`${comparison.left.model} and ${comparison.right.model}`, { comparison }));
  }

  /** Reads the open pages again that speak of a document. */
  refresh(uri: string): void {
    for (const { uri: address } of workspace.textDocuments) {
      if (address.scheme === scheme && urisOf(subjectOf(address)).includes(uri)) this.changed.fire(address);
    }
  }

  async provideTextDocumentContent(address: Uri): Promise<string> {
    const subject = subjectOf(address);
    const { markdown } = 'report' in subject
      ? await this.client.sendRequest<PageResult>(requests.report, subject.report)
      : await this.client.sendRequest<PageResult>(requests.compare, subject.comparison);
    return markdown;
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }

  /** Beside the text: rendered, where the editor can. */
  private async show(address: Uri): Promise<void> {
    this.changed.fire(address);
    if (extensions.getExtension('vscode.markdown-language-features') !== undefined) {
      await commands.executeCommand('markdown.showPreviewToSide', address);
    } else {
      await window.showTextDocument(await workspace.openTextDocument(address), { viewColumn: ViewColumn.Beside });
    }
  }
}

function addressOf(title: string, subject: Subject): Uri {
  return Uri.from({ scheme, path: `/${title}.md`, query: JSON.stringify(subject) });
}

function subjectOf(address: Uri): Subject {
  return JSON.parse(address.query) as Subject;
}

function urisOf(subject: Subject): readonly string[] {
  return 'report' in subject ? [subject.report.uri] : [subject.comparison.left.uri, subject.comparison.right.uri];
}
