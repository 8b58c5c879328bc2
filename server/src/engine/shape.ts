// Arithmetic on static, row-major shapes.

import { EngineError } from './errors';

/** The sizes of a tensor's axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** The number of entries. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** How many entries apart the neighbours along each axis lie. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** For messages: `[2, 3]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** NumPy's rule: align at the last axis; lengths must agree, or one of them be 1 or absent. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const lengthA = a[axis - rank + a.length] ?? 1;
    const lengthB = b[axis - rank + b.length] ?? 1;
    if (lengthA !== lengthB && lengthA !== 1 && lengthB !== 1) {
      throw new EngineError(`${formatShape(a)} and ${formatShape(b)} do not broadcast: ${lengthA} against ${lengthB}`);
    }
    shape.push(lengthA === 1 ? lengthB : lengthA);
  }
  return shape;
}

/** The strides with which a tensor of shape `from` is read as one of shape `to`: 0 along each repeated axis. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : strides[axis - missing]!));
}

/** The axis as a number from 0; negative axes count from the end. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new EngineError(`axis ${axis} does not exist in a tensor of rank ${rank}`);
  }
  return normalized;
}

/** Distinct axes from 0, ascending. */
export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  const normalized = axes.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
  const repeated = normalized.find((axis, i) => axis === normalized[i + 1]);
  if (repeated !== undefined) throw new EngineError(`axis ${repeated} is named twice`);
  return normalized;
}

/** The product of the lengths before an axis, of the axis, and behind it: a tensor as [outer, length, inner]. */
export function splitAtAxis(shape: Shape, axis: number): { outer: number; length: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), length: shape[axis]!, inner: sizeOf(shape.slice(axis + 1)) };
}

/** The index of each axis for a place in row-major order. */
export function unravel(place: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = place % shape[axis]!;
    place = Math.floor(place / shape[axis]!);
  }
  return index;
}
