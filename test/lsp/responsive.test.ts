// Nobody waits for a long analysis but who needs it: others have their turn, what is cancelled ends, what is old is not sent.

import { afterEach, describe, expect, it } from 'vitest';
import { CancellationTokenSource, CodeActionRequest, CodeLensRequest, HoverRequest } from 'vscode-languageserver/node';
import { readFileRequest } from '../../server/src/lsp/requests';
import { tickClock } from '../support/clock';
import { LanguageClient, type Options, positionOf } from '../support/language-client';

const small = 'file:///small.nn';
const smallText = 'model Small {\n  input x: [8]\n  Linear(4)\n}\n';
const large = 'file:///large.nn';
/** More than a slice of time for any machine. */
const largeText = Array.from({ length: 1_000 }, (_, index) => `model M${String(index)} { input x: [8]; Linear(${String(index + 1)}); ReLU; Linear(2) }`).join('\n');

let client: LanguageClient;
afterEach(async () => { await client.stop(); });

async function start(options?: Options): Promise<void> {
  client = await LanguageClient.start(options);
}

const hover = (uri: string, text: string) => client.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: positionOf(text, 'Lin$0ear') });
const lenses = (uri: string, token?: CancellationTokenSource['token']) => client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } }, token);

describe('while a large file is analysed', () => {
  it('a request about another one is answered', async () => {
    await start();
    await client.open(large, largeText);
    await client.open(small, smallText);
    const answers: string[] = [];
    await Promise.all([lenses(large).then(() => answers.push('large')), hover(small, smallText).then(() => answers.push('small'))]);
    expect(answers).toEqual(['small', 'large']);
  });

  it('a request that is cancelled ends at once, and others about the same file go on', async () => {
    await start();
    await client.open(large, largeText);
    const source = new CancellationTokenSource();
    const answers: unknown[] = [];
    const cancelled = lenses(large, source.token).catch((error: unknown) => answers.push((error as { code: number }).code));
    const other = hover(large, largeText).then((answer) => answers.push(answer !== null));
    source.cancel();
    await Promise.all([cancelled, other]);
    expect(answers).toEqual([-32800, true]);
  });

  it('a request about a text that is changed meanwhile says so', async () => {
    await start();
    await client.open(large, largeText);
    const answer = lenses(large).catch((error: unknown) => (error as { code: number }).code);
    await client.change(large, 2, `# changed\n${largeText}`);
    expect(await answer).toBe(-32801);
    expect(await hover(large, `# changed\n${largeText}`)).not.toBeNull();
  });
});

describe('while fixes are tried', () => {
  /** A trial evaluates each of the models, which are all that one stack is applied in. */
  const blocks = `stack Block(c) { Conv2d(c, 3); GroupNorm(100) }\n${Array.from({ length: 1_000 }, (_, index) => `model M${String(index)} { input x: [8, ${String(index + 8)}, 9]; Block(8) }`).join('\n')}`;
  const actions = (token?: CancellationTokenSource['token']) => {
    const position = positionOf(blocks, 'GroupNorm(1$0');
    return client.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri: large }, range: { start: position, end: position }, context: { diagnostics: [], only: ['quickfix'] } }, token);
  };

  /** At every look at the clock a slice is over, and the patience after a hundred. */
  const ticking = 10;

  it('a request about another file is answered', async () => {
    tickClock(ticking);
    await start();
    await client.open(large, blocks);
    await client.open(small, smallText);
    await lenses(large);
    const answers: string[] = [];
    await Promise.all([actions().then(() => answers.push('large')), hover(small, smallText).then(() => answers.push('small'))]);
    expect(answers).toEqual(['small', 'large']);
  });

  it('a request that is cancelled ends, and the next one finds them', async () => {
    tickClock(ticking);
    await start();
    await client.open(large, blocks);
    await lenses(large);
    const source = new CancellationTokenSource();
    const cancelled = actions(source.token).catch((error: unknown) => (error as { code: number }).code);
    source.cancel();
    expect(await cancelled).toBe(-32800);
    let titles: readonly string[] = [];
    // Each asks for as long as a person waits, and goes on where the one before was.
    while (titles.length === 0) titles = ((await actions()) ?? []).map(({ title }) => title);
    expect(titles[0]).toBe('Use num_groups = 8');
  });
});

describe('diagnostics', () => {
  const importing = 'from "./small.nn" import Small\nmodel Main { input x: [8]; Small }\n';
  const main = 'file:///main.nn';

  it('come for the file that was edited first, then for those that import it', async () => {
    await start();
    await client.open(main, importing);
    await client.open(small, smallText);
    await client.diagnosticsWhere(small, () => true);
    // Not those that were sent before the other file was open.
    await client.diagnosticsWhere(main, (all) => all.length === 0);
    client.published.length = 0;
    await client.change(small, 2, smallText.replace('Linear(4)', 'Linear(5)'));
    await client.when(() => (client.published.length === 2 ? true : undefined));
    expect(client.published).toEqual([{ uri: small, version: 2 }, { uri: main, version: 1 }]);
  });

  it('are not sent for a text that is edited before they are known', async () => {
    let read: (text: string) => void = () => undefined;
    await start({ initializationOptions: { readFile: true } });
    const asked = new Promise<void>((resolve) => {
      client.connection.onRequest(readFileRequest, () => {
        resolve();
        return new Promise<{ text: string }>((answer) => { read = (text) => { answer({ text }); }; });
      });
    });
    await client.open(main, importing);
    // The publication of this text waits for what it imports.
    await asked;
    await client.change(main, 2, `${importing}# changed\n`);
    // What was said before is heard before.
    expect(await hover('file:///none.nn', smallText)).toBeNull();
    read(smallText);
    await client.diagnosticsWhere(main, () => true);
    expect(client.published).toEqual([{ uri: main, version: 2 }]);
  });
});
