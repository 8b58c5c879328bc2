// Kernels as calls that run one after the other within WebAssembly, against plain TypeScript.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain } from '../../server/src/engine/fusion/chain';
import { differenceCall, matrixProductCall, moveFactorCall, sumDifferences, sumDifferencesCall } from '../../server/src/engine/kernels/accelerated';
import { addConvolution, convolutionCalls } from '../../server/src/engine/kernels/convolution';
import { addMatrixProduct, denseMatrix, moveFactor, transposed } from '../../server/src/engine/kernels/matrix-product';
import type { FactorMove, Matrix } from '../../server/src/engine/kernels/matrix-product';
import { convolutionLayout, moveTapCall, setTap } from '../../server/src/engine/kernels/patches';
import { Arena } from '../../server/src/engine/kernels/wasm/arena';
import type { SimdCall } from '../../server/src/engine/kernels/wasm/call';
import { maxOfWindows, maxWindows } from '../../server/src/engine/kernels/windows';
import type { Windows } from '../../server/src/engine/program';
import { sizeOf, unravel } from '../../server/src/engine/shape';
import { implementations } from './support/implementations';

function numbers(length: number, seed: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(seed + 1.7 * i) + 0.3 * Math.cos(5 * i));
}

function run(...calls: readonly (SimdCall | undefined)[]): boolean {
  return Chain.of(calls.map((call) => call!))!.run();
}

function expectClose(actual: Float64Array, expected: Float64Array): void {
  expected.forEach((value, i) => expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-12 * (1 + Math.abs(value))));
}

/** Windows along one axis: of a kernel, a stride and a step, some of them cut off at the ends. */
const axis = fc.record({ kernel: fc.integer({ min: 1, max: 3 }), stride: fc.integer({ min: 1, max: 3 }), step: fc.integer({ min: 1, max: 2 }), count: fc.integer({ min: 1, max: 5 }), padding: fc.integer({ min: 0, max: 1 }) })
  .map(({ kernel, stride, step, count, padding }): { windows: Windows; length: number } => {
    const reach = step * (kernel - 1) + 1;
    const length = Math.max(reach, (count - 1) * stride + reach - padding);
    const starts = Array.from({ length: count }, (_, i) => Math.min(length - 1, Math.max(0, i * stride - (kernel > 1 && step === 1 ? padding : 0))));
    return { length, windows: { starts, stops: starts.map((start) => Math.min(length, start + reach)), step } };
  });
const square = fc.integer({ min: 1, max: 5 }).map((half): { windows: Windows; length: number } => {
  const starts = Array.from({ length: half }, (_, i) => 2 * i);
  return { length: 2 * half, windows: { starts, stops: starts.map((start) => start + 2), step: 1 } };
});

