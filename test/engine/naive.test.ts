// The kernels against the definitions, written as plain loops, on random shapes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../server/src/base/random';
import { Builder } from '../../server/src/engine/builder';
import { run } from '../../server/src/engine/execute';
import type { ConvolutionGeometry, Ref } from '../../server/src/engine/program';
import { sizeOf, stridesOf, unravel } from '../../server/src/engine/shape';
import type { Shape } from '../../server/src/engine/shape';

function randomValues(shape: Shape, name: string): Float64Array {
  const stream = new RandomStream(11, name);
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => stream.normal(i));
}

function evaluate(build: (b: Builder) => Ref): { shape: Shape; values: Float64Array } {
  const builder = new Builder();
  const ref = build(builder);
  return { shape: builder.shape(ref), values: run(builder.program, new Map(), [ref])[0]! };
}

function expectClose(actual: Float64Array, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(1e-12 * (1 + Math.abs(expected[i]!)));
}

/** Every index of a shape, in row-major order. */
function indices(shape: Shape): number[][] {
  return Array.from({ length: sizeOf(shape) }, (_, place) => unravel(place, shape));
}

/** The entry at an index, or undefined outside. */
function at(values: Float64Array, shape: Shape, index: readonly number[]): number | undefined {
  if (index.some((i, axis) => i < 0 || i >= shape[axis]!)) return undefined;
  const strides = stridesOf(shape);
  return values[index.reduce((place, i, axis) => place + i * strides[axis]!, 0)];
}

const length = fc.integer({ min: 1, max: 9 });

describe('the matrix product', () => {
  it('is the sum over the inner axis, whichever side is transposed', () => {
    const size = fc.oneof(length, fc.constantFrom(15, 16, 17, 33));
    fc.assert(fc.property(fc.integer({ min: 1, max: 3 }), size, size, fc.oneof(size, fc.constant(300)), fc.boolean(), fc.boolean(), (batch, rows, columns, depth, left, right) => {
      const shapeA = left ? [batch, depth, rows] : [batch, rows, depth];
      const shapeB = right ? [batch, columns, depth] : [batch, depth, columns];
      const [a, b] = [randomValues(shapeA, 'a'), randomValues(shapeB, 'b')];
      const { values } = evaluate((builder) => builder.matrixProduct(builder.constant(a, shapeA), builder.constant(b, shapeB), left, right));
      expectClose(values, indices([batch, rows, columns]).map(([n, i, j]) => {
        let total = 0;
        for (let k = 0; k < depth; k++) {
          total += at(a, shapeA, left ? [n!, k, i!] : [n!, i!, k])! * at(b, shapeB, right ? [n!, j!, k] : [n!, k, j!])!;
        }
        return total;
      }));
    }), { numRuns: 60 });
  });
});

interface ConvolutionCase {
  readonly x: Shape;
  readonly w: Shape;
  readonly geometry: ConvolutionGeometry;
}

const convolutionCase: fc.Arbitrary<ConvolutionCase> = fc.integer({ min: 1, max: 3 }).chain((spatial) => {
  const perAxis = (min: number, max: number): fc.Arbitrary<number[]> => fc.array(fc.integer({ min, max }), { minLength: spatial, maxLength: spatial });
  return fc.record({
    batch: fc.integer({ min: 1, max: 2 }), groups: fc.integer({ min: 1, max: 3 }), inputs: fc.integer({ min: 1, max: 3 }), outputs: fc.integer({ min: 1, max: 5 }),
    kernel: perAxis(1, 3), stride: perAxis(1, 3), dilation: perAxis(1, 2), before: perAxis(0, 2), after: perAxis(0, 2), extra: perAxis(0, 5),
  }).map(({ batch, groups, inputs, outputs, kernel, stride, dilation, before, after, extra }) => ({
    x: [batch, groups * inputs, ...kernel.map((k, i) => dilation[i]! * (k - 1) + 1 + extra[i]!)],
    w: [groups * outputs, inputs, ...kernel],
    geometry: { stride, dilation, paddingBefore: before, paddingAfter: after, groups },
  }));
});

