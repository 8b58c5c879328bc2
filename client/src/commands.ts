// The commands of the palette and of the code lenses.

import { commands, Position, Range, window, type Disposable } from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { requests, type CheckOutcome, type ModelEntry, type ModelReference } from './protocol';
import type { Reports } from './reports';

/** How long the status bar keeps an outcome, in milliseconds. */
const messageTime = 8000;

type ModelCommand = (reference: ModelReference) => Promise<void>;

/** Registers every command of the manifest. */
export function registerCommands(client: BaseLanguageClient, reports: Reports): Disposable[] {
  const onModel: Record<string, ModelCommand> = {
    'nn.checkGradients': async (reference) => {
      const outcome = await client.sendRequest<CheckOutcome>(requests.checkGradients, reference);
      reports.refresh(reference);
      await tell(outcome, reference, reports);
    },
    'nn.cancelCheck': async (reference) => { await client.sendRequest(requests.cancelCheck, reference); },
    'nn.showReport': (reference) => reports.show(reference),
  };
  return Object.entries(onModel).map(([name, run]) => commands.registerCommand(name, async (uri?: string, model?: string) => {
    const reference = uri !== undefined && model !== undefined ? { uri, model } : await modelAtCursor(client);
    if (reference !== undefined) await run(reference);
  }));
}

/** A check that agrees says so above its model and in the status bar; one that does not should not be missed. */
async function tell({ ok, cancelled, message }: CheckOutcome, reference: ModelReference, reports: Reports): Promise<void> {
  const text = `${reference.model}: ${message}`;
  if (ok || cancelled) {
    window.setStatusBarMessage(text, messageTime);
    return;
  }
  const showReport = 'Show Report';
  if (await window.showWarningMessage(text, showReport) === showReport) await reports.show(reference);
}

/** The model around the cursor; elsewhere, the person picks one of the file. */
async function modelAtCursor(client: BaseLanguageClient): Promise<ModelReference | undefined> {
  const editor = window.activeTextEditor;
  if (editor?.document.languageId !== 'nn') {
    void window.showInformationMessage('Open a .nn file first.');
    return undefined;
  }
  const uri = client.code2ProtocolConverter.asUri(editor.document.uri);
  const models = await client.sendRequest<ModelEntry[]>(requests.models, { uri });
  if (models.length === 0) {
    void window.showInformationMessage('This file declares no model.');
    return undefined;
  }
  const around = models.find(({ range }) => asRange(range).contains(editor.selection.active));
  const model = around?.name ?? await window.showQuickPick(models.map(({ name }) => name), { placeHolder: 'Which model?' });
  return model === undefined ? undefined : { uri, model };
}

function asRange({ start, end }: ModelEntry['range']): Range {
  return new Range(new Position(start.line, start.character), new Position(end.line, end.character));
}
