// What the constructs of the language mean: the outputs, parameters and requirements of small models.

import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../server/src/base/diagnostic';
import { printShape } from '../../server/src/layers/tensor';
import { type Dimension, print } from '../../server/src/symbolic/dimension';
import { countMacs, countParameters } from '../../server/src/semantics/cost';
import { requirementsOf } from '../../server/src/semantics/requirements';
import { analyseFiles, analyseText } from '../support/analyse';
import { documentOf } from '../support/fixture';

/** The outputs of the last model, `name shape` each, and its parameters. */
function meaning(text: string): { outputs: readonly string[]; parameters: Dimension } {
  const analysis = analyseText(text);
  expect(analysis.diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)).toEqual([]);
  const { graph } = analysis.models.at(-1)!;
  return {
    outputs: graph.outputs.map(({ name, tensors }) => `${name} ${tensors.map((tensor) => printShape(tensor.type.shape)).join(' ')}`),
    parameters: countParameters(graph.parameters),
  };
}

function model(body: string, input = 'input x: [3, 32, 32]', head = ''): { outputs: readonly string[]; parameters: Dimension } {
  return meaning(`${head}\nmodel M {\n  ${input}\n${body}\n}\n`);
}

describe('the flow', () => {
  it('moves through the layers line by line', () => {
    expect(model('Conv2d(8, 3); ReLU; MaxPool2d(2)')).toEqual({ outputs: ['output [8, 15, 15]'], parameters: 224 });
  });

  it('stays where it is while names are bound', () => {
    expect(model('a = x -> Conv2d(8, 3)\nMaxPool2d(2)').outputs).toEqual(['output [3, 16, 16]']);
  });

  it('a published name is the output until the flow moves on', () => {
    expect(model('Conv2d(8, 3)\noutput early\nMaxPool2d(2)').outputs).toEqual(['early [8, 30, 30]', 'output [8, 15, 15]']);
    expect(model('Conv2d(8, 3)\noutput only').outputs).toEqual(['only [8, 30, 30]']);
  });

  it('a model that only has a loss has no output', () => {
    expect(model('loss mean(x)').outputs).toEqual([]);
  });

  it('composition, application and call are the same', () => {
    const pipeline = model('f = Conv2d(8, 3) -> MaxPool2d(2)\nx -> f');
    const calls = model('c = Conv2d(8, 3)\np = MaxPool2d(2)\np(c(x))');
    expect(pipeline).toEqual(calls);
  });
});

describe('weights', () => {
  it('every evaluation of a layer expression makes its own', () => {
    expect(model('repeat 3 { Linear(32) }').parameters).toBe(3 * (32 * 32 + 32));
  });

  it('a bound layer shares them', () => {
    expect(model('f = Linear(32)\nrepeat 3 { f }').parameters).toBe(32 * 32 + 32);
  });

  it('a bound constructor makes a fresh layer at each use', () => {
    expect(model('n = LayerNorm\nn\nn').parameters).toBe(128);
    expect(model('n = LayerNorm()\nn\nn').parameters).toBe(64);
  });

  it('a bound stack shares all its layers, blocks and loops included', () => {
    const head = 'stack S { repeat 2 { Linear(32) }; residual { Linear(32) } }';
    expect(model('s = S\nx -> s -> s', undefined, head).parameters).toBe(6 * (32 * 32 + 32));
    expect(model('s = S()\nx -> s -> s', undefined, head).parameters).toBe(3 * (32 * 32 + 32));
  });

  it('a list maps through one layer', () => {
    expect(model('a, b = [x, x] -> Linear(4)\nconcat(a, b)')).toEqual({ outputs: ['output [6, 32, 4]'], parameters: 132 });
  });

  it('many large outputs of one layer are counted one by one', () => {
    expect(model('a, b, c, d = x -> Chunk(4)\na', 'input x: [8192, 8192]').outputs).toEqual(['output [2048, 8192]']);
  });

  it('a list maps through a function of one tensor, and item by item where a residual meets it', () => {
    expect(model('a, b = [x, x] -> transpose\nconcat(a, b)', 'input x: [3, 5]').outputs).toEqual(['output [10, 3]']);
    expect(model('a, b = [x, x] -> residual { Linear(5) }\nconcat(a, b)', 'input x: [3, 5]')).toEqual({ outputs: ['output [6, 5]'], parameters: 30 });
  });

  it('a function of one tensor whose other arguments are named is a layer', () => {
    expect(model('a, b = [x, x] -> mean(dim = 0)\nx -> mean(dim = 0) -> scaled(k = 2)\noutput s\nconcat(a, b)', 'input x: [3, 5]', 'function scaled(x, k) = k * x').outputs).toEqual(['s [5]', 'output [10]']);
  });

  it('a parameter of a layer is a tensor', () => {
    expect(model('e = Embedding(10, 4)\nh = e(t)\nh @ transpose(e.weight)', 'input t: int[T]').outputs).toEqual(['output [T, 10]']);
  });
});

