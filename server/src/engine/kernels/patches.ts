// The patches of a convolution: where they lie in its input, packed into a matrix and added back.

import type { ConvolutionGeometry } from '../program';
import type { Shape } from '../shape';
import { sizeOf } from '../shape';
import type { Matrix } from './matrix-product';
import { sharedInstance } from './wasm/arena';
import type { SimdCall, WasmFunction } from './wasm/call';

/** Everything as if it had three spatial axes: the missing ones come first, with length 1. */
interface Volume {
  readonly input: readonly [number, number, number];
  readonly output: readonly [number, number, number];
  readonly kernel: readonly [number, number, number];
  readonly stride: readonly [number, number, number];
  readonly padding: readonly [number, number, number];
  readonly dilation: readonly [number, number, number];
}

/** The sizes of one convolution, whichever of its three tensors is sought. */
export interface Layout extends Volume {
  readonly batch: number;
  readonly groups: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly inputVolume: number;
  readonly outputVolume: number;
  readonly kernelVolume: number;
  /** Where the first example starts in each buffer, how far apart examples lie, and output channels in the weights. */
  readonly inputOffset: number;
  readonly inputBatch: number;
  readonly outputOffset: number;
  readonly outputBatch: number;
  readonly weightOffset: number;
  readonly weightRow: number;
  /** Rows of the last output axis whose patches are packed at a time. */
  readonly rowsAtOnce: number;
}

// About 4 MB of patches at a time.
const PATCH_ENTRIES = 1 << 19;

function threeAxes(values: readonly number[], missing: number): [number, number, number] {
  return [...new Array<number>(3 - values.length).fill(missing), ...values] as [number, number, number];
}

/** @param x [N, C, spatial…], @param w [O, C / groups, kernel…], @param y [N, O, spatial…] */
export function convolutionLayout(x: Shape, w: Shape, y: Shape, geometry: ConvolutionGeometry): Layout {
  const kernel = threeAxes(w.slice(2), 1);
  const output = threeAxes(y.slice(2), 1);
  const inputChannels = x[1]! / geometry.groups;
  const patch = inputChannels * sizeOf(kernel);
  return {
    batch: x[0]!,
    groups: geometry.groups,
    inputChannels,
    outputChannels: y[1]! / geometry.groups,
    input: threeAxes(x.slice(2), 1),
    output,
    kernel,
    stride: threeAxes(geometry.stride, 1),
    padding: threeAxes(geometry.paddingBefore, 0),
    dilation: threeAxes(geometry.dilation, 1),
    inputVolume: sizeOf(x.slice(2)),
    outputVolume: sizeOf(output),
    kernelVolume: sizeOf(kernel),
    inputOffset: 0,
    inputBatch: sizeOf(x.slice(1)),
    outputOffset: 0,
    outputBatch: sizeOf(y.slice(1)),
    weightOffset: 0,
    weightRow: patch,
    rowsAtOnce: Math.max(1, Math.floor(PATCH_ENTRIES / (patch * output[2]))),
  };
}

/** Whether every patch is one entry of the input, in order, so that the input is its own patch matrix. */
export function isPointwise({ kernelVolume, stride, padding, input, output }: Layout): boolean {
  return kernelVolume === 1 && stride.every((s) => s === 1) && padding.every((p) => p === 0) && input.every((n, i) => n === output[i]);
}

/**
 * Calls `run` for every run of the last output axis that a kernel offset reads, in a matrix with a column for each patch: entry `at + i` is input entry
 * `from + i·stride` for `first` ≤ i < `last`; outside that the patch lies in the padding.
 */
