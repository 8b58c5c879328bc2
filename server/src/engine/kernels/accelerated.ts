// Kernels that run as SIMD where all their arrays lie in one arena, and as plain TypeScript elsewhere.

import type { PrimitiveName } from '../program';
import type { RangeKernel } from '../primitive';
import * as reference from './matrix-product';
import type { Matrix } from './matrix-product';
import type { Planes } from './windows';
import { instanceOf } from './wasm/arena';
import type { SimdKernels } from './wasm/arena';

/** Below so many entries or multiply-adds a call costs more than it saves. */
const FEWEST_ENTRIES = 16;
const FEWEST_PRODUCTS = 64;

/** c = source + a · b, for matrices of any strides; the source lies in its array as c does in its own. See matrix-product.ts. */
export function addMatrixProduct(c: Matrix, a: Matrix, b: Matrix, rows: number, columns: number, depth: number, source = c.values): void {
  const { buffer } = c.values;
  const isShared = buffer === a.values.buffer && buffer === b.values.buffer && buffer === source.buffer;
  const simd = isShared && rows * columns * depth >= FEWEST_PRODUCTS ? instanceOf(buffer) : undefined;
  if (!simd) {
    reference.addMatrixProduct(c, a, b, rows, columns, depth, source);
    return;
  }
  simd.kernels.addMatrixProduct(
    c.values.byteOffset + 8 * c.offset, source.byteOffset + 8 * c.offset, c.row, c.column,
    a.values.byteOffset + 8 * a.offset, a.row, a.column,
    b.values.byteOffset + 8 * b.offset, b.row, b.column,
    rows, columns, depth,
  );
}

/** y += x, each from its start. */
export function addRun(y: Float64Array, yStart: number, x: Float64Array, xStart: number, length: number): void {
  const simd = length >= FEWEST_ENTRIES && y.buffer === x.buffer ? instanceOf(y.buffer) : undefined;
  if (simd) {
    const at = y.byteOffset + 8 * yStart;
    simd.kernels.add(at, at, x.byteOffset + 8 * xStart, length);
  } else {
    for (let i = 0; i < length; i++) y[yStart + i]! += x[xStart + i]!;
  }
}

/** The sum of neighbouring entries. */
export function sumRun(x: Float64Array, start: number, length: number): number {
  const simd = length >= FEWEST_ENTRIES ? instanceOf(x.buffer) : undefined;
  if (simd) return simd.kernels.sum(x.byteOffset + 8 * start, length);
  let total = 0;
  for (let i = start; i < start + length; i++) total += x[i]!;
  return total;
}

/** The sum of a − b over neighbouring entries. */
export function sumDifferences(a: Float64Array, b: Float64Array, start: number, length: number): number {
  const simd = length >= FEWEST_ENTRIES && a.buffer === b.buffer ? instanceOf(a.buffer) : undefined;
  if (simd) return simd.kernels.sumDifferences(a.byteOffset + 8 * start, b.byteOffset + 8 * start, length);
  let total = 0;
  for (let i = start; i < start + length; i++) total += a[i]! - b[i]!;
  return total;
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

/** output[b, i] = table[b, indices[b, i]]; the place of the first index out of range, −1 if none, undefined where there is no SIMD for it. */
export function pickRows(output: Float64Array, table: Float64Array, indices: Float64Array, batch: number, rows: number, count: number): number | undefined {
  const { buffer } = output;
  const simd = buffer === table.buffer && buffer === indices.buffer ? instanceOf(buffer) : undefined;
  return simd?.kernels.pick(output.byteOffset, table.byteOffset, indices.byteOffset, batch, rows, count);
}

type EntrywiseName = Extract<PrimitiveName, keyof SimdKernels>;

const ENTRYWISE: readonly PrimitiveName[] = ['add', 'subtract', 'multiply', 'divide', 'negate', 'sqrt', 'relu', 'step'] satisfies EntrywiseName[];

/** The range kernel of a primitive, run as SIMD where there is one and its arrays allow. */
export function accelerateRange(name: PrimitiveName, range: RangeKernel): RangeKernel {
  if (!ENTRYWISE.includes(name)) return range;
  const kernel = name as Exclude<EntrywiseName, 'sum'>;
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