describe('layers with several inputs', () => {
  const tokens = 'input x: [T, 8]\n  input memory: [S, 8]';

  it.each([
    ['MultiheadAttention(2)(x, memory, memory)', 'output [T, 8]'],
    ['MultiheadAttention(2)(x, memory)', 'output [T, 8]'],
    ['MultiheadAttention(2)(x, x, x, is_causal = true)', 'output [T, 8]'],
    ['MultiheadAttention(2)(x, x, x, attn_mask = zeros(T, T))', 'output [T, 8]'],
    ['TransformerDecoderLayer(2)(x, memory)', 'output [T, 8]'],
    ['GRU(5)(x)', 'output [T, 5]'],
    ['r = LSTM(5)(x)\nr.h_n', 'output [1, 5]'],
    ['LSTM(5)(x, [zeros(1, 5), zeros(1, 5)])', 'output [T, 5]'],
    ['einsum("td,sd->ts", x, memory)', 'output [T, S]'],
  ])('%s', (body, output) => {
    expect(model(body, tokens).outputs).toEqual([output]);
  });

  it('a further input behind what moves the flow is missed where it is declared, with the way to name the flow', () => {
    const { diagnostics } = analyseText('stack S {\n input x\n Linear(4)\n input y\n y -> Linear(5)\n}\nmodel M { input x: [3]; S }\n');
    expect(diagnostics.map(({ message, related }) => [message, related!.map((each) => each.message)])).toEqual([
      ['the input y is not given; a further `input` is one more thing that comes in: the flow is named where it is computed, as in `y = x -> ReLU`', ['y is declared here']],
    ]);
  });

  it('what is cut into windows and heads requires divisors, each said by itself', () => {
    const text = `stack Windows(heads, M) {
  input x: [C, h, w]
  x -> Reshape(C, h // M, M, w // M, M) -> Permute(1, 3, 2, 4, 0) -> Reshape((h // M) * (w // M), M * M, C)
  Reshape((h // M) * (w // M), M * M, heads, C // heads)
}`;
    const { analysis, tree } = documentOf(text);
    const stack = analysis.understood(tree.declarations[0]!)!;
    expect(requirementsOf(stack.run).flatMap(({ conditions }) => conditions)).toEqual(['h % M == 0', 'w % M == 0', 'C % heads == 0']);
  });

  it('a name that the forward does not know is an error', () => {
    const { diagnostics } = analyseText('model M {\n input x: [T, 8]\n MultiheadAttention(2)(x, causal = true)\n}');
    expect(diagnostics.map(({ code }) => code)).toEqual(['unknown-argument']);
  });
});

