// What changes with one weight of a convolution.

import { CHANNELS, DILATION, INPUT, KERNEL, OUTPUT, PADDING, STRIDE, VOLUME } from './geometry';
import { setScaled } from './vector';

// @ts-ignore: decorator
@inline
function ceilQuotient(a: i32, b: i32): i32 {
  return a <= 0 ? 0 : (a + b - 1) / b;
}

/** The first output along the last axis that reads inside the input with a shift. */
// @ts-ignore: decorator
@inline
function firstInside(shift: i32, stride: i32, width: i32): i32 {
  return min(width, ceilQuotient(-shift, stride));
}

/** One behind the last such output. */
// @ts-ignore: decorator
@inline
function lastInside(shift: i32, stride: i32, width: i32, inputWidth: i32, first: i32): i32 {
  const reach = inputWidth - 1 - shift;
  return reach < 0 ? first : max(first, min(width, reach / stride + 1));
}

function copyRun(to: usize, from: usize, stride: i32, count: i32): void {
  if (stride == 1) {
    const end = to + (<usize>(count & ~1) << 3);
    while (to != end) {
      v128.store(to, v128.load(from));
      to += 16;
      from += 16;
    }
    if (count & 1) store<f64>(to, load<f64>(from));
    return;
  }
  const step = <usize>stride << 3;
  for (let i = 0; i < count; i++, to += 8, from += step) store<f64>(to, load<f64>(from));
}

/**
 * y = base + delta · (what one weight reads), for the planes of its output channel in each example; x is the weight's channel, kd, kh and kw its place in
 * the kernel. Examples lie some entries apart.
 */
export function setTap(
  y: usize, base: usize, yApart: i32, x: usize, xApart: i32, batch: i32, geometry: usize, depths: i32, kd: i32, kh: i32, kw: i32, delta: f64,
): void {
  const depth = load<i32>(geometry, INPUT), height = load<i32>(geometry, INPUT + 4), inputWidth = load<i32>(geometry, INPUT + 8);
  const outputHeight = load<i32>(geometry, OUTPUT + 4), width = load<i32>(geometry, OUTPUT + 8);
  const depthStride = load<i32>(geometry, STRIDE), heightStride = load<i32>(geometry, STRIDE + 4), stride = load<i32>(geometry, STRIDE + 8);
  const firstDepth = kd * load<i32>(geometry, DILATION) - load<i32>(geometry, PADDING);
  const firstHeight = kh * load<i32>(geometry, DILATION + 4) - load<i32>(geometry, PADDING + 4);
  const shift = kw * load<i32>(geometry, DILATION + 8) - load<i32>(geometry, PADDING + 8);
  const first = firstInside(shift, stride, width);
  const last = lastInside(shift, stride, width, inputWidth, first);
  const row = <usize>width << 3;
  for (let n = 0; n < batch; n++) {
    let at: usize = <usize>(n * yApart) << 3;
    const from = x + (<usize>(n * xApart + shift + first * stride) << 3);
    for (let i = 0; i < depths; i++) {
      const d = i * depthStride + firstDepth;
      for (let j = 0; j < outputHeight; j++, at += row) {
        const h = j * heightStride + firstHeight;
        if (d < 0 || d >= depth || h < 0 || h >= height || first >= last) {
          copyRun(y + at, base + at, 1, width);
          continue;
        }
        const begin = at + (<usize>first << 3);
        const end = at + (<usize>last << 3);
        copyRun(y + at, base + at, 1, first);
        let source = from + (<usize>((d * height + h) * inputWidth) << 3);
        if (stride == 1) setScaled(y + begin, base + begin, source, delta, last - first);
        else {
          const step = <usize>stride << 3;
          for (let p = begin; p != end; p += 8, source += step) store<f64>(y + p, load<f64>(base + p) + delta * load<f64>(source));
        }
        copyRun(y + end, base + end, 1, width - last);
      }
    }
  }
}

/** The same for the weight and the difference that stand at `change`: its number, counted in storage order, and by how much it differs. `volume` is that of an output plane. */
export function moveTap(
  y: usize, base: usize, yApart: i32, volume: i32, x: usize, xApart: i32, batch: i32, geometry: usize, depths: i32, outputsPerGroup: i32, change: usize,
): void {
  const number = <i32>load<f64>(change);
  const widths = load<i32>(geometry, KERNEL + 8), heights = load<i32>(geometry, KERNEL + 4), channels = load<i32>(geometry, CHANNELS);
  const lines = number / widths;
  const planes = lines / heights;
  const kernels = planes / load<i32>(geometry, KERNEL);
  const output = kernels / channels;
  const channel = (output / outputsPerGroup) * channels + kernels % channels;
  const at = <usize>(output * volume) << 3;
  setTap(
    y + at, base + at, yApart, x + (<usize>(channel * load<i32>(geometry, VOLUME)) << 3), xApart, batch, geometry, depths,
    planes % load<i32>(geometry, KERNEL), lines % heights, number % widths, load<f64>(change, 8),
  );
}
