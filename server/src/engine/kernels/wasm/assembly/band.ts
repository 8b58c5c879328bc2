// A band: the part of an input that a block of outputs reads, together with its padding, so that what a weight reads for an output lies at the sum of two
// distances, one of the weight and one of the output. Outputs of several examples are counted one after the other; a weight is a tap, counted in its kernel.

import { along, CHANNELS, DILATION, INPUT, KERNEL, OUTPUT, PADDING, reach, STRIDE, VOLUME, volumeOf } from './geometry';
import { BAND, band, DEPTH, evenParts, LINE, lines, places, taps } from './panels';

let geometry: usize = 0;
/** Where the first channel of the first example of the input lies, and the bytes between examples. */
let input: usize = 0, apart: usize = 0;
/** The first example of the block, and where the band begins in the input, which may be in the padding. */
let example: i32 = 0, top: i32 = 0, upper: i32 = 0, left: i32 = 0;
/** Sizes of the band, and entries of one channel. */
let examples: i32 = 0, depth: i32 = 0, height: i32 = 0, width: i32 = 0, size: i32 = 0;
/** The channels that it holds: from one, and how many. */
let channel: i32 = 0, held: i32 = 0;

/** Tries the block of so many examples, planes, rows and columns of outputs. */
function fits(some: i32, planes: i32, rows: i32, columns: i32): bool {
  examples = some;
  depth = reach(geometry, 0, planes);
  height = reach(geometry, 1, rows);
  width = reach(geometry, 2, columns);
  size = some * depth * height * width;
  return <i64>some * depth * <i64>height * width <= BAND;
}

/** The largest block of up to so many outputs for which there is room: whole examples, whole planes of one, whole rows, or a part of a row. */
function blockWithin(most: i32, all: i32): i32 {
  const columns = along(geometry, OUTPUT, 2), rows = along(geometry, OUTPUT, 1), planes = along(geometry, OUTPUT, 0);
  const plane = rows * columns, volume = planes * plane;
  for (let n = volume <= most ? evenParts(all / volume, most / volume) : 0; n > 0; n >>= 1) if (fits(n, planes, rows, columns)) return n * volume;
  for (let n = plane <= most ? evenParts(planes, most / plane) : 0; n > 0; n >>= 1) if (fits(1, n, rows, columns)) return n * plane;
  for (let n = columns <= most ? evenParts(rows, most / columns) : 0; n > 0; n >>= 1) if (fits(1, 1, n, columns)) return n * columns;
  let n = evenParts(columns, most);
  while (!fits(1, 1, 1, n)) n >>= 1;
  return n;
}

/** Notes how far from its first place each output of the block reads. */
function notePlaces(some: i32, planes: i32, rows: i32, columns: i32): void {
  const step = along(geometry, STRIDE, 2) << 3;
  let at = places;
  for (let n = 0; n < some; n++) {
    for (let i = 0; i < planes; i++) {
      for (let j = 0; j < rows; j++) {
        let distance = (((n * depth + i * along(geometry, STRIDE, 0)) * height + j * along(geometry, STRIDE, 1)) * width) << 3;
        for (let k = 0; k < columns; k++, at += 4, distance += step) store<i32>(at, distance);
      }
    }
  }
}

/** Takes the block of at most so many outputs that begins with one, of all; says how many it has. */
export function takeBlock(first: i32, limit: i32, all: i32, x: usize, xApart: i32, numbers: usize): i32 {
  geometry = numbers;
  input = x;
  apart = <usize>xApart << 3;
  const columns = along(geometry, OUTPUT, 2), rows = along(geometry, OUTPUT, 1), planes = along(geometry, OUTPUT, 0);
  const plane = rows * columns, volume = planes * plane;
  const most = blockWithin(limit, all);
  // What the block is a part of ends where it ends.
  const whole = most < columns ? columns : most < plane ? plane : most < volume ? volume : all;
  const count = min(most, whole - first % whole);
  const some = max(1, count / volume), planesHere = min(planes, max(1, count / plane)), rowsHere = min(rows, max(1, count / columns)), columnsHere = min(columns, count);
  fits(some, planesHere, rowsHere, columnsHere);
  example = first / volume;
  const inVolume = first % volume, inPlane = inVolume % plane;
  top = inVolume / plane * along(geometry, STRIDE, 0) - along(geometry, PADDING, 0);
  upper = inPlane / columns * along(geometry, STRIDE, 1) - along(geometry, PADDING, 1);
  left = inPlane % columns * along(geometry, STRIDE, 2) - along(geometry, PADDING, 2);
  notePlaces(some, planesHere, rowsHere, columnsHere);
  return count;
}

