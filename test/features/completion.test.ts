// Completion: what is offered where, in which order, with which effect, and what accepting it writes.

import { describe, expect, it } from 'vitest';
import { completions } from '../../server/src/features/completion';
import { relativePath } from '../../server/src/features/completion/imports';
import type { Completion } from '../../server/src/features/completion/item';
import { documentationOf, warmNames } from '../../server/src/features/completion/layers';
import { applied } from '../../server/src/features/text-edits';
import { functions, layers } from '../../server/src/layers/catalog';
import { filesOf, readFiles } from '../support/files';
import { documentOf, readFixture } from '../support/fixture';

function labelsAt(marked: string, files?: Readonly<Record<string, string>>): string[] {
  const { text, cursors } = readFixture(marked);
  return completions(documentOf(text, files), cursors[0]!).map(({ label }) => label);
}

describe('completion', () => {
  it('does not offer a model inside itself, nor one that is made of it', () => {
    const offered = labelsAt('model A {\n  input x: [3]\n  $0\n}\nmodel B = A()\nmodel C = B()\nmodel D { input x: [3] }\nmodel E = D()\n');
    expect(['A', 'B', 'C', 'D', 'E'].filter((name) => offered.includes(name))).toEqual(['D', 'E']);
  });

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

  it('offers in the parentheses of a layer what its arguments can be: names of numbers and functions that give some, no layers and tensors', () => {
    const labels = labelsAt('let width = 4\nfunction half(n) { n // 2 }\nmodel A(pad = 1) { input x: [3, H, 8]; Conv2d(width, 3, pad$0) }');
    for (const label of ['padding', 'pad', 'width', 'half', 'H', 'min', 'true']) expect(labels).toContain(label);
    for (const label of ['x', 'A', 'Conv2d', 'ZeroPad2d', 'softmax', 'residual']) expect(labels).not.toContain(label);
    expect(labelsAt('model A(pad = 1) { input x: [3, 8, 8]; Conv2d(4, 3, padding = $0) }')).toEqual(['"same"', '"valid"', 'pad']);
    expect(labelsAt('stack S(f) { f }\nmodel A { input x: [3]; S($0) }')).toContain('ReLU');
  });

  it('offers names in scope with their types, layers, functions and keywords where a statement begins', () => {
    const { text, cursors } = readFixture('stack S { ReLU }\nmodel A {\n  input image: [3, 8, 8]\n  body = image -> Conv2d(4, 3)\n  $0\n}\n');
    const found = completions(documentOf(text), cursors[0]!);
    const labels = found.map(({ label }) => label);
    for (const label of ['image', 'body', 'S', 'Linear', 'softmax', 'params', 'residual', 'output']) expect(labels).toContain(label);
    expect(found.find(({ label }) => label === 'body')!.detail).toBe('[4, 6, 6]');
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('knows every layer of the catalog', () => {
    const labels = new Set(labelsAt('model A { input x: [3]; x -> $0 }'));
    expect([...layers.keys()].filter((name) => !labels.has(name))).toEqual([]);
  });

  it('offers declarations outside of bodies', () => {
    expect(labelsAt('$0')).toEqual(['model', 'stack', 'function', 'let', 'from', 'assert']);
    expect(labelsAt('model A { ReLU }\n\nst$0')).toContain('stack');
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
    expect(labelsAt('model A { input x: [3]; EinSum("b$0") }')).toEqual([]);
  });
});

describe('the effect of a stack', () => {
  const itemAt = (marked: string, label: string, files?: Readonly<Record<string, string>>): Completion | undefined => {
    const { text, cursors } = readFixture(marked);
    return completions(documentOf(text, files), cursors[0]!).find((each) => each.label === label);
  };
  const block = '## Halves the map.\nstack Down(channels, kernel = 3) {\n  Conv2d(channels, kernel, stride = 2, padding = kernel // 2)\n  ReLU\n}\n';

  it('is said with its arguments as free sizes, and accepting it asks for them', () => {
    const item = itemAt(`${block}model A {\n  input x: [3, 32, 32]\n  Conv2d(8, 3, padding = 1)\n  $0\n}\n`, 'Down')!;
    expect(item).toMatchObject({ effect: '→ [channels, 16, 16]', insert: 'Down(${1:channels})', detail: 'stack Down(channels, kernel = 3)', documentation: 'Halves the map.' });
    expect(itemAt(`${block}model A {\n  input x: [3, H, 32]\n  x -> $0\n}\n`, 'Down')?.effect).toBe('→ [channels, (H + 1)//2, 16]');
  });

  it('is said of imported ones, and of those that do not fit', () => {
    const files = { 'blocks.nn': 'stack Head { AdaptiveAvgPool2d(1); Flatten; Linear(10) }\n' };
    const at = (input: string): Completion | undefined => itemAt(`from "./blocks.nn" import Head\nmodel A {\n  input x: ${input}\n  ReLU\n  $0\n}\n`, 'Head', files);
    expect(at('[3, 32, 32]')).toMatchObject({ effect: '→ [10]', origin: 'imported' });
    expect(at('[3]')).toMatchObject({ unfit: true });
  });

  it('is left open where a stack needs more than sizes, or applies itself without end', () => {
    const text = 'stack T(f) { f; f }\nstack Forever { Forever }\nmodel A {\n  input x: [3]\n  ReLU\n  $0\n}\n';
    expect(itemAt(text, 'T')?.effect).toBeUndefined();
    expect(itemAt(text, 'Forever')?.effect).toBeUndefined();
  });
});

describe('the effect of a layer', () => {
  const effectAt = (marked: string, label: string): string | undefined => {
    const { text, cursors } = readFixture(marked);
    const found = completions(documentOf(text), cursors[0]!).find((item) => item.label === label)!;
    return found.unfit === true ? `unfit: ${found.detail ?? ''}` : found.effect;
  };

  it('is what its rule gives for the flow here, with what accepting it writes', () => {
    const text = 'model A {\n  input image: [3, 112, 112]\n  Conv2d(64, 3, padding = 1)\n  Max$0\n}\n';
    expect(effectAt(text, 'MaxPool2d')).toBe('→ [64, 56, 56]');
    expect(effectAt(text, 'Flatten')).toBe('→ [802816]');
    expect(effectAt(text, 'relu')).toBe('→ [64, 112, 112]');
    expect(effectAt(text, 'Linear')).toBe('→ [64, 112, 112]');
    const { text: plain, cursors } = readFixture(text);
    expect(completions(documentOf(plain), cursors[0]!).find(({ label }) => label === 'MaxPool2d')).toMatchObject({ insert: 'MaxPool2d(${1:2})', isSnippet: true });
  });

  it.each([
    ['behind an arrow', 'model A { input x: [3, 8, 8]; y = x -> Conv2d(4, 3) -> $0 }', '→ [4, 3, 3]'],
    ['behind an arrow in a chain of layers', 'model A { input x: [3, 8, 8]; Conv2d(4, 3) -> ReLU -> $0 }', '→ [4, 3, 3]'],
    ['in a residual body', 'model A { input x: [3, 8, 8]; residual {\n    $0\n  }\n}', '→ [3, 4, 4]'],
    ['in a branch, off the same value as the others', 'model A { input x: [4, 8, 8]; concat {\n    Conv2d(8, 1)\n    $0\n  }\n}', '→ [4, 4, 4]'],
    ['in a round of a loop', 'model A { input x: [4, 8, 8]; repeat 2 {\n    Conv2d(5, 1)\n    $0\n  }\n}', '→ [5, 4, 4]'],
    ['behind a side of an if', 'model A(f = true) { input x: [4, 8, 8]; if f { Conv2d(6, 1) } else { Conv2d(7, 1) }\n  $0\n}', '→ [6, 4, 4]'],
    ['in a stack, as it is applied', 'stack S { input x; Conv2d(9, 1)\n  $0\n}\nmodel A { input x: [4, 8, 8]; S }', '→ [9, 4, 4]'],
    ['of free sizes', 'model A { input x: [4, H, W]\n  $0\n}', '→ [4, H//2, W//2]'],
  ])('is known %s', (_, text, effect) => {
    expect(effectAt(text, 'MaxPool2d')).toBe(effect);
  });

  it('is not known where nothing flows', () => {
    for (const text of ['model A { input x: [4, 8, 8]; y = $0 }', 'model A { input x: [4, 8, 8]; f(x, $0) }', 'stack S {\n  $0\n}']) expect(effectAt(text, 'MaxPool2d')).toBeUndefined();
  });

  it('of one that cannot be applied is its error, and it comes last', () => {
    const text = 'model A { input x: [64]; $0 }';
    expect(effectAt(text, 'MaxPool2d')).toMatch(/^unfit: MaxPool2d takes an input \[C, H, W\], but gets \[64\]/);
    const labels = labelsAt(text);
    expect(labels.indexOf('MaxPool2d')).toBeGreaterThan(labels.indexOf('Linear'));
    expect(effectAt(text, 'Bilinear')).toMatch(/^unfit/);
  });

  it('is there for every layer, or the reason why not', () => {
    const { text, cursors } = readFixture('model A { input x: [64, 32, 32]; $0 }');
    const found = new Map(completions(documentOf(text), cursors[0]!).map((item) => [item.label, item]));
    expect([...layers.keys()].filter((name) => found.get(name)!.effect === undefined && found.get(name)!.unfit !== true)).toEqual([]);
  });
});

describe('what belongs at a place', () => {
  it.each([
    ['nothing where a declaration names its arguments', 'stack S(wi$0) { ReLU }', []],
    ['nothing right behind a value', 'model A { input x: [3]; Linear(3)$0 }', []],
    ['nothing behind the name of what is declared', 'model A { input x $0 }', []],
    ['nothing where a number is written', 'model A { input x: [3]; Linear(3$0) }', []],
    ['what goes on behind a value', 'model A { input x: [3]; assert params() > 3 $0 }', ['and', 'or']],
    ['`else` behind a side', 'model A(f) { input x: [3]; if f { ReLU } $0 }', ['else']],
    ['`in` behind the names of a loop', 'model A { for a, b $0 }', ['in']],
    ['`import` behind a path', 'from "./b.nn" $0', ['import']],
    ['`as` behind an imported name', 'from "./b.nn" import B $0', ['as']],
    ['the kinds of tensors behind a colon', 'model A { input x: $0 }', ['[ ]', 'int', 'float']],
    ['models where a variant is made', 'model A(n = 2) { input x: [n] }\nstack S { ReLU }\nmodel B = $0', ['A']],
    ['the words of an argument between its quotes', 'model A { input x: [3, 8, 8]; Conv2d(4, 3, padding_mode = "$0") }', ['"zeros"', '"reflect"', '"replicate"', '"circular"']],
    ['dimensions and numbers, but no tensors, in a shape', 'let n = 3\nmodel A(d = 2) { input x: [c]; y = x -> ReLU; param w: [$0] }', ['c', 'd', 'n']],
    ['tensors to publish', 'model A(d = 2) { input x: [c]; y = x -> ReLU; output $0 }', ['x', 'y']],
  ])('is %s', (_, text, labels) => {
    expect(labelsAt(text, { 'b.nn': 'stack B { ReLU }' })).toEqual(labels);
  });

  it.each([
    ['the loss and tensors for what a gradient is of', 'model A { input x: [3]; loss sum(x); assert grad($0) }', ['x', 'loss']],
    ['tensors for the input of a function', 'model A(d = 2) { input x: [3]; softmax($0) }', ['x', 'dim']],
    ['questions in an assert', 'model A { input x: [3]; assert $0 }', ['shape', 'params', 'macs']],
    ['so behind a call that is not closed', 'model A {\n  input x: [3]\n  Linear(bias = \n  assert $0\n}', ['shape', 'params']],
    ['losses in a loss', 'model A { input x: [3]; loss $0 }', ['mse_loss', 'l1_loss']],
    ['numbers where a loop counts', 'model A(d = 2) { input x: [3]; repeat $0 }', ['d']],
    ['numbers where an argument takes one', 'model A(d = 2) { input x: [3]; Linear(out_features = $0) }', ['d']],
    ['layers behind an arrow', 'model A(d = 2) { input x: [3]; f = Linear(2); x -> $0 }', ['f', 'Linear']],
    ['arguments of an applied layer behind its tensors', 'model A { input x: [4, 8]; y = MultiheadAttention(2)(x, $0) }', ['x', 'need_weights']],
    ['names of numbers behind the words of an argument', 'model A(d = 2) { input x: [3, 8, 8]; Conv2d(4, 3, padding = $0) }', ['"same"', '"valid"', 'd']],
  ])('comes first: %s', (_, text, first) => {
    const labels = labelsAt(text);
    expect(labels.filter((label) => first.includes(label) || labels.indexOf(label) < first.length).slice(0, first.length)).toEqual(first);
  });

  it('is no construct of statements inside parentheses, however the lines break', () => {
    const labels = labelsAt('model A { input x: [3, 8, 8]\n  Conv2d(4,\n    $0\n  )\n}');
    expect(labels).toContain('kernel_size');
    expect(labels).not.toContain('input');
  });

  it('does not take the end of a comment above for the dot of a member', () => {
    expect(labelsAt('model A { input x: [3]; ReLU }\n\n# That is all.\na$0')).toContain('assert');
    expect(labelsAt('model A {\n  input x: [3]\n  # The head.\n  Lin$0\n}')).toContain('Linear');
  });

  it('is a stack in itself, and what a loop runs over in its body', () => {
    expect(labelsAt('stack S(n) { if n > 0 { $0 } }')).toContain('S');
    expect(labelsAt('model A { input x: [3]; for c in [1, 2] { Linear($0) } }')).toContain('c');
  });

  it('is not the name whose value is being written', () => {
    expect(labelsAt('model A { input x: [3]\n  y = x + $0\n}')).not.toContain('y');
    expect(labelsAt('let a = 2\nlet b = $0\n')).not.toContain('b');
    expect(labelsAt('stack S(a, b = $0) { ReLU }')).not.toContain('b');
    expect(labelsAt('model A { input x: [3]\n  y = x + 1\n  $0\n}')).toContain('y');
  });

  it('replaces the whole string where a word is chosen between quotes', () => {
    const { text, cursors } = readFixture('model A { input x: [3, 8, 8]; Conv2d(4, 3, padding_mode = "ze$0") }');
    const [first] = completions(documentOf(text), cursors[0]!);
    expect(text.slice(first!.replaces!.start, first!.replaces!.end)).toBe('"ze"');
  });
});

describe('names and constructs', () => {
  it('offers no names that are bound later, and sizes only in types', () => {
    const labels = labelsAt('model A { input x: [3]; y = x -> ReLU; $0; z = y -> Tanh }');
    expect(labels).toContain('y');
    expect(labels).not.toContain('z');
    expect(labelsAt('let n = 3\nmodel A(d) { input x: [c]; param w: [$0] }')).toEqual(expect.arrayContaining(['n', 'd', 'c']));
  });

  it.each(['let $0', 'stack $0', 'model A { param $0', 'model A { for $0', 'from "./b.nn" import B as $0', 'model A { x = 3.$0'])('keeps quiet where a new name is written: %s', (text) => {
    expect(labelsAt(text, { 'b.nn': 'stack B { ReLU }' })).toEqual([]);
  });

  it('writes constructs with places to fill in', () => {
    const { text, cursors } = readFixture('model A { input x: [3]\n  re$0\n}');
    const found = completions(documentOf(text), cursors[0]!).find(({ label }) => label === 'repeat');
    expect(found).toMatchObject({ kind: 'keyword', insert: 'repeat ${1:2} {\n  $0\n}', isSnippet: true });
  });

  it('shows defaults and ranges of arguments', () => {
    const { text, cursors } = readFixture('model A { input x: [3, 8, 8]; Conv2d(4, 3, $0) }');
    expect(completions(documentOf(text), cursors[0]!)[0]).toMatchObject({ label: 'stride', effect: '= 1', origin: 'an integer ≥ 1, or a list of 2 such integers' });
  });

  it('documents layers, functions and optimizers when it is asked', () => {
    expect(documentationOf('Conv2d')).toContain('dilation·(kernel_size − 1)');
    expect(documentationOf('params')).toContain('trainable parameters');
    expect(documentationOf('AdamW')).toMatch(/decay/);
    // The signature stands above it.
    expect(documentationOf('Conv2d')).not.toContain('Conv2d(out_channels');
    expect(documentationOf('nothing')).toBeUndefined();
  });
});

describe('other files', () => {
  const offered = (marked: Readonly<Record<string, string>>): { readonly items: readonly Completion[]; readonly accept: (label: string) => string } => {
    const { texts, cursors } = readFiles(marked);
    const document = documentOf(texts['main.nn']!, texts);
    const items = completions(document, cursors[0]!.offset, filesOf(texts));
    return { items, accept: (label) => applied(document.text, items.find((item) => item.label === label)!.further!) };
  };

  it('are imported where a name of theirs is accepted', () => {
    const { items, accept } = offered({ 'main.nn': 'model A { input x: [3]; Bl$0 }\n', 'more/b.nn': '## A block.\nstack Block { ReLU }\nstack Other { ReLU }\n' });
    expect(items.find(({ label }) => label === 'Block')).toMatchObject({ origin: './more/b.nn', detail: 'stack, imported from ./more/b.nn', documentation: 'A block.' });
    expect(items.map(({ label }) => label)).not.toContain('Other');
    expect(accept('Block')).toBe('from "./more/b.nn" import Block\n\nmodel A { input x: [3]; Bl }\n');
  });

  it('extend an import that is there, and follow those of other files', () => {
    const b = 'stack Block { ReLU }\nstack Big { ReLU }\n';
    expect(offered({ 'main.nn': 'from "./b.nn" import Block\nmodel A { input x: [3]; B$0 }\n', 'b.nn': b }).accept('Big')).toBe('from "./b.nn" import Block, Big\nmodel A { input x: [3]; B }\n');
    expect(offered({ 'main.nn': '## The file.\n\nmodel A { input x: [3]; B$0 }\n', 'b.nn': b }).accept('Big')).toBe('## The file.\n\nfrom "./b.nn" import Big\n\nmodel A { input x: [3]; B }\n');
    expect(offered({ 'main.nn': 'from "./c.nn" import C\n\nmodel A { input x: [3]; B$0 }\n', 'b.nn': b, 'c.nn': 'stack C { ReLU }' }).accept('Big')).toBe('from "./c.nn" import C\nfrom "./b.nn" import Big\n\nmodel A { input x: [3]; B }\n');
  });

  it('are not offered where an import would make a circle, or a name is taken', () => {
    const { items } = offered({ 'main.nn': 'stack Block { ReLU }\nmodel A { input x: [3]; B$0 }\n', 'b.nn': 'from "./main.nn" import A\nstack Big { ReLU }\n', 'c.nn': 'stack Block { ReLU }\n' });
    expect(items.map(({ label }) => label)).not.toContain('Big');
    expect(items.filter(({ label }) => label === 'Block')).toMatchObject([{ detail: 'stack' }]);
  });

  it('are offered as paths in the string of an import', () => {
    const { items } = offered({ 'main.nn': 'from "./mo$0', 'more/b.nn': 'stack B { ReLU }', 'c.nn': '## The third.\n\nstack C { ReLU }' });
    expect(items).toMatchObject([{ label: './more/b.nn', kind: 'file', replaces: { start: 6, end: 10 } }, { label: './c.nn', documentation: 'The third.' }]);
  });

  it('have paths that lead from one to the other', () => {
    expect(relativePath('file:///a/b/main.nn', 'file:///a/b/c.nn')).toBe('./c.nn');
    expect(relativePath('file:///a/b/main.nn', 'file:///a/c/d%20e.nn')).toBe('../c/d e.nn');
    expect(relativePath('file:///main.nn', 'file:///a/c.nn')).toBe('./a/c.nn');
    expect(relativePath('file:///main.nn', 'vscode-vfs://github/a/c.nn')).toBeUndefined();
  });
});

it('lists are worked out before the first is asked for, in many small steps, once', () => {
  const names = new Set([...layers.keys(), ...functions.keys()]).size;
  let steps = 0;
  while (warmNames.next().done !== true) steps++;
  expect(steps).toBeGreaterThan(3 * names);
  expect(warmNames.next().done).toBe(true);
});
