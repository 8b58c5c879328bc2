// The server over real JSON-RPC streams: the handshake, texts, requests, cancelling, and the safety net.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CancellationTokenSource,
  type CodeAction,
  CodeActionRequest,
  CodeActionResolveRequest,
  CodeLensRequest,
  type CompletionItem,
  CompletionRequest,
  DefinitionRequest,
  DocumentFormattingRequest,
  DocumentHighlightKind,
  DocumentHighlightRequest,
  DocumentSymbolRequest,
  FoldingRangeRequest,
  HoverRequest,
  InlayHintRequest,
  type MarkupContent,
  ReferencesRequest,
  SignatureHelpRequest,
  SymbolKind,
} from 'vscode-languageserver/node';
import { features } from '../../server/src/lsp/features';
import { stopClock } from '../support/clock';
import { LanguageClient, type Options, positionOf } from '../support/language-client';

const uri = 'file:///net.nn';
const text = `model Net {
  input image: [3, 32, 32]
  Conv2d(8, 3, padding = 1)
  output maps
}
`;

let client: LanguageClient;
// However long a search for fixes takes, it is awaited.
beforeEach(stopClock);
afterEach(async () => { await client.stop(); });

async function start(options?: Options): Promise<void> {
  client = await LanguageClient.start(options);
}

function hover(of: string, needle: string, address = uri) {
  return client.connection.sendRequest(HoverRequest.type, { textDocument: { uri: address }, position: positionOf(of, needle) });
}

