// Convolution and its two adjoints: SIMD kernels of their own, or patches packed into a matrix and a matrix product.

import { addMatrixProduct, matrixProductCall } from './accelerated';
import { fill } from './fill';
import { denseMatrix, transposed } from './matrix-product';
import type { Matrix } from './matrix-product';
import { addPatches, adjointLayout, fillPatches, hasRoomForBand, isPointwise, isTiled, numbersOf } from './patches';
import type { Layout } from './patches';
import { sharedInstance } from './wasm/arena';
import type { SimdInstance } from './wasm/arena';
import { allCalls } from './wasm/call';
import type { SimdCall, WasmFunction } from './wasm/call';

let patches = new Float64Array(0);

function packPatches(layout: Layout, x: Float64Array, inputStart: number, rowStart: number, rowStop: number): Matrix {
  const columns = (rowStop - rowStart) * layout.output[2];
  if (isPointwise(layout)) {
    return { values: x, offset: inputStart + rowStart * layout.output[2], row: layout.inputVolume, column: 1 };
  }
  const matrix = patchMatrix(layout, columns);
  fillPatches(matrix, layout, x, inputStart, rowStart, rowStop);
  return matrix;
}

function patchMatrix(layout: Layout, columns: number): Matrix {
  const entries = layout.inputChannels * layout.kernelVolume * columns;
  if (patches.length < entries) patches = new Float64Array(entries);
  return denseMatrix(patches, 0, columns);
}

type Part = (inputStart: number, outputStart: number, weightStart: number, example: number) => void;

/** Calls `part` for each example and group, with where its input, output and weights start. */
function forEachPart(layout: Layout, part: Part): void {
  for (let n = 0; n < layout.batch; n++) for (let group = 0; group < layout.groups; group++) ofPart(layout, n, group, part);
}

function ofPart(layout: Layout, n: number, group: number, part: Part): void {
  const { inputChannels, outputChannels, inputVolume, outputVolume } = layout;
  part(
    layout.inputOffset + n * layout.inputBatch + group * inputChannels * inputVolume,
    layout.outputOffset + n * layout.outputBatch + group * outputChannels * outputVolume,
    layout.weightOffset + group * outputChannels * layout.weightRow,
    n,
  );
}

/** The same in blocks of output rows. */
function forEachBlock(
  layout: Layout,
  block: (inputStart: number, outputStart: number, weightStart: number, rowStart: number, rowStop: number) => void,
): void {
  const rows = layout.output[0] * layout.output[1];
  forEachPart(layout, (inputStart, outputStart, weightStart) => {
    for (let row = 0; row < rows; row += layout.rowsAtOnce) block(inputStart, outputStart, weightStart, row, Math.min(rows, row + layout.rowsAtOnce));
  });
}

function addressOf(values: Float64Array, start: number): number {
  return values.byteOffset + 8 * start;
}

/** With fewer output places than this, those of all examples lie side by side, so that the weights are read once for all of them. */
const FEW_PLACES = 64;

/** The outputs of all examples of a group side by side, where that pays: a row for each channel. */
function foldedOutputs({ batch, outputVolume, outputChannels }: Layout, { scratch }: SimdInstance): Matrix | undefined {
  const columns = batch * outputVolume;
  return batch === 1 || outputVolume >= FEW_PLACES || outputChannels * columns > scratch.length ? undefined : denseMatrix(scratch, 0, columns);
}

/** Calls `row` for the outputs of each channel of a group in each example, with where they stand in the tensor and side by side. */
function forEachFoldedRow(layout: Layout, group: number, { row: columns }: Matrix, row: (at: number, folded: number) => void): void {
  const { batch, outputVolume, outputChannels } = layout;
  for (let n = 0; n < batch; n++) {
    ofPart(layout, n, group, (_, outputStart) => {
      for (let channel = 0; channel < outputChannels; channel++) row(outputStart + channel * outputVolume, channel * columns + n * outputVolume);
    });
  }
}

function foldOutputs(layout: Layout, group: number, folded: Matrix, y: Float64Array): void {
  const { outputVolume } = layout;
  forEachFoldedRow(layout, group, folded, (at, to) => {
    for (let i = 0; i < outputVolume; i++) folded.values[to + i] = y[at + i]!;
  });
}

/** What the SIMD kernels ask for, of an example and group or of all examples of a group. */
interface KernelPart {
  readonly kernels: SimdInstance['kernels'];
  readonly geometry: number;
  readonly inputStart: number;
  /** Where the outputs are, and the entries between those of two channels. */
  readonly outputs: number;
  readonly outputRow: number;
  readonly weightStart: number;
  readonly examples: number;
  readonly isFirst: boolean;
}

