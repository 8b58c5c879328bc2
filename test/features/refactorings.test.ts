// Refactorings: what each writes, where none is offered, and that every one keeps what the models are.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Node, walk } from '../../grammar/walk';
import { printType } from '../../server/src/layers/tensor';
import type { Span } from '../../server/src/base/span';
import { filesOf } from '../../server/src/features/definition';
import { offers, refactorings } from '../../server/src/features/refactorings';
import { applied } from '../../server/src/features/text-edits';
import { type Document, Workspace } from '../../server/src/features/workspace';
import { print } from '../../server/src/symbolic/dimension';
import { filesOf as among } from '../support/files';
import { documentOf } from '../support/fixture';
import { anyProgram } from '../support/programs';

const folder = path.join(import.meta.dirname, '../../examples');
const examples = readdirSync(folder).filter((name) => name.endsWith('.nn')).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')] as const);

/** Everything that a refactoring must keep: every operation in order, with shapes, parameters and costs. */
function pictureOf({ analysis }: Document): unknown {
  return {
    errors: analysis.diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message),
    models: analysis.models.map(({ name, graph }) => ({
      name,
      nodes: graph.nodes.map((node) => [
        node.kind === 'operation' ? node.operation.name : 'gradient',
        node.outputs.map(({ type }) => printType(type)).join(),
        node.kind === 'operation' ? node.parameters.map(({ id, type }) => `${String(id)}${printType(type)}`).join() : '',
        node.kind === 'operation' && node.effect.macs !== undefined ? print(node.effect.macs) : '',
        node.inputs.map(({ id }) => id).join(),
      ].join(' ')),
      outputs: graph.outputs.map(({ name: output, tensors }) => `${output} ${tensors.map(({ id }) => id).join()}`),
      losses: graph.losses.map(({ id }) => id),
      judgements: graph.judgements.map(({ outcome }) => outcome),
    })),
    judgements: analysis.judgements.map(({ outcome }) => outcome),
  };
}

