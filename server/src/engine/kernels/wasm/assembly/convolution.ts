// Convolution and its two adjoints as products in which what the weights read of the input is read where it lies in a band: no matrix of patches is made.
// For one group; outputs of several examples lie one after the other in a row, the rows of channels some entries apart. See geometry.ts, and band.ts.

import { addBand, addToTap, channelsAtOnce, holdChannels, holdZeros, noteTaps, takeBlock } from './band';
import { multiplyGathered, packGathered } from './gathered';
import { along, CHANNELS, DILATION, KERNEL, OUTPUT, STRIDE, volumeOf } from './geometry';
import { COLUMNS, DEPTH, evenParts, LINE, lines, packRight, packRightPart, places, ROWS, taps, WIDTH } from './panels';
import { convolveThree } from './three';
import { multiplyPanels } from './tile';
import { convolveTiles, convolveTilesWeightGradient, isTiled } from './winograd';

/** From so many outputs on, what is gathered is packed: it is multiplied so often. */
const MANY: i32 = 192;

/** Up to so many taps of three by three are added nine at a time. */
const FEW: i32 = 18;

/** Whether outputs and taps are neighbours in such a way. */
function isThree(geometry: usize): bool {
  return along(geometry, KERNEL, 1) == 3 && along(geometry, KERNEL, 2) == 3 && along(geometry, DILATION, 2) == 1 && along(geometry, STRIDE, 2) == 1;
}

/** Packs the weights of some outputs for some channels from a tap on: a column for each output. */
function packWeights(w: usize, outputApart: i32, channelApart: i32, tapApart: i32, outputs: i32, kernel: i32, tap: i32, depth: i32): void {
  const first = tap / kernel * channelApart + tap % kernel * tapApart;
  // Where one stride walks through all of them, or they are of one channel, they are one part.
  const isOne = channelApart == kernel * tapApart || tap % kernel + depth <= kernel;
  for (let output = 0; output < outputs; output += COLUMNS) {
    const count = min(COLUMNS, outputs - output);
    const start = w + (<usize>(output * outputApart + first) << 3);
    if (isOne) packRight(output, start, count, outputApart, depth, tapApart);
    else for (let k = 0; k < depth; k += kernel) packRightPart(output, depth, k, start + (<usize>(k / kernel * channelApart) << 3), count, outputApart, kernel, tapApart);
  }
}

/** y = source + w · patches, where weights lie some entries apart along outputs, channels and taps; the source lies as y does, may be y, and is nothing if it is 0. */
export function convolve(
  y: usize, source: usize, yRow: i32, x: usize, xApart: i32, examples: i32, w: usize, outputApart: i32, channelApart: i32, tapApart: i32, geometry: usize, outputs: i32,
): void {
  if (isTiled(geometry, x, xApart, examples)) {
    convolveTiles(y, source, yRow, x, xApart, examples, w, outputApart, channelApart, tapApart, geometry, outputs);
    return;
  }
  const kernel = volumeOf(geometry, KERNEL), channels = load<i32>(geometry, CHANNELS), all = examples * volumeOf(geometry, OUTPUT);
  for (let p = 0; p < all;) {
    const here = takeBlock(p, WIDTH, all, x, xApart, geometry);
    const most = channelsAtOnce();
    let from = source;
    for (let channel = 0; channel < channels; channel += most) {
      const held = min(most, channels - channel);
      holdChannels(channel, held);
      for (let tap = 0; tap < held * kernel; tap += DEPTH) {
        const depth = min(DEPTH, held * kernel - tap);
        noteTaps(tap, depth);
        const columns = min(here, along(geometry, OUTPUT, 2));
        if (channels * kernel <= FEW && from && (columns & 1) == 0 && isThree(geometry)) {
          const at = <usize>p << 3, weights = w + (<usize>(channel * channelApart) << 3);
          convolveThree(y + at, from + at, yRow, weights, outputApart, channelApart, tapApart, outputs, kernel, depth, here, columns);
        } else if (outputs >= MANY && channelApart == kernel * tapApart) {
          packGathered(places, here, taps, depth);
          const at = <usize>p << 3;
          multiplyPanels(y + at, from ? from + at : 0, yRow, 1, w + (<usize>((channel * kernel + tap) * tapApart) << 3), outputApart, tapApart, outputs, here, depth);
        } else {
          for (let output = 0; output < outputs; output += WIDTH) {
            const outputsHere = min(WIDTH, outputs - output);
            packWeights(w + (<usize>(output * outputApart + channel * channelApart) << 3), outputApart, channelApart, tapApart, outputsHere, kernel, tap, depth);
            const at = <usize>(p + output * yRow) << 3;
            multiplyGathered(y + at, from ? from + at : 0, yRow, places, here, taps, depth, outputsHere);
          }
        }
        from = y;
      }
    }
    p += here;
  }
}

