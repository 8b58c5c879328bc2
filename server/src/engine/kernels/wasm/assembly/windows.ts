// Sums and maxima over windows of the last three axes. The table holds, per axis, the number of windows, their step, their starts and their stops, as 32-bit numbers.
// Planes come in blocks: `planes` of them one after the other, blocks some planes apart.

import { sum } from './vector';

/** What is sought of each window: its sum, the place of its greatest entry, or that entry. */
const SUM = 0;
const ARGMAX = 1;
const MAX = 2;

// @ts-ignore: decorator
@inline
function startOf(axis: usize, window: i32): i32 {
  return load<i32>(axis + (<usize>(2 + window) << 2));
}

// @ts-ignore: decorator
@inline
function stopOf(axis: usize, window: i32): i32 {
  return load<i32>(axis + (<usize>(2 + load<i32>(axis) + window) << 2));
}

// @ts-ignore: decorator
@inline
function nextAxis(axis: usize): usize {
  return axis + (<usize>(2 + 2 * load<i32>(axis)) << 2);
}

// @ts-ignore: decorator
@inline
function twoEntries(x: usize, apart: i32): v128 {
  return v128.load64_lane(x + (<usize>apart << 3), v128.load64_zero(x), 1);
}

// @ts-ignore: decorator
@inline
function beats(value: v128, top: v128): v128 {
  // Not "greater or equal", and a NaN is neither: the first of equals stays, a NaN wins.
  return v128.andnot(f64x2.eq(top, top), f64x2.le(value, top));
}

/** The same for a row of windows that are two places wide and lie side by side from a corner on, two windows at a time; `count` is even. */
function argmaxOfPairs(output: usize, x: usize, corner: i32, rows: i32, down: i32, count: i32): void {
  const one = f64x2.splat(1);
  const below = f64x2.splat(<f64>down);
  const four = f64x2.splat(4);
  let first = f64x2.replace_lane(f64x2.splat(<f64>corner), 1, <f64>(corner + 2));
  const end = output + (<usize>count << 3);
  while (output != end) {
    let low = v128.load(x);
    let high = v128.load(x, 16);
    let tops = v128.shuffle<f64>(low, high, 0, 2);
    let odds = v128.shuffle<f64>(low, high, 1, 3);
    let win = beats(odds, tops);
    let bests = v128.bitselect(f64x2.add(first, one), first, win);
    tops = v128.bitselect(odds, tops, win);
    let places = first;
    let at = x;
    for (let row = 1; row < rows; row++) {
      at += <usize>down << 3;
      places = f64x2.add(places, below);
      low = v128.load(at);
      high = v128.load(at, 16);
      const evens = v128.shuffle<f64>(low, high, 0, 2);
      odds = v128.shuffle<f64>(low, high, 1, 3);
      win = beats(evens, tops);
      bests = v128.bitselect(places, bests, win);
      tops = v128.bitselect(evens, tops, win);
      win = beats(odds, tops);
      bests = v128.bitselect(f64x2.add(places, one), bests, win);
      tops = v128.bitselect(odds, tops, win);
    }
    v128.store(output, bests);
    output += 16;
    x += 32;
    first = f64x2.add(first, four);
  }
}

/** Added to a whole number below 2³², it leaves that number in the low half of the bits. */
const WHOLE: f64 = 4503599627370496;

// @ts-ignore: decorator
@inline
function at64(x: usize, place: f64): f64 {
  return load<f64>(x + (<usize>(<u32>reinterpret<u64>(place + WHOLE)) << 3));
}

/** The entries at two places, which stand one after the other in memory. */
// @ts-ignore: decorator
@inline
function atPlaces(x: usize, places: usize): v128 {
  const whole = f64x2.add(v128.load(places), f64x2.splat(WHOLE));
  const first = v128.load64_zero(x + (<usize>i32x4.extract_lane(whole, 0) << 3));
  return v128.load64_lane(x + (<usize>i32x4.extract_lane(whole, 2) << 3), first, 1);
}

/** Greatest entries of such a row; bits of what is given are set where one does not stand at its place, or where a number is none. */
// @ts-ignore: decorator
@inline
function maxOfPairs(output: usize, plane: usize, places: usize, corner: i32, rows: i32, down: i32, count: i32): v128 {
  let moved = f64x2.splat(0);
  let x = plane + (<usize>corner << 3);
  const end = output + (<usize>count << 3);
  while (output != end) {
    let low = v128.load(x);
    let high = v128.load(x, 16);
    // A sum is no number if one of its terms is none.
    let sum = f64x2.add(low, high);
    let at = x;
    for (let row = 1; row < rows; row++) {
      at += <usize>down << 3;
      const nextLow = v128.load(at);
      const nextHigh = v128.load(at, 16);
      sum = f64x2.add(sum, f64x2.add(nextLow, nextHigh));
      low = f64x2.pmax(low, nextLow);
      high = f64x2.pmax(high, nextHigh);
    }
    const tops = f64x2.pmax(v128.shuffle<f64>(low, high, 0, 2), v128.shuffle<f64>(low, high, 1, 3));
    moved = v128.or(moved, v128.or(f64x2.ne(sum, sum), f64x2.ne(tops, atPlaces(plane, places))));
    v128.store(output, tops);
    output += 16;
    places += 16;
    x += 32;
  }
  return moved;
}

