// Sums and maxima over windows of the last three axes. The table holds, per axis, the number of windows, their step, their starts and their stops, as 32-bit numbers.

import { sum } from './vector';

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

/** The places of the greatest entries of two windows, each two places wide, that lie side by side from the corner on. */
// @ts-ignore: decorator
@inline
function argmaxOfPairs(x: usize, corner: i32, firstRow: i32, lastRow: i32, rowStep: i32, width: i32): v128 {
  const next = f64x2.splat(1);
  let bests = f64x2.replace_lane(f64x2.splat(<f64>corner), 1, <f64>(corner + 2));
  let places = bests;
  const down = f64x2.splat(<f64>(rowStep * width));
  let tops = f64x2.splat(0);
  for (let row = firstRow; row < lastRow; row += rowStep) {
    const low = v128.load(x);
    const high = v128.load(x, 16);
    const evens = v128.shuffle<f64>(low, high, 0, 2);
    const odds = v128.shuffle<f64>(low, high, 1, 3);
    if (row == firstRow) tops = evens;
    else {
      const win = v128.andnot(f64x2.eq(tops, tops), f64x2.le(evens, tops));
      bests = v128.bitselect(places, bests, win);
      tops = v128.bitselect(evens, tops, win);
    }
    const win = v128.andnot(f64x2.eq(tops, tops), f64x2.le(odds, tops));
    bests = v128.bitselect(f64x2.add(places, next), bests, win);
    tops = v128.bitselect(odds, tops, win);
    places = f64x2.add(places, down);
    x += <usize>(rowStep * width) << 3;
  }
  return bests;
}

/** The place within its plane of the greatest entry of each window; the first of equals, or a number that is none. */
export function argmaxWindows(output: usize, x: usize, table: usize, planes: i32, height: i32, width: i32, volume: i32): void {
  const d = table;
  const h = nextAxis(d);
  const w = nextAxis(h);
  const depths = load<i32>(d), heights = load<i32>(h), widths = load<i32>(w);
  const depthStep = load<i32>(d, 4), heightStep = load<i32>(h, 4), widthStep = load<i32>(w, 4);
  const depthsAreSingle = depths == 1 && stopOf(d, 0) - startOf(d, 0) == 1;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < depths; i++) {
      for (let j = 0; j < heights; j++) {
        const firstRow = startOf(h, j), lastRow = stopOf(h, j);
        let k = 0;
        if (widthStep == 1 && depthsAreSingle) {
          // Pairs of neighbouring windows of two places each, side by side in memory: two loads bring both.
          const plain = (startOf(d, i) * height + firstRow) * width;
          while (k + 1 < widths) {
            const first = startOf(w, k);
            if (stopOf(w, k) != first + 2 || startOf(w, k + 1) != first + 2 || stopOf(w, k + 1) != first + 4) break;
            const corner = plain + first;
            v128.store(output, argmaxOfPairs(x + (<usize>corner << 3), corner, firstRow, lastRow, heightStep, width));
            output += 16;
            k += 2;
          }
        }
        for (; k < widths; k++) {
          const first = startOf(w, k), last = stopOf(w, k);
          // Two neighbours of one width side by side, so that their comparisons do not wait for each other.
          const apart = k + 1 < widths ? startOf(w, k + 1) - first : 0;
          if (k + 1 < widths && stopOf(w, k + 1) - last == apart) {
            const corner = (startOf(d, i) * height + firstRow) * width + first;
            let bests = f64x2.replace_lane(f64x2.splat(<f64>corner), 1, <f64>(corner + apart));
            let tops = twoEntries(x + (<usize>corner << 3), apart);
            for (let a = startOf(d, i), lastA = stopOf(d, i); a < lastA; a += depthStep) {
              for (let b = firstRow; b < lastRow; b += heightStep) {
                const row = (a * height + b) * width;
                for (let c = row + first; c < row + last; c += widthStep) {
                  const values = twoEntries(x + (<usize>c << 3), apart);
                  const win = v128.andnot(f64x2.eq(tops, tops), f64x2.le(values, tops));
                  const places = f64x2.replace_lane(f64x2.splat(<f64>c), 1, <f64>(c + apart));
                  bests = v128.bitselect(places, bests, win);
                  tops = v128.bitselect(values, tops, win);
                }
              }
            }
            v128.store(output, bests);
            output += 16;
            k++;
            continue;
          }
          let best = (startOf(d, i) * height + firstRow) * width + first;
          let greatest = load<f64>(x + (<usize>best << 3));
          for (let a = startOf(d, i), lastA = stopOf(d, i); a < lastA; a += depthStep) {
            for (let b = firstRow; b < lastRow; b += heightStep) {
              const row = (a * height + b) * width;
              for (let c = row + first; c < row + last; c += widthStep) {
                const value = load<f64>(x + (<usize>c << 3));
                // Not "greater or equal", and a NaN is neither: the first of equals stays, a NaN wins. No branch, which would be mispredicted.
                const wins = i32(!(value <= greatest)) & i32(greatest == greatest);
                best = select(c, best, wins);
                greatest = select(value, greatest, wins);
              }
            }
          }
          store<f64>(output, <f64>best);
          output += 8;
        }
      }
    }
    x += <usize>volume << 3;
  }
}

/** The sum of each window. */
export function sumWindows(output: usize, x: usize, table: usize, planes: i32, height: i32, width: i32, volume: i32): void {
  const d = table;
  const h = nextAxis(d);
  const w = nextAxis(h);
  const depths = load<i32>(d), heights = load<i32>(h), widths = load<i32>(w);
  const depthStep = load<i32>(d, 4), heightStep = load<i32>(h, 4), widthStep = load<i32>(w, 4);
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < depths; i++) {
      for (let j = 0; j < heights; j++) {
        for (let k = 0; k < widths; k++) {
          const first = startOf(w, k), last = stopOf(w, k);
          let total: f64 = 0;
          const wholeRows = last - first == width && widthStep == 1 && heightStep == 1;
          for (let a = startOf(d, i), lastA = stopOf(d, i); a < lastA; a += depthStep) {
            if (wholeRows) {
              total += sum(x + (<usize>((a * height + startOf(h, j)) * width) << 3), (stopOf(h, j) - startOf(h, j)) * width);
              continue;
            }
            for (let b = startOf(h, j), lastB = stopOf(h, j); b < lastB; b += heightStep) {
              const row = x + (<usize>((a * height + b) * width) << 3);
              for (let c = first; c < last; c += widthStep) total += load<f64>(row + (<usize>c << 3));
            }
          }
          store<f64>(output, total);
          output += 8;
        }
      }
    }
    x += <usize>volume << 3;
  }
}
