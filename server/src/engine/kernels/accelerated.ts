// Kernels that run as SIMD where all their arrays lie in one arena, and as plain TypeScript elsewhere.

import type { PrimitiveName } from '../program';
import type { RangeKernel } from '../primitive';
import type { splitAtAxis } from '../shape';
import * as reference from './matrix-product';
import type { FactorMove, Matrix } from './matrix-product';
import type { PlaneBlocks, Planes } from './windows';
import { instanceOf, sharedInstance } from './wasm/arena';
import type { SimdKernels } from './wasm/arena';
import type { SimdCall, WasmFunction } from './wasm/call';

/** Below so many entries or multiply-adds a call costs more than it saves. */
const FEWEST_ENTRIES = 16;
const FEWEST_PRODUCTS = 64;

/** c = source + a · b, for matrices of any strides; the source lies in its array as c does in its own, and may be nothing. See matrix-product.ts. */
export function addMatrixProduct(c: Matrix, a: Matrix, b: Matrix, rows: number, columns: number, depth: number, source: Float64Array | null = c.values): void {
  const call = rows * columns * depth >= FEWEST_PRODUCTS ? matrixProductCall(c, a, b, rows, columns, depth, source) : undefined;
  if (call) call.target(...call.numbers);
  else reference.addMatrixProduct(c, a, b, rows, columns, depth, source);
}

/** The same as a call; undefined where there is no SIMD for it. */
export function matrixProductCall(
  c: Matrix, a: Matrix, b: Matrix, rows: number, columns: number, depth: number, source: Float64Array | null = c.values,
): SimdCall & { readonly numbers: readonly number[] } | undefined {
  const simd = sharedInstance(c.values, a.values, b.values, source ?? c.values);
  return simd && {
    simd,
    target: simd.kernels.addMatrixProduct as WasmFunction,
    numbers: [
      c.values.byteOffset + 8 * c.offset, source === null ? 0 : source.byteOffset + 8 * c.offset, c.row, c.column,
      a.values.byteOffset + 8 * a.offset, a.row, a.column,
      b.values.byteOffset + 8 * b.offset, b.row, b.column,
      rows, columns, depth,
    ],
    gives: 'nothing',
  };
}

/** c = base + what the entry of a factor adds that is noted in `change`. See matrix-product.ts. */
export function moveFactor(move: FactorMove, base: Float64Array, change: Float64Array): void {
  const call = moveFactorCall(move, base, change);
  if (call) call.target(...call.numbers);
  else reference.moveFactor(move, base, change);
}

/** The same as a call; undefined where there is no SIMD for it. */
export function moveFactorCall(
  { product, first, lines, length, other, columns, isTurned }: FactorMove, base: Float64Array, change: Float64Array,
): SimdCall & { readonly numbers: readonly number[] } | undefined {
  const simd = sharedInstance(product.values, base, other.values, change);
  return simd && {
    simd,
    target: simd.kernels.moveFactor as WasmFunction,
    numbers: [
      product.values.byteOffset + 8 * product.offset, base.byteOffset + 8 * product.offset, product.row, product.column, first, lines, length,
      other.values.byteOffset + 8 * other.offset, other.row, other.column, columns, isTurned ? 1 : 0, change.byteOffset,
    ],
    gives: 'nothing',
  };
}

/** y = a − b over neighbouring entries, y from its start, as a call; undefined where there is no SIMD for it. */
export function differenceCall(y: Float64Array, yStart: number, a: Float64Array, b: Float64Array, start: number, length: number): SimdCall | undefined {
  const simd = sharedInstance(y, a, b);
  return simd && {
    simd, target: simd.kernels.subtract as WasmFunction, numbers: [y.byteOffset + 8 * yStart, a.byteOffset + 8 * start, b.byteOffset + 8 * start, length], gives: 'nothing',
  };
}

/** Runs of neighbouring entries: `count` of one length from `start` on, one after the other, in blocks some entries apart. */
export interface Runs {
  readonly start: number;
  readonly blocks: number;
  readonly apart: number;
  readonly count: number;
  readonly length: number;
}

/** output[i] = the sum of a − b over run i. */
export function sumDifferences(output: Float64Array, a: Float64Array, b: Float64Array, { start, blocks, apart, count, length }: Runs): void {
  for (let block = 0, at = 0; block < blocks; block++) {
    for (let run = 0; run < count; run++, at++) {
      const first = start + block * apart + run * length;
      let total = 0;
      for (let i = first; i < first + length; i++) total += a[i]! - b[i]!;
      output[at] = total;
    }
  }
}

/** The same as a call; undefined where there is no SIMD for it. */
export function sumDifferencesCall(output: Float64Array, a: Float64Array, b: Float64Array, { start, blocks, apart, count, length }: Runs): SimdCall | undefined {
  const simd = sharedInstance(output, a, b);
  return simd && {
    simd,
    target: simd.kernels.sumDifferences as WasmFunction,
    numbers: [output.byteOffset, a.byteOffset + 8 * start, b.byteOffset + 8 * start, blocks, apart, count, length],
    gives: 'nothing',
  };
}

