// Copies between strided views, and sums into one: transposition, slicing, broadcasting and their adjoints.

import { stridesOf } from '../shape';
import type { Shape } from '../shape';
import { sharedInstance } from './wasm/arena';

/** Below so many entries, a call costs more than it saves. */
const FEWEST_ENTRIES = 16;

/** Calls `row` for each innermost run of the shape: the dense offset of the run, and the offset of its start in the view. */
function forEachRow(shape: Shape, offset: number, strides: readonly number[], row: (dense: number, view: number) => void): void {
  const outerAxes = shape.length - 1;
  const length = shape[outerAxes]!;
  let rows = 1;
  for (let axis = 0; axis < outerAxes; axis++) rows *= shape[axis]!;
  const index = new Array<number>(outerAxes).fill(0);
  let view = offset;
  for (let i = 0; i < rows; i++) {
    row(i * length, view);
    for (let axis = outerAxes - 1; axis >= 0; axis--) {
      view += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
      view -= strides[axis]! * shape[axis]!;
    }
  }
}

/** Merges neighbouring axes that one stride can walk in each of some views, so that rows are long. */
function collapse(shape: Shape, ...views: readonly (readonly number[])[]): { shape: number[]; strides: number[][] } {
  const merged: { shape: number[]; strides: number[][] } = { shape: [], strides: views.map(() => []) };
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis]!;
    if (length === 1) continue;
    const last = merged.shape.length - 1;
    if (last >= 0 && views.every((strides, i) => merged.strides[i]![last] === strides[axis]! * length)) {
      merged.shape[last]! *= length;
      views.forEach((strides, i) => (merged.strides[i]![last] = strides[axis]!));
    } else {
      merged.shape.push(length);
      views.forEach((strides, i) => merged.strides[i]!.push(strides[axis]!));
    }
  }
  return merged.shape.length > 0 ? merged : { shape: [1], strides: views.map(() => [1]) };
}

/** The view of the output with this offset and these strides += input (dense, of the given shape); strides may be 0. */
export function addStrided(
  output: Float64Array,
  input: Float64Array,
  shape: Shape,
  offset: number,
  strides: readonly number[],
): void {
  if (input.length === 0) return;
  const view = collapse(shape, strides);
  const simd = input.length >= FEWEST_ENTRIES ? sharedInstance(output, input) : undefined;
  if (simd) {
    const dense = stridesOf(view.shape);
    simd.table.set([view.shape.length, ...view.shape.flatMap((length, axis) => [length, view.strides[0]![axis]!, dense[axis]!])]);
    simd.kernels.addStrided(output.byteOffset + 8 * offset, input.byteOffset, simd.table.byteOffset);
    return;
  }
  const length = view.shape.at(-1)!;
  const stride = view.strides[0]!.at(-1)!;
  forEachRow(view.shape, offset, view.strides[0]!, (dense, start) => {
    if (stride === 0) {
      let total = 0;
      for (let i = 0; i < length; i++) total += input[dense + i]!;
      output[start]! += total;
    } else for (let i = 0, j = start; i < length; i++, j += stride) output[j]! += input[dense + i]!;
  });
}

/** A strided view of a buffer. */
export interface View {
  readonly values: Float64Array;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Calls `row` for the start of each innermost run in two views of one shape. */
function forEachPair(shape: Shape, a: View, b: View, row: (startA: number, startB: number) => void): void {
  const outerAxes = shape.length - 1;
  let rows = 1;
  for (let axis = 0; axis < outerAxes; axis++) rows *= shape[axis]!;
  const index = new Array<number>(Math.max(0, outerAxes)).fill(0);
  let placeA = a.offset;
  let placeB = b.offset;
  for (let i = 0; i < rows; i++) {
    row(placeA, placeB);
    for (let axis = outerAxes - 1; axis >= 0; axis--) {
      placeA += a.strides[axis]!;
      placeB += b.strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
      placeA -= a.strides[axis]! * shape[axis]!;
      placeB -= b.strides[axis]! * shape[axis]!;
    }
  }
}

/** How one view is copied to another of its shape, to be done again and again. */
export function copyingView(target: View, source: View, shape: Shape): () => void {
  if (shape.includes(0)) return () => undefined;
  const { shape: lengths, strides: [to, from] } = collapse(shape, target.strides, source.strides) as { shape: number[]; strides: [number[], number[]] };
  const simd = sharedInstance(target.values, source.values);
  if (simd) {
    const numbers = [lengths.length, ...lengths.flatMap((length, axis) => [length, to[axis]!, from[axis]!])];
    return () => {
      simd.table.set(numbers);
      simd.kernels.copyStrided(target.values.byteOffset + 8 * target.offset, source.values.byteOffset + 8 * source.offset, simd.table.byteOffset);
    };
  }
  const [length, toStride, fromStride] = [lengths, to, from].map((each) => each.at(-1)!) as [number, number, number];
  return () => {
    forEachPair(lengths, { ...target, strides: to }, { ...source, strides: from }, (startTo, startFrom) => {
      for (let i = 0, p = startTo, q = startFrom; i < length; i++, p += toStride, q += fromStride) target.values[p] = source.values[q]!;
    });
  };
}

/** target = source, entry by entry of two views of one shape. */
export function copyView(target: View, source: View, shape: Shape): void {
  copyingView(target, source, shape)();
}

/** A dense tensor as a view. */
export function denseView(values: Float64Array, shape: Shape): View {
  return { values, offset: 0, strides: stridesOf(shape) };
}

/** target += now − before, entry by entry; `before` lies in its buffer as `now` does, and strides of the target may be 0. */
export function addDifferences(target: View, now: View, before: Float64Array, shape: Shape): void {
  if (shape.includes(0)) return;
  const length = shape.at(-1) ?? 1;
  const targetStride = target.strides.at(-1) ?? 1;
  const sourceStride = now.strides.at(-1) ?? 1;
  const { values: to } = target;
  const { values: from } = now;
  forEachPair(shape, target, now, (startTo, startFrom) => {
    for (let i = 0, p = startTo, q = startFrom; i < length; i++, p += targetStride, q += sourceStride) to[p]! += from[q]! - before[q]!;
  });
}