/** Runs SIMD kernels on parts of a convolution; false where there are none for these arrays. */
function runParts(layout: Layout, outputs: Float64Array, others: readonly Float64Array[], before: 'fold' | undefined, run: (part: KernelPart, folded?: { group: number; matrix: Matrix }) => void): boolean {
  const simd = hasRoomForBand(layout) ? sharedInstance(outputs, ...others) : undefined;
  if (!simd) return false;
  const folded = foldedOutputs(layout, simd);
  if (!folded && isPointwise(layout)) return false;
  simd.table.set(numbersOf(layout));
  const common = { kernels: simd.kernels, geometry: simd.table.byteOffset };
  if (!folded) {
    forEachPart(layout, (inputStart, outputStart, weightStart, example) => {
      run({ ...common, inputStart, outputs: addressOf(outputs, outputStart), outputRow: layout.outputVolume, weightStart, examples: 1, isFirst: example === 0 });
    });
    return true;
  }
  for (let group = 0; group < layout.groups; group++) {
    if (before === 'fold') foldOutputs(layout, group, folded, outputs);
    ofPart(layout, 0, group, (inputStart, _, weightStart) => {
      run({ ...common, inputStart, outputs: addressOf(folded.values, 0), outputRow: folded.row, weightStart, examples: layout.batch, isFirst: true }, { group, matrix: folded });
    });
  }
  return true;
}

/** Where the weights of a convolution lie: the first, and the entries between outputs, channels and taps. */
interface WeightPlaces {
  readonly first: number;
  readonly output: number;
  readonly channel: number;
  readonly tap: number;
}

function weightPlaces({ weightRow, kernelVolume }: Layout): WeightPlaces {
  return { first: 0, output: weightRow, channel: kernelVolume, tap: 1 };
}

/** y = source + w ∗ x by SIMD kernels; false where there are none. */
function convolve(y: Float64Array, x: Float64Array, w: Float64Array, layout: Layout, source: Float64Array | null, { first, output, channel, tap }: WeightPlaces): boolean {
  const { inputBatch, outputChannels, outputVolume } = layout;
  return runParts(layout, y, [x, w, source ?? y], undefined, ({ kernels, geometry, inputStart, outputs, outputRow, weightStart, examples }, folded) => {
    const from = source === null || folded ? 0 : outputs - y.byteOffset + source.byteOffset;
    kernels.convolve(outputs, from, outputRow, addressOf(x, inputStart), inputBatch, examples, addressOf(w, weightStart + first), output, channel, tap, geometry, outputChannels);
    if (!folded) return;
    const { values } = folded.matrix;
    forEachFoldedRow(layout, folded.group, folded.matrix, (to, at) => {
      for (let i = 0; i < outputVolume; i++) y[to + i] = (source === null ? 0 : source[to + i]!) + values[at + i]!;
    });
  });
}

/** y = source + w ∗ x: for each patch, the weights times the patch; the source may be nothing. */
export function addConvolution(y: Float64Array, x: Float64Array, w: Float64Array, layout: Layout, source: Float64Array | null = y): void {
  if (convolve(y, x, w, layout, source, weightPlaces(layout))) return;
  const patch = layout.inputChannels * layout.kernelVolume;
  const width = layout.output[2];
  forEachBlock(layout, (inputStart, outputStart, weightStart, rowStart, rowStop) => {
    const target = { values: y, offset: outputStart + rowStart * width, row: layout.outputVolume, column: 1 };
    const weights = denseMatrix(w, weightStart, layout.weightRow);
    const packed = packPatches(layout, x, inputStart, rowStart, rowStop);
    addMatrixProduct(target, weights, packed, layout.outputChannels, (rowStop - rowStart) * width, patch, source);
  });
}

/** More parts than this take longer than the way to WebAssembly and back. */
const MOST_PARTS = 8;

