// Updates of sums and products by what a change adds to them, without computing them anew.

import { addMatrixProduct, differenceCall, matrixProductCall, moveFactor, moveFactorCall } from '../kernels/accelerated';
import { addConvolution, convolutionCalls } from '../kernels/convolution';
import { convolutionLayout, moveTapCall, setTap } from '../kernels/patches';
import type { Layout, Tap } from '../kernels/patches';
import { denseMatrix, transposed } from '../kernels/matrix-product';
import type { FactorMove, Matrix } from '../kernels/matrix-product';
import { allCalls, MOST_CALLS } from '../kernels/wasm/call';
import type { SimdCall } from '../kernels/wasm/call';
import { addDifferences } from '../kernels/strided';
import type { Call, Operands } from '../primitive';
import type { AttributesOf, PrimitiveName, Ref } from '../program';
import { stridesOf, unravel } from '../shape';
import { boxShape, boxSize, coversRange, isWhole, offsetOf, runsOf, wholeRange } from './box';
import type { Box, Range } from './box';

/** One application, its buffers at the changed and at the base point, and the boxes that a change reaches. */
export interface Application<Attributes> {
  readonly call: Call<Attributes>;
  readonly current: Operands;
  readonly base: Operands;
  readonly changed: readonly (Box | undefined)[];
  readonly reached: Box;
  /** For inputs of which only one entry changes between runs, that entry. */
  readonly entries?: readonly (EntryChange | undefined)[];
  /** Room for intermediate values of one run. */
  readonly scratch: Scratch;
}

/** The one entry of a leaf that differs from the base point in a run. */
export interface EntryChange {
  readonly leaf: Ref;
  /** Which one, counted in storage order, and by how much it differs. */
  readonly change: Float64Array;
}

/** Gives out room that is free again with the next instruction. */
export interface Scratch {
  take(length: number): Float64Array;
  reset(): void;
}

export interface Update {
  readonly run: () => void;
  /** The same as calls of SIMD kernels, where it is made of nothing else, for a change that is as large but may lie elsewhere in the inputs. */
  readonly calls?: (changed: readonly (Box | undefined)[]) => readonly SimdCall[] | undefined;
  /** Roughly, in multiply-adds. */
  readonly cost: number;
}

/** Gives undefined where computing anew is no dearer. */
type LinearRule<Attributes> = (application: Application<Attributes>) => Update | undefined;

type LinearRules = { readonly [Name in PrimitiveName]?: LinearRule<AttributesOf[Name]> };

const MOST_TAPS = 4;
/** Among the differences of more depths than this it pays to look for those that are all zero. */
const MOST_DEPTHS = 16;

/** Sets the reached part of the output back to its base. */
function restoring({ current, base, reached, call: { shape } }: Application<unknown>): () => void {
  const { starts, length } = runsOf(reached, shape);
  const parts = starts.map((start) => ({ start, values: base.output.subarray(start, start + length) }));
  return () => {
    for (const { start, values } of parts) current.output.set(values, start);
  };
}

/** The dense difference current − base of a box of one input, there after a run. */
interface Difference {
  readonly values: Float64Array;
  readonly run: () => void;
  /** The same as calls, for a box that may lie elsewhere; undefined where there are too many, or no SIMD. */
  readonly calls: (box: Box) => readonly SimdCall[] | undefined;
}

function differencing({ current, base, call, scratch }: Application<unknown>, input: number, box: Box): Difference {
  const shape = call.inputShapes[input]!;
  const { starts, length } = runsOf(box, shape);
  const values = scratch.take(starts.length * length);
  const [now, before] = [current.inputs[input]!, base.inputs[input]!];
  return {
    values,
    calls: (elsewhere) => {
      const runs = runsOf(elsewhere, shape);
      return runs.starts.length > MOST_CALLS ? undefined : allCalls(runs.starts.map((start, run) => differenceCall(values, run * length, now, before, start, length)));
    },
    run: () => {
      starts.forEach((start, run) => {
        for (let i = 0, p = start, q = run * length; i < length; i++, p++, q++) values[q] = now[p]! - before[p]!;
      });
    },
  };
}