/** Calls `visit` for each product w·x that enters an output, with the three indices. */
function forEachTap({ x, w, geometry }: ConvolutionCase, y: Shape, visit: (yi: number[], xi: number[], wi: number[]) => void): void {
  const outputsPerGroup = w[0]! / geometry.groups;
  for (const yi of indices(y)) {
    const [n, o, ...place] = yi as [number, number, ...number[]];
    for (const [c, ...tap] of indices(w.slice(1)) as [number, ...number[]][]) {
      const xi = [n, Math.floor(o / outputsPerGroup) * w[1]! + c, ...tap.map((k, i) => place[i]! * geometry.stride[i]! - geometry.paddingBefore[i]! + k * geometry.dilation[i]!)];
      if (xi.every((i, axis) => i >= 0 && i < x[axis]!)) visit(yi, xi, [o, c, ...tap]);
    }
  }
}

describe('the convolution', () => {
  it('and its two adjoints add up the taps', () => {
    fc.assert(fc.property(convolutionCase, (test) => {
      const [x, w] = [randomValues(test.x, 'x'), randomValues(test.w, 'w')];
      const convolved = evaluate((b) => b.convolution(b.constant(x, test.x), b.constant(w, test.w), test.geometry));
      const g = randomValues(convolved.shape, 'g');
      const spatial = (shape: Shape): Shape => shape.slice(2);
      const intoX = evaluate((b) => b.convolutionInputGradient(b.constant(g, convolved.shape), b.constant(w, test.w), test.geometry, spatial(test.x)));
      const intoW = evaluate((b) => b.convolutionWeightGradient(b.constant(x, test.x), b.constant(g, convolved.shape), test.geometry, spatial(test.w)));
      const place = (shape: Shape, index: readonly number[]): number => stridesOf(shape).reduce((sum, stride, axis) => sum + stride * index[axis]!, 0);
      const expected = { y: new Float64Array(g.length), x: new Float64Array(x.length), w: new Float64Array(w.length) };
      forEachTap(test, convolved.shape, (yi, xi, wi) => {
        const [py, px, pw] = [place(convolved.shape, yi), place(test.x, xi), place(test.w, wi)];
        expected.y[py]! += x[px]! * w[pw]!;
        expected.x[px]! += g[py]! * w[pw]!;
        expected.w[pw]! += g[py]! * x[px]!;
      });
      expectClose(convolved.values, expected.y);
      expectClose(intoX.values, expected.x);
      expectClose(intoW.values, expected.w);
    }), { numRuns: 80 });
  });

  it('is the same when its patches are packed in several blocks', () => {
    const shapes = { x: [1, 40, 60, 60], w: [2, 40, 3, 3] } as const;
    const geometry = { stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 1 };
    const [x, w] = [randomValues(shapes.x, 'x'), randomValues(shapes.w, 'w')];
    const whole = evaluate((b) => b.convolution(b.constant(x, shapes.x), b.constant(w, shapes.w), geometry));
    const channels = Array.from({ length: 40 }, (_, c) => evaluate((b) => b.convolution(
      b.slice(b.constant(x, shapes.x), [0, c, 0, 0], [1, c + 1, 60, 60]), b.slice(b.constant(w, shapes.w), [0, c, 0, 0], [2, c + 1, 3, 3]), geometry)).values);
    expectClose(whole.values, whole.values.map((_, i) => channels.reduce((sum, values) => sum + values[i]!, 0)));
  });
});

describe('pooling', () => {
  it('takes the maximum and the mean of each window, in up to three axes', () => {
    const axis = fc.record({ size: fc.integer({ min: 4, max: 7 }), kernel: fc.integer({ min: 1, max: 3 }), stride: fc.integer({ min: 1, max: 3 }), padding: fc.integer({ min: 0, max: 1 }) });
    fc.assert(fc.property(fc.array(axis, { minLength: 1, maxLength: 3 }), (axes) => {
      const shape = [2, ...axes.map(({ size }) => size)];
      const padding = axes.map(({ padding, kernel }) => Math.min(padding, kernel >> 1));
      const geometry = { kernel: axes.map(({ kernel }) => kernel), stride: axes.map(({ stride }) => stride), paddingBefore: padding, paddingAfter: padding };
      const x = randomValues(shape, 'x');
      const greatest = evaluate((b) => b.maxPool(b.constant(x, shape), geometry));
      const average = evaluate((b) => b.averagePool(b.constant(x, shape), { ...geometry, divisor: 'valid' }));
      const windows = indices(greatest.shape).map(([n, ...place]) => indices(geometry.kernel)
        .map((tap) => at(x, shape, [n!, ...tap.map((k, i) => place[i]! * geometry.stride[i]! - padding[i]! + k)]))
        .filter((value) => value !== undefined));
      expectClose(greatest.values, windows.map((window) => Math.max(...window)));
      expectClose(average.values, windows.map((window) => window.reduce((a, b) => a + b, 0) / window.length));
    }), { numRuns: 80 });
  });
});

