// The SIMD kernels of convolution and its adjoints against plain TypeScript, on shapes that meet every way of cutting the work into blocks.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../server/src/base/random';
import { addConvolution, convolveInputGradient, convolveWeightGradient } from '../../server/src/engine/kernels/convolution';
import { convolutionLayout, hasRoomForBand, isTiled } from '../../server/src/engine/kernels/patches';
import { Arena, instanceOf } from '../../server/src/engine/kernels/wasm/arena';
import type { ConvolutionGeometry } from '../../server/src/engine/program';
import { sizeOf } from '../../server/src/engine/shape';
import { implementations } from './support/implementations';

interface Case {
  readonly batch: number;
  /** Of one group each. */
  readonly channels: number;
  readonly outputs: number;
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly geometry: ConvolutionGeometry;
}

/** Whole numbers, so that sums are exact in any order; not all of one pattern. */
function numbers(length: number, seed: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => ((i * 2654435761 + seed * 40503) >>> 7) % 17 - 8);
}

function shapes({ batch, channels, outputs, output, kernel, geometry }: Case): { x: number[]; w: number[]; y: number[] } {
  const { stride, paddingBefore, paddingAfter, dilation, groups } = geometry;
  const input = output.map((length, axis) => Math.max(1, (length - 1) * stride[axis]! + (kernel[axis]! - 1) * dilation[axis]! + 1 - paddingBefore[axis]! - paddingAfter[axis]!));
  return { x: [batch, groups * channels, ...input], w: [groups * outputs, channels, ...kernel], y: [batch, groups * outputs, ...output] };
}

/** Runs all three, and the convolution also on top of a source. */
function results(each: Case, take: (values: Float64Array) => Float64Array): Float64Array[] {
  const { x, w, y } = shapes(each);
  const layout = convolutionLayout(x, w, y, each.geometry);
  const [input, weights, cotangent] = [take(numbers(sizeOf(x), 1)), take(numbers(sizeOf(w), 2)), take(numbers(sizeOf(y), 3))];
  const room = (shape: number[]): Float64Array => take(new Float64Array(sizeOf(shape)).fill(NaN));
  const [output, onTop, inputGradient, weightGradient] = [room(y), room(y), room(x), room(w)];
  addConvolution(output, input, weights, layout, null);
  addConvolution(onTop, input, weights, layout, cotangent);
  convolveInputGradient(inputGradient, cotangent, weights, layout);
  convolveWeightGradient(weightGradient, input, cotangent, layout);
  return [output, onTop, inputGradient, weightGradient];
}

function expectEqual(each: Case, implementation: (typeof implementations)[number]): void {
  const { x, w, y } = shapes(each);
  const arena = new Arena(2 * (sizeOf(x) + sizeOf(w)) + 4 * sizeOf(y), implementation);
  const actual = results(each, (values) => arena.copy(values));
  expect(actual.every((values) => instanceOf(values.buffer) !== undefined)).toBe(true);
  results(each, (values) => values).forEach((values, i) => {
    const wrong = values.findIndex((value, place) => value !== actual[i]![place]);
    if (wrong >= 0) expect({ of: i, wrong, is: actual[i]![wrong] }).toEqual({ of: i, wrong, is: values[wrong] });
  });
}

const of = (axes: number, value: number): number[] => new Array<number>(axes).fill(value);

function plain(axes: number, more: Partial<ConvolutionGeometry> = {}): ConvolutionGeometry {
  return { stride: of(axes, 1), paddingBefore: of(axes, 1), paddingAfter: of(axes, 1), dilation: of(axes, 1), groups: 1, ...more };
}