/** Whether a comparison of two arrays finds a difference between two places; undefined where there is no SIMD for it. */
export function compareRun(name: 'differ' | 'signsDiffer', a: Float64Array, b: Float64Array, start: number, stop: number): boolean | undefined {
  const simd = stop - start >= FEWEST_ENTRIES && a.buffer === b.buffer ? instanceOf(a.buffer) : undefined;
  return simd && simd.kernels[name](a.byteOffset + 8 * start, b.byteOffset + 8 * start, stop - start) !== 0;
}

/** Runs a kernel over windows of three axes; false where there is no SIMD for it. */
export function runWindows(name: 'argmaxWindows' | 'sumWindows', output: Float64Array, x: Float64Array, { table, height, width, volume }: Planes): boolean {
  const simd = output.buffer === x.buffer ? instanceOf(x.buffer) : undefined;
  if (!simd || table.length > simd.table.length) return false;
  simd.table.set(table);
  simd.kernels[name](output.byteOffset, x.byteOffset, simd.table.byteOffset, x.length / volume, height, width, volume);
  return true;
}

/** Greatest entries of windows, and whether some do not stand at the places given, as a call; undefined where there is no SIMD for it. See windows.ts. */
export function maxWindowsCall(output: Float64Array, x: Float64Array, places: Float64Array, { table, height, width, volume }: Planes, { first, blocks, apart, count, windows }: PlaneBlocks): SimdCall | undefined {
  const simd = sharedInstance(output, x, places);
  const at = 8 * first * windows;
  return simd && {
    simd,
    target: simd.kernels.maxWindows as WasmFunction,
    numbers: [output.byteOffset + at, x.byteOffset + 8 * first * volume, places.byteOffset + at, table, blocks, apart, count, height, width, volume],
    gives: 'branch',
  };
}

/** Runs softmax, or ln Σ exp(x), along an axis; false where there is no SIMD for it. */
export function runSoftmax(...what: Parameters<typeof softmaxCall>): boolean {
  const call = softmaxCall(...what);
  if (call) call.target(...call.numbers);
  return call !== undefined;
}

/** The same as a call. */
export function softmaxCall(
  name: 'softmax' | 'logSumExp', output: Float64Array, x: Float64Array, { outer, length, inner }: ReturnType<typeof splitAtAxis>,
): SimdCall & { readonly numbers: readonly number[] } | undefined {
  const simd = sharedInstance(output, x);
  return simd && { simd, target: simd.kernels[name] as WasmFunction, numbers: [output.byteOffset, x.byteOffset, outer, length, inner], gives: 'nothing' };
}

/** output[b, i] = table[b, indices[b, i]]; the place of the first index out of range, −1 if none, undefined where there is no SIMD for it. */
export function pickRows(output: Float64Array, table: Float64Array, indices: Float64Array, batch: number, rows: number, count: number): number | undefined {
  const { buffer } = output;
  const simd = buffer === table.buffer && buffer === indices.buffer ? instanceOf(buffer) : undefined;
  return simd?.kernels.pick(output.byteOffset, table.byteOffset, indices.byteOffset, batch, rows, count);
}

/** The same as a call, for indices that are in range. */
export function pickRowsCall(output: Float64Array, table: Float64Array, indices: Float64Array, batch: number, rows: number, count: number): SimdCall | undefined {
  const simd = sharedInstance(output, table, indices);
  return simd && { simd, target: simd.kernels.pick as WasmFunction, numbers: [output.byteOffset, table.byteOffset, indices.byteOffset, batch, rows, count], gives: 'something' };
}

type EntrywiseName = Extract<PrimitiveName, keyof SimdKernels>;

const ENTRYWISE: readonly PrimitiveName[] = ['add', 'subtract', 'multiply', 'divide', 'negate', 'sqrt', 'relu', 'step', 'exp', 'sigmoid', 'erf', 'tanh'] satisfies EntrywiseName[];

/** The range kernel of a primitive, run as SIMD where there is one and its arrays allow. */
export function accelerateRange(name: PrimitiveName, range: RangeKernel): RangeKernel {
  if (!ENTRYWISE.includes(name)) return range;
  const kernel = name as EntrywiseName;
  return (output, inputs, start, stop) => {
    const { buffer } = output;
    const [a, b = a!] = inputs;
    const simd = stop - start >= FEWEST_ENTRIES && a!.buffer === buffer && b.buffer === buffer ? instanceOf(buffer) : undefined;
    if (!simd) {
      range(output, inputs, start, stop);
      return;
    }
    const skip = 8 * start;
    if (inputs.length === 1) {
      (simd.kernels[kernel] as SimdKernels['negate'])(output.byteOffset + skip, a!.byteOffset + skip, stop - start);
    } else {
      (simd.kernels[kernel] as SimdKernels['add'])(output.byteOffset + skip, a!.byteOffset + skip, b.byteOffset + skip, stop - start);
    }
  };
}