function forEachRun(
  layout: Layout,
  inputStart: number,
  rowStart: number,
  rowStop: number,
  { row: columns, offset: firstColumn }: Matrix,
  run: (at: number, from: number, first: number, last: number, length: number, stride: number) => void,
): void {
  const { inputChannels, input, output, kernel, stride, padding, dilation } = layout;
  const [, outputHeight, width] = output;
  const [inputDepth, inputHeight, inputWidth] = input;
  let line = 0;
  for (let channel = 0; channel < inputChannels; channel++) {
    const channelStart = inputStart + channel * layout.inputVolume;
    for (let kd = 0; kd < kernel[0]; kd++) {
      for (let kh = 0; kh < kernel[1]; kh++) {
        for (let kw = 0; kw < kernel[2]; kw++, line++) {
          const shift = kw * dilation[2] - padding[2];
          const first = Math.min(width, Math.max(0, Math.ceil(-shift / stride[2])));
          const last = Math.max(first, Math.min(width, Math.floor((inputWidth - 1 - shift) / stride[2]) + 1));
          for (let row = rowStart; row < rowStop; row++) {
            const d = Math.floor(row / outputHeight) * stride[0] - padding[0] + kd * dilation[0];
            const h = (row % outputHeight) * stride[1] - padding[1] + kh * dilation[1];
            const inside = d >= 0 && d < inputDepth && h >= 0 && h < inputHeight;
            const at = firstColumn + line * columns + (row - rowStart) * width;
            const from = channelStart + (d * inputHeight + h) * inputWidth + shift;
            run(at, from, inside ? first : 0, inside ? last : 0, width, stride[2]);
          }
        }
      }
    }
  }
}

/** The convolution of the cotangent with the flipped weights that is the adjoint in the input; undefined where the stride is not 1, or where there are groups. */
export function adjointLayout(layout: Layout): Layout | undefined {
  let adjoint = adjoints.get(layout);
  if (adjoint === undefined && layout.groups === 1 && layout.stride.every((stride) => stride === 1)) {
    const padding = layout.padding.map((before, axis) => (layout.kernel[axis]! - 1) * layout.dilation[axis]! - before) as [number, number, number];
    adjoint = {
      ...layout, padding, input: layout.output, output: layout.input, inputChannels: layout.outputChannels, outputChannels: layout.inputChannels,
      inputVolume: layout.outputVolume, outputVolume: layout.inputVolume, inputBatch: layout.outputBatch, outputBatch: layout.inputBatch,
      inputOffset: layout.outputOffset, outputOffset: layout.inputOffset,
    };
    adjoints.set(layout, adjoint);
  }
  return adjoint;
}

const adjoints = new WeakMap<Layout, Layout>();
const numbersOfLayouts = new WeakMap<Layout, Int32Array>();

/** With fewer channels on either side, products of tiles are too thin. */
const LEAST_CHANNELS = 16;
/** Products that tiles must save, of those without them, to be worth the way there and back. */
const LEAST_SAVED = 0.25;

/** Whether SIMD kernels compute it in tiles of two by two outputs, which takes 16 products for each instead of 36; see wasm/assembly/winograd.ts. */
export function isTiled({ input, output, kernel, stride, dilation, inputChannels, outputChannels }: Layout): boolean {
  const isThreeByThree = input[0] === 1 && kernel.join() === '1,3,3' && stride.join() === '1,1,1' && dilation.slice(1).join() === '1,1';
  const [, height, width] = output;
  const tiles = Math.ceil(height / 2) * 2 * Math.ceil(width / 4);
  return isThreeByThree && output[0] === 1 && Math.min(inputChannels, outputChannels) >= LEAST_CHANNELS && 16 * tiles <= (1 - LEAST_SAVED) * 9 * height * width;
}

/** What the SIMD kernels ask of a layout; see wasm/assembly/geometry.ts. */
export function numbersOf(layout: Layout): Int32Array {
  let numbers = numbersOfLayouts.get(layout);
  if (!numbers) {
    const { inputChannels, inputVolume, input, output, kernel, stride, padding, dilation } = layout;
    numbers = Int32Array.of(inputChannels, inputVolume, ...input, ...output, ...kernel, ...stride, ...padding, ...dilation, Number(isTiled(layout)));
    numbersOfLayouts.set(layout, numbers);
  }
  return numbers;
}

/** The most entries of a band of the input that the SIMD kernels work on; see wasm/assembly/band.ts and panels.ts. */
const BAND_ENTRIES = 1 << 16;
/** Whether there is room for what a single output reads, in the SIMD kernels. */
export function hasRoomForBand({ kernel, dilation }: Layout): boolean {
  return kernel.reduce((size, length, axis) => size * ((length - 1) * dilation[axis]! + 1), 1) <= BAND_ENTRIES;
}