const linearRules: LinearRules = {
  // Σ over the changed box of current − base
  sum: (application) => {
    const { call: { inputShapes: [shape], attributes: { axes } }, current, base, changed: [box] } = application;
    if (!box || axes.every((axis) => coversRange(box[axis]!, shape![axis]!))) return undefined;
    const kept = stridesOf(shape!.map((length, axis) => (axes.includes(axis) ? 1 : length)));
    const strides = kept.map((stride, axis) => (axes.includes(axis) ? 0 : stride));
    const inputStrides = stridesOf(shape!);
    const restore = restoring(application);
    const target = { values: current.output, offset: offsetOf(box, strides), strides };
    const now = { values: current.inputs[0]!, offset: offsetOf(box, inputStrides), strides: inputStrides };
    return {
      cost: boxSize(box),
      run: () => {
        restore();
        addDifferences(target, now, base.inputs[0]!, boxShape(box));
      },
    };
  },

  // C = base + ΔA·B or base + A·ΔB
  matmul: (application) => {
    const { call: { shape }, changed: [a, b], entries } = application;
    if ((a && b) || shape.length > 2) return undefined;
    const side = a ? 0 : 1;
    const entry = entries?.[side];
    return entry ? byFactorEntry(application, side, entry) : byFactor(application, side);
  },

  // y = base + w ∗ Δx for some channels of x, or base + Δw's taps of x
  convolution: (application) => (application.changed[0] ? byInput(application) : byTaps(application)),
};

/** Whether the first axis of a factor is the one along which products are summed. */
function isDepthFirst({ transposeLeft, transposeRight }: AttributesOf['matmul'], side: 0 | 1): boolean {
  return side === 0 ? transposeLeft : !transposeRight;
}

/** The factors as they are multiplied. */
function factorsOf({ call: { inputShapes, attributes }, current }: Application<AttributesOf['matmul']>): [Matrix, Matrix] {
  const [left, right] = current.inputs.map((values, i) => denseMatrix(values, 0, inputShapes[i]![1]!)) as [Matrix, Matrix];
  return [attributes.transposeLeft ? transposed(left) : left, attributes.transposeRight ? transposed(right) : right];
}

/** Over the depths where the difference of a factor is not 0. */
function byFactor(application: Application<AttributesOf['matmul']>, side: 0 | 1): Update | undefined {
  const { call: { shape, inputShapes, attributes }, current, base, changed, reached } = application;
  const box = changed[side]!;
  if (isWhole(box, inputShapes[side]!)) return undefined;
  const depthFirst = isDepthFirst(attributes, side);
  const rangesOf = (part: Box): [Range, Range] => (depthFirst ? [part[0]!, part[1]!] : [part[1]!, part[0]!]);
  const [depths, others] = rangesOf(box);
  const depthCount = depths.stop - depths.start;
  const otherCount = others.stop - others.start;
  const difference = differencing(application, side, box);
  const [depthStride, otherStride] = depthFirst ? [otherCount, 1] : [1, depthCount];
  const restore = restoring(application);
  const [rows, columns] = boxShape(reached) as [number, number];
  const targetFrom = (other: number): Matrix => ({ ...denseMatrix(current.output, 0, shape[1]!), offset: other * (side === 0 ? shape[1]! : 1) });
  const [left, right] = factorsOf(application);
  /** The factors from a depth on, so many depths behind where the difference begins. */
  const factorsFrom = (skipped: number, depth: number): [Matrix, Matrix] => {
    const delta = { values: difference.values, offset: skipped * depthStride };
    return side === 0
      ? [{ ...delta, row: otherStride, column: depthStride }, { ...right, offset: depth * right.row }]
      : [{ ...left, offset: depth * left.column }, { ...delta, row: depthStride, column: otherStride }];
  };
  return {
    cost: rows * columns + otherCount * depthCount,
    calls: (elsewhere) => {
      if (depthCount > MOST_DEPTHS) return undefined;
      const part = elsewhere[side]!;
      const [from, other] = rangesOf(part);
      const calls = difference.calls(part);
      const product = calls && matrixProductCall(targetFrom(other.start), ...factorsFrom(0, from.start), rows, columns, depthCount, base.output);
      return product && [...calls, product];
    },
    run: () => {
      difference.run();
      const isZero = (depth: number): boolean => {
        for (let i = 0, p = depth * depthStride; i < otherCount; i++, p += otherStride) if (difference.values[p] !== 0) return false;
        return true;
      };
      let first = 0;
      let last = depthCount;
      while (first < last && isZero(first)) first++;
      while (first < last && isZero(last - 1)) last--;
      if (first === last) restore();
      else addMatrixProduct(targetFrom(others.start), ...factorsFrom(first, depths.start + first), rows, columns, last - first, base.output);
    },
  };
}

/** Where one entry of a factor changes, it adds a line of the other one. */
function byFactorEntry(application: Application<AttributesOf['matmul']>, side: 0 | 1, { change }: EntryChange): Update {
  const { call: { shape, inputShapes, attributes }, current, base, changed } = application;
  const isTurned = isDepthFirst(attributes, side);
  const [left, right] = factorsOf(application);
  const product = denseMatrix(current.output, 0, shape[1]!);
  const moveIn = (box: Box): FactorMove => {
    const { start, stop } = box[isTurned ? 1 : 0]!;
    return {
      product: side === 0 ? product : transposed(product), first: start, lines: stop - start, length: shape[1 - side]!,
      other: side === 0 ? right : transposed(left), columns: inputShapes[side]![1]!, isTurned,
    };
  };
  const move = moveIn(changed[side]!);
  return {
    cost: move.lines * move.length,
    calls: (elsewhere) => allCalls([moveFactorCall(moveIn(elsewhere[side]!), base.output, change)]),
    run: () => moveFactor(move, base.output, change),
  };
}

