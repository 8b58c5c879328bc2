// Convolution with kernels of three by three by Winograd's F(2×2, 3×3), which takes 4 products for an output instead of 9: A. Lavin and S. Gray, Fast
// Algorithms for Convolutional Neural Networks, 2015, https://arxiv.org/abs/1509.09308. A tile of two by two outputs is Aᵀ·[(G·w·Gᵀ) ⊙ (Bᵀ·x·B)]·A, where x are
// the four by four entries that it reads; at each of the sixteen places of ⊙, the sum over channels is a product of matrices. See geometry.ts.

import { areFinite } from './compare';
import { along, CHANNELS, INPUT, OUTPUT, PADDING, TILED, VOLUME } from './geometry';
import { addMatrixProduct } from './matrix-product';
import { evenParts, lines, MATRIX, SIDE, transformed } from './panels';

/** Sixteen matrices each: of the weights, outputs × channels; of what the tiles read, channels × tiles; of the tiles, outputs × tiles. */
const weights: usize = transformed, inputs: usize = weights + 16 * MATRIX * 8, tiles: usize = inputs + 16 * MATRIX * 8;

/** A block of tiles: where it begins in the plane of outputs, its rows of tiles, and how many tiles they have, an even number. */
let top: i32 = 0, left: i32 = 0, high: i32 = 0, wide: i32 = 0;

/** The most rows of tiles, and tiles of a row, that make up a block. */
let mostHigh: i32 = 0, mostWide: i32 = 0;

function chooseBlocks(geometry: usize): void {
  mostWide = 2 * evenParts((along(geometry, OUTPUT, 2) + 3) >> 2, SIDE / 2);
  mostHigh = evenParts((along(geometry, OUTPUT, 1) + 1) >> 1, SIDE / mostWide);
}

/** Takes the first block, or the one after the present one; false if there is none. */
function nextBlock(geometry: usize, isFirst: bool): bool {
  const height = along(geometry, OUTPUT, 1), width = along(geometry, OUTPUT, 2);
  left = isFirst ? 0 : left + 2 * wide;
  if (isFirst) top = 0;
  else if (left >= width) {
    left = 0;
    top += 2 * high;
  }
  high = min(mostHigh, (height - top + 1) >> 1);
  wide = min(mostWide, (width - left + 3) >> 2 << 1);
  return top < height;
}

// @ts-ignore: decorator
@inline
function matrix(matrices: usize, place: i32): usize {
  return matrices + (<usize>(place * MATRIX) << 3);
}

// @ts-ignore: decorator
@inline
function put(to: usize, place: i32, x: v128): void {
  v128.store(to + (<usize>(place * MATRIX) << 3), x);
}

// @ts-ignore: decorator
@inline
function take(from: usize, place: i32): v128 {
  return v128.load(from + (<usize>(place * MATRIX) << 3));
}

/** Copies a part of a plane, which may reach beyond it: there it is zero. */
function copyPart(plane: usize, height: i32, width: i32, top: i32, left: i32, rows: i32, columns: i32): void {
  const first = min(columns, max(0, -left)), last = max(first, min(columns, width - left));
  let to = lines;
  for (let i = top; i < top + rows; i++, to += <usize>columns << 3) {
    const isInside = i >= 0 && i < height;
    const start = isInside ? first : columns, stop = isInside ? last : columns;
    for (let j = 0; j < start; j++) store<f64>(to + (<usize>j << 3), 0);
    const from = plane + (<usize>(i * width + left) << 3);
    let j = start;
    for (; j + 1 < stop; j += 2) v128.store(to + (<usize>j << 3), v128.load(from + (<usize>j << 3)));
    if (j < stop) store<f64>(to + (<usize>j << 3), load<f64>(from + (<usize>j << 3)));
    for (j = stop; j < columns; j++) store<f64>(to + (<usize>j << 3), 0);
  }
}

