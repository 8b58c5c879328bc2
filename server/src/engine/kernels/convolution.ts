// Convolution and its two adjoints: patches packed into a matrix, then a matrix product.

import { addMatrixProduct, matrixProductCall } from './accelerated';
import { denseMatrix, transposed } from './matrix-product';
import type { Matrix } from './matrix-product';
import { addPatches, fillPatches, fillPatchesCall, isPointwise } from './patches';
import type { Layout } from './patches';
import { instanceOf } from './wasm/arena';
import { allCalls } from './wasm/call';
import type { SimdCall } from './wasm/call';

let patches = new Float64Array(0);

function packPatches(layout: Layout, x: Float64Array, inputStart: number, rowStart: number, rowStop: number): Matrix {
  const columns = (rowStop - rowStart) * layout.output[2];
  if (isPointwise(layout)) {
    return { values: x, offset: inputStart + rowStart * layout.output[2], row: layout.inputVolume, column: 1 };
  }
  const matrix = patchMatrix(layout, columns, x);
  fillPatches(matrix, layout, x, inputStart, rowStart, rowStop);
  return matrix;
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

function addFoldedConvolution(y: Float64Array, x: Float64Array, w: Float64Array, layout: Layout, folded: Folded, source: Float64Array): void {
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
        for (let i = 0; i < outputVolume; i++) y[to + i] = source[to + i]! + values[from + i]!;
      }
    });
  }
}

/** y = source + w ∗ x: for each patch, the weights times the patch. */
export function addConvolution(y: Float64Array, x: Float64Array, w: Float64Array, layout: Layout, source = y): void {
  const folded = foldedRoom(layout, y);
  if (folded) {
    addFoldedConvolution(y, x, w, layout, folded, source);
    return;
  }
  const patch = layout.inputChannels * layout.kernelVolume;
  const width = layout.output[2];
  forEachBlock(layout, (inputStart, outputStart, weightStart, rowStart, rowStop) => {
    const target = { values: y, offset: outputStart + rowStart * width, row: layout.outputVolume, column: 1 };
    const weights = denseMatrix(w, weightStart, layout.weightRow);
    const packed = packPatches(layout, x, inputStart, rowStart, rowStop);
    addMatrixProduct(target, weights, packed, layout.outputChannels, (rowStop - rowStart) * width, patch, source);
  });
}

/** More blocks than this take longer than the way to WebAssembly and back. */
const MOST_BLOCKS = 8;

/** `addConvolution` as calls; undefined where there is no SIMD for it, or where there is so much to do that calls do not matter. */
export function convolutionCalls(y: Float64Array, x: Float64Array, w: Float64Array, layout: Layout, source: Float64Array): readonly SimdCall[] | undefined {
  const reserved = instanceOf(y.buffer)?.patches;
  const rows = layout.output[0] * layout.output[1];
  const patch = layout.inputChannels * layout.kernelVolume;
  const width = layout.output[2];
  if (!reserved || foldedRoom(layout, y) || reserved.length < patch * rows * width || layout.rowsAtOnce < rows || layout.batch * layout.groups > MOST_BLOCKS) return undefined;
  const calls: (SimdCall | undefined)[] = [];
  forEachBlock(layout, (inputStart, outputStart, weightStart, rowStart, rowStop) => {
    const places = (rowStop - rowStart) * width;
    const isPlain = isPointwise(layout);
    const patches = isPlain ? { values: x, offset: inputStart, row: layout.inputVolume, column: 1 } : denseMatrix(reserved, 0, places);
    if (!isPlain) calls.push(fillPatchesCall(patches, layout, x, inputStart, rowStart, rowStop));
    const target = { values: y, offset: outputStart, row: layout.outputVolume, column: 1 };
    calls.push(matrixProductCall(target, denseMatrix(w, weightStart, layout.weightRow), patches, layout.outputChannels, places, patch, source));
  });
  return allCalls(calls);
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