/** One window of every place in a plane after the other; not 0 if a maximum has moved from its place. */
// @ts-ignore: decorator
@inline
function overPlane(sought: i32, output: usize, x: usize, places: usize, table: usize, height: i32, width: i32, paired: bool): bool {
  const d = table;
  const h = nextAxis(d);
  const w = nextAxis(h);
  const depths = load<i32>(d), heights = load<i32>(h), widths = load<i32>(w);
  const depthStep = load<i32>(d, 4), heightStep = load<i32>(h, 4), widthStep = load<i32>(w, 4);
  let pairsMoved = f64x2.splat(0);
  let moved = false;
  for (let i = 0; i < depths; i++) {
    const firstSlab = startOf(d, i), lastSlab = stopOf(d, i);
    for (let j = 0; j < heights; j++) {
      const firstRow = startOf(h, j), lastRow = stopOf(h, j);
      let k = 0;
      if (sought != SUM && paired) {
        const corner = (firstSlab * height + firstRow) * width + startOf(w, 0);
        const rows = (lastRow - firstRow + heightStep - 1) / heightStep;
        k = widths & ~1;
        if (sought == ARGMAX) argmaxOfPairs(output, x + (<usize>corner << 3), corner, rows, heightStep * width, k);
        else pairsMoved = v128.or(pairsMoved, maxOfPairs(output, x, places, corner, rows, heightStep * width, k));
        output += <usize>k << 3;
        places += <usize>k << 3;
      }
      for (; k < widths; k++) {
        const first = startOf(w, k), last = stopOf(w, k);
        if (sought == SUM) {
          let total: f64 = 0;
          const wholeRows = last - first == width && widthStep == 1 && heightStep == 1;
          for (let a = firstSlab; a < lastSlab; a += depthStep) {
            if (wholeRows) {
              total += sum(x + (<usize>((a * height + firstRow) * width) << 3), (lastRow - firstRow) * width);
              continue;
            }
            for (let b = firstRow; b < lastRow; b += heightStep) {
              const row = x + (<usize>((a * height + b) * width) << 3);
              for (let c = first; c < last; c += widthStep) total += load<f64>(row + (<usize>c << 3));
            }
          }
          store<f64>(output, total);
        } else {
          const corner = (firstSlab * height + firstRow) * width + first;
          // Two neighbours of one width side by side, so that their comparisons do not wait for each other.
          const apart = k + 1 < widths ? startOf(w, k + 1) - first : 0;
          if (k + 1 < widths && stopOf(w, k + 1) - last == apart) {
            let bests = f64x2.replace_lane(f64x2.splat(<f64>corner), 1, <f64>(corner + apart));
            let tops = twoEntries(x + (<usize>corner << 3), apart);
            for (let a = firstSlab; a < lastSlab; a += depthStep) {
              for (let b = firstRow; b < lastRow; b += heightStep) {
                const row = (a * height + b) * width;
                for (let c = row + first; c < row + last; c += widthStep) {
                  const values = twoEntries(x + (<usize>c << 3), apart);
                  const win = beats(values, tops);
                  if (sought == ARGMAX) bests = v128.bitselect(f64x2.replace_lane(f64x2.splat(<f64>c), 1, <f64>(c + apart)), bests, win);
                  tops = v128.bitselect(values, tops, win);
                }
              }
            }
            if (sought == ARGMAX) v128.store(output, bests);
            else {
              pairsMoved = v128.or(pairsMoved, f64x2.ne(tops, atPlaces(x, places)));
              v128.store(output, tops);
              places += 16;
            }
            output += 16;
            k++;
            continue;
          }
          let best = corner;
          let greatest = load<f64>(x + (<usize>best << 3));
          for (let a = firstSlab; a < lastSlab; a += depthStep) {
            for (let b = firstRow; b < lastRow; b += heightStep) {
              const row = (a * height + b) * width;
              for (let c = row + first; c < row + last; c += widthStep) {
                const value = load<f64>(x + (<usize>c << 3));
                // No branch, which would be mispredicted.
                const wins = i32(!(value <= greatest)) & i32(greatest == greatest);
                best = select(c, best, wins);
                greatest = select(value, greatest, wins);
              }
            }
          }
          if (sought == ARGMAX) store<f64>(output, <f64>best);
          else {
            moved = moved || at64(x, load<f64>(places)) != greatest;
            store<f64>(output, greatest);
            places += 8;
          }
        }
        output += 8;
      }
    }
  }
  return moved || v128.any_true(pairsMoved);
}

