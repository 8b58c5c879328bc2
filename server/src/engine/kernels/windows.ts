// Sums and maxima over windows of the trailing axes.

import type { Windows } from '../program';

/** Everything as if it had three axes: the missing ones come first, with one window over one place. */
function threeWindows(windows: readonly Windows[]): [Windows, Windows, Windows] {
  const whole: Windows = { starts: [0], stops: [1], step: 1 };
  return [...new Array<Windows>(3 - windows.length).fill(whole), ...windows] as [Windows, Windows, Windows];
}

function threeSizes(sizes: readonly number[]): [number, number, number] {
  return [...new Array<number>(3 - sizes.length).fill(1), ...sizes] as [number, number, number];
}

type Visit = (place: number, depth: number, height: number, width: number) => void;

/** Calls `visit` for each output place of a plane with its coordinates. */
function forEachWindow([d, h, w]: [Windows, Windows, Windows], visit: Visit): void {
  let place = 0;
  for (let i = 0; i < d.starts.length; i++) {
    for (let j = 0; j < h.starts.length; j++) {
      for (let k = 0; k < w.starts.length; k++) visit(place++, i, j, k);
    }
  }
}

/** output[o] = Σ x over the window of o, for each plane. */
export function sumWindows(output: Float64Array, x: Float64Array, windows: readonly Windows[], sizes: readonly number[]): void {
  const axes = threeWindows(windows);
  const [d, h, w] = axes;
  const [depth, height, width] = threeSizes(sizes);
  const volume = depth * height * width;
  const places = d.starts.length * h.starts.length * w.starts.length;
  for (let plane = 0; plane * volume < x.length; plane++) {
    forEachWindow(axes, (place, i, j, k) => {
      let total = 0;
      for (let a = d.starts[i]!; a < d.stops[i]!; a += d.step) {
        for (let b = h.starts[j]!; b < h.stops[j]!; b += h.step) {
          const row = plane * volume + (a * height + b) * width;
          for (let c = w.starts[k]!; c < w.stops[k]!; c += w.step) total += x[row + c]!;
        }
      }
      output[plane * places + place] = total;
    });
  }
}

/** The adjoint: each input place receives the cotangents of the windows that cover it. */
export function spreadWindows(output: Float64Array, g: Float64Array, windows: readonly Windows[], sizes: readonly number[]): void {
  const axes = threeWindows(windows);
  const [d, h, w] = axes;
  const [depth, height, width] = threeSizes(sizes);
  const volume = depth * height * width;
  const places = d.starts.length * h.starts.length * w.starts.length;
  output.fill(0);
  for (let plane = 0; plane * volume < output.length; plane++) {
    forEachWindow(axes, (place, i, j, k) => {
      const value = g[plane * places + place]!;
      for (let a = d.starts[i]!; a < d.stops[i]!; a += d.step) {
        for (let b = h.starts[j]!; b < h.stops[j]!; b += h.step) {
          const row = plane * volume + (a * height + b) * width;
          for (let c = w.starts[k]!; c < w.stops[k]!; c += w.step) output[row + c]! += value;
        }
      }
    });
  }
}

/** output[o] = the place within its plane of the greatest entry in the window of o; the first of equals, or a NaN. */
export function argmaxWindows(output: Float64Array, x: Float64Array, windows: readonly Windows[], sizes: readonly number[]): void {
  const axes = threeWindows(windows);
  const [d, h, w] = axes;
  const [depth, height, width] = threeSizes(sizes);
  const volume = depth * height * width;
  const places = d.starts.length * h.starts.length * w.starts.length;
  for (let plane = 0; plane * volume < x.length; plane++) {
    const start = plane * volume;
    forEachWindow(axes, (place, i, j, k) => {
      let best = -1;
      let greatest = -Infinity;
      for (let a = d.starts[i]!; a < d.stops[i]!; a += d.step) {
        for (let b = h.starts[j]!; b < h.stops[j]!; b += h.step) {
          const row = (a * height + b) * width;
          for (let c = w.starts[k]!; c < w.stops[k]!; c += w.step) {
            const value = x[start + row + c]!;
            if (best < 0 || value > greatest || (Number.isNaN(value) && !Number.isNaN(greatest))) {
              best = row + c;
              greatest = value;
            }
          }
        }
      }
      output[plane * places + place] = best;
    });
  }
}
