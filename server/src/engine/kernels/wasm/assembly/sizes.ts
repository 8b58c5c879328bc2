// How large the numbers of two factors are whose blocks are to be added to each other; see strassen.ts. What is added to a number that is smaller by far rounds
// that one away: an entry of the product then is as exact as the largest ones are, and 0 · ∞ is no number where 0 is not meant to meet ∞.

import { HALF, LARGEST, sizes } from './panels';
import { clear } from './vector';

/** Sums of absolute values: of each line of the four blocks of a factor; and of each place along the depth, in two parts. */
const LINES: usize = 0, DEPTHS: usize = 2 * LARGEST * 8;
export const LEFT_SIZES: usize = sizes, RIGHT_SIZES: usize = sizes + 2 * LARGEST * 8 + 2 * HALF * 16;

/** Lines, or places along the depth, whose sizes differ by less than this are alike. */
const FACTOR: f64 = 64;
/** Sums of some products of numbers of such sizes are none that are infinite. */
const LARGEST_SIZE: f64 = 1e150;

export function clearSizes(factor: usize): void {
  clear(factor, 2 * LARGEST + 2 * HALF * 2);
}

// @ts-ignore: decorator
@inline
function absolute(at: usize): v128 {
  return v128.and(v128.load(at), i64x2.splat(i64.MAX_VALUE));
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, x: v128): void {
  v128.store(at, f64x2.add(v128.load(at), x));
}

// @ts-ignore: decorator
@inline
function measure(factor: usize, panel: usize, size: i32, line: i32, k: i32, depth: i32): void {
  const bytes = <usize>size << 3;
  // Two sums of each, which need not wait for each other.
  let first = f64x2.splat(0), second = first, third = first, firstNext = first, secondNext = first, thirdNext = first;
  let at = factor + DEPTHS + (<usize>k << 4);
  for (const end = panel + <usize>(depth & ~1) * bytes; panel != end; panel += 2 * bytes, at += 32) {
    const x = absolute(panel), y = absolute(panel + 16), xNext = absolute(panel + bytes), yNext = absolute(panel + bytes + 16);
    first = f64x2.add(first, x);
    second = f64x2.add(second, y);
    firstNext = f64x2.add(firstNext, xNext);
    secondNext = f64x2.add(secondNext, yNext);
    let all = f64x2.add(x, y), allNext = f64x2.add(xNext, yNext);
    if (size == 6) {
      const z = absolute(panel + 32), zNext = absolute(panel + bytes + 32);
      third = f64x2.add(third, z);
      thirdNext = f64x2.add(thirdNext, zNext);
      all = f64x2.add(all, z);
      allNext = f64x2.add(allNext, zNext);
    }
    addTo(at, all);
    addTo(at + 16, allNext);
  }
  if (depth & 1) {
    const x = absolute(panel), y = absolute(panel + 16);
    first = f64x2.add(first, x);
    second = f64x2.add(second, y);
    addTo(at, x);
    addTo(at, y);
    if (size == 6) {
      const z = absolute(panel + 32);
      third = f64x2.add(third, z);
      addTo(at, z);
    }
  }
  const to = factor + LINES + (<usize>line << 3);
  addTo(to, f64x2.add(first, firstNext));
  addTo(to + 16, f64x2.add(second, secondNext));
  if (size == 6) addTo(to + 32, f64x2.add(third, thirdNext));
}

/** Adds the sizes of a panel of 4 or 6 lines, from a line on, and from a place along the depth on. */
export function measurePanel(factor: usize, panel: usize, size: i32, line: i32, k: i32, depth: i32): void {
  if (size == 6) measure(factor, panel, 6, line, k, depth);
  else measure(factor, panel, 4, line, k, depth);
}

/** Whether so many lines of the blocks of a factor are alike, and all of it is finite. */
export function areAlike(factor: usize, lines: i32): bool {
  let least = load<f64>(factor, LINES), most = least;
  for (let i = 1; i < lines; i++) {
    const size = load<f64>(factor + (<usize>i << 3), LINES);
    // What is no number stays so.
    least = min(least, size);
    most = max(most, size);
  }
  return most < FACTOR * least && most < LARGEST_SIZE;
}

// @ts-ignore: decorator
@inline
function sizeAt(factor: usize, k: i32): f64 {
  const at = factor + (<usize>k << 4);
  return load<f64>(at, DEPTHS) + load<f64>(at, DEPTHS + 8);
}

/** Whether the factors are large at the same places along the depth, so that the largest products are of what is largest in both. */
export function match(depth: i32): bool {
  let left: f64 = 0, right: f64 = 0, both: f64 = 0;
  for (let k = 0; k < depth; k++) {
    const x = sizeAt(LEFT_SIZES, k), y = sizeAt(RIGHT_SIZES, k);
    left = max(left, x);
    right = max(right, y);
    both = max(both, x * y);
  }
  return left * right < FACTOR * both;
}