/** The comments; a body that is written twice has its comments twice, and two may come to share a line. */
function commentsOf({ comments }: Document): string[] {
  return [...new Set(comments.flatMap(({ text }) => text.split(/ {2}(?=#)/)))].sort();
}

/** The text after a refactoring of what stands between ‹ and ›; undefined where it is not offered. */
function after(offer: keyof typeof offers, marked: string): string | undefined {
  const start = marked.indexOf('‹');
  const end = marked.indexOf('›') - 1;
  const document = documentOf(marked.replace(/[‹›]/g, ''));
  const found = offers[offer]!(document, { start, end }, filesOf(document));
  if (found === undefined || !('edits' in found)) return undefined;
  const text = applied(document.text, found.edits);
  expect(pictureOf(documentOf(text)), text).toEqual(pictureOf(document));
  return text;
}

/** Why a refactoring of what is marked is refused. */
function refusal(offer: keyof typeof offers, marked: string): string | undefined {
  const document = documentOf(marked.replace(/[‹›]/g, ''));
  const found = offers[offer]!(document, { start: marked.indexOf('‹'), end: marked.indexOf('›') - 1 }, filesOf(document));
  return found !== undefined && 'reason' in found ? found.reason : undefined;
}

describe('extracting to a stack', () => {
  it('takes lines that the flow goes through, with the names that they need as arguments', () => {
    expect(after('extractStack', 'model A(width = 8) {\n  input x: [3, 8, 8]\n  ‹Conv2d(width, 3)  # first\n  ReLU›\n  Flatten\n}\n')).toBe(
      'stack Extracted(width) {\n  Conv2d(width, 3)  # first\n  ReLU\n}\n\nmodel A(width = 8) {\n  input x: [3, 8, 8]\n  Extracted(width)\n  Flatten\n}\n',
    );
  });

  it('makes inputs of the tensors that lines begin with', () => {
    expect(after('extractStack', '## A model.\nmodel A {\n  input x: [3, 8, 8]\n  y = x -> ReLU\n  ‹body = x -> Tanh\n  body + y -> ReLU›\n}\n')).toBe(
      'stack Extracted {\n  input x\n  input y\n  body = x -> Tanh\n  body + y -> ReLU\n}\n\n## A model.\nmodel A {\n  input x: [3, 8, 8]\n  y = x -> ReLU\n  Extracted()(x, y)\n}\n',
    );
  });

  it('gives what is bound and read behind the lines, one value or several by their names', () => {
    expect(after('extractStack', 'model A(n = 4) {\n  input x: [3, 8, 8]\n  a = x -> Conv2d(n, 1)\n  b = x -> Conv2d(n, 1)\n  ‹up = b -> ReLU\n  c = concat(up, a) -> Conv2d(n, 1)  # joined›\n  c + b\n}\n')).toBe(
      'stack Extracted(n) {\n  input b\n  input a\n  up = b -> ReLU\n  concat(up, a) -> Conv2d(n, 1)  # joined\n}\n\nmodel A(n = 4) {\n  input x: [3, 8, 8]\n  a = x -> Conv2d(n, 1)\n  b = x -> Conv2d(n, 1)\n  c = Extracted(n)(b, a)\n  c + b\n}\n',
    );
    expect(after('extractStack', 'model A {\n  input x: [3]\n  ‹a = x -> Linear(4)\n  b = a -> Linear(4)›\n  a * b\n}\n')).toBe(
      'stack Extracted {\n  input x\n  a = x -> Linear(4)\n  b = a -> Linear(4)\n  output a\n  output b\n}\n\nmodel A {\n  input x: [3]\n  extracted = Extracted()(x)\n  a = extracted.a\n  b = extracted.b\n  a * b\n}\n',
    );
    expect(after('extractStack', 'model A { input x: [3]; ‹a = x -> Linear(4); b = a -> Linear(4)›; a }')).toContain('input x: [3]; a = x -> Extracted; a }');
  });

  it('takes steps of a pipe', () => {
    expect(after('extractStack', 'model A(n = 4) {\n  input x: [3, 8, 8]\n  y = x -> ‹Conv2d(n, 3) -> BatchNorm2d› -> ReLU\n  y\n}\n')).toBe(
      'stack Extracted(n) {\n  Conv2d(n, 3)\n  BatchNorm2d\n}\n\nmodel A(n = 4) {\n  input x: [3, 8, 8]\n  y = x -> Extracted(n) -> ReLU\n  y\n}\n',
    );
  });

  it.each([
    ['the lines change what flows, and y is read behind them', 'model A { input x: [3]; ‹y = x -> ReLU; Tanh›; y -> ReLU }'],
    ['f, which is read behind the lines, is no tensor', 'model A { input x: [3]; ‹f = Linear(3); y = f(x)›; f(y) }'],
    ['inputs, outputs and the loss belong to the model itself', 'model A { input x: [3]; ‹ReLU; output y› }'],
  ])('is refused since %s', (reason, text) => {
    expect(refusal('extractStack', text)).toBe(reason);
  });

  it.each([
    ['names that are used behind it', 'model A { input x: [3]; ‹y = x -> ReLU; Tanh›; y -> ReLU }'],
    ['statements that belong to the model', 'model A { input x: [3]; ‹ReLU; output y› }'],
    ['branches', 'model A { input x: [3]; concat { ‹ReLU; Tanh› } }'],
    ['the value of a block', 'model A { input x: [3]; y = { ‹x -> ReLU› }; y }'],
    ['nothing', 'model A { input x: [3]; ‹›ReLU }'],
    ['what nobody applies', 'stack S { ‹Linear(3)› }'],
  ])('is not offered for %s', (_, text) => {
    expect(after('extractStack', text)).toBeUndefined();
  });
});

describe('inlining', () => {
  it('writes the body as a block, with the arguments in it', () => {
    expect(after('inlineHere', 'stack S(n, k = n + 1) {\n  input x: [c]\n  y = x -> Linear(n)  # why\n  y -> Linear(c * k)\n}\nmodel A {\n  input x: [3]\n  x -> ‹S›(4) -> ReLU\n}\n')).toBeUndefined();
    expect(after('inlineHere', 'stack S(n, k = 2) {\n  input x: [c]\n  y = x -> Linear(n)  # why\n  y -> Linear(c * k)\n}\nmodel A {\n  input x: [3]\n  x -> ‹S›(4) -> ReLU\n}\n')).toContain(
      '  x -> {\n    input x: [c]\n    y = x -> Linear(4)  # why\n    y -> Linear(c * 2)\n  } -> ReLU\n',
    );
  });

  it('leaves out what a stack publishes, where nobody reads it', () => {
    expect(after('inlineHere', 'stack S(k) { input x: [c]; Linear(k); Linear(c * k); Reshape(k, -1) }\nmodel A(n = 2) { input x: [4]; ‹S›(n + 2); Tanh }')).toContain('{ input x: [c]; Linear(n + 2); Linear(c * (n + 2)); Reshape(n + 2, -1) }');
    expect(after('inlineHere', 'stack S { Linear(2); output early; ReLU }\nmodel A { input x: [3]; ‹S›; Tanh }')).toContain('input x: [3]; { Linear(2); ReLU }; Tanh');
    expect(after('inlineHere', 'stack S {\n  y = Linear(2)\n  z = ReLU\n  y\n  z\n  output z\n}\nmodel A { input x: [3]; ‹›ReLU; Tanh }')).toBeUndefined();
    expect(after('inlineHere', 'stack S {\n  input a\n  z = a -> Linear(2)\n  ReLU\n  output z\n}\nmodel A { input x: [3]; ‹S›; Tanh }')).toContain('  z = a -> Linear(2)\n  ReLU\n  z\n}');
  });

  it('keeps asserts and parameters of the stack, and stacks of several inputs', () => {
    expect(after('inlineHere', 'stack S(n) {\n  param w: [n]\n  input x\n  x * w\n  assert n > 2\n}\nmodel A { input x: [3]; ‹S›(3) }')).toContain('{\n  param w: [3]\n  input x\n  x * w\n  assert 3 > 2\n}');
    expect(after('inlineHere', 'stack S { input a; input b; a + b }\nmodel A { input x: [3]; ‹S›()(x, x) }')).toContain('{ input a; input b; a + b }(x, x)');
  });

  it('brings a stack of another file, and imports what it names there', () => {
    const files = { 'blocks.nn': 'let width = 4\nstack Part { Linear(width) }\nstack S(k = width) {\n  Linear(k)\n  Part\n}\n' };
    const inlinedIn = (text: string): string => {
      const document = documentOf(text, files);
      const start = text.lastIndexOf('S');
      const found = offers.inlineHere!(document, { start, end: start }, among({ 'main.nn': text, ...files }));
      const result = applied(text, found !== undefined && 'edits' in found ? found.edits : []);
      expect(pictureOf(documentOf(result, files))).toEqual(pictureOf(document));
      return result;
    };
    expect(inlinedIn('from "./blocks.nn" import S\nmodel A { input x: [3]; S(2) }\n')).toBe('from "./blocks.nn" import S, Part\nmodel A { input x: [3]; {\n  Linear(2)\n  Part\n} }\n');
    expect(inlinedIn('from "./blocks.nn" import S\nmodel A { input x: [3]; S }\n')).toContain('from "./blocks.nn" import S, Part, width\n');
    // Another thing has the name here.
    expect(inlinedIn('from "./blocks.nn" import S\nstack Part { Tanh }\nmodel A { input x: [3]; Part; S(2) }\n')).toContain('Part; S(2)');
  });

  it('of a single layer leaves the braces out, and everywhere removes the stack', () => {
    expect(after('inlineEverywhere', 'stack ‹S› { Linear(3) }\n\nmodel A { input x: [3]; S; ReLU; x -> S }\n')).toBe('model A { input x: [3]; Linear(3); ReLU; x -> Linear(3) }\n');
  });

  it('everywhere is not offered where another file would miss the stack, or its documentation would be lost', () => {
    expect(after('inlineEverywhere', '## Twice.\nstack ‹S› { Linear(3) }\n\nmodel A { input x: [3]; S }\n')).toBeUndefined();
    const texts = { 'main.nn': 'stack S { Linear(3) }\nmodel A { input x: [3]; S }\n', 'other.nn': 'from "./main.nn" import S\nmodel B { input x: [3]; S }\n' };
    const document = documentOf(texts['main.nn'], texts);
    const others = among(texts);
    const files = { source: (uri: string) => (uri === document.uri ? document : others.source(uri)), all: [document, ...others.all.slice(1)] };
    expect(offers.inlineEverywhere!(document, { start: 6, end: 7 }, files)).toMatchObject({ reason: 'another file uses it' });
  });

  it.each([
    ['a stack whose published name is read', 'stack S { Linear(2); output y; ReLU }\nmodel A { input x: [3]; r = x -> ‹S›; r.y }'],
    ['a stack that reads what it publishes of its flow', 'stack S { Linear(2); output y; ReLU; concat(y) }\nmodel A { input x: [3]; ‹S› }'],
    ['a stack with a loss', 'stack S { Linear(2); loss mean(x); input x }\nmodel A { input x: [3]; ‹S› }'],
    ['one that applies itself', 'stack S(n) { Linear(2); if n > 0 { S(0) } }\nmodel A { input x: [3]; ‹S›(1) }'],
    ['an argument that makes a layer', 'stack S(f) { f; f }\nmodel A { input x: [3]; ‹S›(ReLU()) }'],
    ['a name that means something else here', 'let n = 2\nstack S { Linear(n); ReLU }\nmodel A(n = 3) { input x: [3]; ‹S› }'],
    ['a size that is known here already', 'stack S { input x: [c]; Linear(c) }\nmodel A { input x: [3]; c = 3; Linear(4); ‹S› }'],
    ['a stack that is passed on', 'stack S { ReLU }\nstack T(f) { f }\nmodel A { input x: [3]; T(‹S›) }'],
  ])('is not offered for %s', (_, text) => {
    expect(after('inlineHere', text)).toBeUndefined();
  });
});

describe('lines and pipelines', () => {
  it('turn into each other', () => {
    const lines = 'model A {\n  input x: [3]\n  ‹x -> Linear(4)\n  ReLU\n  Linear(5)›\n}\n';
    const chain = 'model A {\n  input x: [3]\n  ‹x -> Linear(4) -> ReLU -> Linear(5)›\n}\n';
    expect(after('joinLines', lines)).toBe(chain.replace(/[‹›]/g, ''));
    expect(after('splitPipeline', chain)).toBe(lines.replace('x -> Linear', 'x\n  Linear').replace(/[‹›]/g, ''));
  });

  it.each([
    ['joinLines', 'model A { input x: [3]; concat { ‹Linear(4); ReLU› } }'],
    ['joinLines', 'model A {\n  input x: [3]\n  ‹Linear(4)  # why\n  ReLU›\n}'],
    ['joinLines', 'model A { input x: [3]; ‹Linear(4); x› }'],
    ['splitPipeline', 'model A { input x: [3]; concat { ‹Linear(4) -> ReLU›; ReLU } }'],
    ['splitPipeline', 'model A(f = true) { input x: [3]; y = if f { ‹x -> ReLU -> Tanh› } else { x }; y }'],
  ] as const)('%s is not offered in %s', (offer, text) => {
    expect(after(offer, text)).toBeUndefined();
  });
});

describe('loops', () => {
  it('are unrolled, with the values of their names', () => {
    expect(after('unroll', 'model A {\n  input x: [3]\n  ‹›repeat 2 {\n    Linear(4)\n    ReLU\n  }\n}\n')).toBe('model A {\n  input x: [3]\n  Linear(4)\n  ReLU\n  Linear(4)\n  ReLU\n}\n');
    expect(after('unroll', 'model A {\n  input x: [3]\n  ‹›for n, k in zip([4, 5], [1, 2]) { Linear(n * k) }\n}\n')).toBe('model A {\n  input x: [3]\n  Linear(4 * 1)\n  Linear(5 * 2)\n}\n');
  });

  it('are unrolled with a name for each round', () => {
    expect(after('unroll', 'model A {\n  input x: [3]\n  ‹›for n in [4, 5] {\n    # a round\n    y = Linear(n)  # its layer\n    y\n  }\n}\n')).toBe(
      'model A {\n  input x: [3]\n  # a round\n  y_1 = Linear(4)  # its layer\n  y_1\n  # a round\n  y_2 = Linear(5)  # its layer\n  y_2\n}\n',
    );
    expect(after('unroll', 'model A { input x: [3]; y_1 = x; ‹›repeat 2 { y = Tanh; y }; y_1 }')).toContain('y__1 = Tanh; y__1; y__2 = Tanh; y__2; y_1');
  });

  it('are unrolled to blocks where a round names what flows in', () => {
    expect(after('unroll', 'model A {\n  input x: [3]\n  ‹›repeat 2 {\n    input y\n    y + sin(y)\n  }\n}\n')).toBe('model A {\n  input x: [3]\n  {\n    input y\n    y + sin(y)\n  }\n  {\n    input y\n    y + sin(y)\n  }\n}\n');
  });

  it('that publish become a list behind the rounds', () => {
    expect(after('unroll', 'model A { input x: [3]; ‹›for n in [4, 5] { y = x -> Linear(n); output y; Tanh }; concat(y) }')).toContain('y_1 = x -> Linear(4); Tanh; y_2 = x -> Linear(5); Tanh; y = [y_1, y_2]; concat(y)');
    expect(after('unroll', 'stack S { ‹›for n in [4, 5] { Linear(n); output y }; concat(y) }\nmodel A { input x: [3]; S }')).toContain('stack S { Linear(4); output y_1; Linear(5); output y_2; y = [y_1, y_2]; concat(y) }');
  });

  it('over lists are unrolled in stacks, too, whatever their arguments', () => {
    expect(after('unroll', 'stack S(n) { ‹›for c in [n, 2 * n] { Linear(c); Linear(3 * c) } }\nmodel A { input x: [3]; S(4) }')).toContain('{ Linear(n); Linear(3 * n); Linear(2 * n); Linear(3 * (2 * n)) }');
    expect(after('unroll', 'stack S(n) { ‹›for c, k in zip([n, 2 * n], [1, 2]) { Linear(c // k) } }\nmodel A { input x: [3]; S(4); S(6) }')).toContain('stack S(n) { Linear(n // 1); Linear((2 * n) // 2) }');
  });

  it('are rolled up from lines that differ in numbers', () => {
    expect(after('rollUp', 'model A {\n  input x: [3, 8, 8]\n  ‹Conv2d(4, 3, padding = 1)\n  ReLU\n  Conv2d(8, 3, padding = 1)\n  ReLU›\n}\n')).toBe('model A {\n  input x: [3, 8, 8]\n  for channels in [4, 8] {\n    Conv2d(channels, 3, padding = 1)\n    ReLU\n  }\n}\n');
    expect(after('rollUp', 'model A { input x: [3, 8, 8]; ‹Conv2d(4, 1); Conv2d(8, 3)› }')).toContain('for channels, kernel in zip([4, 8], [1, 3]) { Conv2d(channels, kernel) }');
  });

  it('are rolled up from lines that repeat', () => {
    expect(after('rollUp', 'model A {\n  input x: [3]\n  ‹Linear(4)\n  ReLU\n  Linear(4)\n  ReLU›\n}\n')).toBe('model A {\n  input x: [3]\n  repeat 2 {\n    Linear(4)\n    ReLU\n  }\n}\n');
    expect(after('rollUp', 'model A { input x: [3]; ‹ReLU; ReLU; ReLU› }')).toBe('model A { input x: [3]; repeat 3 { ReLU } }');
  });

  it.each([
    ['unroll', 'model A { input x: [3]; ‹›repeat 2 { Linear(4); output y } }'],
    ['unroll', 'model A(n = 2) { input x: [3]; ‹›for k in range(n) { if k > 0 { output y } else { ReLU } } }'],
    ['unroll', 'model A { input x: [3]; concat { ‹›repeat 2 { Linear(3) } } }'],
    ['unroll', 'model A {\n  input x: [3]\n  ‹›repeat 2 {\n    Linear(4)  # why\n  }; Tanh\n}'],
    ['rollUp', 'model A { input x: [3]; ‹ReLU; Tanh› }'],
    ['rollUp', 'model A { input x: [3]; concat { ‹ReLU; ReLU› } }'],
    ['rollUp', 'model A {\n  input x: [3]\n  ‹ReLU  # one\n  ReLU›\n}'],
  ] as const)('%s is not offered in %s', (offer, text) => {
    expect(after(offer, text)).toBeUndefined();
  });
});

describe('what is refused says why', () => {
  it.each([
    ['unroll', 'model A { input x: [3]; ‹›repeat 2 { Linear(4); output y }; concat(y) }', 'each round would publish its y as an output of its own; bind it in the round, as in y = …, and it can be unrolled'],
    ['unroll', 'model A(n = 2) { input x: [3]; ‹›repeat n { Linear(4) } }', 'how many rounds there are depends on n'],
    ['unroll', 'model A { input x: [3]; ‹›repeat 100 { ReLU } }', '100 rounds are more than the 32 that are written out'],
    ['unroll', 'stack S(n) { ‹›for k in range(n) { Linear(k + 1) } }\nmodel A { input x: [3]; S(2); S(3) }', 'the values of k are not the same numbers wherever the loop runs'],
    ['joinLines', 'model A {\n  input x: [3]\n  ‹Linear(4)  # why\n  ReLU›\n}', 'a comment stands between them'],
    ['rollUp', 'model A {\n  input x: [3]\n  ‹ReLU  # one\n  ReLU›\n}', 'a comment stands between them'],
    ['inlineHere', 'stack S(n) { Linear(2); if n > 0 { S(0) } }\nmodel A { input x: [3]; ‹S›(1) }', 'it applies itself'],
    ['inlineHere', 'stack S { Linear(2); output y; ReLU }\nmodel A { input x: [3]; r = x -> ‹S›; r.y }', 'what it publishes may be read'],
    ['inlineHere', 'let n = 2\nstack S { Linear(n); ReLU }\nmodel A(n = 3) { input x: [3]; ‹S› }', 'a name in its body would mean something else here'],
    ['inlineEverywhere', 'stack ‹S› { ReLU }\nstack T(f) { f }\nmodel A { input x: [3]; T(S) }', 'it is passed on or bound in line 3'],
    ['inlineEverywhere', '## Twice.\nstack ‹S› { Linear(3) }\n\nmodel A { input x: [3]; S }\n', 'the comment that describes S would be lost'],
  ] as const)('%s in %s', (offer, text, reason) => {
    expect(refusal(offer, text)).toBe(reason);
  });
});

describe('names, shapes and arguments', () => {
  it('binds an expression, and a branch, in front of its statement', () => {
    expect(after('nameExpression', 'model A {\n  input x: [3]\n  ‹(x -> Linear(3))› + x -> ReLU\n}\n'.replace('‹(', '(‹').replace(')›', '›)'))).toBe('model A {\n  input x: [3]\n  branch = x -> Linear(3)\n  branch + x -> ReLU\n}\n');
    expect(after('nameExpression', 'model A { input x: [3]; concat { ReLU; ‹{ Linear(3); ReLU }› } }')).toBe('model A { input x: [3]; concat { ReLU; branch = { Linear(3); ReLU }; branch } }');
    expect(after('nameExpression', 'model A { input x: [3]; concat { ‹x -> Linear(3)›; ReLU } }')).toBe('model A { input x: [3]; concat { branch = x -> Linear(3); branch; ReLU } }');
  });

  it('does not where something would be made in another order, or less often', () => {
    expect(after('nameExpression', 'model A { input x: [3]; f = Linear(3); (x -> Linear(3)) + ‹f(x)› }')).toBeUndefined();
    expect(after('nameExpression', 'model A(f = true) { input x: [3]; y = if f { ‹x -> ReLU› } else { x }; y }')).toBeUndefined();
  });

  it('writes the shape of an input of a stack: its numbers, or names where they differ', () => {
    expect(after('typeInput', 'stack S { input ‹›x; ReLU }\nmodel A { input x: [3, 8, 8]; S }')).toContain('input x: [3, 8, 8]; ReLU');
    expect(after('typeInput', 'stack S { input ‹›x; Conv2d(4, 3) }\nmodel A { input x: [3, 8, 8]; S; S }')).toContain('input x: [c, h, w]; Conv2d');
    expect(after('typeInput', 'stack S { input ‹›x; ReLU }')).toBeUndefined();
    expect(after('typeInput', 'model A { input x: [3, 8, 8]; repeat 2 { input ‹›y; y } }')).toContain('{ input y: [3, 8, 8]; y }');
    expect(after('typeInput', 'model A { input ‹›x }')).toBeUndefined();
  });

  it('names arguments, with those behind them, and takes names away', () => {
    expect(after('nameArgument', 'model A { input x: [3, 8, 8]; Conv2d(4, ‹›3, 1, bias = false) }')).toContain('Conv2d(4, kernel_size = 3, stride = 1, bias = false)');
    expect(after('unnameArgument', 'model A { input x: [3, 8, 8]; Conv2d(4, ‹›kernel_size = 3, bias = false) }')).toContain('Conv2d(4, 3, bias = false)');
    expect(after('unnameArgument', 'model A { input x: [3, 8, 8]; Conv2d(4, 3, ‹›bias = false) }')).toBeUndefined();
    expect(after('nameArgument', 'stack S(n) { Linear(n) }\nmodel A { input x: [3]; S(‹›4) }')).toContain('S(n = 4)');
    expect(after('nameArgument', 'stack S(f) { f(‹›4) }\nmodel A { input x: [3]; S(Linear) }')).toBeUndefined();
  });
});

/** Selections of a person: places, expressions, and up to three statements in a row. */
function selectionsIn({ tree }: Document): Span[] {
  const found: Span[] = [];
  walk(tree, {
    enter(node: Node) {
      found.push({ start: node.span.start, end: node.span.start }, node.span);
      if (node.kind === 'block') {
        for (const count of [2, 3, 4]) {
          for (let first = 0; first + count <= node.statements.length; first++) found.push({ start: node.statements[first]!.span.start, end: node.statements[first + count - 1]!.span.end });
        }
      }
      return undefined;
    },
  });
  return found;
}

describe('on the examples', () => {
  it.each(examples)('every refactoring of %s keeps the models and the comments', (_, text) => {
    const workspace = new Workspace(() => undefined);
    const state = (version: number, its: string): Document => {
      workspace.update('file:///main.nn', version, its);
      return workspace.document('file:///main.nn')!;
    };
    const document = documentOf(text);
    const [picture, comments] = [pictureOf(document), commentsOf(document)];
    const tried = new Map<string, number>();
    const seen = new Set<string>();
    for (const selection of selectionsIn(document)) {
      for (const { title, edits } of refactorings(document, selection)) {
        const result = applied(text, edits);
        const sort = title.replace(/\d+|\w+$/g, '');
        const times = tried.get(sort) ?? 0;
        if (seen.has(result) || times >= 1) continue;
        seen.add(result);
        tried.set(sort, times + 1);
        const changed = state(seen.size, result);
        expect(changed.problems, result).toEqual([]);
        expect(pictureOf(changed), `${title}\n${result}`).toEqual(picture);
        expect(commentsOf(changed), title).toEqual(comments);
      }
    }
    expect(tried.size).toBeGreaterThan(0);
  });
});

describe('on generated programs', () => {
  it('every refactoring keeps the models and the comments', () => {
    const tried = new Map<string, number>();
    fc.assert(
      fc.property(anyProgram, (text) => {
        const document = documentOf(text);
        const [picture, comments] = [pictureOf(document), commentsOf(document)];
        expect(document.analysis.diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message), text).toEqual([]);
        const seen = new Set<string>();
        for (const selection of selectionsIn(document)) {
          for (const [name, offer] of Object.entries(offers)) {
            const found = offer(document, selection, filesOf(document));
            if (found === undefined || !('edits' in found)) continue;
            const result = applied(text, found.edits);
            if (seen.has(result)) continue;
            seen.add(result);
            tried.set(name, (tried.get(name) ?? 0) + 1);
            const changed = documentOf(result);
            expect(changed.problems, result).toEqual([]);
            expect(pictureOf(changed), `${found.title}\n${text}\n${result}`).toEqual(picture);
            expect(commentsOf(changed), `${found.title}\n${result}`).toEqual(comments);
          }
        }
      }),
      { numRuns: 40 },
    );
    expect([...tried.keys()].sort()).toEqual(Object.keys(offers).sort());
  });
});
