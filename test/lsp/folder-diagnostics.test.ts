// Diagnostics of files that nobody has opened, in the folders that are.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DidChangeWatchedFilesNotification, FileChangeType, HoverRequest } from 'vscode-languageserver/node';
import { listFilesRequest, readFileRequest } from '../../server/src/lsp/requests';
import { tickClock } from '../support/clock';
import { LanguageClient, positionOf } from '../support/language-client';

const folder = 'file:///a%20folder';
const [net, blocks, added] = [`${folder}/net.nn`, `${folder}/blocks.nn`, `${folder}/added.nn`];
const importing = 'from "./blocks.nn" import Block\nmodel Net { input x: [3]; Block }\n';
const wrong = 'model Wrong { input x: [3]; Linaer(4) }\n';

let disk: Record<string, string>;
let client: LanguageClient;
beforeEach(() => { disk = { [net]: importing, [blocks]: 'stack Block { Linear(4) }\n' }; });
afterEach(async () => { await client.stop(); });

async function start(): Promise<void> {
  client = await LanguageClient.start({ folders: [folder], runtime: { listFiles: () => Object.keys(disk), readFile: (uri) => disk[uri] } });
}

async function codesOf(uri: string, condition: (codes: readonly unknown[]) => boolean): Promise<readonly unknown[]> {
  return (await client.diagnosticsWhere(uri, (all) => condition(all.map(({ code }) => code)))).map(({ code }) => code);
}

async function notify(uri: string, type: FileChangeType): Promise<void> {
  await client.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri, type }] });
}

describe('the files of a folder', () => {
  it('have their diagnostics without being opened', async () => {
    disk[added] = wrong;
    await start();
    expect(await codesOf(added, (codes) => codes.length > 0)).toContain('unknown-name');
    expect(await codesOf(net, () => true)).toEqual([]);
  });

  it('are looked at again when they, or what they import, change on the disk', async () => {
    await start();
    await codesOf(net, () => true);
    disk[blocks] = 'stack Other { Linear(4) }\n';
    await notify(blocks, FileChangeType.Changed);
    expect(await codesOf(net, (codes) => codes.length > 0)).toContain('unknown-name');
    disk[blocks] = 'stack Block { Linear(4) }\n';
    await notify(blocks, FileChangeType.Changed);
    await codesOf(net, (codes) => codes.length === 0);
  });

  it('are followed as they are written in an open editor', async () => {
    await start();
    await codesOf(net, () => true);
    await client.open(blocks, 'stack Other { Linear(4) }\n');
    expect(await codesOf(net, (codes) => codes.length > 0)).toContain('unknown-name');
  });

  it('keep their diagnostics when they are closed, as they are stored', async () => {
    disk[added] = wrong;
    await start();
    await client.open(added, 'model Right { input x: [3]; Linear(4) }\n');
    await client.diagnosticsWhere(added, (all, version) => version === 1 && all.every(({ severity }) => severity !== 1));
    await client.close(added);
    expect(await codesOf(added, (codes) => codes.includes('unknown-name'))).toContain('unknown-name');
  });

  it('that are made and deleted come and go', async () => {
    await start();
    await codesOf(net, () => true);
    disk[added] = wrong;
    await notify(added, FileChangeType.Created);
    await codesOf(added, (codes) => codes.length > 0);
    disk = { [net]: disk[net]!, [blocks]: disk[blocks]! };
    await notify(added, FileChangeType.Deleted);
    expect(await codesOf(added, (codes) => codes.length === 0)).toEqual([]);
  });

  it('are looked at in slices, also a single long one: whoever asks for something else has it between two', async () => {
    const count = 200;
    disk[added] = `${Array.from({ length: count }, (_, index) => `model M${String(index)} { input x: [3]; Linear(4) }`).join('\n')}\n${wrong}`;
    // At every look at the clock a slice is over.
    tickClock(1_000);
    await start();
    await client.open(`${folder}/open.nn`, importing);
    let [answers, isThere] = [0, false];
    const diagnostics = codesOf(added, (codes) => codes.length > 0).then(() => { isThere = true; });
    while (!isThere) {
      await client.connection.sendRequest(HoverRequest.type, { textDocument: { uri: `${folder}/open.nn` }, position: positionOf(importing, 'Bl$0ock }') });
      answers++;
    }
    await diagnostics;
    expect(answers).toBeGreaterThan(count);
  });

  it('are left where something is edited, and looked at again behind it', async () => {
    disk[added] = `${Array.from({ length: 20 }, (_, index) => `model M${String(index)} { input x: [3]; Linear(4) }`).join('\n')}\n${wrong}`;
    await start();
    const open = `${folder}/open.nn`;
    await client.open(open, importing);
    for (let version = 2; version < 12; version++) await client.change(open, version, `${importing}# ${String(version)}\n`);
    expect(await codesOf(added, (codes) => codes.length > 0)).toContain('unknown-name');
    expect(client.published.filter(({ uri }) => uri === added)).toHaveLength(1);
  });

  it('may be those of the client', async () => {
    client = await LanguageClient.start({ folders: [folder], initializationOptions: { readFile: true }, runtime: { readFile: undefined } });
    client.connection.onRequest(listFilesRequest, () => ({ uris: [added, net] }));
    client.connection.onRequest(readFileRequest, ({ uri }) => ({ text: uri === added ? wrong : (disk[uri] ?? null) }));
    expect(await codesOf(added, (codes) => codes.length > 0)).toContain('unknown-name');
    expect(await codesOf(net, () => true)).toEqual([]);
  });
});