const cases: readonly (readonly [string, Case])[] = [
  ['rows longer than a block', { batch: 1, channels: 2, outputs: 5, output: [1100], kernel: [3], geometry: plain(1) }],
  ['planes of several blocks', { batch: 2, channels: 3, outputs: 7, output: [31, 37], kernel: [3, 3], geometry: plain(2) }],
  ['more taps than are packed at a time', { batch: 1, channels: 40, outputs: 6, output: [9, 11], kernel: [3, 3], geometry: plain(2) }],
  ['kernels that are larger than that', { batch: 1, channels: 2, outputs: 5, output: [9, 10], kernel: [17, 19], geometry: plain(2) }],
  ['outputs so many that what they read is packed', { batch: 1, channels: 4, outputs: 203, output: [9, 9], kernel: [3, 3], geometry: plain(2) }],
  ['more outputs than are packed at a time', { batch: 1, channels: 1, outputs: 530, output: [9, 9], kernel: [2, 3], geometry: plain(2) }],
  ['many channels of both', { batch: 1, channels: 200, outputs: 210, output: [3, 30], kernel: [3, 1], geometry: plain(2, { paddingBefore: [1, 0], paddingAfter: [1, 0] }) }],
  ['several examples of few places', { batch: 5, channels: 6, outputs: 9, output: [5, 3], kernel: [3, 3], geometry: plain(2) }],
  ['pointwise kernels of few places', { batch: 3, channels: 6, outputs: 9, output: [5, 3], kernel: [1, 1], geometry: plain(2, { paddingBefore: [0, 0], paddingAfter: [0, 0] }) }],
  ['pointwise kernels with a stride', { batch: 1, channels: 30, outputs: 9, output: [15, 13], kernel: [1, 1], geometry: plain(2, { stride: [2, 2], paddingBefore: [0, 0], paddingAfter: [0, 0] }) }],
  ['windows far apart', { batch: 1, channels: 3, outputs: 4, output: [9, 12], kernel: [3, 3], geometry: plain(2, { dilation: [60, 50], paddingBefore: [30, 50], paddingAfter: [20, 30] }) }],
  ['few kernels of three by three', { batch: 1, channels: 2, outputs: 5, output: [33, 30], kernel: [3, 3], geometry: plain(2) }],
  ['a kernel of three by three over rows of odd length', { batch: 2, channels: 1, outputs: 5, output: [9, 15], kernel: [3, 3], geometry: plain(2) }],
  ['a kernel of three by three over long rows of several groups', { batch: 2, channels: 1, outputs: 3, output: [3, 1102], kernel: [3, 3], geometry: plain(2, { dilation: [2, 1], groups: 2 }) }],
  ['kernels of three by three in three axes', { batch: 1, channels: 1, outputs: 3, output: [5, 12, 14], kernel: [2, 3, 3], geometry: plain(3, { stride: [2, 3, 1] }) }],
  ['tiles of two by two', { batch: 2, channels: 20, outputs: 18, output: [16, 16], kernel: [3, 3], geometry: plain(2) }],
  ['tiles that reach beyond odd planes', { batch: 3, channels: 17, outputs: 23, output: [15, 17], kernel: [3, 3], geometry: plain(2, { paddingBefore: [0, 2], paddingAfter: [1, 0] }) }],
  ['more tiles, channels and outputs than are transformed at a time', { batch: 2, channels: 67, outputs: 131, output: [22, 35], kernel: [3, 3], geometry: plain(2) }],
  ['tiles of rows that are cut into several blocks', { batch: 1, channels: 16, outputs: 16, output: [3, 301], kernel: [3, 3], geometry: plain(2, { paddingBefore: [-1, -2], groups: 2 }) }],
  ['few tiles of several examples', { batch: 5, channels: 16, outputs: 19, output: [7, 7], kernel: [3, 3], geometry: plain(2) }],
  ['three axes', { batch: 2, channels: 3, outputs: 4, output: [7, 9, 11], kernel: [2, 3, 3], geometry: plain(3) }],
  ['a stride of more than the kernel', { batch: 1, channels: 2, outputs: 4, output: [20, 21], kernel: [2, 2], geometry: plain(2, { stride: [5, 7] }) }],
];

