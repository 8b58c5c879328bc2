// Receptive fields against what the engine sees: the support of the derivative of one output unit by the input.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { run } from '../../server/src/engine/execute';
import type { Tensor } from '../../server/src/semantics/graph';
import { type AxisReport, ReceptiveFields } from '../../server/src/semantics/receptive-field';
import { analyseText } from '../support/analyse';

const length = 48;

/** The reports of the last output's axes, and the tensor. */
function fieldOf(body: string, input = `[2, ${String(length)}]`): { axes: readonly AxisReport[]; output: Tensor } {
  const analysis = analyseText(`model M {\n  input x: ${input}\n${body}\n}\n`);
  expect(analysis.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const output = analysis.models[0]!.graph.outputs.at(-1)!.tensors[0]!;
  const [field] = new ReceptiveFields().of(output);
  return { axes: field?.axes ?? [], output };
}

/** The first and the last position of [2, length] that unit `at` of the last axis depends on, with weights that cannot cancel. */
function support(body: string, at: number): readonly [number, number] | undefined {
  const { graph } = analyseText(`model M {\n  input x: [2, ${String(length)}]\n${body}\n}\n`).models[0]!;
  const lowering = new Lowering(1, nameLeaves(graph));
  const { builder } = lowering;
  const y = lowering.ref(graph.outputs.at(-1)!.tensors[0]!);
  const shape = builder.shape(y);
  const unit = builder.sum(builder.slice(y, [0, 0, at], [1, shape[1]!, at + 1]));
  const x = lowering.leaves.get(graph.inputs[0]!)!;
  const [gradient] = builder.gradient(unit, [x]);
  const leaves = new Map([...lowering.leaves.values()].map((ref) => [ref, new Float64Array(builder.shape(ref).reduce((a, b) => a * b, 1)).fill(1)]));
  const [values] = run(builder.program, leaves, [gradient!]);
  const seen = [...values!.keys()].filter((place) => values![place] !== 0).map((place) => place % length);
  return seen.length === 0 ? undefined : [Math.min(...seen), Math.max(...seen)];
}

/** One layer over the last axis; padding keeps most of the length. */
const window: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }))
  .chain(([kernel, stride, padding, dilation]) =>
    fc.constantFrom(
      `Conv1d(2, ${String(kernel)}, stride = ${String(stride)}, padding = ${String(padding)}, dilation = ${String(dilation)}, bias = false)`,
      `AvgPool1d(${String(kernel)}, stride = ${String(stride)}, padding = ${String(Math.min(padding, Math.floor(kernel / 2)))})`,
      `Conv1d(2, ${String(kernel)}, padding = "same", dilation = ${String(dilation)}, bias = false)`,
      'ReLU',
    ),
  );

/** Keeps the length, so that branches can be joined. */
const keeping: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }))
  .map(([kernel, dilation]) => `Conv1d(2, ${String(kernel)}, padding = "same", dilation = ${String(dilation)}, bias = false)`);

const joined: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('concat', 'add', 'residual'), fc.array(keeping, { minLength: 1, maxLength: 3 }))
  .map(([join, branches]) => `${join} { ${branches.join('; ')} }${join === 'concat' ? '; Conv1d(2, 1, bias = false)' : ''}`);

const network = fc.array(fc.oneof(window, joined), { minLength: 1, maxLength: 5 }).map((layers) => layers.map((layer) => `  ${layer}`).join('\n'));

it('the receptive field of a random network is the support of its gradient', () => {
  let compared = 0;
  fc.assert(
    fc.property(network, fc.double({ min: 0.2, max: 0.8, noNaN: true }), (body, where) => {
      // Large kernels behind many strides may leave nothing.
      fc.pre(!analyseText(`model M {\n  input x: [2, ${String(length)}]\n${body}\n}\n`).diagnostics.some(({ code }) => code === 'no-output-left'));
      const { axes, output } = fieldOf(body);
      const [axis] = axes;
      const units = output.type.shape[1] as number;
      fc.pre(axis?.kind === 'window');
      const at = Math.floor(where * units);
      const start = at * axis.stride - axis.before;
      const expected = [Math.max(0, start), Math.min(length - 1, start + axis.size - 1)];
      // A window that lies in the padding alone sees nothing; holes of dilations at a border may hide its ends.
      fc.pre(start >= 0 && start + axis.size <= length);
      compared++;
      expect(support(body, at)).toEqual(expected);
    }),
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(200);
});

/** Layers that enlarge, between layers that look around. */
const enlarging: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 1 })).map(
        ([kernel, stride, cut]) => `ConvTranspose1d(2, ${String(kernel)}, stride = ${String(stride)}, padding = ${String(Math.min(cut, kernel - 1))}, bias = false)`,
      ),
      fc.integer({ min: 2, max: 3 }).map((factor) => `Upsample(scale_factor = ${String(factor)})`),
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })).map(
        ([kernel, stride]) => `Conv1d(2, ${String(kernel)}, stride = ${String(stride)}, padding = ${String(kernel >> 1)}, bias = false)`,
      ),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((layers) => layers.map((layer) => `  ${layer}`).join('\n'));