describe('the language server', () => {
  it('announces what the rows of its table offer, and nothing else', async () => {
    await start();
    const announced = Object.keys(client.initialized.capabilities).filter((key) => key !== 'textDocumentSync');
    expect(announced.sort()).toEqual(features.flatMap((feature) => Object.keys(feature.capabilities)).sort());
  });

  it('answers a hover with the page of the layer and its range', async () => {
    await start();
    await client.open(uri, text);
    const answer = await hover(text, 'Con$0v2d');
    expect((answer!.contents as MarkupContent).value).toContain('⌊(32 + 2·1 − 3)/1⌋ + 1 = 32');
    expect(answer!.range).toEqual({ start: { line: 2, character: 2 }, end: { line: 2, character: 8 } });
  });

  it('answers null where there is nothing, and for documents that are not open', async () => {
    await start();
    await client.open(uri, text);
    expect(await client.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: { line: 100, character: 0 } })).toBeNull();
    expect(await client.connection.sendRequest(HoverRequest.type, { textDocument: { uri: 'file:///other.nn' }, position: { line: 0, character: 0 } })).toBeNull();
  });

  it('puts the shape behind the statement, and the figures above the model', async () => {
    await start();
    await client.open(uri, text);
    const hints = await client.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } } });
    expect(hints!.map(({ position, label, paddingLeft }) => [position, label, paddingLeft])).toEqual([
      [{ line: 2, character: 9 }, 'out_channels:', false],
      [{ line: 2, character: 12 }, 'kernel_size:', false],
      [{ line: 2, character: 27 }, '[8, 32, 32]', true],
    ]);
    const lenses = await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } });
    expect(lenses!.map(({ command }) => command!.title)).toEqual(['224 params · 221 k MACs · receptive field 3×3', 'Check gradients', 'Compare with …']);
    expect(lenses![1]!.command).toMatchObject({ command: 'nn.checkGradients', arguments: [uri, 'Net'] });
  });

  it('sends diagnostics for the newest text, with a fix, and takes them back', async () => {
    await start();
    const wrong = text.replace('padding = 1', 'pading = 1');
    await client.open(uri, text);
    await client.change(uri, 2, wrong);
    const [diagnostic] = await client.diagnosticsWhere(uri, (_, version) => version === 2);
    expect(diagnostic).toMatchObject({ code: 'unknown-argument', source: 'nn', severity: 1 });
    expect(diagnostic!.message).toContain('padding');
    await client.change(uri, 3, text);
    expect(await client.diagnosticsWhere(uri, (_, version) => version === 3)).toEqual([]);
    await client.change(uri, 4, wrong);
    await client.close(uri);
    expect(await client.diagnosticsWhere(uri, (_, version) => version === undefined)).toEqual([]);
  });

  it('offers the fix that a diagnostic carries as an edit', async () => {
    await start();
    const wrong = text.replace('padding = 1', 'stride = 2, padding = "same"');
    await client.open(uri, wrong);
    const [diagnostic] = await client.diagnosticsWhere(uri, (all) => all.length > 0);
    expect(diagnostic!.code).toBe('same-padding-with-stride');
    const actions = await client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: diagnostic!.range, context: { diagnostics: [] } });
    expect(actions![0]).toMatchObject({ title: 'Pad by half the kernel', kind: 'quickfix', isPreferred: true, edit: { changes: { [uri]: [{ range: diagnostic!.range, newText: '1' }] } } });
  });

  it('names the page on a code, fades what is unused, and fixes all that is safe on saving', async () => {
    await start({ initializationOptions: { diagnosticPages: 'file:///docs/' } });
    const written = 'model M {\n  input x: [3, 9, 9]\n  a = 3\n  Conv2d(4, 3); BatchNorm2d; ReLU\n  Conv2d(4, 3); BatchNorm2d\n}\n';
    await client.open(uri, written);
    const found = await client.diagnosticsWhere(uri, (all) => all.length === 3);
    expect(found.map(({ code, codeDescription, tags }) => [code, codeDescription?.href, tags])).toEqual([
      ['unused-binding', 'file:///docs/unused-binding.md', [1]],
      ['bias-before-norm', 'file:///docs/bias-before-norm.md', undefined],
      ['bias-before-norm', 'file:///docs/bias-before-norm.md', undefined],
    ]);
    const actions = (await client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: found[0]!.range, context: { diagnostics: [], only: ['source.fixAll.nn'] } })) as CodeAction[];
    expect(actions.map(({ kind, edit }) => [kind, edit!.changes![uri]!.length])).toEqual([['source.fixAll.nn', 2]]);
    const quick = (await client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: found[1]!.range, context: { diagnostics: [], only: ['quickfix'] } })) as CodeAction[];
    expect(quick.map(({ title }) => title)).toEqual(['Leave out the bias', 'Fix all bias-before-norm in file', 'Ignore bias-before-norm on this line']);
  });

  it('finds the fixes of a whole kind when they are chosen, or at once for clients that cannot ask again', async () => {
    const written = 'model M {\n  input x: [3, 9, 9]\n  Conv2d(4, 3); BatchNorm2d; ReLU\n  Conv2d(4, 3); BatchNorm2d\n}\n';
    const fixAll = async (): Promise<CodeAction> => {
      await client.open(uri, written);
      const [diagnostic] = await client.diagnosticsWhere(uri, (all) => all.length === 2);
      const actions = (await client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: diagnostic!.range, context: { diagnostics: [], only: ['quickfix'] } })) as CodeAction[];
      return actions.find(({ title }) => title.startsWith('Fix all'))!;
    };
    await start();
    const whole = await fixAll();
    expect(whole.edit!.changes![uri]).toHaveLength(2);
    await client.stop();
    await start({ capabilities: { textDocument: { codeAction: { dataSupport: true, resolveSupport: { properties: ['edit'] } } } } });
    const offered = await fixAll();
    expect(offered).toMatchObject({ title: whole.title, kind: whole.kind });
    expect(offered.edit).toBeUndefined();
    expect((await client.connection.sendRequest(CodeActionResolveRequest.type, offered)).edit).toEqual(whole.edit);
  });

  it('offers refactorings of what is selected, of the kinds that are asked for', async () => {
    await start();
    await client.open(uri, text);
    const line = { start: { line: 2, character: 2 }, end: { line: 2, character: 27 } };
    const asked = async (only?: string[]): Promise<string[]> => ((await client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: line, context: { diagnostics: [], only } })) as CodeAction[]).map(({ kind, title }) => `${kind!} ${title}`);
    expect(await asked()).toContain('refactor.extract Extract to a stack');
    expect(await asked(['refactor.extract'])).toEqual(['refactor.extract Extract to a stack', 'refactor.extract Bind the expression to a name']);
    expect(await asked(['quickfix'])).toEqual([]);
  });

  it('says why a refactoring is refused, to a client that shows it', async () => {
    const written = 'model Net(n = 2) {\n  input x: [3]\n  repeat n { Linear(3); ReLU }\n}\n';
    const unrolled = async (disabledSupport: boolean): Promise<readonly Pick<CodeAction, 'title' | 'disabled'>[]> => {
      await start({ capabilities: { textDocument: { codeAction: { disabledSupport } } } });
      await client.open(uri, written);
      const place = { line: 2, character: 2 };
      const found = (await client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: { start: place, end: place }, context: { diagnostics: [], only: ['refactor.rewrite'] } })) as CodeAction[];
      return found.map(({ title, disabled }) => ({ title, disabled }));
    };
    expect(await unrolled(true)).toEqual([{ title: 'Unroll the repeat', disabled: { reason: 'how many rounds there are depends on n' } }]);
    await client.stop();
    expect(await unrolled(false)).toEqual([]);
  });

  it('says that fixes are not tried in very large files', async () => {
    await start({ capabilities: { textDocument: { codeAction: { disabledSupport: true } } } });
    await client.open(uri, `model Net {\n  input x: [3, 8, 8]\n  Conv2d(4, 9)\n}\n# ${'x'.repeat(400_000)}\n`);
    const place = { line: 2, character: 12 };
    const found = (await client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: { start: place, end: place }, context: { diagnostics: [], only: ['quickfix'] } })) as CodeAction[];
    expect(found.map(({ title, disabled }) => [title, disabled?.reason])).toEqual([['Find a fix', 'fixes are tried on the text, which takes too long beyond 400,000 characters']]);
  });

  it('lets a client ask for a better name where a refactoring made one up', async () => {
    const written = 'model Net {\n  input x: [3, 8, 8]\n  Conv2d(4, 3)\n  ReLU\n}\n';
    const extraction = async (options: object): Promise<CodeAction> => {
      await start({ initializationOptions: options });
      await client.open(uri, written);
      const range = { start: { line: 2, character: 0 }, end: { line: 4, character: 0 } };
      const [found] = (await client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range, context: { diagnostics: [], only: ['refactor.extract'] } })) as CodeAction[];
      return found!;
    };
    expect((await extraction({ renameCommand: 'ask.name' })).command).toMatchObject({ command: 'ask.name', arguments: [uri, { line: 7, character: 2 }] });
    await client.stop();
    expect((await extraction({})).command).toBeUndefined();
  });

  it('answers every other request of its table in the terms of the protocol', async () => {
    await start();
    const written = `stack Block(width) { Linear(width) }\n\nmodel Net {\n  input x: [3]\n  Block( 4 )\n}\n`;
    await client.open(uri, written);
    const textDocument = { uri };
    const position = positionOf(written, 'Blo$0ck( 4');
    const { connection } = client;
    const symbols = await connection.sendRequest(DocumentSymbolRequest.type, { textDocument });
    expect(symbols).toMatchObject([{ name: 'Block', kind: SymbolKind.Struct }, { name: 'Net', kind: SymbolKind.Class, selectionRange: { start: { line: 2, character: 6 } }, children: [{ name: 'x', detail: '[3]' }] }]);
    expect(await connection.sendRequest(FoldingRangeRequest.type, { textDocument })).toEqual([{ startLine: 2, endLine: 4 }]);
    expect(await connection.sendRequest(DefinitionRequest.type, { textDocument, position })).toEqual({ uri, range: { start: { line: 0, character: 6 }, end: { line: 0, character: 11 } } });
    const found = await connection.sendRequest(ReferencesRequest.type, { textDocument, position, context: { includeDeclaration: false } });
    expect(found).toEqual([{ uri, range: { start: { line: 4, character: 2 }, end: { line: 4, character: 7 } } }]);
    expect(await connection.sendRequest(DocumentHighlightRequest.type, { textDocument, position })).toMatchObject([{ kind: DocumentHighlightKind.Write }, { kind: DocumentHighlightKind.Read }]);
    const inside = positionOf(written, 'Block($0 4');
    const [first] = (await connection.sendRequest(CompletionRequest.type, { textDocument, position: inside })) as CompletionItem[];
    expect(first).toMatchObject({ label: 'width', insertText: 'width = ', sortText: '00000' });
    expect(await connection.sendRequest(SignatureHelpRequest.type, { textDocument, position: inside })).toMatchObject({ signatures: [{ label: 'Block(width)', parameters: [{ label: [6, 11] }] }], activeParameter: 0 });
    expect(await connection.sendRequest(DocumentFormattingRequest.type, { textDocument, options: { tabSize: 2, insertSpaces: true } })).toEqual([
      { range: { start: { line: 4, character: 8 }, end: { line: 4, character: 11 } }, newText: '4' },
    ]);
  });

  it('lets a client show the signature where a completion brings arguments to fill in', async () => {
    const written = 'model Net {\n  input x: [3, 8, 8]\n  \n}\n';
    const completed = async (options: object): Promise<Record<string, CompletionItem>> => {
      await start({ capabilities: { textDocument: { completion: { completionItem: { snippetSupport: true } } } }, initializationOptions: options });
      await client.open(uri, written);
      const items = (await client.connection.sendRequest(CompletionRequest.type, { textDocument: { uri }, position: { line: 2, character: 2 } })) as CompletionItem[];
      return Object.fromEntries(items.map((item) => [item.label, item]));
    };
    const { Conv2d, ReLU, residual } = await completed({ argumentHintsCommand: 'show.signature' });
    expect([Conv2d, ReLU, residual].map((item) => item!.command?.command)).toEqual(['show.signature', undefined, undefined]);
    await client.stop();
    expect((await completed({})).Conv2d!.command).toBeUndefined();
  });

  it('answers a cancelled request as cancelled', async () => {
    await start();
    await client.open(uri, text);
    const source = new CancellationTokenSource();
    const answer = client.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: positionOf(text, 'Con$0v2d') }, source.token);
    source.cancel();
    await expect(answer).rejects.toMatchObject({ code: -32800 });
  });

  it('logs what a feature throws, answers null, and lives on', async () => {
    await start({ runtime: { readFile: () => { throw new Error('broken on purpose'); } } });
    const importing = `from "./other.nn" import A\n${text}`;
    await client.open(uri, importing);
    expect(await hover(importing, 'Con$0v2d')).toBeNull();
    expect(client.logged.join()).toMatch(/textDocument\/hover failed: Error: broken on purpose/);
    await client.change(uri, 2, text);
    expect(await hover(text, 'Con$0v2d')).not.toBeNull();
  });

  it('asks the client to watch .nn files where it can', async () => {
    await start({ capabilities: { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } } });
    const registered = await client.when(() => (client.registered.length > 0 ? client.registered : undefined));
    expect(registered).toEqual(['workspace/didChangeWatchedFiles']);
  });
});

describe('the example files', () => {
  it.each(['exam.nn', 'resnet.nn'])('%s has no errors', async (name) => {
    await start();
    const example = readFileSync(path.join(import.meta.dirname, '../../examples', name), 'utf8');
    await client.open(uri, example);
    const diagnostics = await client.diagnosticsWhere(uri, () => true);
    expect(diagnostics.filter(({ severity }) => severity === 1)).toEqual([]);
  });
});