describe('stacks and models as functions', () => {
  it('take positional, named and default arguments', () => {
    const head = 'stack S(a, b = 2, c = a * b) { Linear(a); Linear(b); Linear(c) }';
    expect(model('S(4)', undefined, head).outputs).toEqual(['output [3, 32, 8]']);
    expect(model('S(4, c = 5)', undefined, head).outputs).toEqual(['output [3, 32, 5]']);
    expect(model('S(b = 3, a = 4)', undefined, head).outputs).toEqual(['output [3, 32, 12]']);
  });

  it('take constructors, layers and lists', () => {
    const head = 'stack S(f, act, widths) { for w in widths { f(w); act } }';
    expect(model('S(Linear, ReLU, [5, 6])', undefined, head).outputs).toEqual(['output [3, 32, 6]']);
  });

  it('take several inputs and give named results', () => {
    const head = 'stack S { input a; input b: [c, h, w]\n  s = a + b\n  output s\n  output b\n  a -> MaxPool2d(2) }';
    expect(model('r = S()(x, x)\nr.s', undefined, head).outputs).toEqual(['output [3, 32, 32]']);
    expect(model('r = S()(x, x)\nr', undefined, head).outputs).toEqual(['output [3, 16, 16]']);
  });

  it('match the shape that comes in', () => {
    const head = 'stack S { input a: [c, h, w]\n  Conv2d(2 * c, 3, padding = 1); Linear(w + h) }';
    expect(model('S', undefined, head).outputs).toEqual(['output [6, 32, 64]']);
  });

  it('a variant gives new defaults, and variants of variants, too', () => {
    const text = 'model A(a, b = 2) { input x: [4]\n Linear(a); Tanh; Linear(b) }\nmodel B = A(3)\nmodel C = B(b = 5)';
    const analysis = analyseText(text);
    expect(analysis.diagnostics).toEqual([]);
    expect(analysis.templates.map(({ missing }) => missing)).toEqual([['a']]);
    expect(analysis.models.map(({ declaration, graph }) => [declaration.name.text, countParameters(graph.parameters)])).toEqual([
      ['B', 15 + 8],
      ['C', 15 + 20],
    ]);
  });

  it('what goes wrong in a variant alone says so', () => {
    const text = 'model A(n = 4) { input x: [4]\n Linear(n)\n assert params() < 30 }\nmodel B = A(6)';
    const [{ message, related }, ...others] = analyseText(text).diagnostics as [Diagnostic, ...Diagnostic[]];
    expect(others).toEqual([]);
    expect(message).toContain('30 < 30 does not hold');
    expect(related!.map((place) => [place.message, text.slice(place.span.start, place.span.end)])).toEqual([['in B, a variant that is made here', 'B']]);
  });

  it('a stack may apply itself under an if', () => {
    const head = 'stack S(n) { Linear(8); if n > 1 { S(n - 1) } }';
    expect(model('S(3)', undefined, head).parameters).toBe(32 * 8 + 8 + 2 * 72);
  });

  it('endless recursion is an error at the depth limit, and the rest goes on', () => {
    const analysis = analyseText('stack S { S }\nmodel M { input x: [3]\n S }\nmodel N { input x: [3]\n Linear(2) }');
    expect(analysis.diagnostics.map(({ code }) => code)).toContain('too-deep');
    expect(analysis.models.map(({ complete }) => complete)).toEqual([false, true]);
  });
});

describe('control', () => {
  it('if picks a side, as statement and as value', () => {
    expect(model('if true { a = x -> Linear(4) } else { a = x }\noutput a').outputs).toEqual(['a [3, 32, 4]']);
    expect(model('Linear(if 1 > 2 { 4 } else if 2 > 1 { 5 } else { 6 })').outputs).toEqual(['output [3, 32, 5]']);
    expect(model('if false { Linear(4) }').outputs).toEqual([]);
  });

  it('collected outputs are a list in the body around the loop', () => {
    expect(model('for c in [4, 5, 6] { Linear(c); output y }\ny[0]').outputs).toEqual(['output [3, 32, 4]']);
  });

  it('zero rounds are the identity', () => {
    expect(model('repeat 0 { Linear(5) }').outputs).toEqual(['output [3, 32, 32]']);
  });

  it('lists slice, join, zip and enumerate as in Python', () => {
    expect(model('Linear(sum([1, 2, 3][1:] + [10]))').outputs).toEqual(['output [3, 32, 15]']);
    expect(model('for i, a in enumerate([5, 6]) { Linear(a + i) }').outputs).toEqual(['output [3, 32, 7]']);
    expect(model('for a, b in zip([5, 6], range(2)) { Linear(a * (b + 1)) }').outputs).toEqual(['output [3, 32, 12]']);
    expect(model('Linear([1, 2, 3, 4][::-1][0])').outputs).toEqual(['output [3, 32, 4]']);
  });

  it('a block of one expression is that expression; a longer one a layer', () => {
    expect(model('x -> { Linear(4) }').outputs).toEqual(['output [3, 32, 4]']);
    expect(model('x -> { Linear(4); Linear(5) }').outputs).toEqual(['output [3, 32, 5]']);
    expect(model('Linear(if true { n = 3; n + 1 })').outputs).toEqual(['output [3, 32, 4]']);
  });
});