it('behind enlargements, too, the greatest and the least field of a period are those of the gradient', () => {
  let compared = 0;
  fc.assert(
    fc.property(enlarging, (body) => {
      const { axes, output } = fieldOf(body);
      const [axis] = axes;
      const units = output.type.shape[1] as number;
      // Enough units in the middle for every phase; strides of at most 27 and their inverses.
      const middle = Array.from({ length: 54 }, (_, index) => Math.floor(units / 2) - 27 + index);
      fc.pre(axis?.kind === 'window' && units >= 90);
      const sizes = middle.map((unit) => {
        const seen = support(body, unit);
        return seen === undefined ? 0 : seen[1] - seen[0] + 1;
      });
      compared++;
      expect({ size: Math.max(...sizes), least: Math.min(...sizes) }).toEqual({ size: axis.size, least: axis.least ?? axis.size });
    }),
    { numRuns: 16 },
  );
  expect(compared).toBeGreaterThan(3);
});

it('a U-Net sees up to 204 pixels, and less at most places', () => {
  const head = 'stack Double { repeat 2 { Conv1d(1, 3, padding = 1) } }\n';
  const { models } = analyseText(`${head}model M {
  input x: [1, L]
  e1 = x -> Double
  e2 = e1 -> MaxPool1d(2) -> Double
  e3 = e2 -> MaxPool1d(2) -> Double
  e4 = e3 -> MaxPool1d(2) -> Double
  d4 = concat(e4, e4 -> MaxPool1d(2) -> Double -> ConvTranspose1d(1, 2, stride = 2)) -> Double
  d3 = concat(e3, d4 -> ConvTranspose1d(1, 2, stride = 2)) -> Double
  d2 = concat(e2, d3 -> ConvTranspose1d(1, 2, stride = 2)) -> Double
  concat(e1, d2 -> ConvTranspose1d(1, 2, stride = 2)) -> Double
}`);
  const [field] = new ReceptiveFields().of(models[0]!.graph.outputs.at(-1)!.tensors[0]!);
  // Counted by following every pixel through the layers.
  expect(field!.axes).toEqual([{ kind: 'window', size: 204, least: 188, stride: 1, before: 94, after: 94 }]);
});

describe('fields that people know', () => {
  it.each([
    ['two 3×3 convolutions see 5', '  Conv1d(2, 3); Conv1d(2, 3)', { size: 5, stride: 1, before: 0, after: 0 }],
    ['padding "same" of an even kernel lies behind', '  Conv1d(2, 4, padding = "same")', { size: 4, stride: 1, before: 1, after: 2 }],
    ['strides multiply', '  Conv1d(2, 3, stride = 2, padding = 1); Conv1d(2, 3, stride = 2, padding = 1)', { size: 7, stride: 4, before: 3, after: 3 }],
    ['a dilation of d spreads the taps', '  Conv1d(2, 3, dilation = 4, padding = 4)', { size: 9, stride: 1, before: 4, after: 4 }],
    ['branches take the union', '  concat { Conv1d(2, 3, padding = 1); Conv1d(2, 7, padding = 3); Identity }', { size: 7, stride: 1, before: 3, after: 3 }],
  ])('%s', (_, body, expected) => {
    expect(fieldOf(body).axes).toEqual([{ kind: 'window', ...expected }]);
  });

  it('asymmetric kernels differ by axis', () => {
    expect(fieldOf('  Conv2d(8, [1, 7], padding = [0, 3])', '[3, 20, 20]').axes.map((axis) => axis.kind === 'window' && axis.size)).toEqual([1, 7]);
  });

  it('global pooling sees everything, and says since where', () => {
    const { axes, output } = fieldOf('  Conv1d(2, 3); AdaptiveAvgPool1d(1); Flatten; Linear(4)');
    expect(output.type.shape).toEqual([4]);
    expect(axes).toMatchObject([{ kind: 'all', since: { operation: { name: 'AdaptiveAvgPool1d' } } }]);
  });

  it('a gate of the pooled map makes the field global', () => {
    const [axis] = fieldOf('  Conv1d(2, 3)\n  multiply { Identity; AdaptiveAvgPool1d(1) -> Sigmoid }').axes;
    expect(axis).toMatchObject({ kind: 'all' });
  });

  it('a linear layer on features has no positions', () => {
    expect(fieldOf('  Linear(4)', '[8]').axes).toEqual([]);
  });

  it('a linear layer on each step of a sequence sees that step', () => {
    expect(fieldOf('  Linear(4)', '[T, 8]').axes).toEqual([{ kind: 'window', size: 1, stride: 1, before: 0, after: 0 }]);
  });

  it('branches with different strides are not given a number', () => {
    const [axis] = fieldOf('  a = x -> AvgPool1d(2)\n  b = x -> Conv1d(2, 25)\n  a + b').axes;
    expect(axis).toEqual({ kind: 'unknown', reason: 'branches with different strides meet' });
  });
});