/** Copies patches into the columns of a matrix; 0 in the padding. */
export function fillPatches(matrix: Matrix, layout: Layout, x: Float64Array, inputStart: number, rowStart: number, rowStop: number): void {
  const packed = matrix.values;
  forEachRun(layout, inputStart, rowStart, rowStop, matrix, (at, from, first, last, length, stride) => {
    for (let i = 0; i < first; i++) packed[at + i] = 0;
    if (stride === 1) for (let i = first; i < last; i++) packed[at + i] = x[from + i]!;
    else for (let i = first; i < last; i++) packed[at + i] = x[from + i * stride]!;
    for (let i = last; i < length; i++) packed[at + i] = 0;
  });
}

/** The adjoint of filling: overlapping patches add up. */
export function addPatches(matrix: Matrix, layout: Layout, x: Float64Array, inputStart: number, rowStart: number, rowStop: number): void {
  const packed = matrix.values;
  forEachRun(layout, inputStart, rowStart, rowStop, matrix, (at, from, first, last, _, stride) => {
    for (let i = first; i < last; i++) x[from + i * stride]! += packed[at + i]!;
  });
}

/** The place of one weight: output channel, input channel within its group, and kernel offsets along three axes. */
export interface Tap {
  readonly output: number;
  readonly channel: number;
  readonly offsets: readonly [number, number, number];
}

/** y = base + delta · (what one weight contributes), in the planes of the weight's output channel. */
export function setTap(y: Float64Array, base: Float64Array, x: Float64Array, layout: Layout, { output: channel, channel: inputChannel, offsets }: Tap, delta: number): void {
  const { input, output, stride, padding, dilation, inputVolume, outputVolume } = layout;
  const [kd, kh, kw] = offsets;
  const group = Math.floor(channel / layout.outputChannels);
  const inputStart = layout.inputOffset + (group * layout.inputChannels + inputChannel) * inputVolume;
  const outputStart = layout.outputOffset + channel * outputVolume;
  const simd = sharedInstance(y, x, base);
  if (simd) {
    const at = 8 * outputStart;
    simd.table.set(numbersOf(layout));
    simd.kernels.setTap(
      y.byteOffset + at, base.byteOffset + at, layout.outputBatch, x.byteOffset + 8 * inputStart, layout.inputBatch, layout.batch,
      simd.table.byteOffset, output[0], kd, kh, kw, delta,
    );
    return;
  }
  const shift = kw * dilation[2] - padding[2];
  const first = Math.max(0, Math.ceil(-shift / stride[2]));
  const last = Math.min(output[2], Math.floor((input[2] - 1 - shift) / stride[2]) + 1);
  for (let n = 0; n < layout.batch; n++) {
    const inputPlane = inputStart + n * layout.inputBatch;
    const outputPlane = outputStart + n * layout.outputBatch;
    y.set(base.subarray(outputPlane, outputPlane + outputVolume), outputPlane);
    for (let i = 0; i < output[0]; i++) {
      const d = i * stride[0] - padding[0] + kd * dilation[0];
      if (d < 0 || d >= input[0]) continue;
      for (let j = 0; j < output[1]; j++) {
        const h = j * stride[1] - padding[1] + kh * dilation[1];
        if (h < 0 || h >= input[1]) continue;
        const from = inputPlane + (d * input[1] + h) * input[2] + shift;
        const to = outputPlane + (i * output[1] + j) * output[2];
        for (let k = first; k < last; k++) y[to + k]! += delta * x[from + k * stride[2]]!;
      }
    }
  }
}

/**
 * `setTap` for one weight, as a call; undefined where there is no SIMD for it.
 * @param change Two numbers: which weight, counted in storage order, and by how much it differs.
 */
export function moveTapCall(y: Float64Array, base: Float64Array, x: Float64Array, layout: Layout, change: Float64Array): SimdCall | undefined {
  const simd = sharedInstance(y, base, x, change);
  const start = 8 * layout.outputOffset;
  return simd && {
    simd,
    target: simd.kernels.moveTap as WasmFunction,
    numbers: [
      y.byteOffset + start, base.byteOffset + start, layout.outputBatch, layout.outputVolume,
      x.byteOffset + 8 * layout.inputOffset, layout.inputBatch, layout.batch, numbersOf(layout), layout.output[0], layout.outputChannels, change.byteOffset,
    ],
    gives: 'nothing',
  };
}
