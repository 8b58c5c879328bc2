// The rules for the sizes of values and gradients, against the engine: random data through real initialisations, forwards and back.

import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../server/src/base/random';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { run } from '../../server/src/engine/execute';
import type { Graph, InitialValues, Tensor } from '../../server/src/semantics/graph';
import { gradientFlow } from '../../server/src/semantics/lint/gradient-flow';
import { hasWeights } from '../../server/src/semantics/lint/moments';
import { analyseText } from '../support/analyse';

function graphOf(body: string, input: string): Graph {
  return analyseText(`model M {\n  input x: ${input}\n  ${body}\n}`).models[0]!.graph;
}

function draw(tensor: Tensor, shape: readonly number[], stream: RandomStream): Float64Array {
  const initial: InitialValues = tensor.source.kind === 'parameter' ? tensor.source.initial : { normal: 1 };
  const length = shape.reduce((a, b) => a * b, 1);
  return Float64Array.from({ length }, (_, index) =>
    'uniform' in initial ? (2 * stream.uniform(index) - 1) * initial.uniform : 'normal' in initial ? initial.normal * stream.normal(index) : initial.constant,
  );
}

/** Mean squares of outputs, and squared norms of gradients at the inputs of layers with weights, over a batch and several draws. */
function measured(graph: Graph): { readonly square: number; readonly passed: readonly number[] } {
  const output = graph.outputs[0]!.tensors[0]!;
  const inputs = graph.nodes.filter((node) => node.kind === 'operation' && hasWeights(node)).map((node) => node.inputs[0]!);
  const batch = 8;
  const draws = 4;
  let square = 0;
  const passed = inputs.map(() => 0);
  for (let seed = 0; seed < draws; seed++) {
    const lowering = new Lowering(batch, nameLeaves(graph));
    const { builder } = lowering;
    const y = lowering.ref(output);
    const direction = builder.leaf(builder.shape(y), 'direction');
    const refs = inputs.map((input) => lowering.ref(input));
    const gradients = builder.gradient(builder.sum(builder.multiply(y, direction)), refs);
    const leaves = new Map([...lowering.leaves].map(([tensor, ref]) => [ref, draw(tensor, builder.shape(ref), new RandomStream(seed, String(tensor.id)))]));
    const size = builder.shape(y).reduce((a, b) => a * b, 1);
    leaves.set(direction, Float64Array.from({ length: size }, (_, index) => new RandomStream(seed, 'direction').normal(index)));
    const [values, ...backward] = run(builder.program, leaves, [y, ...gradients]);
    const squares = (each: Float64Array): number => each.reduce((sum, value) => sum + value * value, 0);
    square += squares(values!) / size / draws;
    for (const [index, gradient] of backward.entries()) passed[index]! += squares(gradient) / size / draws;
  }
  // The direction's squared norm is its size: that of the gradient at the last layer is 1 for each of its entries.
  return { square, passed };
}