/** One of the four rows of Bᵀ·x·B for two neighbouring tiles, of six entries of a row of Bᵀ·x. */
// @ts-ignore: decorator
@inline
function putInputs(to: usize, row: i32, a: v128, b: v128, c: v128): void {
  const x0 = v128.shuffle<f64>(a, b, 0, 2), x1 = v128.shuffle<f64>(a, b, 1, 3);
  const x2 = v128.shuffle<f64>(b, c, 0, 2), x3 = v128.shuffle<f64>(b, c, 1, 3);
  put(to, 4 * row, f64x2.sub(x0, x2));
  put(to, 4 * row + 1, f64x2.add(x1, x2));
  put(to, 4 * row + 2, f64x2.sub(x2, x1));
  put(to, 4 * row + 3, f64x2.sub(x1, x3));
}

/** Bᵀ·x·B for the tiles of the block and some channels. */
function transformInputs(x: usize, geometry: usize, channels: i32): void {
  const height = along(geometry, INPUT, 1), width = along(geometry, INPUT, 2);
  const columns = 2 * wide + 2;
  const line = <usize>columns << 3;
  for (let channel = 0; channel < channels; channel++, x += <usize>load<i32>(geometry, VOLUME) << 3) {
    copyPart(x, height, width, top - along(geometry, PADDING, 1), left - along(geometry, PADDING, 2), 2 * high + 2, columns);
    let to = inputs + (<usize>(channel * SIDE) << 3);
    for (let i = 0; i < high; i++) {
      let from = lines + <usize>(2 * i) * line;
      for (const end = from + (<usize>wide << 4); from != end; from += 32, to += 16) {
        const second = from + line, third = second + line, fourth = third + line;
        const a1 = v128.load(second), b1 = v128.load(second, 16), c1 = v128.load(second, 32);
        const a2 = v128.load(third), b2 = v128.load(third, 16), c2 = v128.load(third, 32);
        putInputs(to, 0, f64x2.sub(v128.load(from), a2), f64x2.sub(v128.load(from, 16), b2), f64x2.sub(v128.load(from, 32), c2));
        putInputs(to, 1, f64x2.add(a1, a2), f64x2.add(b1, b2), f64x2.add(c1, c2));
        putInputs(to, 2, f64x2.sub(a2, a1), f64x2.sub(b2, b1), f64x2.sub(c2, c1));
        putInputs(to, 3, f64x2.sub(a1, v128.load(fourth)), f64x2.sub(b1, v128.load(fourth, 16)), f64x2.sub(c1, v128.load(fourth, 32)));
      }
    }
  }
}

/** The same entry of two kernels. */
// @ts-ignore: decorator
@inline
function pairOf(first: usize, second: usize, at: i32): v128 {
  return v128.load64_lane(second + <usize>at, v128.load64_zero(first + <usize>at), 1);
}

/** One of the four rows of G·w·Gᵀ for two channels, of the three entries of a row of G·w. */
// @ts-ignore: decorator
@inline
function putWeights(to: usize, row: i32, w0: v128, w1: v128, w2: v128): void {
  const half = f64x2.splat(0.5);
  const ends = f64x2.mul(f64x2.add(w0, w2), half), middle = f64x2.mul(w1, half);
  put(to, 4 * row, w0);
  put(to, 4 * row + 1, f64x2.add(ends, middle));
  put(to, 4 * row + 2, f64x2.sub(ends, middle));
  put(to, 4 * row + 3, w2);
}

/** G·w·Gᵀ for some outputs and channels. */
function transformWeights(w: usize, outputApart: i32, channelApart: i32, tapApart: i32, outputs: i32, channels: i32): void {
  const half = f64x2.splat(0.5);
  const tap = tapApart << 3;
  for (let output = 0; output < outputs; output++) {
    for (let channel = 0; channel < channels; channel += 2) {
      const first = w + (<usize>(output * outputApart + channel * channelApart) << 3);
      const second = channel + 1 < channels ? first + (<usize>channelApart << 3) : first;
      const w00 = pairOf(first, second, 0), w01 = pairOf(first, second, tap), w02 = pairOf(first, second, 2 * tap);
      const w20 = pairOf(first, second, 6 * tap), w21 = pairOf(first, second, 7 * tap), w22 = pairOf(first, second, 8 * tap);
      const ends0 = f64x2.mul(f64x2.add(w00, w20), half), ends1 = f64x2.mul(f64x2.add(w01, w21), half), ends2 = f64x2.mul(f64x2.add(w02, w22), half);
      const middle0 = f64x2.mul(pairOf(first, second, 3 * tap), half), middle1 = f64x2.mul(pairOf(first, second, 4 * tap), half), middle2 = f64x2.mul(pairOf(first, second, 5 * tap), half);
      const to = weights + (<usize>(output * SIDE + channel) << 3);
      putWeights(to, 0, w00, w01, w02);
      putWeights(to, 1, f64x2.add(ends0, middle0), f64x2.add(ends1, middle1), f64x2.add(ends2, middle2));
      putWeights(to, 2, f64x2.sub(ends0, middle0), f64x2.sub(ends1, middle1), f64x2.sub(ends2, middle2));
      putWeights(to, 3, w20, w21, w22);
    }
  }
}

