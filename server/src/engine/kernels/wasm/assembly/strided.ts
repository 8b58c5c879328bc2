// Copies between strided views, and sums into one.

import { add } from './entrywise';
import { sum } from './vector';

function copyAxes(to: usize, from: usize, axis: usize, left: i32): void {
  const length = load<i32>(axis), toStep = <usize>load<i32>(axis, 4) << 3, fromStep = <usize>load<i32>(axis, 8) << 3;
  if (left > 1) {
    for (let i = 0; i < length; i++, to += toStep, from += fromStep) copyAxes(to, from, axis + 12, left - 1);
    return;
  }
  if (toStep == 8 && fromStep == 8) {
    for (const pairs = to + (<usize>(length & ~1) << 3); to != pairs; to += 16, from += 16) v128.store(to, v128.load(from));
    if (length & 1) store<f64>(to, load<f64>(from));
    return;
  }
  for (let i = 0; i < length; i++, to += toStep, from += fromStep) store<f64>(to, load<f64>(from));
}

/** Copies one view to another. The table holds, as 32-bit numbers, how many axes there are and of each its length and its strides there and here; strides may be negative, or 0. */
export function copyStrided(to: usize, from: usize, table: usize): void {
  copyAxes(to, from, table + 4, load<i32>(table));
}

function addAxes(to: usize, from: usize, axis: usize, left: i32): void {
  const length = load<i32>(axis), toStep = <usize>load<i32>(axis, 4) << 3, fromStep = <usize>load<i32>(axis, 8) << 3;
  if (left > 1) {
    for (let i = 0; i < length; i++, to += toStep, from += fromStep) addAxes(to, from, axis + 12, left - 1);
  } else if (toStep == 8 && fromStep == 8) {
    add(to, to, from, length);
  } else if (toStep == 0 && fromStep == 8) {
    store<f64>(to, load<f64>(to) + sum(from, length));
  } else {
    for (let i = 0; i < length; i++, to += toStep, from += fromStep) store<f64>(to, load<f64>(to) + load<f64>(from));
  }
}

/** Adds one view to another, entry by entry; of the table see above. Where a stride is 0, entries are summed up. */
export function addStrided(to: usize, from: usize, table: usize): void {
  addAxes(to, from, table + 4, load<i32>(table));
}