/** `addConvolution` as calls; undefined where there is no SIMD for it, or where there is so much to do that calls do not matter. */
export function convolutionCalls(y: Float64Array, x: Float64Array, w: Float64Array, layout: Layout, source: Float64Array): readonly SimdCall[] | undefined {
  const simd = sharedInstance(y, x, w, source);
  if (!simd || !hasRoomForBand(layout) || foldedOutputs(layout, simd) || layout.batch * layout.groups > MOST_PARTS) return undefined;
  const calls: (SimdCall | undefined)[] = [];
  const { inputVolume, outputChannels, outputVolume, inputChannels, inputBatch, weightRow } = layout;
  forEachPart(layout, (inputStart, outputStart, weightStart) => {
    if (isPointwise(layout)) {
      const target = { values: y, offset: outputStart, row: outputVolume, column: 1 };
      const patches = { values: x, offset: inputStart, row: inputVolume, column: 1 };
      calls.push(matrixProductCall(target, denseMatrix(w, weightStart, weightRow), patches, outputChannels, outputVolume, inputChannels, source));
      return;
    }
    const numbers = [
      addressOf(y, outputStart), addressOf(source, outputStart), outputVolume, addressOf(x, inputStart), inputBatch, 1, addressOf(w, weightStart), weightRow,
      layout.kernelVolume, 1, numbersOf(layout), outputChannels,
    ];
    calls.push({ simd, target: simd.kernels.convolve as WasmFunction, numbers, gives: 'nothing' });
  });
  return allCalls(calls);
}

/** With so many channels, adding what each weight contributes is faster than a convolution with the flipped weights, which are read out of order. */
const MANY_CHANNELS = 192;

/** The adjoint in x as a convolution, if that is faster: not where the tiles of registers, four channels wide, would be half empty. */
function flipped(layout: Layout): Layout | undefined {
  const { inputChannels } = layout;
  const adjoint = adjointLayout(layout);
  if (adjoint && isTiled(adjoint)) return adjoint;
  return inputChannels < MANY_CHANNELS && 6 * inputChannels >= 5 * 4 * Math.ceil(inputChannels / 4) ? adjoint : undefined;
}

/** The adjoint in x: each patch of x receives the transposed weights times the cotangent; overlaps add up. */
export function convolveInputGradient(x: Float64Array, g: Float64Array, w: Float64Array, layout: Layout): void {
  const { inputBatch, weightRow, outputChannels, kernelVolume } = layout;
  const adjoint = flipped(layout);
  if (adjoint && convolve(x, g, w, adjoint, null, { first: kernelVolume - 1, output: kernelVolume, channel: weightRow, tap: -1 })) return;
  fill(x, 0);
  const done = runParts(layout, g, [x, w], 'fold', ({ kernels, geometry, inputStart, outputs, outputRow, weightStart, examples }) => {
    kernels.addInputGradient(addressOf(x, inputStart), inputBatch, examples, outputs, outputRow, addressOf(w, weightStart), weightRow, geometry, outputChannels);
  });
  if (done) return;
  const patch = layout.inputChannels * layout.kernelVolume;
  const width = layout.output[2];
  forEachBlock(layout, (inputStart, outputStart, weightStart, rowStart, rowStop) => {
    const columns = (rowStop - rowStart) * width;
    const weights = transposed(denseMatrix(w, weightStart, layout.weightRow));
    const cotangent = { values: g, offset: outputStart + rowStart * width, row: layout.outputVolume, column: 1 };
    if (isPointwise(layout)) {
      const target = { values: x, offset: inputStart + rowStart * width, row: layout.inputVolume, column: 1 };
      addMatrixProduct(target, weights, cotangent, patch, columns, layout.outputChannels);
      return;
    }
    const spread = patchMatrix(layout, columns);
    addMatrixProduct(spread, weights, cotangent, patch, columns, layout.outputChannels, null);
    addPatches(spread, layout, x, inputStart, rowStart, rowStop);
  });
}

/** The adjoint in w: the cotangent times the transposed patches, over all examples. */
export function convolveWeightGradient(w: Float64Array, x: Float64Array, g: Float64Array, layout: Layout): void {
  const { inputBatch, weightRow, outputChannels } = layout;
  const done = runParts(layout, g, [w, x], 'fold', ({ kernels, geometry, inputStart, outputs, outputRow, weightStart, examples, isFirst }) => {
    const target = addressOf(w, weightStart);
    kernels.convolveWeightGradient(target, isFirst ? 0 : target, weightRow, addressOf(x, inputStart), inputBatch, examples, outputs, outputRow, geometry, outputChannels);
  });
  if (done) return;
  fill(w, 0);
  const patch = layout.inputChannels * layout.kernelVolume;
  const width = layout.output[2];
  forEachBlock(layout, (inputStart, outputStart, weightStart, rowStart, rowStop) => {
    const cotangent = { values: g, offset: outputStart + rowStart * width, row: layout.outputVolume, column: 1 };
    const packed = packPatches(layout, x, inputStart, rowStart, rowStop);
    addMatrixProduct(denseMatrix(w, weightStart, layout.weightRow), cotangent, transposed(packed), layout.outputChannels, patch, (rowStop - rowStart) * width);
  });
}
