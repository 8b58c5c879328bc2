// What helps while writing: completion, signatures, formatting; and the outline and folds of what is written.

import { describe, expect, it } from 'vitest';
import { completions } from '../../server/src/features/completion';
import { foldingRanges } from '../../server/src/features/folding';
import { formatting, rangeFormatting } from '../../server/src/features/formatting';
import { indentation } from '../../server/src/features/indentation';
import { signatureHelp } from '../../server/src/features/signature-help';
import { type DocumentSymbol, documentSymbols } from '../../server/src/features/symbols';
import { layers } from '../../server/src/layers/catalog';
import { applied, type TextEdit } from '../../server/src/features/text-edits';
import fc from 'fast-check';
import { parse } from '../../grammar/parse';
import { format, print } from '../../grammar/print';
import { anyFile } from '../grammar/arbitrary';
import { withoutPlaces } from '../grammar/tree';
import { documentOf, readFixture } from '../support/fixture';

function labelsAt(marked: string, files?: Readonly<Record<string, string>>): string[] {
  const { text, cursors } = readFixture(marked);
  return completions(documentOf(text, files), cursors[0]!).map(({ label }) => label);
}

describe('completion', () => {
  it('offers the arguments that are not given yet, first of all', () => {
    expect(labelsAt('model A { input x: [3, 8, 8]; Conv2d(4, 3, stride = 2, $0) }').slice(0, 4)).toEqual(['padding', 'dilation', 'groups', 'bias']);
    const [first] = completions(documentOf('stack S(width, depth = 2) { ReLU }\nmodel A { input x: [3]; S() }'), 61);
    expect(first).toMatchObject({ label: 'width', insert: 'width = ', kind: 'argument' });
  });

  it('does so in a call that is not closed', () => {
    expect(labelsAt('model A {\n  input x: [3, 8, 8]\n  Conv2d(4, $0\n}\n')).toContain('kernel_size');
  });

  it('offers the words that an argument accepts', () => {
    expect(labelsAt('model A { input x: [3, 8, 8]; Conv2d(4, 3, padding = $0) }')).toEqual(['"same"', '"valid"']);
    expect(labelsAt('model A { input x: [3, 8, 8]; Conv2d(4, 3, bias = $0) }')).toEqual(['true', 'false']);
  });

  it('offers names in scope with their types, layers, functions and keywords where a statement begins', () => {
    const { text, cursors } = readFixture('stack S { ReLU }\nmodel A {\n  input image: [3, 8, 8]\n  body = image -> Conv2d(4, 3)\n  $0\n}\n');
    const found = completions(documentOf(text), cursors[0]!);
    const labels = found.map(({ label }) => label);
    for (const label of ['image', 'body', 'S', 'A', 'Linear', 'softmax', 'params', 'residual', 'output']) expect(labels).toContain(label);
    expect(found.find(({ label }) => label === 'body')!.detail).toBe('[4, 6, 6]');
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('knows every layer of the catalog', () => {
    const labels = new Set(labelsAt('model A { input x: [3]; x -> $0 }'));
    expect([...layers.keys()].filter((name) => !labels.has(name))).toEqual([]);
  });

  it('offers declarations outside of bodies', () => {
    expect(labelsAt('$0')).toEqual(['let', 'function', 'stack', 'model', 'assert', 'from']);
  });

  it('offers results and parameters behind a dot', () => {
    expect(labelsAt('stack S { Linear(2); output small; Linear(9); output large }\nmodel A { input x: [3]; r = x -> S; r.$0 }')).toEqual(['small', 'large']);
    expect(labelsAt('model A { input x: [3]; f = Linear(2); x -> f; y = f.$0 }')).toEqual(['weight', 'bias']);
  });

  it('offers optimizers, and what another file declares', () => {
    expect(labelsAt('model A { input x: [3]; ReLU\n  optimizer $0\n}')).toContain('AdamW');
    expect(labelsAt('from "./blocks.nn" import A, $0\n', { 'blocks.nn': 'stack A { ReLU }\nstack B { ReLU }\n' })).toEqual(['B']);
  });

  it('keeps quiet in comments and strings', () => {
    expect(labelsAt('model A { input x: [3] # Lin$0\n}')).toEqual([]);
    expect(labelsAt('from "./bl$0')).toEqual([]);
  });
});

/** The signature with its active argument marked. */
function signatureAt(marked: string): string | undefined {
  const { text, cursors } = readFixture(marked);
  const help = signatureHelp(documentOf(text), cursors[0]!);
  if (help === undefined) return undefined;
  const active = help.active === undefined ? undefined : help.parameters[help.active];
  return active === undefined ? help.label : `${help.label.slice(0, active.start)}‹${help.label.slice(active.start, active.end)}›${help.label.slice(active.end)}`;
}

describe('signature help', () => {
  it('marks the argument by its place and by its name', () => {
    expect(signatureAt('model A { input x: [8]; Linear($0) }')).toBe('Linear(‹out_features›, bias = true)');
    expect(signatureAt('model A { input x: [8]; Linear(4, $0) }')).toBe('Linear(out_features, ‹bias = true›)');
    expect(signatureAt('model A { input x: [8]; Linear(bias = $0false) }')).toBe('Linear(out_features, ‹bias = true›)');
    expect(signatureAt('model A { input x: [8]; Linear(4, true, $0) }')).toBe('Linear(out_features, bias = true)');
  });

  it('is that of the innermost call, in unfinished texts, too', () => {
    expect(signatureAt('stack S(a, b = 2) { ReLU }\nmodel A {\n  input x: [8]\n  S(max(1, 2), $0\n}\n')).toBe('S(a, ‹b = 2›)');
    expect(signatureAt('stack S(a, b = 2) { ReLU }\nmodel A { input x: [8]; S([1, $0]) }')).toBe('S(‹a›, b = 2)');
  });

  it('knows what an argument stands for', () => {
    expect(signatureAt('stack S(f) { f($0) }\nmodel A { input x: [8]; S(Linear) }')).toBe('Linear(‹out_features›, bias = true)');
  });

  it('is not given outside of calls', () => {
    expect(signatureAt('model A { input x: [8]; $0 }')).toBeUndefined();
    expect(signatureAt('model A { input x: [8]; Linear(4)$0 }')).toBeUndefined();
  });
});

describe('formatting', () => {
  const apply = (text: string): string | undefined => {
    const edit = formatting(documentOf(text));
    return edit && text.slice(0, edit.span.start) + edit.text + text.slice(edit.span.end);
  };

  it('changes no more than it must', () => {
    const text = 'model A {\n  input x: [3]\n  Linear( 4 )\n}\n';
    expect(apply(text)).toBe('model A {\n  input x: [3]\n  Linear(4)\n}\n');
    const { span } = formatting(documentOf(text))!;
    expect(text.slice(span.start, span.end)).toBe(' 4 ');
  });

  it('leaves canonical and broken texts alone', () => {
    expect(apply('model A {\n  input x: [3]\n  Linear(4)\n}\n')).toBeUndefined();
    expect(apply('model A {\n  input x: [3\n')).toBeUndefined();
  });
});

describe('formatting a part', () => {
  const after = (marked: string): string => {
    const { text, cursors } = readFixture(marked);
    const edit = rangeFormatting(documentOf(text), { start: cursors[0]!, end: cursors[1]! });
    return edit === undefined ? text : applied(text, [edit]);
  };

  it('changes the statements on its lines only', () => {
    expect(after('model A {\n  Linear( 1 )\n  $0Linear( 2 )\n    ReLU$0\n  Linear( 3 )\n}\n')).toBe('model A {\n  Linear( 1 )\n  Linear(2)\n  ReLU\n  Linear( 3 )\n}\n');
    expect(after('model  A { ReLU }\nmodel  $0B { ReLU }$0\nmodel  C { ReLU }\n')).toBe('model  A { ReLU }\nmodel B { ReLU }\nmodel  C { ReLU }\n');
  });

  it('leaves broken texts alone, and has nothing to do between declarations', () => {
    expect(after('model A { Linear( 1 $0)$0')).toBe('model A { Linear( 1 )');
    expect(after('model  A { ReLU }\n$0\n$0\nmodel B { ReLU }\n')).toBe('model  A { ReLU }\n\n\nmodel B { ReLU }\n');
  });

  it('keeps the tree of any text, and brings the whole of it into the form that formatting gives', () => {
    fc.assert(
      fc.property(anyFile, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (file, one, other) => {
        const text = print(file).replaceAll(' = ', '  =  ').replaceAll('\n  ', '\n      ');
        const document = { ...documentOf(''), ...{ text, tree: parse(text).file, lines: documentOf(text).lines } };
        const [start, end] = [Math.floor(Math.min(one, other) * text.length), Math.floor(Math.max(one, other) * text.length)];
        const part = rangeFormatting(document, { start, end });
        const changed = part === undefined ? text : applied(text, [part]);
        expect(withoutPlaces(parse(changed).file), text).toEqual(withoutPlaces(parse(text).file));
        expect(format(changed)).toBe(format(text));
      }),
      { numRuns: 60 },
    );
  });
});

describe('indentation while typing', () => {
  const after = (marked: string): string => {
    const { text, cursors } = readFixture(marked);
    const edit: TextEdit | undefined = indentation(documentOf(text), cursors[0]!);
    return edit === undefined ? text : applied(text, [edit]);
  };

  it.each([
    ['a line in a body', 'model A {\n$0', 'model A {\n  '],
    ['a line in a body in a body', 'model A {\n  residual {\n$0ReLU\n  }\n}', 'model A {\n  residual {\n    ReLU\n  }\n}'],
    ['a closing brace', 'model A {\n  ReLU\n  }$0\n', 'model A {\n  ReLU\n}\n'],
    ['an else behind it', 'model A {\n  if a {\n    ReLU\n    }$0 else {\n', 'model A {\n  if a {\n    ReLU\n  } else {\n'],
    ['arguments over several lines', 'model A {\n  Conv2d(\n$0', 'model A {\n  Conv2d(\n    '],
    ['two brackets of one line, once', 'model A {\n  x = f({\n$0', 'model A {\n  x = f({\n    '],
    ['a line outside of all', 'model A { ReLU }\n   $0', 'model A { ReLU }\n'],
    ['a step of a chain, left where it is', 'model A {\n  x -> ReLU\n       -> Tanh$0', 'model A {\n  x -> ReLU\n       -> Tanh'],
  ])('of %s', (_, marked, result) => {
    expect(after(marked)).toBe(result);
  });
});

describe('the outline', () => {
  it('lists declarations, and in them what has a name, with types', () => {
    const text = 'let n = 3\nfunction f(x) = x\nstack S(k = 2) { input y; Linear(k) }\nmodel A { input x: [3]; z = x -> S; output z }\n';
    const flat = (symbol: DocumentSymbol): string => `${symbol.kind} ${symbol.name} ${symbol.detail}`.trim();
    const outline = documentSymbols(documentOf(text)).map((symbol) => [flat(symbol), ...symbol.children.map(flat)]);
    expect(outline).toEqual([
      ['constant n'],
      ['function f (x)'],
      ['stack S (k = 2)', 'input y [3]'],
      ['model A 8 params', 'input x [3]', 'value z [2]', 'output z [2]'],
    ]);
  });
});

describe('folding', () => {
  it('folds bodies up to their closing line, imports, and runs of comments', () => {
    const text = 'from "./a.nn" import A\nfrom "./b.nn" import B\n\n# one\n# two\nmodel C {\n  input x: [3]\n  residual {\n    Linear(3)\n  }\n  repeat 2 { ReLU }\n}\n';
    expect(foldingRanges(documentOf(text))).toEqual([
      { startLine: 0, endLine: 1, kind: 'imports' },
      { startLine: 3, endLine: 4, kind: 'comment' },
      { startLine: 5, endLine: 10 },
      { startLine: 7, endLine: 8 },
    ]);
  });
});