function byInput(application: Application<AttributesOf['convolution']>): Update | undefined {
  const { call: { shape, inputShapes, attributes }, current, base, changed: [box, weights] } = application;
  const [x, w] = inputShapes as [readonly number[], readonly number[]];
  const perGroup = w[1]!;
  const full = convolutionLayout(x, w, shape, attributes);
  const partIn = ([examples, channels]: Box): { planes: Box; layout: Layout } | undefined => {
    const group = Math.floor(channels!.start / perGroup);
    const count = channels!.stop - channels!.start;
    if (count === perGroup || channels!.stop > (group + 1) * perGroup) return undefined;
    const layout = {
      ...full,
      batch: examples!.stop - examples!.start,
      groups: 1,
      inputChannels: count,
      inputBatch: count * full.inputVolume,
      outputOffset: examples!.start * full.outputBatch + group * full.outputChannels * full.outputVolume,
      weightOffset: group * full.outputChannels * full.weightRow + (channels!.start - group * perGroup) * full.kernelVolume,
    };
    return { planes: [examples!, channels!, ...x.slice(2).map(wholeRange)], layout };
  };
  const part = weights ? undefined : partIn(box!);
  if (!part) return undefined;
  const { planes, layout } = part;
  const difference = differencing(application, 0, planes);
  return {
    cost: layout.batch * full.outputChannels * full.outputVolume * layout.inputChannels * full.kernelVolume,
    calls: ([elsewhere]) => {
      const there = partIn(elsewhere!);
      const calls = there && difference.calls(there.planes);
      const product = calls && convolutionCalls(current.output, difference.values, current.inputs[1]!, there.layout, base.output);
      return product && [...calls, ...product];
    },
    run: () => {
      difference.run();
      addConvolution(current.output, difference.values, current.inputs[1]!, layout, base.output);
    },
  };
}

function byTaps(application: Application<AttributesOf['convolution']>): Update | undefined {
  const { call: { shape, inputShapes, attributes }, current, base, changed: [, box], reached } = application;
  const [x, w] = inputShapes as [readonly number[], readonly number[]];
  const size = boxSize(box!);
  const entry = application.entries?.[1];
  if (!entry && isWhole(box!, w) && size > MOST_TAPS) return undefined;
  const layout = convolutionLayout(x, w, shape, attributes);
  const restore = restoring(application);
  const isOneChannel = reached[1]!.stop - reached[1]!.start === 1;
  const kernel = [1, 1, 1, ...w.slice(2)].slice(-3);
  const tapAt = (place: number): Tap & { readonly place: number } => {
    const [output, channel, ...offsets] = unravel(place, [w[0]!, w[1]!, ...kernel]) as [number, number, number, number, number];
    return { place, output, channel, offsets };
  };
  if (entry) {
    const { change } = entry;
    const call = isOneChannel ? moveTapCall(current.output, base.output, current.inputs[0]!, layout, change) : undefined;
    return {
      cost: layout.batch * layout.outputVolume,
      // Where the weight lies stands in what is noted of the entry.
      calls: () => call && [call],
      run: () => {
        if (!isOneChannel) restore();
        setTap(current.output, base.output, current.inputs[0]!, layout, tapAt(change[0]!), change[1]!);
      },
    };
  }
  // Plans are made for their cost alone, too.
  const [now, before] = [current.inputs[1]!, base.inputs[1]!];
  let taps: (Tap & { readonly place: number })[] | undefined;
  return {
    cost: layout.batch * layout.outputVolume + size,
    run: () => {
      // The first tap of a channel starts from the base, others add to what is there.
      let touched = -1;
      for (const tap of (taps ??= placesOf(box!, w).map(tapAt))) {
        const delta = now[tap.place]! - before[tap.place]!;
        if (delta === 0) continue;
        if (touched === -1 && !isOneChannel) restore();
        setTap(current.output, touched === -1 ? base.output : current.output, current.inputs[0]!, layout, tap, delta);
        touched = tap.output;
      }
      if (touched === -1) restore();
    },
  };
}

function placesOf(box: Box, shape: readonly number[]): number[] {
  const { starts, length } = runsOf(box, shape);
  return starts.flatMap((start) => Array.from({ length }, (_, i) => start + i));
}

/** How to update a sum or a product by what a change adds to it, where that pays. */
export function linearUpdate(name: PrimitiveName, application: Application<unknown>): Update | undefined {
  const rule = linearRules[name] as LinearRule<unknown> | undefined;
  return rule?.(application);
}