/** y = source + one row of outputs of two tiles, of which `count` are inside, of a row of Aᵀ·m. */
// @ts-ignore: decorator
@inline
function putOutputs(y: usize, source: usize, count: i32, m0: v128, m1: v128, m2: v128, m3: v128): void {
  const even = f64x2.add(f64x2.add(m0, m1), m2), odd = f64x2.sub(f64x2.sub(m1, m2), m3);
  let a = v128.shuffle<f64>(even, odd, 0, 2), b = v128.shuffle<f64>(even, odd, 1, 3);
  if (count >= 4) {
    if (source) {
      a = f64x2.add(v128.load(source), a);
      b = f64x2.add(v128.load(source, 16), b);
    }
    v128.store(y, a);
    v128.store(y, b, 16);
    return;
  }
  for (let i = 0; i < count; i++, y += 8) {
    const value = i == 0 ? f64x2.extract_lane(a, 0) : i == 1 ? f64x2.extract_lane(a, 1) : f64x2.extract_lane(b, 0);
    store<f64>(y, source ? load<f64>(source) + value : value);
    if (source) source += 8;
  }
}

/** y = source + Aᵀ·m·A for the tiles of the block and some outputs, whose planes lie some entries apart. */
function transformTiles(y: usize, source: usize, apart: i32, geometry: usize, outputs: i32): void {
  const height = along(geometry, OUTPUT, 1), width = along(geometry, OUTPUT, 2);
  const line = <usize>width << 3;
  for (let output = 0; output < outputs; output++) {
    let from = tiles + (<usize>(output * SIDE) << 3);
    for (let i = top; i < top + 2 * high; i += 2) {
      let at = <usize>(output * apart + i * width + left) << 3;
      for (let j = left; j < left + 2 * wide; j += 4, from += 16, at += 32) {
        const count = min(4, width - j);
        let m1 = take(from, 4), m2 = take(from, 8);
        const s0 = f64x2.add(f64x2.add(take(from, 0), m1), m2), d0 = f64x2.sub(f64x2.sub(m1, m2), take(from, 12));
        m1 = take(from, 5), m2 = take(from, 9);
        const s1 = f64x2.add(f64x2.add(take(from, 1), m1), m2), d1 = f64x2.sub(f64x2.sub(m1, m2), take(from, 13));
        m1 = take(from, 6), m2 = take(from, 10);
        const s2 = f64x2.add(f64x2.add(take(from, 2), m1), m2), d2 = f64x2.sub(f64x2.sub(m1, m2), take(from, 14));
        m1 = take(from, 7), m2 = take(from, 11);
        const s3 = f64x2.add(f64x2.add(take(from, 3), m1), m2), d3 = f64x2.sub(f64x2.sub(m1, m2), take(from, 15));
        putOutputs(y + at, source ? source + at : 0, count, s0, s1, s2, s3);
        if (i + 1 < height) putOutputs(y + at + line, source ? source + at + line : 0, count, d0, d1, d2, d3);
      }
    }
  }
}

/** Whether a convolution is to be computed in tiles, and what it reads is finite: else, all outputs of a tile would be no numbers where one is infinite. */
export function isTiled(geometry: usize, x: usize, xApart: i32, examples: i32): bool {
  if (!load<i32>(geometry, TILED)) return false;
  for (let n = 0; n < examples; n++) if (!areFinite(x + (<usize>(n * xApart) << 3), load<i32>(geometry, CHANNELS) * load<i32>(geometry, VOLUME))) return false;
  return true;
}