describe('layout', () => {
  it('slices with any step and embeds back', () => {
    const axis = fc.record({ size: length, start: fc.nat(), step: fc.constantFrom(-3, -2, -1, 1, 2, 3), count: fc.integer({ min: 1, max: 4 }) });
    fc.assert(fc.property(fc.array(axis, { minLength: 1, maxLength: 4 }), (axes) => {
      const shape = axes.map(({ size }) => size);
      const starts = axes.map(({ size, start }) => start % size);
      const steps = axes.map(({ step }) => step);
      const counts = axes.map(({ size, step, count }, i) => Math.min(count, 1 + Math.floor(step > 0 ? (size - 1 - starts[i]!) / step : starts[i]! / -step)));
      const x = randomValues(shape, 'x');
      const stops = starts.map((start, i) => start + counts[i]! * steps[i]!);
      const sliced = evaluate((b) => b.slice(b.constant(x, shape), starts, stops, steps));
      expect(sliced.shape).toEqual(counts);
      const source = (index: readonly number[]): number[] => index.map((place, i) => starts[i]! + place * steps[i]!);
      expectClose(sliced.values, indices(counts).map((index) => at(x, shape, source(index))!));
      const back = evaluate((b) => b.embed(b.constant(sliced.values, counts), { starts, steps, shape, value: 7 }));
      const covered = new Map(indices(counts).map((index, i) => [source(index).join(), sliced.values[i]!]));
      expectClose(back.values, indices(shape).map((index) => covered.get(index.join()) ?? 7));
    }), { numRuns: 100 });
  });

  it('transposes, broadcasts and sums along any axes', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.nat(), (shape, chosen, rotation) => {
      const x = randomValues(shape, 'x');
      const axes = shape.map((_, axis) => axis);
      const permutation = axes.map((axis) => (axis + rotation) % shape.length);
      const moved = evaluate((b) => b.transpose(b.constant(x, shape), permutation));
      expectClose(moved.values, indices(permutation.map((axis) => shape[axis]!)).map((index) => at(x, shape, axes.map((axis) => index[permutation.indexOf(axis)]!))!));
      const reduced = axes.filter((axis) => chosen[axis]);
      const small = shape.map((n, axis) => (chosen[axis] ? 1 : n));
      const sums = evaluate((b) => b.sum(b.constant(x, shape), reduced, true));
      const totals = new Map<string, number>();
      indices(shape).forEach((index, i) => {
        const key = index.map((place, axis) => (chosen[axis] ? 0 : place)).join();
        totals.set(key, (totals.get(key) ?? 0) + x[i]!);
      });
      expect(sums.shape).toEqual(small);
      expectClose(sums.values, indices(small).map((index) => totals.get(index.join())!));
      const wide = evaluate((b) => b.broadcastTo(b.constant(sums.values, small), [2, ...shape]));
      expectClose(wide.values, indices([2, ...shape]).map(([, ...index]) => totals.get(index.map((place, axis) => (chosen[axis] ? 0 : place)).join())!));
    }), { numRuns: 100 });
  });
});

describe('gather and scatterAdd', () => {
  it('are adjoint: ⟨gather x, y⟩ = ⟨x, scatterAdd y⟩', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 3 }), length, fc.integer({ min: 1, max: 3 }), fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), (batch, rows, row, picks) => {
      const shape = [batch, rows, row];
      const places = Array.from({ length: batch * picks.length }, (_, i) => (picks[i % picks.length]! + i) % rows);
      const x = randomValues(shape, 'x');
      const y = randomValues([batch, picks.length, row], 'y');
      const gathered = evaluate((b) => b.gather(b.constant(x, shape), b.constant(places, [batch, picks.length]), 1));
      const scattered = evaluate((b) => b.scatterAdd(b.constant(y, [batch, picks.length, row]), b.constant(places, [batch, picks.length]), rows, 1));
      const dot = (u: Float64Array, v: Float64Array): number => u.reduce((sum, value, i) => sum + value * v[i]!, 0);
      expectClose(gathered.values, indices(gathered.shape).map(([n, i, j]) => at(x, shape, [n!, places[n! * picks.length + i!]!, j!])!));
      expect(dot(gathered.values, y)).toBeCloseTo(dot(x, scattered.values), 10);
    }));
  });
});
