// Convolution and its two adjoints: patches packed into a matrix, then a matrix product.

import type { ConvolutionGeometry } from '../program';
import type { Shape } from '../shape';
import { sizeOf } from '../shape';
import { addMatrixProduct } from './accelerated';
import { denseMatrix, transposed } from './matrix-product';
import type { Matrix } from './matrix-product';
import { instanceOf } from './wasm/arena';

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

let patches = new Float64Array(0);

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
function isPointwise({ kernelVolume, stride, padding, input, output }: Layout): boolean {
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

function packPatches(layout: Layout, x: Float64Array, inputStart: number, rowStart: number, rowStop: number): Matrix {
  const columns = (rowStop - rowStart) * layout.output[2];
  if (isPointwise(layout)) {
    return { values: x, offset: inputStart + rowStart * layout.output[2], row: layout.inputVolume, column: 1 };
  }
  const matrix = patchMatrix(layout, columns, x);
  fillPatches(matrix, layout, x, inputStart, rowStart, rowStop);
  return matrix;
}

function fillPatches(matrix: Matrix, layout: Layout, x: Float64Array, inputStart: number, rowStart: number, rowStop: number): void {
  const packed = matrix.values;
  forEachRun(layout, inputStart, rowStart, rowStop, matrix, (at, from, first, last, length, stride) => {
    for (let i = 0; i < first; i++) packed[at + i] = 0;
    if (stride === 1) for (let i = first; i < last; i++) packed[at + i] = x[from + i]!;
    else for (let i = first; i < last; i++) packed[at + i] = x[from + i * stride]!;
    for (let i = last; i < length; i++) packed[at + i] = 0;
  });
}

/** The adjoint of filling: overlapping patches add up. */
function addPatches(matrix: Matrix, layout: Layout, x: Float64Array, inputStart: number, rowStart: number, rowStop: number): void {
  const packed = matrix.values;
  forEachRun(layout, inputStart, rowStart, rowStop, matrix, (at, from, first, last, _, stride) => {
    for (let i = first; i < last; i++) x[from + i * stride]! += packed[at + i]!;
  });
}

/** Room for patches, where the SIMD kernels can reach it if they can reach `beside`. */
function patchMatrix(layout: Layout, columns: number, beside: Float64Array): Matrix {
  const entries = layout.inputChannels * layout.kernelVolume * columns;
  const reserved = instanceOf(beside.buffer)?.patches;
  if (reserved && reserved.length >= entries) return denseMatrix(reserved, 0, columns);
  if (patches.length < entries) patches = new Float64Array(entries);
  return denseMatrix(patches, 0, columns);
}

/** Calls `block` for each example, group and block of output rows. */
function forEachBlock(
  layout: Layout,
  block: (inputStart: number, outputStart: number, weightStart: number, rowStart: number, rowStop: number) => void,
): void {
  const { batch, groups, inputChannels, outputChannels, inputVolume, outputVolume, rowsAtOnce } = layout;
  const rows = layout.output[0] * layout.output[1];
  for (let n = 0; n < batch; n++) {
    for (let group = 0; group < groups; group++) {
      const inputStart = layout.inputOffset + n * layout.inputBatch + group * inputChannels * inputVolume;
      const outputStart = layout.outputOffset + n * layout.outputBatch + group * outputChannels * outputVolume;
      const weightStart = layout.weightOffset + group * outputChannels * layout.weightRow;
      for (let row = 0; row < rows; row += rowsAtOnce) {
        block(inputStart, outputStart, weightStart, row, Math.min(rows, row + rowsAtOnce));
      }
    }
  }
}

/** With fewer output places than this, the patches of all examples lie side by side, so that the weights are read once for all of them. */
const FEW_PLACES = 64;

/** All examples of one group as matrices: a column for each place of each example. */
interface Folded {
  readonly columns: number;
  readonly patches: Matrix;
  readonly outputs: Matrix;
}

/** Room for the examples side by side, where that pays and the SIMD kernels can reach it. */
function foldedRoom(layout: Layout, beside: Float64Array): Folded | undefined {
  const { batch, outputVolume, outputChannels, inputChannels, kernelVolume } = layout;
  const columns = batch * outputVolume;
  const entries = inputChannels * kernelVolume * columns;
  const reserved = instanceOf(beside.buffer)?.patches;
  if (batch === 1 || outputVolume >= FEW_PLACES || !reserved || entries + outputChannels * columns > reserved.length) return undefined;
  return { columns, patches: denseMatrix(reserved, 0, columns), outputs: denseMatrix(reserved, entries, columns) };
}

/** Calls `example` for the part of the matrices that belongs to each example. */
function forEachExample(layout: Layout, { patches, outputs }: Folded, group: number, example: (inputStart: number, outputStart: number, patches: Matrix, outputs: Matrix) => void): void {
  const { batch, inputChannels, inputVolume, outputChannels, outputVolume } = layout;
  for (let n = 0; n < batch; n++) {
    const inputStart = layout.inputOffset + n * layout.inputBatch + group * inputChannels * inputVolume;
    const outputStart = layout.outputOffset + n * layout.outputBatch + group * outputChannels * outputVolume;
    const first = n * outputVolume;
    example(inputStart, outputStart, { ...patches, offset: patches.offset + first }, { ...outputs, offset: outputs.offset + first });
  }
}

/** Copies an example's output into its columns. */
function fillOutputs(matrix: Matrix, { outputChannels, outputVolume }: Layout, y: Float64Array, outputStart: number): void {
  for (let channel = 0, from = outputStart, to = matrix.offset; channel < outputChannels; channel++, from += outputVolume, to += matrix.row) {
    for (let i = 0; i < outputVolume; i++) matrix.values[to + i] = y[from + i]!;
  }
}

function addFoldedConvolution(y: Float64Array, x: Float64Array, w: Float64Array, layout: Layout, folded: Folded): void {
  const { outputChannels, outputVolume, inputChannels, kernelVolume } = layout;
  const rows = layout.output[0] * layout.output[1];
  const { columns, patches, outputs } = folded;
  for (let group = 0; group < layout.groups; group++) {
    forEachExample(layout, folded, group, (inputStart, _, part) => fillPatches(part, layout, x, inputStart, 0, rows));
    outputs.values.fill(0, outputs.offset, outputs.offset + outputChannels * columns);
    const weights = denseMatrix(w, layout.weightOffset + group * outputChannels * layout.weightRow, layout.weightRow);
    addMatrixProduct(outputs, weights, patches, outputChannels, columns, inputChannels * kernelVolume);
    forEachExample(layout, folded, group, (_, outputStart, __, { values, offset, row }) => {
      for (let channel = 0, from = offset, to = outputStart; channel < outputChannels; channel++, from += row, to += outputVolume) {
        for (let i = 0; i < outputVolume; i++) y[to + i]! += values[from + i]!;
      }
    });
  }
}

/** y += w ∗ x: for each patch, the weights times the patch. */
export function addConvolution(y: Float64Array, x: Float64Array, w: Float64Array, layout: Layout): void {
  const folded = foldedRoom(layout, y);
  if (folded) {
    addFoldedConvolution(y, x, w, layout, folded);
    return;
  }
  const patch = layout.inputChannels * layout.kernelVolume;
  const width = layout.output[2];
  forEachBlock(layout, (inputStart, outputStart, weightStart, rowStart, rowStop) => {
    const target = { values: y, offset: outputStart + rowStart * width, row: layout.outputVolume, column: 1 };
    const weights = denseMatrix(w, weightStart, layout.weightRow);
    const packed = packPatches(layout, x, inputStart, rowStart, rowStop);
    addMatrixProduct(target, weights, packed, layout.outputChannels, (rowStop - rowStart) * width, patch);
  });
}

/** The adjoint in x: each patch of x receives the transposed weights times the cotangent; overlaps add up. */
export function convolveInputGradient(x: Float64Array, g: Float64Array, w: Float64Array, layout: Layout): void {
  const patch = layout.inputChannels * layout.kernelVolume;
  const width = layout.output[2];
  const pointwise = isPointwise(layout);
  x.fill(0);
  const folded = foldedRoom(layout, x);
  if (folded) {
    const { columns, patches: spread, outputs } = folded;
    for (let group = 0; group < layout.groups; group++) {
      forEachExample(layout, folded, group, (_, outputStart, __, part) => fillOutputs(part, layout, g, outputStart));
      spread.values.fill(0, 0, patch * columns);
      const weights = denseMatrix(w, layout.weightOffset + group * layout.outputChannels * layout.weightRow, layout.weightRow);
      addMatrixProduct(spread, transposed(weights), outputs, patch, columns, layout.outputChannels);
      forEachExample(layout, folded, group, (inputStart, _, part) => addPatches(part, layout, x, inputStart, 0, layout.output[0] * layout.output[1]));
    }
    return;
  }
  forEachBlock(layout, (inputStart, outputStart, weightStart, rowStart, rowStop) => {
    const columns = (rowStop - rowStart) * width;
    const weights = transposed(denseMatrix(w, weightStart, layout.weightRow));
    const cotangent = { values: g, offset: outputStart + rowStart * width, row: layout.outputVolume, column: 1 };
    if (pointwise) {
      const target = { values: x, offset: inputStart + rowStart * width, row: layout.inputVolume, column: 1 };
      addMatrixProduct(target, weights, cotangent, patch, columns, layout.outputChannels);
      return;
    }
    const spread = patchMatrix(layout, columns, x);
    const packed = spread.values;
    packed.fill(0, 0, patch * columns);
    addMatrixProduct(spread, weights, cotangent, patch, columns, layout.outputChannels);
    addPatches(spread, layout, x, inputStart, rowStart, rowStop);
  });
}

/** The adjoint in w: the cotangent times the transposed patches, over all examples. */
export function convolveWeightGradient(w: Float64Array, x: Float64Array, g: Float64Array, layout: Layout): void {
  const patch = layout.inputChannels * layout.kernelVolume;
  const width = layout.output[2];
  w.fill(0);
  const folded = foldedRoom(layout, w);
  if (folded) {
    for (let group = 0; group < layout.groups; group++) {
      forEachExample(layout, folded, group, (inputStart, outputStart, patches, outputs) => {
        fillPatches(patches, layout, x, inputStart, 0, layout.output[0] * layout.output[1]);
        fillOutputs(outputs, layout, g, outputStart);
      });
      const target = denseMatrix(w, layout.weightOffset + group * layout.outputChannels * layout.weightRow, layout.weightRow);
      addMatrixProduct(target, folded.outputs, transposed(folded.patches), layout.outputChannels, patch, folded.columns);
    }
    return;
  }
  forEachBlock(layout, (inputStart, outputStart, weightStart, rowStart, rowStop) => {
    const cotangent = { values: g, offset: outputStart + rowStart * width, row: layout.outputVolume, column: 1 };
    const packed = packPatches(layout, x, inputStart, rowStart, rowStop);
    addMatrixProduct(denseMatrix(w, weightStart, layout.weightRow), cotangent, transposed(packed), layout.outputChannels, patch, (rowStop - rowStart) * width);
  });
}

/** The place of one weight: output channel, input channel within its group, and kernel offsets along three axes. */
export interface Tap {
  readonly output: number;
  readonly channel: number;
  readonly offsets: readonly [number, number, number];
}

/** y += delta · (what one weight contributes). */
export function addTap(y: Float64Array, x: Float64Array, layout: Layout, tap: Tap, delta: number): void {
  const { input, output, stride, padding, dilation, inputVolume, outputVolume } = layout;
  const [kd, kh, kw] = tap.offsets;
  const group = Math.floor(tap.output / layout.outputChannels);
  const shift = kw * dilation[2] - padding[2];
  const first = Math.max(0, Math.ceil(-shift / stride[2]));
  const last = Math.min(output[2], Math.floor((input[2] - 1 - shift) / stride[2]) + 1);
  for (let n = 0; n < layout.batch; n++) {
    const inputStart = layout.inputOffset + n * layout.inputBatch + (group * layout.inputChannels + tap.channel) * inputVolume;
    const outputStart = layout.outputOffset + n * layout.outputBatch + tap.output * outputVolume;
    for (let i = 0; i < output[0]; i++) {
      const d = i * stride[0] - padding[0] + kd * dilation[0];
      if (d < 0 || d >= input[0]) continue;
      for (let j = 0; j < output[1]; j++) {
        const h = j * stride[1] - padding[1] + kh * dilation[1];
        if (h < 0 || h >= input[1]) continue;
        const from = inputStart + (d * input[1] + h) * input[2] + shift;
        const to = outputStart + (i * output[1] + j) * output[2];
        for (let k = first; k < last; k++) y[to + k]! += delta * x[from + k * stride[2]]!;
      }
    }
  }
}
