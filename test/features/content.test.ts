// What a model is, whatever it looks like; and places that outlive edits.

import { describe, expect, it } from 'vitest';
import { anchorOf, contentOf, contentOfFile, placeOf } from '../../server/src/features/content';
import { examples } from '../grammar/examples';
import { documentOf } from '../support/fixture';

const behind = (text: string, files?: Readonly<Record<string, string>>): string => contentOf('A', documentOf(text, files));
const text = 'let n = 3\nstack S { T }\nstack T { Linear(n) }\nmodel A { input x: [3]; S }\nmodel Other { input x: [3]; ReLU }\n';

describe('the content of a model', () => {
  it('changes with what the model names, directly or not, and with nothing else', () => {
    expect(behind(text.replace('n = 3', 'n = 4'))).not.toBe(behind(text));
    expect(behind(text.replace('ReLU', 'Tanh'))).toBe(behind(text));
    expect(behind(`stack New { ReLU }\n${text}`)).toBe(behind(text));
  });

  it('does not change with comments, documentation and layout', () => {
    expect(behind(text.replace('model A { input x: [3]; S }', '## A network.\nmodel A {\n  # its input\n  input x: [\n    3,\n  ]\n\n  S   # the stack\n}'))).toBe(behind(text));
    expect(behind(text.replace('n = 3', 'n   =   3'))).toBe(behind(text));
  });

  it.each([...examples].slice(0, 6))('does not change when %s moves down by a line', (_, example) => {
    const [before, after] = [documentOf(example), documentOf(`# moved\n${example}`)];
    for (const { name } of before.analysis.models) expect(contentOf(name, after) === contentOf(name, before), name).toBe(true);
  });

  it('reaches into imported files', () => {
    const importing = 'from "./blocks.nn" import Block as B\nmodel A { input x: [3]; B }\n';
    expect(behind(importing, { 'blocks.nn': 'stack Block { ReLU }' })).not.toBe(behind(importing, { 'blocks.nn': 'stack Block { Tanh }' }));
  });

  it('of a file changes with any declaration', () => {
    expect(contentOfFile(documentOf(text.replace('ReLU', 'Tanh')))).not.toBe(contentOfFile(documentOf(text)));
    expect(contentOfFile(documentOf(`# comment\n${text}`))).toBe(contentOfFile(documentOf(text)));
  });
});

describe('an anchor', () => {
  const before = documentOf('model A {\n  input x: [3]\n  Linear(4)\n  x -> Linear(5) -> ReLU\n}\n');
  const spanOf = (piece: string, { text: all } = before): { start: number; end: number } => ({ start: all.indexOf(piece), end: all.indexOf(piece) + piece.length });
  const moved = (piece: string, after: string): string | undefined => {
    const document = documentOf(after);
    const anchor = anchorOf({ file: before.uri, span: spanOf(piece) }, before.tree);
    const place = anchor && placeOf(anchor, document.tree);
    return place && after.slice(place.span.start, place.span.end);
  };

  it('finds its place again after edits elsewhere and in the layout', () => {
    const after = '# new\nstack S { ReLU }\nmodel A { input x: [3]; Linear( 4 ); x\n    -> Linear(5 ) -> ReLU }\n';
    expect(moved('Linear(4)', after)).toBe('Linear( 4 )');
    expect(moved('Linear(5)', after)).toBe('Linear(5 )');
  });

  it('is lost with its declaration', () => {
    expect(moved('Linear(4)', 'model B { input x: [3] }\n')).toBeUndefined();
    expect(moved('Linear(4)', 'model A { input x: [3] }\n')).toBeUndefined();
    expect(anchorOf({ file: before.uri, span: { start: 1, end: 3 } }, before.tree)).toBeUndefined();
  });
});