describe('parallel blocks', () => {
  it.each([
    ['concat { Linear(4); Linear(4) }', 'output [6, 32, 4]'],
    ['concat(dim = -1) { Linear(4); Linear(5) }', 'output [3, 32, 9]'],
    ['add { Identity; Linear(32); x }', 'output [3, 32, 32]'],
    ['multiply { Identity; AdaptiveAvgPool2d(1) -> Sigmoid }', 'output [3, 32, 32]'],
    ['residual { Linear(7); Linear(32) }', 'output [3, 32, 32]'],
    ['concat { if false { Linear(4) }; Identity }', 'output [3, 32, 32]'],
    ['concat { h = x -> Linear(32); h; Identity }', 'output [6, 32, 32]'],
  ])('%s', (body, output) => {
    expect(model(body).outputs).toEqual([output]);
  });
});

describe('joins as functions', () => {
  it.each([
    ['concat(y)', 'output [9, 32, 32]'],
    ['add(y)', 'output [3, 32, 32]'],
    ['multiply(y[1:])', 'output [3, 32, 32]'],
    ['add(y[:1])', 'output [3, 32, 32]'],
    ['add(x, y[0])', 'output [3, 32, 32]'],
  ])('take a list of any length: %s', (join, output) => {
    expect(model(`repeat 3 { ReLU; output y }\n${join}`).outputs).toEqual([output]);
  });

  it('an addition of five tensors is four additions of two', () => {
    const { models } = analyseText('model M {\n input x: [4]\n repeat 5 { ReLU; output y }\n add(y)\n}');
    const names = models[0]!.graph.nodes.map((node) => (node.kind === 'operation' ? node.operation.name : node.kind));
    expect(names.filter((name) => name === 'add')).toHaveLength(4);
  });
});