/** As convolve in convolution.ts. */
export function convolveTiles(
  y: usize, source: usize, yRow: i32, x: usize, xApart: i32, examples: i32, w: usize, outputApart: i32, channelApart: i32, tapApart: i32, geometry: usize, outputs: i32,
): void {
  const channels = load<i32>(geometry, CHANNELS), plane = along(geometry, OUTPUT, 1) * along(geometry, OUTPUT, 2);
  const mostOutputs = evenParts(outputs, SIDE), mostChannels = evenParts(channels, SIDE);
  chooseBlocks(geometry);
  for (let output = 0; output < outputs; output += mostOutputs) {
    const outputsHere = min(mostOutputs, outputs - output);
    for (let channel = 0; channel < channels; channel += mostChannels) {
      const channelsHere = min(mostChannels, channels - channel);
      transformWeights(w + (<usize>(output * outputApart + channel * channelApart) << 3), outputApart, channelApart, tapApart, outputsHere, channelsHere);
      const from = channel > 0 ? y : source;
      for (let n = 0; n < examples; n++) {
        const at = <usize>(output * yRow + n * plane) << 3;
        for (let more = nextBlock(geometry, true); more; more = nextBlock(geometry, false)) {
          transformInputs(x + (<usize>(n * xApart + channel * load<i32>(geometry, VOLUME)) << 3), geometry, channelsHere);
          for (let place = 0; place < 16; place++) {
            addMatrixProduct(matrix(tiles, place), 0, SIDE, 1, matrix(weights, place), SIDE, 1, matrix(inputs, place), SIDE, 1, outputsHere, high * wide, channelsHere);
          }
          transformTiles(y + at, from ? from + at : 0, yRow, geometry, outputsHere);
        }
      }
    }
  }
}

/** One of the four rows of A·g·Aᵀ for two neighbouring tiles, of four entries of a row of A·g. */
// @ts-ignore: decorator
@inline
function putCotangents(to: usize, row: i32, a: v128, b: v128): void {
  const even = v128.shuffle<f64>(a, b, 0, 2), odd = v128.shuffle<f64>(a, b, 1, 3);
  put(to, 4 * row, even);
  put(to, 4 * row + 1, f64x2.add(even, odd));
  put(to, 4 * row + 2, f64x2.sub(even, odd));
  put(to, 4 * row + 3, f64x2.neg(odd));
}

/** A·g·Aᵀ for the tiles of the block and some outputs, whose planes lie some entries apart. */
function transformCotangents(g: usize, apart: i32, geometry: usize, outputs: i32): void {
  const height = along(geometry, OUTPUT, 1), width = along(geometry, OUTPUT, 2);
  const line = <usize>wide << 4;
  for (let output = 0; output < outputs; output++, g += <usize>apart << 3) {
    copyPart(g, height, width, top, left, 2 * high, 2 * wide);
    let to = tiles + (<usize>(output * SIDE) << 3);
    for (let i = 0; i < high; i++) {
      let from = lines + <usize>(2 * i) * line;
      for (const end = from + line; from != end; from += 32, to += 16) {
        const a0 = v128.load(from), b0 = v128.load(from, 16), a1 = v128.load(from + line), b1 = v128.load(from + line, 16);
        putCotangents(to, 0, a0, b0);
        putCotangents(to, 1, f64x2.add(a0, a1), f64x2.add(b0, b1));
        putCotangents(to, 2, f64x2.sub(a0, a1), f64x2.sub(b0, b1));
        putCotangents(to, 3, f64x2.neg(a1), f64x2.neg(b1));
      }
    }
  }
}

/** w = source + one entry of two kernels, or of one. */
// @ts-ignore: decorator
@inline
function putPair(w: usize, source: usize, isPair: bool, value: v128): void {
  store<f64>(w, (source ? load<f64>(source) : 0) + f64x2.extract_lane(value, 0));
  if (isPair) store<f64>(w, (source ? load<f64>(source, 72) : 0) + f64x2.extract_lane(value, 1), 72);
}