/** w = source + g · patchesᵀ, with the source as above. */
export function convolveWeightGradient(w: usize, source: usize, weightRow: i32, x: usize, xApart: i32, examples: i32, g: usize, gRow: i32, geometry: usize, outputs: i32): void {
  if (isTiled(geometry, x, xApart, examples)) {
    convolveTilesWeightGradient(w, source, weightRow, x, xApart, examples, g, gRow, geometry, outputs);
    return;
  }
  const kernel = volumeOf(geometry, KERNEL), channels = load<i32>(geometry, CHANNELS), all = examples * volumeOf(geometry, OUTPUT);
  for (let p = 0; p < all;) {
    const here = takeBlock(p, DEPTH, all, x, xApart, geometry);
    const most = channelsAtOnce();
    const from = p > 0 ? w : source;
    const isPacked = outputs >= MANY;
    for (let output = 0; output < outputs; output += isPacked ? outputs : WIDTH) {
      const outputsHere = isPacked ? outputs : min(WIDTH, outputs - output);
      if (!isPacked) for (let j = 0; j < outputsHere; j += COLUMNS) packRight(j, g + (<usize>((output + j) * gRow + p) << 3), min(COLUMNS, outputsHere - j), gRow, here, 1);
      for (let channel = 0; channel < channels; channel += most) {
        const held = min(most, channels - channel);
        holdChannels(channel, held);
        for (let tap = 0; tap < held * kernel; tap += DEPTH) {
          const count = min(DEPTH, held * kernel - tap);
          noteTaps(tap, count);
          const at = <usize>(output * weightRow + channel * kernel + tap) << 3;
          if (isPacked) {
            packGathered(taps, count, places, here);
            multiplyPanels(w + at, from ? from + at : 0, weightRow, 1, g + (<usize>p << 3), gRow, 1, outputs, count, here);
          } else multiplyGathered(w + at, from ? from + at : 0, weightRow, taps, count, places, here, outputsHere);
        }
      }
    }
    p += here;
  }
}

/** x += the sum over all weights of what each times the cotangent adds to where it reads. */
export function addInputGradient(x: usize, xApart: i32, examples: i32, g: usize, gRow: i32, w: usize, weightRow: i32, geometry: usize, outputs: i32): void {
  const kernel = volumeOf(geometry, KERNEL), channels = load<i32>(geometry, CHANNELS), all = examples * volumeOf(geometry, OUTPUT);
  const deep = evenParts(outputs, DEPTH);
  for (let p = 0; p < all;) {
    const here = takeBlock(p, WIDTH, all, x, xApart, geometry);
    const most = channelsAtOnce();
    for (let output = 0; output < outputs; output += deep) {
      const outputsHere = min(deep, outputs - output);
      for (let j = 0; j < here; j += COLUMNS) packRight(j, g + (<usize>(output * gRow + p + j) << 3), min(COLUMNS, here - j), 1, outputsHere, gRow);
      for (let channel = 0; channel < channels; channel += most) {
        const held = min(most, channels - channel);
        holdZeros(channel, held);
        for (let first = 0; first < held * kernel; first += DEPTH) {
          const end = min(DEPTH, held * kernel - first);
          noteTaps(first, end);
          for (let tap = 0; tap < end; tap += ROWS) {
            const count = min(ROWS, end - tap);
            const weights = w + (<usize>(output * weightRow + channel * kernel + first + tap) << 3);
            multiplyPanels(lines, 0, LINE, 1, weights, 1, weightRow, count, here, outputsHere);
            for (let i = 0; i < count; i++) addToTap(i, tap + i, here);
          }
        }
        addBand();
      }
    }
    p += here;
  }
}