describe.each(implementations)('in a chain of %s kernels', (implementation) => {
  it('maxima of windows are those of plain TypeScript, and so is whether one has moved', () => {
    const axes = fc.oneof(fc.array(axis, { minLength: 1, maxLength: 3 }), fc.array(square, { minLength: 2, maxLength: 2 }));
    const special = fc.constantFrom(undefined, NaN, Infinity, 0);
    fc.assert(fc.property(axes, fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.array(fc.tuple(fc.nat(), special), { maxLength: 3 }), fc.boolean(), (all, skipped, gap, changes, ties) => {
      const windows = all.map((each) => each.windows);
      const sizes = all.map(({ length }) => length);
      const [volume, places] = [sizeOf(sizes), sizeOf(windows.map(({ starts }) => starts.length))];
      const blocks = { first: skipped, blocks: 2, apart: 2 + gap, count: 2, windows: places };
      const planes = skipped + 4 + gap;
      const values = numbers(planes * volume, 3).map((value) => (ties ? Math.round(value) : value));
      // Where the maxima stand, the first of equals, is found one window at a time.
      const before = Float64Array.from({ length: planes * places }, (_, i) => {
        const corner = unravel(i % places, windows.map(({ starts }) => starts.length));
        let best = -1;
        for (let p = 0; p < volume; p++) {
          const at = unravel(p, sizes);
          const inside = windows.every(({ starts, stops, step }, a) => at[a]! >= starts[corner[a]!]! && at[a]! < stops[corner[a]!]! && (at[a]! - starts[corner[a]!]!) % step === 0);
          const start = Math.floor(i / places) * volume;
          if (inside && (best < 0 || values[start + p]! > values[start + best]!)) best = p;
        }
        return best;
      });
      for (const [place, value] of changes) values[place % values.length] = value ?? values[place % values.length]! + 0.5;
      const expected = new Float64Array(before.length);
      const moved = maxWindows(expected, values, before, windows, sizes, blocks);
      const arena = new Arena(4 * (values.length + before.length), implementation);
      const output = arena.allocate(before.length);
      expect(run(maxOfWindows(output, arena.copy(values), arena.copy(before), windows, sizes, blocks))).toBe(moved);
      const unsigned = (each: Float64Array): number[] => Array.from(each, (value) => value + 0);
      if (!values.some(Number.isNaN)) expect(unsigned(output)).toEqual(unsigned(expected));
      else expect(moved || unsigned(output).every((value, i) => Object.is(value, unsigned(expected)[i]))).toBe(true);
    }), { numRuns: 300 });
  });

  it('a changed weight of a convolution adds what it reads', () => {
    const length = fc.integer({ min: 1, max: 6 });
    const geometry = fc.record({ stride: fc.integer({ min: 1, max: 3 }), padding: fc.integer({ min: 0, max: 2 }), dilation: fc.integer({ min: 1, max: 2 }), kernel: fc.integer({ min: 1, max: 3 }), input: length });
    fc.assert(fc.property(fc.array(geometry, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }), fc.nat(), (axes, groups, channels, pick) => {
      const of = (key: 'stride' | 'padding' | 'dilation'): number[] => axes.map((each) => each[key]);
      const outputs = axes.map(({ input, padding, dilation, kernel, stride }) => Math.floor((input + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1);
      fc.pre(outputs.every((each) => each >= 1));
      const [x, w, y] = [[2, groups * channels, ...axes.map(({ input }) => input)], [2 * groups, channels, ...axes.map(({ kernel }) => kernel)], [2, 2 * groups, ...outputs]];
      const layout = convolutionLayout(x, w, y, { stride: of('stride'), paddingBefore: of('padding'), paddingAfter: of('padding'), dilation: of('dilation'), groups });
      const place = pick % sizeOf(w);
      const base = numbers(sizeOf(y), 1);
      const expected = base.slice();
      const [output, channel, ...offsets] = unravel(place, w) as [number, number, ...number[]];
      setTap(expected, base, numbers(sizeOf(x), 2), layout, { output, channel, offsets: [0, 0, ...offsets].slice(-3) as [number, number, number] }, 0.7);
      const arena = new Arena(sizeOf(x) + 2 * sizeOf(y) + 2, implementation);
      const actual = arena.copy(base);
      run(moveTapCall(actual, arena.copy(base), arena.copy(numbers(sizeOf(x), 2)), layout, arena.copy(Float64Array.of(place, 0.7))));
      expectClose(actual, expected);
    }), { numRuns: 300 });
  });

  it('convolutions are those of plain TypeScript, those of a few places aside', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 }), (batch, groups, outputs, kernel, padding) => {
      const length = 11 - 2 * padding + kernel;
      const [x, w, y] = [[batch, 2 * groups, length, 9 + kernel], [outputs * groups, 2, kernel, kernel], [batch, outputs * groups, 12, 10 + 2 * padding]];
      const layout = convolutionLayout(x, w, y, { stride: [1, 1], paddingBefore: [padding, padding], paddingAfter: [padding, padding], dilation: [1, 1], groups });
      const base = numbers(sizeOf(y), 1);
      const expected = base.slice();
      addConvolution(expected, numbers(sizeOf(x), 2), numbers(sizeOf(w), 3), layout, base);
      const arena = new Arena(sizeOf(x) + sizeOf(w) + 2 * sizeOf(y), implementation);
      const actual = arena.allocate(base.length).fill(9);
      run(...convolutionCalls(actual, arena.copy(numbers(sizeOf(x), 2)), arena.copy(numbers(sizeOf(w), 3)), layout, arena.copy(base))!);
      expectClose(actual, expected);
    }), { numRuns: 60 });
  });

  it('products of thin and shallow matrices, dense or not, are those of plain TypeScript', () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(fc.property(size, size, fc.integer({ min: 1, max: 70 }), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.integer({ min: 1, max: 3 }), (rows, columns, depth, transposed, spread) => {
      const matrix = (values: Float64Array, height: number, width: number, swap: boolean): Matrix =>
        (swap ? { values, offset: 1, row: spread, column: spread * height } : { values, offset: 1, row: spread * width, column: spread });
      const arena = new Arena(8000, implementation);
      const of = (height: number, width: number, seed: number): Float64Array => numbers(1 + spread * height * width, seed);
      const [a, b, source] = [of(rows, depth, 1), of(depth, columns, 2), of(rows, columns, 3)];
      const build = (copy: (values: Float64Array) => Float64Array): [Matrix, Matrix, Matrix, Float64Array] =>
        [matrix(copy(source), rows, columns, transposed[0]!), matrix(copy(a), rows, depth, transposed[1]!), matrix(copy(b), depth, columns, transposed[2]!), copy(source)];
      const [c, left, right, base] = build((values) => values.slice());
      addMatrixProduct(c, left, right, rows, columns, depth, base);
      const [fast, fastLeft, fastRight, fastBase] = build((values) => arena.copy(values));
      fast.values.fill(9, 1);
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) fast.values[1 + i * fast.row + j * fast.column] = 0;
      run(matrixProductCall(fast, fastLeft, fastRight, rows, columns, depth, fastBase));
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) expectClose(fast.values.subarray(1 + i * c.row + j * c.column).slice(0, 1), c.values.subarray(1 + i * c.row + j * c.column).slice(0, 1));
    }), { numRuns: 200 });
  });

  it('a changed entry of a factor adds a line of the other one', () => {
    const size = fc.integer({ min: 1, max: 7 });
    fc.assert(fc.property(size, size, size, fc.boolean(), fc.boolean(), fc.boolean(), fc.nat(), (lines, depth, length, isTurned, turnsProduct, turnsOther, pick) => {
      const matrix = (values: Float64Array, rows: number, columns: number, turns: boolean): Matrix => (turns ? transposed(denseMatrix(values, 0, rows)) : denseMatrix(values, 0, columns));
      const first = pick % lines;
      const move = (copy: (values: Float64Array) => Float64Array): FactorMove => ({
        product: matrix(copy(numbers(lines * length, 4)), lines, length, turnsProduct), first, lines: lines - first, length,
        other: matrix(copy(numbers(depth * length, 2)), depth, length, turnsOther), columns: isTurned ? lines : depth, isTurned,
      });
      const [line, k] = [first + (pick % (lines - first)), pick % depth];
      const change = Float64Array.of(isTurned ? k * lines + line : line * depth + k, 0.7);
      const base = numbers(lines * length, 1);
      const expected = move((values) => values.slice());
      moveFactor(expected, base, change);
      const { product, other } = expected;
      for (let i = 0; i < length; i++) {
        const at = line * product.row + i * product.column;
        expect(product.values[at]).toBeCloseTo(base[at]! + 0.7 * other.values[k * other.row + i * other.column]!, 12);
      }
      const arena = new Arena(1000, implementation);
      const actual = move((values) => arena.copy(values));
      run(moveFactorCall(actual, arena.copy(base), arena.copy(change)));
      expectClose(actual.product.values, product.values);
    }), { numRuns: 200 });
  });

  it('calls see what earlier ones wrote, and each chain its own numbers', () => {
    const arena = new Arena(100, implementation);
    const [x, y, sums, zero] = [arena.copy(numbers(40, 1)), arena.copy(numbers(40, 2)), arena.allocate(4), arena.allocate(3).fill(5)];
    const runs = { start: 2, blocks: 2, apart: 19, count: 2, length: 7 };
    const expected = new Float64Array(4);
    sumDifferences(expected, x, y, runs);
    const one = Chain.of([differenceCall(y, 0, x, x, 0, 40)!, sumDifferencesCall(sums, x, y, runs)!])!;
    const other = Chain.of([differenceCall(zero, 0, zero, zero, 0, 3)!])!;
    const difference = Chain.of([sumDifferencesCall(sums, x, y, runs)!])!;
    difference.run();
    expectClose(sums, expected);
    other.run();
    expect([...zero]).toEqual([0, 0, 0]);
    one.run();
    sumDifferences(expected, x, new Float64Array(40), runs);
    expectClose(sums, expected);
    expect([...y].every((value) => value === 0)).toBe(true);
  });

  it('the same functions can be called with other numbers, and other functions cannot', () => {
    const arena = new Arena(100, implementation);
    const [x, y, zero] = [arena.copy(numbers(20, 1)), arena.copy(numbers(20, 2)), arena.allocate(20)];
    const difference = (start: number, length: number): SimdCall => differenceCall(zero, start, x, y, start, length)!;
    const first = Chain.of([difference(0, 5)])!;
    const moved = first.moved([difference(7, 6)])!;
    const places = (): number[] => [...zero.keys()].filter((i) => zero[i] !== 0);
    moved.run();
    expect(places()).toEqual([7, 8, 9, 10, 11, 12]);
    zero.fill(0);
    first.run();
    expect(places()).toEqual([0, 1, 2, 3, 4]);
    const runs = { start: 2, blocks: 2, apart: 9, count: 1, length: 3 };
    expect(first.moved([sumDifferencesCall(zero, x, y, runs)!])).toBeUndefined();
    expect(first.moved([difference(0, 5), difference(0, 5)])).toBeUndefined();
  });

  it('what needs more numbers than there is room for is not chained', () => {
    const arena = new Arena(10, implementation);
    const one = arena.allocate(1);
    const call = differenceCall(one, 0, one, one, 0, 1)!;
    expect(Chain.of([{ ...call, numbers: [new Int32Array(1 << 20), 0] }])).toBeUndefined();
  });
});
