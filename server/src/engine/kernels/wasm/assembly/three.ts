// Convolution with few kernels of three by three: nine weights stay in registers while they pass over a plane, so that nothing is packed.
// One changed channel of what a convolution reads is such a case.

import { places, taps } from './panels';
import { multiplyAdd } from './vector';

/** y = source + nine weights, some bytes apart, of what lies in three lines of the band, for some rows of `columns` outputs each, an even number. */
function addNine(y: usize, source: usize, w: usize, apart: usize, lines: usize, rows: i32, columns: i32): void {
  const w0 = v128.load64_splat(w), w1 = v128.load64_splat(w + apart), w2 = v128.load64_splat(w + 2 * apart);
  const w3 = v128.load64_splat(w + 3 * apart), w4 = v128.load64_splat(w + 4 * apart), w5 = v128.load64_splat(w + 5 * apart);
  const w6 = v128.load64_splat(w + 6 * apart), w7 = v128.load64_splat(w + 7 * apart), w8 = v128.load64_splat(w + 8 * apart);
  const first = load<usize>(lines), second = load<usize>(lines, 12), third = load<usize>(lines, 24);
  let place = places;
  for (let row = 0; row < rows; row++, place += <usize>columns << 2) {
    const start = load<usize>(place);
    let above = first + start, middle = second + start, below = third + start;
    const end = y + (<usize>(columns & ~3) << 3);
    while (y != end) {
      let left = v128.load(source), right = v128.load(source, 16);
      left = multiplyAdd(w2, v128.load(above, 16), multiplyAdd(w1, v128.load(above, 8), multiplyAdd(w0, v128.load(above), left)));
      right = multiplyAdd(w2, v128.load(above, 32), multiplyAdd(w1, v128.load(above, 24), multiplyAdd(w0, v128.load(above, 16), right)));
      // Conditions that hold: V8 would load everything before it multiplies, and runs out of registers.
      if (middle) {
        left = multiplyAdd(w5, v128.load(middle, 16), multiplyAdd(w4, v128.load(middle, 8), multiplyAdd(w3, v128.load(middle), left)));
        right = multiplyAdd(w5, v128.load(middle, 32), multiplyAdd(w4, v128.load(middle, 24), multiplyAdd(w3, v128.load(middle, 16), right)));
      }
      if (below) {
        left = multiplyAdd(w8, v128.load(below, 16), multiplyAdd(w7, v128.load(below, 8), multiplyAdd(w6, v128.load(below), left)));
        right = multiplyAdd(w8, v128.load(below, 32), multiplyAdd(w7, v128.load(below, 24), multiplyAdd(w6, v128.load(below, 16), right)));
      }
      v128.store(y, left);
      v128.store(y, right, 16);
      y += 32;
      source += 32;
      above += 32;
      middle += 32;
      below += 32;
    }
    if (columns & 2) {
      let sum = multiplyAdd(w2, v128.load(above, 16), multiplyAdd(w1, v128.load(above, 8), multiplyAdd(w0, v128.load(above), v128.load(source))));
      sum = multiplyAdd(w5, v128.load(middle, 16), multiplyAdd(w4, v128.load(middle, 8), multiplyAdd(w3, v128.load(middle), sum)));
      sum = multiplyAdd(w8, v128.load(below, 16), multiplyAdd(w7, v128.load(below, 8), multiplyAdd(w6, v128.load(below), sum)));
      v128.store(y, sum);
      y += 16;
      source += 16;
    }
  }
}

/** y = source + w · patches for a block of outputs and the channels that are held, whose taps have been noted; see convolution.ts. Rows of the block have `columns` outputs. */
export function convolveThree(
  y: usize, source: usize, yRow: i32, w: usize, outputApart: i32, channelApart: i32, tapApart: i32, outputs: i32, kernel: i32, depth: i32, here: i32, columns: i32,
): void {
  for (let output = 0; output < outputs; output++) {
    const at = <usize>(output * yRow) << 3;
    let from = source + at;
    for (let tap = 0; tap < depth; tap += 9) {
      const weights = w + (<usize>(output * outputApart + tap / kernel * channelApart + tap % kernel * tapApart) << 3);
      addNine(y + at, from, weights, <usize>tapApart << 3, taps + (<usize>tap << 2), here / columns, columns);
      from = y + at;
    }
  }
}