const networks: readonly (readonly [string, string, string])[] = [
  ['linear layers and ReLU', '[64]', 'repeat 6 { Linear(64); ReLU }\n  Linear(64)'],
  ['linear layers without biases', '[64]', 'repeat 6 { Linear(64, bias = false); ReLU }\n  Linear(64)'],
  ['linear layers of several widths', '[32]', 'Linear(128); ReLU; Linear(64); ReLU; Linear(96); ReLU; Linear(64)'],
  ['sigmoids', '[64]', 'repeat 5 { Linear(64); Sigmoid }\n  Linear(64)'],
  ['tanh', '[64]', 'repeat 6 { Linear(64); Tanh }\n  Linear(64)'],
  ['GELU', '[64]', 'repeat 5 { Linear(64); GELU }\n  Linear(64)'],
  ['leaky ReLU', '[64]', 'repeat 5 { Linear(64); LeakyReLU(0.2) }\n  Linear(64)'],
  ['layer norms', '[64]', 'repeat 6 { Linear(64); LayerNorm; ReLU }\n  Linear(64)'],
  ['residual blocks', '[64]', 'repeat 6 { residual { Linear(64); ReLU; Linear(64) } }\n  Linear(64)'],
  ['residual blocks with norms', '[64]', 'repeat 6 { residual { LayerNorm; Linear(64); ReLU; Linear(64) } }\n  Linear(64)'],
  ['gates', '[64]', 'repeat 3 { multiply { Linear(64); { Linear(64); Sigmoid } } }\n  Linear(64)'],
  ['dropout', '[64]', 'repeat 4 { Linear(64); ReLU; Dropout(0.5) }\n  Linear(64)'],
  ['convolutions', '[8, 12, 12]', 'repeat 4 { Conv2d(16, 3, padding = 1, padding_mode = "circular"); ReLU }\n  Conv2d(16, 1)'],
  ['convolutions and batch norms', '[8, 10, 10]', 'repeat 4 { Conv2d(16, 3, padding = 1, padding_mode = "circular", bias = false); BatchNorm2d; ReLU }\n  Conv2d(16, 1)'],
  ['pools', '[8, 16, 16]', 'Conv2d(16, 3); ReLU; MaxPool2d(2); Conv2d(16, 3); ReLU; AvgPool2d(2); Flatten; Linear(64)'],
  ['factors', '[64]', 'repeat 4 { Linear(64); { input y; 3 * y } }\n  Linear(64)'],
  ['concatenations', '[32]', 'repeat 3 { concat { Linear(32); { Linear(16); ReLU } }; ReLU }\n  Linear(64)'],
  ['transposed convolutions', '[16, 6, 6]', 'repeat 2 { ConvTranspose2d(8, 4, stride = 2, padding = 1); ReLU }\n  Conv2d(16, 1)'],
];

describe.each(networks)('%s', (_, input, body) => {
  const graph = graphOf(body, input);
  const { moments, passed } = gradientFlow(graph);
  const real = measured(graph);

  it('give values of the size that the rules say', () => {
    const predicted = moments.get(graph.outputs[0]!.tensors[0]!)!.square;
    expect(Math.abs(Math.log(real.square / predicted)), `${String(real.square)} and ${String(predicted)}`).toBeLessThan(Math.log(1.6));
  });

  it('pass back gradients of the size that the rules say', () => {
    const weighted = graph.nodes.filter((node) => node.kind === 'operation' && hasWeights(node));
    expect(passed.length).toBeGreaterThan(1);
    for (const { node, square } of passed) {
      const is = real.passed[weighted.indexOf(node)]!;
      expect(Math.abs(Math.log(is / square)), `node ${String(node.id)}: ${String(is)} and ${String(square)}`).toBeLessThan(Math.log(2.2));
    }
  });
});

describe('a warning', () => {
  const codes = (body: string, input = '[64]'): readonly string[] => analyseText(`model M {\n  input x: ${input}\n  ${body}\n}`).diagnostics.map(({ code, message }) => `${code}: ${message}`);

  it('says by how much, over which layers, and what would help', () => {
    const [message] = codes('repeat 12 { Linear(64); ReLU }\n  Linear(10)');
    // 3⁻¹¹·2⁻¹⁰ is the first product of layers and activations below 10⁻⁸.
    expect(message).toMatch(/^vanishing-gradient: .* by a factor of 2·10⁴ over the 11 layers .* to this Linear, and by \d·10⁴ in all; a norm layer/);
  });

  it('comes of sigmoids early, and only once', () => {
    expect(codes('repeat 10 { Linear(64); Sigmoid }\n  Linear(10)').map((each) => each.slice(0, 18))).toEqual(['vanishing-gradient']);
  });


  it.each([
    ['norms', 'repeat 20 { Linear(64); LayerNorm; ReLU }\n  Linear(10)'],
    ['residual blocks', 'repeat 20 { residual { Linear(64); ReLU; Linear(64) } }\n  Linear(10)'],
    ['few layers', 'repeat 8 { Linear(64); ReLU }\n  Linear(10)'],
    ['what no rule knows', 'repeat 20 { Linear(64); ReLU; cumsum(x, dim = 0) }\n  Linear(10)'],
  ])('does not come with %s', (_, body) => {
    expect(codes(body).filter((each) => each.includes('-gradient'))).toEqual([]);
  });
});
