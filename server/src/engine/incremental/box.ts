// Boxes: a range of places along each axis of a tensor, to say which part of it a change can reach.

import { sizeOf, stridesOf } from '../shape';
import type { Shape } from '../shape';

/** From start to before stop, per axis. */
export type Box = readonly Range[];

export interface Range {
  readonly start: number;
  readonly stop: number;
}

export function wholeRange(length: number): Range {
  return { start: 0, stop: length };
}

export function wholeBox(shape: Shape): Box {
  return shape.map(wholeRange);
}

export function boxShape(box: Box): number[] {
  return box.map(({ start, stop }) => stop - start);
}

export function coversRange({ start, stop }: Range, length: number): boolean {
  return start === 0 && stop === length;
}

export function isWhole(box: Box, shape: Shape): boolean {
  return box.every((range, axis) => coversRange(range, shape[axis]!));
}

/** Whether a box is as large as another along each axis. */
export function hasLengthsOf(box: Box, other: Box): boolean {
  return other.every(({ start, stop }, axis) => box[axis]!.stop - box[axis]!.start === stop - start);
}

export function isSameBox(box: Box | undefined, other: Box): boolean {
  return box === other || (box !== undefined && other.every(({ start, stop }, axis) => box[axis]!.start === start && box[axis]!.stop === stop));
}

export function hullOfRanges(a: Range, b: Range): Range {
  return { start: Math.min(a.start, b.start), stop: Math.max(a.stop, b.stop) };
}

/** The smallest box around those that are there. */
export function hull(boxes: readonly (Box | undefined)[]): Box | undefined {
  return boxes.reduce((a, b) => (a && b ? a.map((range, axis) => hullOfRanges(range, b[axis]!)) : a ?? b), undefined);
}

/** The place of the box's first entry, for a tensor with the given strides. */
export function offsetOf(box: Box, strides: readonly number[]): number {
  return box.reduce((offset, { start }, axis) => offset + start * strides[axis]!, 0);
}

/** The box as runs of neighbouring entries, all of one length. */
export interface Runs {
  readonly starts: readonly number[];
  readonly length: number;
}

export function runsOf(box: Box, shape: Shape): Runs {
  const strides = stridesOf(shape);
  const lengths = boxShape(box);
  let inner = shape.length;
  let length = 1;
  while (inner > 0) {
    inner--;
    length *= lengths[inner]!;
    if (!coversRange(box[inner]!, shape[inner]!)) break;
  }
  let starts = [offsetOf(box, strides)];
  for (let axis = 0; axis < inner; axis++) {
    starts = starts.flatMap((start) => Array.from({ length: lengths[axis]! }, (_, i) => start + i * strides[axis]!));
  }
  return { starts, length };
}

/** Neighbouring axes of two shapes with the same number of entries, in groups that hold equally many. */
function commonGroups(from: Shape, to: Shape): { from: [number, number]; to: [number, number] }[] {
  const groups: { from: [number, number]; to: [number, number] }[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    const start = { i, j };
    let a = from[i++] ?? 1;
    let b = to[j++] ?? 1;
    while (a !== b) {
      if (a < b) a *= from[i++]!;
      else b *= to[j++]!;
    }
    groups.push({ from: [start.i, Math.min(i, from.length)], to: [start.j, Math.min(j, to.length)] });
  }
  return groups;
}

/** The box that entries of a box lie in after their tensor is reshaped. */
export function reshapeBox(box: Box, from: Shape, to: Shape): Box {
  return commonGroups(from, to).flatMap((group) => {
    const part = from.slice(...group.from);
    const target = to.slice(...group.to);
    const strides = stridesOf(part);
    let first = 0;
    let last = 0;
    box.slice(...group.from).forEach(({ start, stop }, axis) => {
      first += start * strides[axis]!;
      last += (stop - 1) * strides[axis]!;
    });
    return rangesBetween(first, last, target);
  });
}

/** The smallest box around all entries from the first to the last place. */
function rangesBetween(first: number, last: number, shape: Shape): Box {
  const strides = stridesOf(shape);
  let together = true;
  return shape.map((length, axis) => {
    if (!together) return wholeRange(length);
    const start = Math.floor(first / strides[axis]!);
    const stop = Math.floor(last / strides[axis]!) + 1;
    first -= start * strides[axis]!;
    last -= (stop - 1) * strides[axis]!;
    together = stop - start === 1;
    return { start, stop };
  });
}

/** How many entries a box holds. */
export function boxSize(box: Box): number {
  return sizeOf(boxShape(box));
}