/** Whether the windows of the last axis are two places wide and lie side by side, each with one place of the first axis. */
function arePaired(table: usize): bool {
  const w = nextAxis(nextAxis(table));
  let paired = load<i32>(w, 4) == 1;
  for (let i = 0, depths = load<i32>(table); i < depths; i++) paired = paired && stopOf(table, i) - startOf(table, i) <= load<i32>(table, 4);
  for (let k = 0, widths = load<i32>(w); k < widths; k++) paired = paired && startOf(w, k) == startOf(w, 0) + 2 * k && stopOf(w, k) == startOf(w, k) + 2;
  return paired;
}

function windowsIn(table: usize): i32 {
  const h = nextAxis(table);
  return load<i32>(table) * load<i32>(h) * load<i32>(nextAxis(h));
}

/** The place within its plane of the greatest entry of each window; the first of equals, or a number that is none. */
export function argmaxWindows(output: usize, x: usize, table: usize, planes: i32, height: i32, width: i32, volume: i32): void {
  const paired = arePaired(table);
  const windows = <usize>windowsIn(table) << 3;
  for (let plane = 0; plane < planes; plane++) {
    overPlane(ARGMAX, output, x, 0, table, height, width, paired);
    output += windows;
    x += <usize>volume << 3;
  }
}

/** The sum of each window. */
export function sumWindows(output: usize, x: usize, table: usize, planes: i32, height: i32, width: i32, volume: i32): void {
  const windows = <usize>windowsIn(table) << 3;
  for (let plane = 0; plane < planes; plane++) {
    overPlane(SUM, output, x, 0, table, height, width, false);
    output += windows;
    x += <usize>volume << 3;
  }
}

/** Greatest entries of windows of two by two places that lie side by side in a plane from its corner on, whose rows are `width` long. */
function maxOfSquares(output: usize, plane: usize, places: usize, heights: i32, widths: i32, width: i32): bool {
  let moved = f64x2.splat(0);
  const down = <usize>width << 3;
  const row = <usize>widths << 3;
  let x = plane;
  for (let j = 0; j < heights; j++) {
    for (let at: usize = 0, from = x; at != row; at += 16, from += 32) {
      const low = v128.load(from), high = v128.load(from, 16);
      const nextLow = v128.load(from + down), nextHigh = v128.load(from + down, 16);
      // A sum is no number if one of its terms is none.
      const sum = f64x2.add(f64x2.add(low, nextLow), f64x2.add(high, nextHigh));
      const left = f64x2.pmax(low, nextLow), right = f64x2.pmax(high, nextHigh);
      const tops = f64x2.pmax(v128.shuffle<f64>(left, right, 0, 2), v128.shuffle<f64>(left, right, 1, 3));
      moved = v128.or(moved, v128.or(f64x2.ne(sum, sum), f64x2.ne(tops, atPlaces(plane, places + at))));
      v128.store(output + at, tops);
    }
    output += row;
    places += row;
    x += 2 * down;
  }
  return v128.any_true(moved);
}

/** Whether all windows are two by two places, side by side from the corner on, in an even number. */
function areSquares(table: usize): bool {
  const h = nextAxis(table);
  const w = nextAxis(h);
  const heights = load<i32>(h), widths = load<i32>(w);
  let squares = arePaired(table) && load<i32>(table) == 1 && load<i32>(h, 4) == 1 && (widths & 1) == 0 && startOf(w, 0) == 0 && startOf(table, 0) == 0;
  for (let j = 0; j < heights; j++) squares = squares && startOf(h, j) == 2 * j && stopOf(h, j) == 2 * j + 2;
  return squares;
}

/** The greatest entry of each window; not 0 if some do not stand at the places given, or if there is a number that is none. */
export function maxWindows(output: usize, x: usize, places: usize, table: usize, blocks: i32, apart: i32, planes: i32, height: i32, width: i32, volume: i32): i32 {
  const paired = arePaired(table), squares = areSquares(table);
  const h = nextAxis(table);
  const heights = load<i32>(h), widths = load<i32>(nextAxis(h));
  const windows = <usize>windowsIn(table) << 3;
  let moved = 0;
  for (let block = 0; block < blocks; block++) {
    for (let plane = block * apart, end = plane + planes; plane < end; plane++) {
      const to = output + <usize>plane * windows, from = x + (<usize>plane * <usize>volume << 3), before = places + <usize>plane * windows;
      moved |= i32(squares ? maxOfSquares(to, from, before, heights, widths, width) : overPlane(MAX, to, from, before, table, height, width, paired));
    }
  }
  return moved;
}
