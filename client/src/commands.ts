// The commands of the palette, of the keyboard, of menus and of the code lenses.

import { commands, Position, Range, type Disposable, type QuickPickItem, Uri, window, workspace } from 'vscode';
import { type BaseLanguageClient, ReferencesRequest } from 'vscode-languageclient';
import type { Pages } from './pages';
import { requests, type CheckOutcome, type CheckParams, type ModelEntry, type ModelReference } from './protocol';

/** How long the status bar keeps an outcome, in milliseconds. */
const messageTime = 8000;

/** Registers every command of the manifest. */
export function registerCommands(client: BaseLanguageClient, pages: Pages): Disposable[] {
  const check = async (parameters: CheckParams): Promise<void> => {
    await tell(await client.sendRequest<CheckOutcome>(requests.checkGradients, parameters), parameters, pages);
  };
  const onModel: Record<string, (reference: ModelReference) => Promise<void>> = {
    'nn.checkGradients': check,
    'nn.checkAgain': (reference) => check({ ...reference, again: true }),
    'nn.cancelCheck': async (reference) => { await client.sendRequest(requests.cancelCheck, reference); },
    'nn.showReport': (reference) => pages.showReport(reference),
    'nn.compareModels': (reference) => compare(client, pages, reference),
  };
  return [
    ...Object.entries(onModel).map(([name, run]) => commands.registerCommand(name, async (uri?: string, model?: string) => {
      const reference = typeof uri === 'string' && model !== undefined ? { uri, model } : await modelAtCursor(client);
      if (reference !== undefined) await run(reference);
    })),
    commands.registerCommand('nn.checkAll', () => checkAll(client)),
    commands.registerCommand('nn.toggleColumns', toggleColumns),
    commands.registerCommand('nn.rename', async (uri: string, { line, character }: { line: number; character: number }) => {
      await commands.executeCommand('editor.action.rename', [client.protocol2CodeConverter.asUri(uri), new Position(line, character)]);
    }),
    commands.registerCommand('nn.showUses', async (uri: string, { line, character }: { line: number; character: number }) => {
      // The lens counts the uses: the view lists as many, without the declaration.
      const found = await client.sendRequest(ReferencesRequest.type, { textDocument: { uri }, position: { line, character }, context: { includeDeclaration: false } });
      const places = (found ?? []).map((place) => client.protocol2CodeConverter.asLocation(place));
      await commands.executeCommand('editor.action.showReferences', client.protocol2CodeConverter.asUri(uri), new Position(line, character), places);
    }),
  ];
}

/** A check that agrees says so above its model and in the status bar; one that does not should not be missed. */
async function tell({ ok, cancelled, message }: CheckOutcome, reference: ModelReference, pages: Pages): Promise<void> {
  const text = `${reference.model}: ${message}`;
  if (ok || cancelled) {
    window.setStatusBarMessage(text, messageTime);
    return;
  }
  const showReport = 'Show Report';
  if (await window.showWarningMessage(text, showReport) === showReport) await pages.showReport(reference);
}

/** Checks all models of the file; one message sums up. */
async function checkAll(client: BaseLanguageClient): Promise<void> {
  const found = await modelsOfEditor(client);
  if (found === undefined) return;
  const outcomes = await Promise.all(found.models.map(async ({ name }) => ({ name, ...await client.sendRequest<CheckOutcome>(requests.checkGradients, { uri: found.uri, model: name }) })));
  const wrong = outcomes.filter(({ ok, cancelled }) => !ok && !cancelled);
  if (wrong.length > 0) void window.showWarningMessage(`Not as they should be: ${wrong.map(({ name, message }) => `${name} (${message})`).join(', ')}`);
  else if (outcomes.some(({ cancelled }) => cancelled)) window.setStatusBarMessage('Gradient checks were cancelled', messageTime);
  else window.setStatusBarMessage(`✓ the gradients of ${outcomes.length === 1 ? outcomes[0]!.name : `all ${String(outcomes.length)} models`} agree`, messageTime);
}

interface ModelItem extends QuickPickItem {
  readonly reference: ModelReference;
}

/** Asks for another model, those of the same file first, and shows both side by side. */
async function compare(client: BaseLanguageClient, pages: Pages, left: ModelReference): Promise<void> {
  const all = await client.sendRequest<ModelReference[]>(requests.allModels);
  const items = all
    .filter(({ uri, model }) => uri !== left.uri || model !== left.model)
    .map((reference): ModelItem => ({ label: reference.model, description: reference.uri === left.uri ? undefined : workspace.asRelativePath(Uri.parse(reference.uri)), reference }))
    .sort((a, b) => Number(a.description !== undefined) - Number(b.description !== undefined));
  if (items.length === 0) {
    void window.showInformationMessage(`There is no other model to compare ${left.model} with.`);
    return;
  }
  const chosen = await window.showQuickPick(items, { placeHolder: `Compare ${left.model} with …`, matchOnDescription: true });
  if (chosen !== undefined) await pages.showComparison({ left, right: chosen.reference });
}

/** Shows or hides the columns of receptive fields and parameters behind the shapes. */
async function toggleColumns(): Promise<void> {
  const settings = workspace.getConfiguration('nn.inlayHints');
  const shown = settings.get<boolean>('receptiveField') === true && settings.get<boolean>('parameters') === true;
  for (const name of ['receptiveField', 'parameters']) await settings.update(name, !shown, true);
}

async function modelsOfEditor(client: BaseLanguageClient): Promise<{ uri: string; models: ModelEntry[] } | undefined> {
  const editor = window.activeTextEditor;
  if (editor?.document.languageId !== 'nn') {
    void window.showInformationMessage('Open a .nn file first.');
    return undefined;
  }
  const uri = client.code2ProtocolConverter.asUri(editor.document.uri);
  const models = await client.sendRequest<ModelEntry[]>(requests.models, { uri });
  if (models.length > 0) return { uri, models };
  void window.showInformationMessage('This file declares no model that can be built without arguments.');
  return undefined;
}

/** The model around the cursor; elsewhere, the person picks one of the file. */
async function modelAtCursor(client: BaseLanguageClient): Promise<ModelReference | undefined> {
  const found = await modelsOfEditor(client);
  const cursor = window.activeTextEditor?.selection.active;
  if (found === undefined || cursor === undefined) return undefined;
  const { uri, models } = found;
  const around = models.find(({ range }) => asRange(range).contains(cursor));
  const model = around?.name ?? await window.showQuickPick(models.map(({ name }) => name), { placeHolder: 'Which model?' });
  return model === undefined ? undefined : { uri, model };
}

export function asRange({ start, end }: ModelEntry['range']): Range {
  return new Range(new Position(start.line, start.character), new Position(end.line, end.character));
}
