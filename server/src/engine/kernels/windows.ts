// Sums and maxima over windows of the trailing axes.

import type { Windows } from '../program';
import { maxWindowsCall, runWindows } from './accelerated';
import { fill } from './fill';
import type { SimdCall } from './wasm/call';

/** Everything as if it had three axes: the missing ones come first, with one window over one place. */
export interface Planes {
  readonly axes: readonly [Windows, Windows, Windows];
  readonly height: number;
  readonly width: number;
  /** Entries of one plane, and windows in it. */
  readonly volume: number;
  readonly places: number;
  readonly sizes: readonly number[];
  /** The windows of the three axes as the SIMD kernels read them; see wasm/assembly/windows.ts. */
  readonly table: Int32Array;
}

const knownPlanes = new WeakMap<readonly Windows[], Planes>();

/** Kept for windows that come again, which they do with the same sizes. */
function planesOf(windows: readonly Windows[], sizes: readonly number[]): Planes {
  const known = knownPlanes.get(windows);
  if (known && known.sizes.every((size, axis) => size === sizes[axis])) return known;
  const missing = 3 - windows.length;
  const one: Windows = { starts: [0], stops: [1], step: 1 };
  const axes = [...new Array<Windows>(missing).fill(one), ...windows] as [Windows, Windows, Windows];
  const [depth, height, width] = [...new Array<number>(missing).fill(1), ...sizes] as [number, number, number];
  const places = axes.reduce((product, { starts }) => product * starts.length, 1);
  const table = Int32Array.from(axes.flatMap(({ starts, stops, step }) => [starts.length, step, ...starts, ...stops]));
  const planes = { axes, height, width, volume: depth * height * width, places, sizes: [...sizes], table };
  knownPlanes.set(windows, planes);
  return planes;
}

type Visit = (place: number, depths: readonly [number, number], heights: readonly [number, number]) => void;

/** Calls `visit` for the windows of each row of outputs, with the range of depths and heights that they share. */
function forEachRowOfWindows({ axes: [d, h, w] }: Planes, visit: Visit): void {
  let place = 0;
  for (let i = 0; i < d.starts.length; i++) {
    for (let j = 0; j < h.starts.length; j++, place += w.starts.length) {
      visit(place, [d.starts[i]!, d.stops[i]!], [h.starts[j]!, h.stops[j]!]);
    }
  }
}

/** output[o] = Σ x over the window of o, for each plane. */
export function sumWindows(output: Float64Array, x: Float64Array, windows: readonly Windows[], sizes: readonly number[]): void {
  const planes = planesOf(windows, sizes);
  const { axes: [d, h, w], height, width, volume, places } = planes;
  if (runWindows('sumWindows', output, x, planes)) return;
  forEachRowOfWindows(planes, (place, [firstDepth, lastDepth], [firstHeight, lastHeight]) => {
    for (let plane = 0, start = 0; start < x.length; plane++, start += volume) {
      for (let k = 0; k < w.starts.length; k++) {
        let total = 0;
        const first = w.starts[k]!;
        const last = w.stops[k]!;
        for (let a = firstDepth; a < lastDepth; a += d.step) {
          const slab = start + a * height * width;
          for (let b = firstHeight; b < lastHeight; b += h.step) {
            const row = slab + b * width;
            for (let c = first; c < last; c += w.step) total += x[row + c]!;
          }
        }
        output[plane * places + place + k] = total;
      }
    }
  });
}

/** The adjoint: each input place receives the cotangents of the windows that cover it. */
export function spreadWindows(output: Float64Array, g: Float64Array, windows: readonly Windows[], sizes: readonly number[]): void {
  const planes = planesOf(windows, sizes);
  const { axes: [d, h, w], height, width, volume, places } = planes;
  fill(output, 0);
  forEachRowOfWindows(planes, (place, [firstDepth, lastDepth], [firstHeight, lastHeight]) => {
    for (let plane = 0, start = 0; start < output.length; plane++, start += volume) {
      for (let k = 0; k < w.starts.length; k++) {
        const value = g[plane * places + place + k]!;
        for (let a = firstDepth; a < lastDepth; a += d.step) {
          for (let b = firstHeight; b < lastHeight; b += h.step) {
            const row = start + (a * height + b) * width;
            for (let c = w.starts[k]!; c < w.stops[k]!; c += w.step) output[row + c]! += value;
          }
        }
      }
    }
  });
}