// @ts-ignore: decorator
@inline
function copyOrAdd(adds: bool, line: usize, x: usize, count: i32): void {
  const from = adds ? line : x;
  const to = adds ? x : line;
  const end = <usize>(count & ~1) << 3;
  for (let at: usize = 0; at < end; at += 16) {
    const value = v128.load(from + at);
    v128.store(to + at, adds ? f64x2.add(v128.load(to + at), value) : value);
  }
  if (count & 1) store<f64>(to + end, adds ? load<f64>(to + end) + load<f64>(from + end) : load<f64>(from + end));
}

// @ts-ignore: decorator
@inline
function clearRun(line: usize, count: i32): void {
  for (const end = line + (<usize>count << 3); line < end; line += 8) store<f64>(line, 0);
}

/** Reads the channels of the band from the input, or adds them to it. */
// @ts-ignore: decorator
@inline
function transfer(adds: bool): void {
  const inputDepth = along(geometry, INPUT, 0), inputHeight = along(geometry, INPUT, 1), inputWidth = along(geometry, INPUT, 2);
  const volume = load<i32>(geometry, VOLUME);
  const before = min(width, max(0, -left)), inside = max(0, min(width, inputWidth - left) - before);
  let line = band;
  for (let c = channel; c < channel + held; c++) {
    for (let n = 0; n < examples; n++) {
      const x = input + <usize>(example + n) * apart + (<usize>(c * volume) << 3);
      for (let d = top; d < top + depth; d++) {
        for (let h = upper; h < upper + height; h++, line += <usize>width << 3) {
          const isInside = d >= 0 && d < inputDepth && h >= 0 && h < inputHeight;
          if (isInside) copyOrAdd(adds, line + (<usize>before << 3), x + (<usize>((d * inputHeight + h) * inputWidth + left + before) << 3), inside);
          if (adds) continue;
          clearRun(line, isInside ? before : width);
          if (isInside) clearRun(line + (<usize>(before + inside) << 3), width - before - inside);
        }
      }
    }
  }
}

/** How many channels are held at a time: as many as there is room for, and whose taps make up a depth. */
export function channelsAtOnce(): i32 {
  return evenParts(load<i32>(geometry, CHANNELS), max(1, min(BAND / size, DEPTH / volumeOf(geometry, KERNEL))));
}

/** Reads so many channels from one on. */
export function holdChannels(first: i32, count: i32): void {
  channel = first;
  held = count;
  transfer(false);
}

/** Makes the band zeros for these channels, to which something is to be added. */
export function holdZeros(first: i32, count: i32): void {
  channel = first;
  held = count;
  memory.fill(band, 0, <usize>(held * size) << 3);
}

/** Adds to the input what has been added to the band. */
export function addBand(): void {
  transfer(true);
}

/** Notes where some taps read for the first output; they are counted from the first channel held. */
export function noteTaps(first: i32, count: i32): void {
  const widths = along(geometry, KERNEL, 2), heights = along(geometry, KERNEL, 1), depths = along(geometry, KERNEL, 0);
  let at = taps;
  for (let tap = first; tap < first + count; tap++, at += 4) {
    const row = tap / widths, plane = row / heights, own = plane / depths;
    const d = (plane - own * depths) * along(geometry, DILATION, 0), h = (row - plane * heights) * along(geometry, DILATION, 1), w = (tap - row * widths) * along(geometry, DILATION, 2);
    store<usize>(at, band + (<usize>(own * size + (d * height + h) * width + w) << 3));
  }
}

/** Adds one of the lines to what a tap that was noted reads. */
export function addToTap(line: i32, tap: i32, columns: i32): void {
  const start = load<usize>(taps + (<usize>tap << 2));
  let from = lines + (<usize>(line * LINE) << 3);
  for (let place = places, end = places + (<usize>columns << 2); place < end; place += 4, from += 8) {
    const to = start + load<usize>(place);
    store<f64>(to, load<f64>(to) + load<f64>(from));
  }
}