/** One of the three rows of Gᵀ·u·G for two channels, of the four entries of a row of Gᵀ·u. */
// @ts-ignore: decorator
@inline
function putKernels(w: usize, source: usize, isPair: bool, u0: v128, u1: v128, u2: v128, u3: v128): void {
  const half = f64x2.splat(0.5);
  const sum = f64x2.mul(f64x2.add(u1, u2), half);
  putPair(w, source, isPair, f64x2.add(u0, sum));
  putPair(w + 8, source ? source + 8 : 0, isPair, f64x2.mul(f64x2.sub(u1, u2), half));
  putPair(w + 16, source ? source + 16 : 0, isPair, f64x2.add(u3, sum));
}

/** w = source + Gᵀ·u·G for some outputs and channels. */
function transformKernels(w: usize, source: usize, weightRow: i32, outputs: i32, channels: i32): void {
  const half = f64x2.splat(0.5);
  for (let output = 0; output < outputs; output++) {
    for (let channel = 0; channel < channels; channel += 2) {
      const u = weights + (<usize>(output * SIDE + channel) << 3);
      const at = <usize>(output * weightRow + channel * 9) << 3;
      const isPair = channel + 1 < channels;
      const u10 = take(u, 4), u11 = take(u, 5), u12 = take(u, 6), u13 = take(u, 7);
      const u20 = take(u, 8), u21 = take(u, 9), u22 = take(u, 10), u23 = take(u, 11);
      const s0 = f64x2.mul(f64x2.add(u10, u20), half), s1 = f64x2.mul(f64x2.add(u11, u21), half), s2 = f64x2.mul(f64x2.add(u12, u22), half), s3 = f64x2.mul(f64x2.add(u13, u23), half);
      const to = w + at, from = source ? source + at : 0;
      putKernels(to, from, isPair, f64x2.add(take(u, 0), s0), f64x2.add(take(u, 1), s1), f64x2.add(take(u, 2), s2), f64x2.add(take(u, 3), s3));
      putKernels(
        to + 24, from ? from + 24 : 0, isPair,
        f64x2.mul(f64x2.sub(u10, u20), half), f64x2.mul(f64x2.sub(u11, u21), half), f64x2.mul(f64x2.sub(u12, u22), half), f64x2.mul(f64x2.sub(u13, u23), half),
      );
      putKernels(to + 48, from ? from + 48 : 0, isPair, f64x2.add(take(u, 12), s0), f64x2.add(take(u, 13), s1), f64x2.add(take(u, 14), s2), f64x2.add(take(u, 15), s3));
    }
  }
}

/** As convolveWeightGradient in convolution.ts. What is linear in the weights above has this adjoint: Gᵀ·[Σ (A·g·Aᵀ) ⊙ (Bᵀ·x·B)]·G, summed over tiles. */
export function convolveTilesWeightGradient(
  w: usize, source: usize, weightRow: i32, x: usize, xApart: i32, examples: i32, g: usize, gRow: i32, geometry: usize, outputs: i32,
): void {
  const channels = load<i32>(geometry, CHANNELS), plane = along(geometry, OUTPUT, 1) * along(geometry, OUTPUT, 2);
  const mostOutputs = evenParts(outputs, SIDE), mostChannels = evenParts(channels, SIDE);
  chooseBlocks(geometry);
  for (let output = 0; output < outputs; output += mostOutputs) {
    const outputsHere = min(mostOutputs, outputs - output);
    for (let channel = 0; channel < channels; channel += mostChannels) {
      const channelsHere = min(mostChannels, channels - channel);
      let isFirst = true;
      for (let n = 0; n < examples; n++) {
        for (let more = nextBlock(geometry, true); more; more = nextBlock(geometry, false)) {
          transformInputs(x + (<usize>(n * xApart + channel * load<i32>(geometry, VOLUME)) << 3), geometry, channelsHere);
          transformCotangents(g + (<usize>(output * gRow + n * plane) << 3), gRow, geometry, outputsHere);
          for (let place = 0; place < 16; place++) {
            const sum = matrix(weights, place);
            addMatrixProduct(sum, isFirst ? 0 : sum, SIDE, 1, matrix(tiles, place), SIDE, 1, matrix(inputs, place), 1, SIDE, outputsHere, channelsHere, high * wide);
          }
          isFirst = false;
        }
      }
      const at = <usize>(output * weightRow + channel * 9) << 3;
      transformKernels(w + at, source ? source + at : 0, weightRow, outputsHere, channelsHere);
    }
  }
}
