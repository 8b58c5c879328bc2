// The item of the status bar: the figures of the model at the cursor, and the state of its gradient check.

import { Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window } from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { asRange } from './commands';
import { requests, type ModelEntry } from './protocol';

const icons: Readonly<Record<NonNullable<ModelEntry['check']>['state'], string>> = {
  waiting: '$(clock)',
  running: '$(sync~spin)',
  ok: '$(pass)',
  wrong: '$(error)',
  failed: '$(warning)',
};

export class Status implements Disposable {
  private readonly item = window.createStatusBarItem('nn.model', StatusBarAlignment.Left, 10);
  private readonly listeners: Disposable[];
  private known: { readonly uri: string; readonly models: readonly ModelEntry[] } | undefined;

  constructor(private readonly client: BaseLanguageClient) {
    this.item.name = 'Neural network';
    this.listeners = [
      window.onDidChangeActiveTextEditor(() => { void this.read(); }),
      window.onDidChangeTextEditorSelection(({ textEditor }) => { if (textEditor === window.activeTextEditor) this.draw(); }),
    ];
  }

  /** Reads what is known of a document again, if it is the one that is looked at. */
  async refresh(uri: string): Promise<void> {
    if (uri === this.current) await this.read();
  }

  dispose(): void {
    for (const listener of [...this.listeners, this.item]) listener.dispose();
  }

  private get current(): string | undefined {
    const document = window.activeTextEditor?.document;
    return document?.languageId === 'nn' ? this.client.code2ProtocolConverter.asUri(document.uri) : undefined;
  }

  private async read(): Promise<void> {
    const uri = this.current;
    this.known = uri === undefined || !this.client.isRunning() ? undefined : { uri, models: await this.client.sendRequest<ModelEntry[]>(requests.models, { uri }) };
    this.draw();
  }

  private draw(): void {
    const editor = window.activeTextEditor;
    const model = this.known?.uri === this.current ? this.known?.models.find(({ range }) => editor !== undefined && asRange(range).contains(editor.selection.active)) : undefined;
    if (model === undefined) {
      this.item.hide();
      return;
    }
    const { name, facts, check } = model;
    const icon = check === undefined ? '$(circuit-board)' : check.stale ? '$(history)' : icons[check.state];
    this.item.text = `${icon} ${name}: ${facts}`;
    this.item.tooltip = new MarkdownString(`**${name}** · ${facts}\n\n${check === undefined ? 'Gradients not checked yet; a click checks them.' : `${check.stale ? 'Before the last change: ' : ''}${check.text}`}`);
    this.item.command = check === undefined || check.stale || check.state === 'failed' ? 'nn.checkGradients' : check.state === 'running' || check.state === 'waiting' ? 'nn.cancelCheck' : 'nn.showReport';
    this.item.backgroundColor = check?.state === 'wrong' && !check.stale ? new ThemeColor('statusBarItem.errorBackground') : undefined;
    this.item.show();
  }
}
