// Files that import each other: read from elsewhere, open or not, and followed when they change.

import { afterEach, describe, expect, it } from 'vitest';
import { DidChangeWatchedFilesNotification, FileChangeType, InlayHintRequest } from 'vscode-languageserver/node';
import { readFileRequest } from '../../server/src/lsp/requests';
import { LanguageClient, type Options } from '../support/language-client';

const main = 'file:///folder/main.nn';
const blocks = 'file:///folder/blocks.nn';
const mainText = `from "./blocks.nn" import Block
model Net { input image: [3, 8, 8]; Block }
`;
const blockOf = (channels: number): string => `stack Block { Conv2d(${String(channels)}, 1) }\n`;
const refreshing = { workspace: { inlayHint: { refreshSupport: true }, codeLens: { refreshSupport: true } } };

let client: LanguageClient;
afterEach(async () => { await client.stop(); });

async function start(options: Options): Promise<void> {
  client = await LanguageClient.start(options);
  await client.open(main, mainText);
}

async function hint(): Promise<unknown> {
  const hints = await client.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri: main }, range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } } });
  return hints!.at(-1)?.label;
}

describe('imported files', () => {
  it('are read by the host', async () => {
    await start({ runtime: { readFile: (uri) => (uri === blocks ? blockOf(4) : undefined) } });
    expect(await hint()).toBe('[4, 8, 8]');
    expect(await client.diagnosticsWhere(main, () => true)).toEqual([]);
  });

  it.each([undefined, () => undefined])('that the host cannot read are asked of a client that reads files, and waited for', async (readFile) => {
    const asked: string[] = [];
    client = await LanguageClient.start({ runtime: { readFile }, initializationOptions: { readFile: true } });
    client.connection.onRequest(readFileRequest, ({ uri }) => {
      asked.push(uri);
      return { text: blockOf(5) };
    });
    await client.open(main, mainText);
    expect(await hint()).toBe('[5, 8, 8]');
    expect(await client.diagnosticsWhere(main, () => true)).toEqual([]);
    expect(asked).toEqual([blocks]);
  });

  it('that nobody can read are an error at the import', async () => {
    await start({ runtime: { readFile: undefined } });
    const diagnostics = await client.diagnosticsWhere(main, () => true);
    expect(diagnostics).toMatchObject([{ code: 'missing-file', range: { start: { line: 0, character: 5 } } }]);
  });

  it('count as they are in the editor, before they are saved', async () => {
    await start({ runtime: { readFile: () => blockOf(4) }, capabilities: refreshing });
    await client.diagnosticsWhere(main, () => true);
    await client.open(blocks, blockOf(6));
    await client.when(() => (client.requested.includes('workspace/inlayHint/refresh') ? true : undefined));
    expect(await hint()).toBe('[6, 8, 8]');
    await client.change(blocks, 2, 'stack Other { ReLU }\n');
    expect(await client.diagnosticsWhere(main, (all) => all.length > 0)).toMatchObject([{ code: 'unknown-name' }]);
    await client.close(blocks);
    expect(await client.diagnosticsWhere(main, (all) => all.length === 0)).toEqual([]);
  });

  it('are read again when they change on the disk', async () => {
    let channels = 4;
    await start({ runtime: { readFile: () => blockOf(channels) }, capabilities: refreshing });
    await client.diagnosticsWhere(main, () => true);
    channels = 7;
    await client.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri: blocks, type: FileChangeType.Changed }] });
    await client.when(() => (client.requested.includes('workspace/codeLens/refresh') ? true : undefined));
    expect(await hint()).toBe('[7, 8, 8]');
  });

  it('show an error inside them at the application, with its place over there', async () => {
    await start({ runtime: { readFile: () => 'stack Block { Conv2d(4, 99) }\n' } });
    const [diagnostic] = await client.diagnosticsWhere(main, (all) => all.length > 0);
    expect(diagnostic).toMatchObject({ code: 'error-in-application', relatedInformation: [{ location: { uri: blocks, range: { start: { line: 0 } } } }] });
  });
});