/** output[o] = the place within its plane of the greatest entry in the window of o; the first of equals, or a NaN. */
export function argmaxWindows(output: Float64Array, x: Float64Array, windows: readonly Windows[], sizes: readonly number[]): void {
  const planes = planesOf(windows, sizes);
  const { axes: [d, h, w], height, width, volume, places } = planes;
  if (runWindows('argmaxWindows', output, x, planes)) return;
  forEachRowOfWindows(planes, (place, [firstDepth, lastDepth], [firstHeight, lastHeight]) => {
    for (let plane = 0, start = 0; start < x.length; plane++, start += volume) {
      for (let k = 0; k < w.starts.length; k++) {
        const first = w.starts[k]!;
        const last = w.stops[k]!;
        let best = start + (firstDepth * height + firstHeight) * width + first;
        let greatest = x[best]!;
        for (let a = firstDepth; a < lastDepth; a += d.step) {
          for (let b = firstHeight; b < lastHeight; b += h.step) {
            const row = start + (a * height + b) * width;
            for (let c = row + first; c < row + last; c += w.step) {
              const value = x[c]!;
              // Not "greater or equal", and a NaN is neither: the first of equals stays, a NaN wins.
              if (!(value <= greatest) && !Number.isNaN(greatest)) {
                best = c;
                greatest = value;
              }
            }
          }
        }
        output[plane * places + place + k] = best - start;
      }
    }
  });
}

/** Some planes of a tensor: `count` one after the other from `first` on, in blocks some planes apart. */
export interface PlaneBlocks {
  readonly first: number;
  readonly blocks: number;
  readonly apart: number;
  readonly count: number;
  /** Windows of one plane. */
  readonly windows: number;
}

/** `maxWindows` as a call; undefined where there is no SIMD for it. */
export function maxOfWindows(output: Float64Array, x: Float64Array, places: Float64Array, windows: readonly Windows[], sizes: readonly number[], blocks: PlaneBlocks): SimdCall | undefined {
  return maxWindowsCall(output, x, places, planesOf(windows, sizes), blocks);
}

/** output[o] = the greatest entry in the window of o, for some planes; true if one does not stand at its place within the plane, or is a NaN. */
export function maxWindows(output: Float64Array, x: Float64Array, places: Float64Array, windows: readonly Windows[], sizes: readonly number[], blocks: PlaneBlocks): boolean {
  const planes = planesOf(windows, sizes);
  const { axes: [d, h, w], height, width, volume } = planes;
  let moved = false;
  for (let block = 0; block < blocks.blocks; block++) {
    for (let i = 0; i < blocks.count; i++) {
      const plane = blocks.first + block * blocks.apart + i;
      const start = plane * volume;
      forEachRowOfWindows(planes, (place, [firstDepth, lastDepth], [firstHeight, lastHeight]) => {
        for (let k = 0; k < w.starts.length; k++) {
          const at = plane * blocks.windows + place + k;
          const before = x[start + places[at]!]!;
          let greatest = before;
          for (let a = firstDepth; a < lastDepth; a += d.step) {
            for (let b = firstHeight; b < lastHeight; b += h.step) {
              const row = start + (a * height + b) * width;
              // A NaN is not "less or equal", and stays.
              for (let c = row + w.starts[k]!; c < row + w.stops[k]!; c += w.step) if (!(x[c]! <= greatest) && !Number.isNaN(greatest)) greatest = x[c]!;
            }
          }
          if (greatest !== before) moved = true;
          output[at] = greatest;
        }
      });
    }
  }
  return moved;
}
