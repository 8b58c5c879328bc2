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

/** The place within its plane of the greatest entry of each window; the first of equals, or a number that is none. */
export function argmaxWindows(output: usize, x: usize, table: usize, planes: i32, height: i32, width: i32, volume: i32): void {
  const d = table;
  const h = nextAxis(d);
  const w = nextAxis(h);
  const depths = load<i32>(d), heights = load<i32>(h), widths = load<i32>(w);
  const depthStep = load<i32>(d, 4), heightStep = load<i32>(h, 4), widthStep = load<i32>(w, 4);
  let paired = widthStep == 1 && depthStep >= stopOf(d, 0) - startOf(d, 0);
  for (let i = 0; i < depths; i++) paired = paired && stopOf(d, i) - startOf(d, i) == 1;
  for (let k = 0; k < widths; k++) paired = paired && startOf(w, k) == startOf(w, 0) + 2 * k && stopOf(w, k) == startOf(w, k) + 2;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < depths; i++) {
      for (let j = 0; j < heights; j++) {
        const firstRow = startOf(h, j), lastRow = stopOf(h, j);
        let k = 0;
        if (paired) {
          const corner = (startOf(d, i) * height + firstRow) * width + startOf(w, 0);
          k = widths & ~1;
          argmaxOfPairs(output, x + (<usize>corner << 3), corner, (lastRow - firstRow + heightStep - 1) / heightStep, heightStep * width, k);
          output += <usize>k << 3;
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
