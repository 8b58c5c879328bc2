// Large leaves have no second copy unless something compares with it, and their gradients are not kept: checks find the same all the same.

import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../server/src/base/random';
import { Builder } from '../../server/src/engine/builder';
import { run } from '../../server/src/engine/execute';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import { Evaluation } from '../../server/src/engine/gradient-check/evaluation';
import type { Gradient } from '../../server/src/engine/gradient-check/gradient';
import { directionSigns, onLine, randomDirection } from '../../server/src/engine/gradient-check/lines';
import { moveAlong } from '../../server/src/engine/kernels/random';
import type { VectorJacobianProduct } from '../../server/src/engine/primitive';
import { defaultDerivatives } from '../../server/src/engine/primitives/table';
import type { Ref } from '../../server/src/engine/program';
import { sizeOf } from '../../server/src/engine/shape';

type Values = ReadonlyMap<Ref, Float64Array>;

const length = 1 << 17;
const drawn = (name: string, count: number): Float64Array => {
  const values = new Float64Array(count);
  new RandomStream(1, name).fillBell(values);
  return values;
};

/** Bit by bit, which is quicker to compare than entry by entry. */
const isSame = (a: Float64Array, b: Float64Array): boolean => Buffer.compare(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), new Uint8Array(b.buffer, b.byteOffset, b.byteLength)) === 0;

/** A loss of one large leaf and some small ones. */
function lossOf(make: (builder: Builder, large: Ref) => Ref, shape: readonly number[]): { builder: Builder; large: Ref; loss: Ref; leaves: Values } {
  const builder = new Builder();
  const large = builder.leaf(shape, 'large');
  const made = make(builder, large);
  const loss = builder.sum(builder.multiply(made, builder.constant(drawn('weights', sizeOf(builder.shape(made))), builder.shape(made))));
  return { builder, large, loss, leaves: new Map([[large, drawn('large', sizeOf(shape))]]) };
}

const indices = (builder: Builder): Ref => builder.constant([3, 100, 3, 7], [4]);
const cases: readonly [string, readonly number[], (builder: Builder, large: Ref) => Ref][] = [
  ['a factor on the right', [256, 512], (b, w) => b.matmul(b.constant(drawn('x', 3 * 256), [3, 256]), w)],
  ['a factor on the left', [256, 512], (b, w) => b.matmul(w, b.constant(drawn('x', 3 * 512), [512, 3]))],
  ['a factor that is read transposed, twice', [512, 256], (b, w) => b.matmul(b.tanh(b.matmul(b.constant(drawn('x', 3 * 256), [3, 256]), b.transpose(w, [1, 0]))), w)],
  ['both factors', [512, 512], (b, w) => b.matmul(w, w)],
  ['the kernel of a convolution', [256, 128, 2, 2], (b, w) => b.convolution(b.constant(drawn('x', 128 * 9), [1, 128, 3, 3]), w, { stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1 })],
  ['the input of a convolution', [2, 256, 16, 16], (b, x) => b.convolution(x, b.constant(drawn('w', 256), [1, 256, 1, 1]), { stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1 })],
  ['a table', [512, 256], (b, w) => b.gather(w, indices(b), 0)],
  ['a table, and a factor', [512, 256], (b, w) => b.matmul(b.gather(w, indices(b), 0), b.transpose(w, [1, 0]))],
  ['an input of a ReLU', [length], (b, x) => b.relu(x)],
  ['an input of a maximum', [length], (b, x) => b.maximum(x, b.constant(0.5, [length]))],
  ['what is selected by', [length], (b, x) => b.select(b.less(x, b.constant(0, [length])), b.negate(x), x)],
  ['rows of maxima', [256, 512], (b, x) => b.max(x, [1])],
  ['a sum of rows', [256, 512], (b, x) => b.square(b.sum(x, [1]))],
  ['a sum of columns, reshaped', [length], (b, x) => b.square(b.sum(b.reshape(x, [256, 512]), [0]))],
  ['a running sum', [256, 512], (b, x) => b.append('cumsum', [x], { axis: 0, reverse: false })],
  ['parts side by side', [256, 512], (b, x) => b.concat([x, b.relu(x)], 1)],
  ['a softmax of a reshaped one', [length], (b, x) => b.append('softmax', [b.reshape(x, [256, 512])], { axis: 1 })],
  ['a pooled one', [2, 64, 32, 32], (b, x) => b.maxPool(x, { kernel: [2, 2], stride: [2, 2], paddingBefore: [0, 0], paddingAfter: [0, 0] })],
];

