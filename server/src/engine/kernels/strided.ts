// Copies between a dense tensor and a strided view: transposition, slicing, broadcasting and their adjoints.

import type { Shape } from '../shape';
import { addRun, sumRun } from './accelerated';

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

/** Merges neighbouring axes that one stride can walk, so that rows are long. */
function collapse(shape: Shape, strides: readonly number[]): { shape: number[]; strides: number[] } {
  const merged: { shape: number[]; strides: number[] } = { shape: [], strides: [] };
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis]!;
    const stride = strides[axis]!;
    if (length === 1) continue;
    const last = merged.shape.length - 1;
    if (last >= 0 && merged.strides[last] === stride * length) {
      merged.shape[last]! *= length;
      merged.strides[last] = stride;
    } else {
      merged.shape.push(length);
      merged.strides.push(stride);
    }
  }
  return merged.shape.length > 0 ? merged : { shape: [1], strides: [1] };
}

/** output (dense, of the given shape) = the view of the input with this offset and these strides. */
export function readStrided(
  output: Float64Array,
  input: Float64Array,
  shape: Shape,
  offset: number,
  strides: readonly number[],
): void {
  if (output.length === 0) return;
  const view = collapse(shape, strides);
  const length = view.shape.at(-1)!;
  const stride = view.strides.at(-1)!;
  forEachRow(view.shape, offset, view.strides, (dense, start) => {
    if (stride === 0) output.fill(input[start]!, dense, dense + length);
    else for (let i = 0, j = start; i < length; i++, j += stride) output[dense + i] = input[j]!;
  });
}

/** The view of the output with this offset and these strides = input (dense, of the given shape). */
export function writeStrided(
  output: Float64Array,
  input: Float64Array,
  shape: Shape,
  offset: number,
  strides: readonly number[],
): void {
  if (input.length === 0) return;
  const view = collapse(shape, strides);
  const length = view.shape.at(-1)!;
  const stride = view.strides.at(-1)!;
  forEachRow(view.shape, offset, view.strides, (dense, start) => {
    for (let i = 0, j = start; i < length; i++, j += stride) output[j] = input[dense + i]!;
  });
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
  const length = view.shape.at(-1)!;
  const stride = view.strides.at(-1)!;
  forEachRow(view.shape, offset, view.strides, (dense, start) => {
    if (stride === 0) {
      output[start]! += sumRun(input, dense, length);
    } else if (stride === 1) {
      addRun(output, start, input, dense, length);
    } else {
      for (let i = 0, j = start; i < length; i++, j += stride) output[j]! += input[dense + i]!;
    }
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

/** target = source, entry by entry of two views of one shape. */
export function copyView(target: View, source: View, shape: Shape): void {
  if (shape.includes(0)) return;
  const length = shape.at(-1) ?? 1;
  const targetStride = target.strides.at(-1) ?? 1;
  const sourceStride = source.strides.at(-1) ?? 1;
  const { values: to } = target;
  const { values: from } = source;
  forEachPair(shape, target, source, (startTo, startFrom) => {
    if (targetStride === 1 && sourceStride === 0) to.fill(from[startFrom]!, startTo, startTo + length);
    else if (targetStride === 1 && sourceStride === 1 && length > 16) to.set(from.subarray(startFrom, startFrom + length), startTo);
    else for (let i = 0, p = startTo, q = startFrom; i < length; i++, p += targetStride, q += sourceStride) to[p] = from[q]!;
  });
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