describe('free dimensions', () => {
  it('stay symbolic through everything', () => {
    expect(model('Conv2d(8, 3, stride = 2, padding = 1); MaxPool2d(2)', 'input x: [3, H, W]').outputs).toEqual(['output [8, (H + 1)//4, (W + 1)//4]']);
  });

  it('what a model needs of them is derived', () => {
    const { models } = analyseText(`model M {
  input x: [1, H, W]
  down = x -> MaxPool2d(2) -> MaxPool2d(2)
  concat(x, down -> Upsample(scale_factor = 4))
}`);
    expect(requirementsOf(models[0]!).flatMap(({ conditions }) => conditions)).toEqual(['H % 4 == 0', 'W % 4 == 0']);
  });

  it('an assumption is taken over', () => {
    const { diagnostics } = analyseText('model M {\n input x: [T, D]\n assert D % 8 == 0\n assert T <= 64\n y = x[:, :1]\n assert 8 * (D // 8) == D\n assert T < 65\n}');
    expect(diagnostics).toEqual([]);
  });

  it('a claim that some size breaks names that size', () => {
    const { diagnostics } = analyseText('model M {\n input x: [T, 8]\n y = x -> Linear(4)\n assert shape(y) == [7, 4]\n}');
    expect(diagnostics.map(({ code }) => code)).toEqual(['assert-fails']);
    expect(diagnostics[0]!.message).toContain('T = 1');
  });

  it('a condition that they leave open proposes an assert', () => {
    const { diagnostics } = analyseText('model M {\n input x: [3, H]\n if H > 7 { Linear(4) }\n}');
    expect(diagnostics.map(({ code, message }) => [code, message.includes('`assert H > 7`')])).toContainEqual(['undecided-condition', true]);
  });

  it('the assert that is proposed can be written as it stands', () => {
    const { diagnostics } = analyseText('model M {\n input x: [3, H]\n if H > 1_000_000 { Linear(4) }\n}');
    expect(diagnostics.find(({ code }) => code === 'undecided-condition')).toMatchObject({ message: expect.stringContaining('`assert H > 1_000_000`') as string, data: { condition: 'H > 1_000_000' } });
  });

  it('a budget under bounded sizes is kept or broken, with the size that breaks it', () => {
    const judged = (budget: number): readonly string[] => analyseText(`model M {\n input x: [3, H, W]\n assert 32 <= H < 256\n assert H == W\n Conv2d(8, 3, stride = 2, padding = 1)\n output y\n assert macs() <= ${String(budget)}\n}`).diagnostics.map(({ code, message }) => `${code}: ${message}`);
    // 8·3·3·3 · 128² at H = 255
    expect(judged(3_538_944)).toEqual([]);
    expect(judged(3_538_943)).toEqual([expect.stringMatching(/^assert-fails: .*H = 255/)]);
  });

  it('figures are expressions in them, and numbers at given sizes', () => {
    const { models, judgements } = analyseText('model M {\n input x: [3, H, W]\n Conv2d(8, 3, padding = 1)\n}\nassert macs(M, H = 10, W = 10) == 21_600');
    expect(print(countMacs(models[0]!.graph.nodes))).toBe('216*H*W');
    expect(judgements.map(({ outcome }) => outcome)).toEqual(['holds']);
  });

  it('are matched where a model is applied', () => {
    const text = 'model A {\n input x: [1, H, W]\n concat(x, x -> MaxPool2d(2) -> Upsample(scale_factor = 2))\n}\nmodel B {\n input x: [1, 9, 8]\n A\n}';
    expect(analyseText(text).diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toContain('shapes-do-not-join');
  });
});

describe('imports', () => {
  const blocks = 'stack Block(n) { Linear(n); ReLU }\nlet width = 7';

  it('bring declarations under their own or another name', () => {
    const analysis = analyseFiles({
      'main.nn': 'from "./blocks.nn" import Block as B, width\nmodel M { input x: [3]\n B(width) }',
      'blocks.nn': blocks,
    });
    expect(analysis.diagnostics).toEqual([]);
    expect(countParameters(analysis.models[0]!.graph.parameters)).toBe(28);
  });

  it('missing files, missing names and circles are errors at the import', () => {
    const analysis = analyseFiles({
      'main.nn': 'from "./nowhere.nn" import A\nfrom "./blocks.nn" import Blok\nfrom "./circle.nn" import C',
      'blocks.nn': blocks,
      'circle.nn': 'from "./main.nn" import D\nstack C { ReLU }',
    });
    expect(analysis.diagnostics.map(({ code }) => code)).toEqual(['missing-file', 'unknown-name', 'cyclic-import']);
  });
});

it('functions compute on tensors and numbers', () => {
  const text = 'function twice(x) = 2 * x\nmodel M {\n input x: [twice(4)]\n twice(x)\n assert twice(3) == 6\n}';
  expect(meaning(text).outputs).toEqual(['output [8]']);
});

it('macs count convolutions and matrix products only', () => {
  const { models } = analyseText('model M {\n input x: [3, 8, 8]\n Conv2d(4, 3, padding = 1); BatchNorm2d; ReLU; MaxPool2d(2); Flatten; Linear(10)\n}');
  expect(countMacs(models[0]!.graph.nodes)).toBe(4 * 3 * 9 * 64 + 64 * 10);
});

describe('a stack that nobody applies', () => {
  it('may join what it collects, of which nothing is known', () => {
    expect(analyseText('stack S {\n  input a\n  for n in [4, 6] { Linear(n); output y }\n  concat(y)\n}\n').diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

it('alternatives for one free dimension are assumed, and claims of alternatives judged', () => {
  const messages = (body: string, sizes = ''): readonly string[] =>
    analyseText(`model M {\n  input x: [3, H]\n  ${body}\n}\n${sizes}`).diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  expect(messages('assert H == 4 or H == 7; ReLU', 'assert macs(M, H = 5) >= 0\n')).toEqual(['H = 5 is not possible: the model requires (H == 4 or H == 7)']);
  expect(messages('assert H % 8 == 0 or H % 8 >= 5; ReLU', 'assert macs(M, H = 13) >= 0\nassert macs(M, H = 9) >= 0\n')).toEqual(['H = 9 is not possible: the model requires (H % 8 == 0 or H % 8 >= 5)']);
  expect(messages('assert H == 4 or H == 6; MaxPool1d(2); output y; assert shape(y)[1] == 2 or shape(y)[1] == 3')).toEqual([]);
  expect(messages('assert H <= 6; MaxPool1d(2); output y; assert shape(y)[1] == 1 or shape(y)[1] == 2')).toEqual(['this assert fails at H = 6: H//2 == 1 or H//2 == 2 does not hold there']);
});