describe('a large leaf that has been moved', () => {
  const { builder, large, loss, leaves } = lossOf((b, w) => b.gather(w, indices(b), 0), [512, 256]);
  const { program } = builder;
  const counted = (): { fills: number; values: Map<Ref, (target: Float64Array) => void> } => {
    const count = { fills: 0, values: new Map<Ref, (target: Float64Array) => void>() };
    count.values.set(large, (target) => {
      count.fills++;
      target.set(leaves.get(large)!);
    });
    return count;
  };

  it('is put back when it is next asked for, whoever asks', () => {
    for (const ask of [
      (evaluation: Evaluation) => isSame(evaluation.values[large]!, leaves.get(large)!),
      (evaluation: Evaluation) => evaluation.entryTrack(large).values[5] === leaves.get(large)![5],
      (evaluation: Evaluation) => evaluation.findNondeterminism() === undefined,
      (evaluation: Evaluation) => evaluation.entryTrack(large).probe(5, leaves.get(large)![5]!).loss === evaluation.baseLoss,
    ]) {
      const count = counted();
      const evaluation = new Evaluation(program, loss, count.values);
      const track = evaluation.track([large]);
      onLine(track, randomDirection(track, 5, 1), (line) => [line(1e-3), line(-1e-3)]);
      expect([count.fills, evaluation.isAtRest]).toEqual([1, false]);
      expect(ask(evaluation)).toBe(true);
      expect([count.fills, evaluation.isAtRest]).toEqual([2, true]);
    }
  });

  it('is not put back by a check that ends there', () => {
    const count = counted();
    const report = checkGradients({ program, loss, leaves: count.values, check: [large], budget: { evaluations: 4 } });
    expect(report.tensors).toMatchObject([{ ok: true, checked: 0, directions: 1 }]);
    expect(count.fills).toBe(1);
  });
});

it.each(cases.slice(0, 2))('%s is moved where it is read, so that nothing has to be put back', (_, shape, make) => {
  const { builder: { program }, large, loss, leaves } = lossOf(make, shape);
  const evaluation = new Evaluation(program, loss, leaves);
  const track = evaluation.track([large]);
  const direction = randomDirection(track, 5, 1);
  const moved = (factor: number): number => {
    const changed = leaves.get(large)!.slice();
    moveAlong(changed, direction.get(large)!, factor * direction.get(large)!.scale);
    return run(program, new Map([[large, changed]]), [loss])[0]![0]!;
  };
  const [above, below, resting] = onLine(track, direction, (line) => [1e-3, -1e-3, 0].map((offset) => {
    const probe = line(offset);
    expect(isSame(track.leaves.get(large)!.values, leaves.get(large)!)).toBe(true);
    return probe.loss;
  })) as [number, number, number];
  expect(above).toBeCloseTo(moved(1e-3), 9);
  expect(below).toBeCloseTo(moved(-1e-3), 9);
  expect(resting).toBe(evaluation.baseLoss);
  expect(evaluation.isAtRest).toBe(true);
});

it('a loss is computed again as long as that may go on, what is least first', () => {
  const { builder, loss, leaves } = lossOf((b, w) => b.relu(b.sum(b.exp(w), [0])), [256, 512]);
  let calls = 0;
  const evaluation = new Evaluation(builder.program, loss, leaves, { kernels: { exp: (output, [x]) => { output.forEach((_, i) => (output[i] = Math.exp(x![i]!) * (1 + 1e-13 * calls))); calls++; } } });
  const asked = { times: 0 };
  expect(evaluation.findNondeterminism(() => asked.times++ < 2)).toBeUndefined();
  expect(calls).toBe(1);
  const found = evaluation.findNondeterminism(() => true);
  expect(found && builder.program.instructions[found]!.primitive).toBe('exp');
});

