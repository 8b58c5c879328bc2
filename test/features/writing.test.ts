// What helps while writing: signatures, formatting; and the outline and folds of what is written.

import { describe, expect, it } from 'vitest';
import { foldingRanges } from '../../server/src/features/folding';
import { formatting, rangeFormatting } from '../../server/src/features/formatting';
import { indentation } from '../../server/src/features/indentation';
import { signatureHelp } from '../../server/src/features/signature-help';
import { type DocumentSymbol, documentSymbols } from '../../server/src/features/symbols';
import { applied, type TextEdit } from '../../server/src/features/text-edits';
import fc from 'fast-check';
import { parse } from '../../grammar/parse';
import { sourceOf } from '../../server/src/features/workspace';
import { format, print } from '../../grammar/print';
import { anyFile } from '../grammar/arbitrary';
import { withoutPlaces } from '../grammar/tree';
import { documentOf, readFixture } from '../support/fixture';

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

  it('is that of what an applied layer takes', () => {
    expect(signatureAt('model A { input x: [4, 8]; y = MultiheadAttention(2)(x, $0) }')).toContain('MultiheadAttention(query, ‹key?›, value?');
    expect(signatureAt('model A { input x: [4, 8]; attn = MultiheadAttention(2); y = attn(x, is_causal = $0true) }')).toContain('‹is_causal = false›');
    expect(signatureAt('stack S(n) { input a; input b; a + b }\nmodel A { input x: [4]; y = S(2)(x, $0) }')).toBe('S(a, ‹b›)');
  });

  it('is given for questions and functions of numbers, too', () => {
    expect(signatureAt('model A { input x: [8]; assert grad(loss, $0) }')).toBe('grad(y, ‹x›)');
    expect(signatureAt('model A { input x: [8]; assert macs(x, H = $0) }')).toBe('macs(x?, ‹DIMENSION = size, …›)');
    expect(signatureAt('let a = zip([1], [2], $0)')).toBe('zip(a, ‹b, …›)');
    expect(signatureAt('let a = range(1, $0)')).toBe('range(start, ‹stop›, step = 1)');
  });

  it('marks the last of those that take any number, and an argument that is missing behind a named one', () => {
    expect(signatureAt('model A { input x: [8]; y = concat(x, x, $0) }')).toBe('concat(‹tensors, …›, dim = 0)');
    expect(signatureAt('model A { input x: [8]; y = einsum("i,i->i", x, $0) }')).toBe('einsum(equation, ‹operands, …›)');
    expect(signatureAt('model A { input x: [8]; Reshape(2, $0) }')).toBe('Reshape(‹shape›)');
    expect(signatureAt('model A { input x: [8, 9]; MaxPool1d(2, padding = 1, $0) }')).toContain('‹stride = none›');
  });

  it('is not given where a declaration names its arguments, nor behind a call that a statement ends', () => {
    expect(signatureAt('stack S(a, b$0) { ReLU }')).toBeUndefined();
    expect(signatureAt('model A {\n  input x: [8]\n  Linear(2,\n  assert params() > $0\n}')).toBeUndefined();
  });

  it('says what fits here', () => {
    const here = (marked: string): string | undefined => {
      const { text, cursors } = readFixture(marked);
      const help = signatureHelp(documentOf(text), cursors[0]!)!;
      return /(Here|No number) .*$/.exec(help.parameters[help.active!]!.documentation!)?.[0];
    };
    expect(here('model A { input x: [6, 8, 8]; Conv2d(12, 3, groups = $0) }')).toBe('Here 1, 2, 3, 6.');
    expect(here('model A {\n  input x: [6, 8, 8]\n  x -> MaxPool2d(5, padding = $0\n}')).toBe('Here 0 to 2.');
    expect(here('model A { input x: [6, 8, 9]; ReLU; Conv2d(4, $0) }')).toBe('Here 1 to 8.');
    expect(here('model A { input x: [6, 900]; Conv1d(4, padding = 1, kernel_size = $03) }')).toBe('Here 1 to 902.');
    expect(here('model A { input x: [6, H, W]; n = 6; Conv2d(n, $0) }')).toBeUndefined();
    expect(here('model A { input x: [6, 8, 8]; Conv2d(n, $0) }')).toBeUndefined();
    expect(here('model A { input x: [6, 8, 8]; Conv2d(4, 9, stride = $0) }')).toBe('No number fits here.');
    expect(here('model A { input x: [6, 8, 8]; c = Conv2d(4, $0) }')).toBeUndefined();
    expect(here('model A { input x: [6, 8, 8]; MaxPool2d(, padding = $0) }')).toBeUndefined();
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
        const document = sourceOf('file:///main.nn', text);
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
    ['a statement that goes on', 'model A {\n  y = x +\n$0', 'model A {\n  y = x +\n      '],
    ['a statement behind one that is finished', 'model A {\n  y = x + 1\n$0', 'model A {\n  y = x + 1\n  '],
    ['the end of a body behind one that is not', 'model A {\n  y = x +\n  }$0', 'model A {\n  y = x +\n}'],
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
      ['constant n 3'],
      ['function f (x)'],
      ['stack S (k = 2)', 'input y [3]'],
      ['model A 8 params', 'input x [3]', 'value z [2]', 'output z [2]'],
    ]);
  });
});

describe('the outline of a body', () => {
  it('has what loops, branches and blocks name, too, and says what layers are', () => {
    const text = 'model A(n = 2) { input x: [3]\n  head = Linear(4)\n  for i in range(n) { ReLU; output step }\n  if n > 1 { y = x -> head }\n  residual { z = x -> Tanh; z }\n}\n';
    const [model] = documentSymbols(documentOf(text));
    expect(model!.children.map(({ name, detail }) => `${name} ${detail}`)).toEqual(['x [3]', 'head Linear(4)', 'step [3]', 'y [4]', 'z [3]']);
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
