// Ways through files: symbols, links, selections, callers; and what names are coloured as.

import { describe, expect, it } from 'vitest';
import { callItem, incomingCalls, outgoingCalls } from '../../server/src/features/call-hierarchy';
import { documentLinks } from '../../server/src/features/document-links';
import { selectionRange } from '../../server/src/features/selection-ranges';
import { semanticTokens } from '../../server/src/features/semantic-tokens';
import { workspaceSymbols } from '../../server/src/features/workspace-symbols';
import { filesOf, readFiles } from '../support/files';
import { documentOf, readFixture } from '../support/fixture';

describe('workspace symbols', () => {
  const names = (query: string): string[] =>
    workspaceSymbols(filesOf({ 'a.nn': 'let width = 3\nstack ResidualBlock { ReLU }\n', 'b.nn': 'model ResNet { input x: [3]; y = x -> ReLU }\nfunction f(x) = x\n' }).all, query).map(({ kind, name, source }) => `${kind} ${name} ${source.uri.slice(8)}`);

  it('are the declarations of all files', () => {
    expect(names('')).toEqual(['constant width a.nn', 'stack ResidualBlock a.nn', 'model ResNet b.nn', 'function f b.nn']);
  });

  it('have the letters of the query in their order', () => {
    expect(names('rbl')).toEqual(['stack ResidualBlock a.nn']);
    expect(names('RES')).toEqual(['stack ResidualBlock a.nn', 'model ResNet b.nn']);
  });
});

it('the paths of imports link to their files, whether they exist or not', () => {
  const text = 'from "./more/blocks.nn" import Block\nfrom "" import A\nmodel A { ReLU }\n';
  expect(documentLinks(documentOf(text))).toEqual([{ span: { start: 6, end: 22 }, target: 'file:///more/blocks.nn' }]);
});

describe('a growing selection', () => {
  const selections = (marked: string): string[] => {
    const { text, cursors } = readFixture(marked);
    return selectionRange(documentOf(text), cursors[0]!).map(({ start, end }) => text.slice(start, end));
  };

  it('takes nodes, the insides of brackets, statements and bodies', () => {
    expect(selections('model A {\n  x -> Conv2d(4, kernel_$0size = 3)\n  ReLU\n}\n')).toEqual([
      'kernel_size',
      'kernel_size = 3',
      '4, kernel_size = 3',
      'Conv2d(4, kernel_size = 3)',
      'x -> Conv2d(4, kernel_size = 3)',
      'x -> Conv2d(4, kernel_size = 3)\n  ReLU',
      '{\n  x -> Conv2d(4, kernel_size = 3)\n  ReLU\n}',
      'model A {\n  x -> Conv2d(4, kernel_size = 3)\n  ReLU\n}',
      'model A {\n  x -> Conv2d(4, kernel_size = 3)\n  ReLU\n}\n',
    ]);
  });

  it('takes a comment after a word of it, and has nothing in an empty file', () => {
    expect(selections('stack S { ReLU } # wh$0y so').slice(0, 2)).toEqual(['why', '# why so']);
    expect(selections('$0')).toEqual(['']);
  });
});

describe('the call hierarchy', () => {
  const { texts, cursors } = readFiles({
    'main.nn': 'from "./blocks.nn" import Block as B\nmodel Net { input x: [3]; B; repeat 2 { B } }\nmodel Wide = Net()\n',
    'blocks.nn': 'function twice(n) = 2 * n\nstack $0Block { Linear(twice(2)); Linear(twice(3)) }\n',
  });
  const files = filesOf(texts);
  const source = files.source('file:///blocks.nn')!;
  const offset = cursors[0]!.offset;
  const written = (relations: ReturnType<typeof incomingCalls>): string[] => relations.map(({ item, spans }) => `${item.kind} ${item.name} × ${String(spans.length)}`);

  it('knows who applies a stack, in other files and under other names', () => {
    expect(callItem(files, source, offset)).toMatchObject({ name: 'Block', kind: 'stack' });
    expect(written(incomingCalls(files, source, offset))).toEqual(['model Net × 2']);
    const main = files.source('file:///main.nn')!;
    expect(written(incomingCalls(files, main, texts['main.nn']!.indexOf('Net')))).toEqual(['model Wide × 1']);
  });

  it('knows what a declaration applies in turn', () => {
    expect(written(outgoingCalls(files, source, offset))).toEqual(['function twice × 2']);
    expect(outgoingCalls(files, source, texts['blocks.nn']!.indexOf('twice'))).toEqual([]);
  });
});

describe('semantic tokens', () => {
  const tokens = (text: string, files?: Readonly<Record<string, string>>): string[] =>
    semanticTokens(documentOf(text, files)).map(({ span, type, modifiers }) => [text.slice(span.start, span.end), type, ...modifiers].join(' '));

  it('tell layers, stacks, models, functions, sizes, arguments and values apart', () => {
    expect(tokens('let k = 3\nstack S(width) { input x: [c, h]; y = x -> Conv1d(width, kernel_size = k); relu(y); output out }\nmodel A { input x: [3, 8]; param w: [3]; r = x -> S(4); r.out; optimizer Adam }')).toEqual([
      'k variable declaration readonly',
      'S struct declaration',
      'width parameter declaration',
      'x variable declaration',
      'c typeParameter declaration',
      'h typeParameter declaration',
      'y variable declaration',
      'x variable',
      'Conv1d class defaultLibrary',
      'width parameter',
      'kernel_size parameter',
      'k variable readonly',
      'relu function defaultLibrary',
      'y variable',
      'out enumMember declaration',
      'A interface declaration',
      'x variable declaration',
      'w property declaration',
      'r variable declaration',
      'x variable',
      'S struct',
      'r variable',
      'out enumMember',
      'Adam class defaultLibrary',
    ]);
  });

  it('see through imports, and may be asked for a part', () => {
    const text = 'from "./b.nn" import S as T\nmodel A { input x: [3]; T }\n';
    expect(tokens(text, { 'b.nn': 'stack S { ReLU }' })).toEqual(['S struct', 'T struct declaration', 'A interface declaration', 'x variable declaration', 'T struct']);
    expect(semanticTokens(documentOf(text, { 'b.nn': 'stack S { ReLU }' }), { start: 0, end: 26 })).toHaveLength(2);
  });
});