describe.each(cases)('a large leaf that is %s', (_, shape, make) => {
  const { builder, large, loss, leaves } = lossOf(make, shape);
  const { program } = builder;
  const values = leaves.get(large)!;
  const filled = new Map([[large, (target: Float64Array) => { target.set(values); }]]);
  const lossAt = (changed: Float64Array): number => run(program, new Map([[large, changed]]), [loss])[0]![0]!;

  it('gives the loss of a run from scratch where an entry changes, and is as before after a line', () => {
    const evaluation = new Evaluation(program, loss, filled);
    const track = evaluation.entryTrack(large);
    const all = evaluation.track([large]);
    const direction = randomDirection(all, 5, 1);
    for (const place of [0, 70_000, sizeOf(shape) - 1]) {
      const changed = values.slice();
      changed[place]! += 0.01;
      expect(track.probe(place, changed[place]!).loss).toBeCloseTo(lossAt(changed), 8);
      const [above, below] = onLine(all, direction, (line) => [line(1e-3).loss, line(-1e-3).loss]);
      expect([above, below]).not.toContain(evaluation.baseLoss);
      expect(onLine(all, direction, (line) => line(-1e-3).loss)).toBeCloseTo(below!, 8);
      expect(isSame(evaluation.values[large]!, values)).toBe(true);
    }
  });

  it('has the same gradient whether that is kept or goes by', () => {
    const extended = new Builder({ program });
    const wanted = extended.gradient(loss, [large]);
    const questions = { signs: [1, 2].map((attempt) => directionSigns(3, attempt, large, values.length)), places: [0, 77] };
    const gradientOf = (isPassing: boolean): Gradient =>
      new Evaluation(program, loss, filled, {}, { program: extended.program, wanted, passing: [isPassing] }).continue(() => questions)[0]!;
    const [kept, passing] = [gradientOf(false), gradientOf(true)];
    const [expectedGradient] = run(extended.program, new Map([[large, values]]), wanted);
    expect(isSame(kept.whole(), expectedGradient!)).toBe(true);
    expect([passing.greatest, passing.isZero, passing.length]).toEqual([kept.greatest, kept.isZero, kept.length]);
    for (const place of [0, 77, 78, values.length - 1]) expect(passing.at(place)).toBe(expectedGradient![place]);
    for (const attempt of [1, 2, 3]) {
      const signs = directionSigns(3, attempt, large, values.length);
      expect(passing.along(signs)).toEqual(kept.along(signs));
    }
    const part = { ...directionSigns(3, 1, large, values.length), start: 1001, stop: 2017 };
    expect(passing.along(part)).toEqual(kept.along(part));
    expect(isSame(passing.whole(), expectedGradient!)).toBe(true);
  });
});

it('one wrong entry among many is found where the gradient is not kept', () => {
  const place = 77_777;
  const wrong: VectorJacobianProduct<unknown> = (builder, ...rest) => {
    const [left, right] = (defaultDerivatives.matmul as VectorJacobianProduct<unknown>)(builder, ...rest) as [Ref, Ref];
    const flat = builder.reshape(right, [length]);
    const error = builder.pad(builder.constant(0.1, [1]), [place], [length - place - 1]);
    return [left, builder.reshape(builder.add(flat, error), builder.shape(right))];
  };
  const [, shape, make] = cases[0]!;
  const { builder, large, loss, leaves } = lossOf(make, shape);
  const report = checkGradients({ program: builder.program, loss, leaves, check: [large], seed: 3, budget: { evaluations: 200 }, derivatives: { matmul: wrong } });
  expect(report).toMatchObject({ ok: false, tensors: [{ wrong: 1, failures: [{ index: [Math.floor(place / 512), place % 512] }] }] });
  expect(report.culprits.map(({ primitive }) => primitive)).toEqual(['matmul']);
});