describe.each(implementations)('%s convolutions', (implementation) => {
  it.each(cases)('are those of plain TypeScript with %s', (_, each) => {
    expectEqual(each, implementation);
  });

  it.each([['numbers of one size', 0], ['numbers of very different sizes', 40]])('round in tiles as little as plain sums, for %s', (_, spread) => {
    const [x, w, y] = [[2, 48, 18, 15], [33, 48, 3, 3], [2, 33, 18, 15]];
    const layout = convolutionLayout(x, w, y, plain(2));
    expect(isTiled(layout)).toBe(true);
    const arena = new Arena(2 * (sizeOf(x) + sizeOf(w) + sizeOf(y)), implementation);
    const drawn = (shape: number[], name: string): Float64Array => {
      const random = new RandomStream(1, name);
      return Float64Array.from({ length: sizeOf(shape) }, (__, i) => (random.uniform(2 * i) - 0.5) * 2 ** (spread * random.uniform(2 * i + 1)));
    };
    const [input, weights, cotangent] = [drawn(x, 'x'), drawn(w, 'w'), drawn(y, 'g')];
    for (const [length, compute, a, b, terms] of [
      [sizeOf(y), (to, p, q) => { addConvolution(to, p, q, layout, null); }, input, weights, 9 * 48],
      [sizeOf(x), (to, p, q) => { convolveInputGradient(to, p, q, layout); }, cotangent, weights, 9 * 33],
      [sizeOf(w), (to, p, q) => { convolveWeightGradient(to, p, q, layout); }, input, cotangent, 2 * 18 * 15],
    ] as const satisfies readonly (readonly [number, (to: Float64Array, p: Float64Array, q: Float64Array) => void, Float64Array, Float64Array, number])[]) {
      const [plainly, inTiles] = [new Float64Array(length), arena.allocate(length)];
      compute(plainly, a, b);
      compute(inTiles, arena.copy(a), arena.copy(b));
      // Half of a unit in the last place of the greatest term, for each term.
      const greatest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const most = terms * (Number.EPSILON / 2) * greatest(a) * greatest(b);
      expect(greatest(plainly.map((value, i) => value - inTiles[i]!))).toBeLessThan(most);
    }
  });

  it('let what is infinite, or no number, reach in tiles what reads it, and nothing else', () => {
    const [x, w, y] = [[2, 16, 12, 12], [16, 16, 3, 3], [2, 16, 12, 12]];
    const layout = convolutionLayout(x, w, y, plain(2));
    expect(isTiled(layout)).toBe(true);
    const arena = new Arena(2 * (sizeOf(x) + sizeOf(w) + sizeOf(y)), implementation);
    for (const value of [Infinity, NaN]) {
      const [input, weights] = [numbers(sizeOf(x), 1), numbers(sizeOf(w), 2)];
      input[sizeOf(x) - 1 - 2 * 12] = value;
      const [expected, actual] = [new Float64Array(sizeOf(y)), arena.allocate(sizeOf(y))];
      addConvolution(expected, input, weights, layout, null);
      addConvolution(actual, arena.copy(input), arena.copy(weights), layout, null);
      expect([...actual]).toEqual([...expected]);
    }
  });

  it('are those of plain TypeScript where a band has no room', () => {
    const each: Case = { batch: 1, channels: 1, outputs: 4, output: [4, 5], kernel: [2, 2], geometry: plain(2, { dilation: [300, 300], paddingBefore: [0, 0], paddingAfter: [0, 0] }) };
    const { x, w, y } = shapes(each);
    expect(hasRoomForBand(convolutionLayout(x, w, y, each.geometry))).toBe(false);
    expectEqual(each, implementation);
  });

  it('are those of plain TypeScript for any shape', () => {
    const small = (most: number, least = 1): fc.Arbitrary<number> => fc.integer({ min: least, max: most });
    const axis = fc.record({ output: small(14), kernel: small(4), stride: small(3), before: small(3, -1), after: small(3, -1), dilation: small(3) });
    fc.assert(fc.property(fc.array(axis, { minLength: 1, maxLength: 3 }), small(3), small(3), small(9), small(9), (axes, batch, groups, channels, outputs) => {
      const along = (key: 'kernel' | 'stride' | 'before' | 'after' | 'dilation'): number[] => axes.map((each) => each[key]);
      const geometry = { stride: along('stride'), paddingBefore: along('before'), paddingAfter: along('after'), dilation: along('dilation'), groups };
      expectEqual({ batch, channels, outputs, output: axes.map(({ output }) => output), kernel: along('kernel'), geometry }, implementation);
    }), { numRuns: 150 });
  });
});
