// Ways through files over the protocol: names in files that nobody has opened, read by the host or by the client.

import { afterEach, describe, expect, it } from 'vitest';
import {
  CallHierarchyIncomingCallsRequest,
  CallHierarchyOutgoingCallsRequest,
  CallHierarchyPrepareRequest,
  DidChangeWatchedFilesNotification,
  DocumentLinkRequest,
  DocumentOnTypeFormattingRequest,
  DocumentRangeFormattingRequest,
  FileChangeType,
  PrepareRenameRequest,
  ReferencesRequest,
  RenameRequest,
  SelectionRangeRequest,
  type SemanticTokensDelta,
  SemanticTokensDeltaRequest,
  SemanticTokensRangeRequest,
  SemanticTokensRequest,
  WorkspaceSymbolRequest,
} from 'vscode-languageserver/node';
import { listFilesRequest, readFileRequest } from '../../server/src/lsp/requests';
import { LanguageClient, type Options, positionOf } from '../support/language-client';

const folder = 'file:///folder';
const main = `${folder}/main.nn`;
const blocks = `${folder}/more/blocks.nn`;
const mainText = 'from "./more/blocks.nn" import Block\n\nmodel Net {\n  input x: [3]\n  Block( width = 4 )\n}\n';
const files: Record<string, string> = { [main]: mainText, [blocks]: 'stack Block(width) { Linear(width) }\n' };
const options: Options = { folders: [folder], runtime: { listFiles: () => Object.keys(files), readFile: (uri) => files[uri] } };
const textDocument = { uri: main };

let client: LanguageClient;
afterEach(async () => { await client.stop(); });

async function start(given: Options = options): Promise<LanguageClient['connection']> {
  client = await LanguageClient.start(given);
  await client.open(main, mainText);
  return client.connection;
}

describe('among the files of a folder', () => {
  const atArgument = { textDocument, position: positionOf(mainText, 'wid$0th') };
  const place = (uri: string, line: number, start: number, end: number): unknown => ({ uri, range: { start: { line, character: start }, end: { line, character: end } } });

  it('references and renames reach files that are not open', async () => {
    const connection = await start();
    expect(await connection.sendRequest(ReferencesRequest.type, { ...atArgument, context: { includeDeclaration: true } })).toEqual([place(main, 4, 9, 14), place(blocks, 0, 12, 17), place(blocks, 0, 28, 33)]);
    expect(await connection.sendRequest(PrepareRenameRequest.type, atArgument)).toEqual({ range: { start: { line: 4, character: 9 }, end: { line: 4, character: 14 } }, placeholder: 'width' });
    const edit = await connection.sendRequest(RenameRequest.type, { ...atArgument, newName: 'size' });
    expect(Object.entries(edit!.changes!).map(([uri, edits]) => [uri, edits.map(({ newText }) => newText)])).toEqual([[main, ['size']], [blocks, ['size', 'size']]]);
  });

  it('a rename that would change a meaning is refused with the reason', async () => {
    const connection = await start();
    await expect(connection.sendRequest(RenameRequest.type, { ...atArgument, newName: 'repeat' })).rejects.toThrow('repeat is a keyword of the language; take another name');
    await expect(connection.sendRequest(PrepareRenameRequest.type, { textDocument: { uri: blocks }, position: { line: 0, character: 22 } })).rejects.toThrow('Linear belongs to the language');
  });

  it('the client lists and reads what the host cannot', async () => {
    client = await LanguageClient.start({ folders: [folder], initializationOptions: { readFile: true }, runtime: { readFile: undefined } });
    client.connection.onRequest(listFilesRequest, ({ folder: asked }) => ({ uris: asked === folder ? Object.keys(files) : null }));
    client.connection.onRequest(readFileRequest, ({ uri }) => ({ text: files[uri] ?? null }));
    const symbols = await client.connection.sendRequest(WorkspaceSymbolRequest.type, { query: '' });
    expect(symbols!.map(({ name }) => name)).toEqual(['Net', 'Block']);
  });

  it('files that are made and deleted are noticed', async () => {
    const added = `${folder}/added.nn`;
    let isThere = true;
    const connection = await start({ ...options, runtime: { ...options.runtime, readFile: (uri) => (uri === added && isThere ? 'stack Added { ReLU }' : files[uri]) } });
    const names = async (): Promise<string[]> => (await connection.sendRequest(WorkspaceSymbolRequest.type, { query: '' }))!.map(({ name }) => name);
    expect(await names()).toEqual(['Net', 'Block']);
    await connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri: added, type: FileChangeType.Created }, { uri: 'file:///elsewhere.nn', type: FileChangeType.Created }] });
    expect(await names()).toEqual(['Net', 'Block', 'Added']);
    isThere = false;
    await connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri: added, type: FileChangeType.Deleted }] });
    expect(await names()).toEqual(['Net', 'Block']);
  });

  it('the call hierarchy goes up and down', async () => {
    const connection = await start();
    const [item] = (await connection.sendRequest(CallHierarchyPrepareRequest.type, { textDocument, position: positionOf(mainText, 'Blo$0ck( ') }))!;
    expect(item).toMatchObject({ name: 'Block', uri: blocks, selectionRange: { start: { line: 0, character: 6 } } });
    const incoming = await connection.sendRequest(CallHierarchyIncomingCallsRequest.type, { item: item! });
    expect(incoming).toMatchObject([{ from: { name: 'Net', uri: main }, fromRanges: [{ start: { line: 4, character: 2 } }] }]);
    const outgoing = await connection.sendRequest(CallHierarchyOutgoingCallsRequest.type, { item: incoming![0]!.from });
    expect(outgoing).toMatchObject([{ to: { name: 'Block', uri: blocks }, fromRanges: [{ start: { line: 4, character: 2 } }] }]);
  });
});

describe('one document', () => {
  it('has links, selections, and is formatted in parts and while typing', async () => {
    const connection = await start();
    expect(await connection.sendRequest(DocumentLinkRequest.type, { textDocument })).toEqual([{ range: { start: { line: 0, character: 6 }, end: { line: 0, character: 22 } }, target: blocks }]);
    const [selection] = (await connection.sendRequest(SelectionRangeRequest.type, { textDocument, positions: [positionOf(mainText, 'wid$0th')] }))!;
    expect(selection).toMatchObject({ range: { start: { line: 4, character: 9 }, end: { line: 4, character: 14 } }, parent: { range: { end: { character: 18 } } } });
    const range = { start: { line: 4, character: 0 }, end: { line: 4, character: 3 } };
    expect(await connection.sendRequest(DocumentRangeFormattingRequest.type, { textDocument, range, options: { tabSize: 2, insertSpaces: true } })).toMatchObject([{ newText: 'width = 4' }]);
    await client.change(main, 2, 'model A {\n  residual {\n  ReLU\n');
    const typed = { textDocument, position: { line: 2, character: 6 }, ch: '\n', options: { tabSize: 2, insertSpaces: true } };
    expect(await connection.sendRequest(DocumentOnTypeFormattingRequest.type, typed)).toEqual([{ range: { start: { line: 2, character: 0 }, end: { line: 2, character: 2 } }, newText: '    ' }]);
  });

  it('has semantic tokens: whole, in a range, and what changed', async () => {
    const connection = await start();
    const { legend } = client.initialized.capabilities.semanticTokensProvider!;
    const whole = (await connection.sendRequest(SemanticTokensRequest.type, { textDocument }))!;
    expect(whole.data.length).toBe(5 * 5);
    expect([whole.data[2], legend.tokenTypes[whole.data[3]!]]).toEqual([5, 'struct']);
    const part = (await connection.sendRequest(SemanticTokensRangeRequest.type, { textDocument, range: { start: { line: 2, character: 0 }, end: { line: 2, character: 9 } } }))!;
    expect(part.data).toEqual([2, 6, 3, legend.tokenTypes.indexOf('interface'), 1]);
    await client.change(main, 2, mainText.replace('input x', 'input xs'));
    const delta = (await connection.sendRequest(SemanticTokensDeltaRequest.type, { textDocument, previousResultId: whole.resultId! })) as SemanticTokensDelta;
    expect(delta.edits).toEqual([{ start: 12, deleteCount: 1, data: [2] }]);
    const again = (await connection.sendRequest(SemanticTokensDeltaRequest.type, { textDocument, previousResultId: delta.resultId! })) as SemanticTokensDelta;
    expect(again.edits).toEqual([]);
  });
});
