// Changes that stay factored: a sum over the places of a pointwise convolution changes by the weights times the sum of the change, whatever is added between.

import { addMatrixProduct, matrixProductCall, sumDifferences, sumDifferencesCall } from '../kernels/accelerated';
import type { Runs } from '../kernels/accelerated';
import { denseMatrix, transposed } from '../kernels/matrix-product';
import type { Matrix } from '../kernels/matrix-product';
import { allCalls } from '../kernels/wasm/call';
import { convolutionLayout, isPointwise } from '../kernels/patches';
import { readersOf } from '../program';
import type { AttributesOf, Program, Ref } from '../program';
import { sizeOf } from '../shape';
import { coversRange } from './box';
import type { Box } from './box';
import type { Scratch, Update } from './linear';

/** Σ (w ∗ x + unchanged) over all places, and the convolution that it is the sum of. */
export interface FactoredSum {
  readonly convolution: Ref;
  /** What the sum reads instead of its input. */
  readonly input: Ref;
}

/**
 * The sums among the refs whose change need not be computed place by place.
 * @param reached What changes. @param wanted What must be there in the end, so that it cannot be skipped.
 */
export function factoredSums(program: Program, refs: readonly Ref[], reached: ReadonlyMap<Ref, Box>, wanted: ReadonlySet<Ref>): Map<Ref, FactoredSum> {
  const readers = readersOf(program, refs);
  const isPassing = (ref: Ref): boolean => readers.get(ref) === 1 && !wanted.has(ref);
  const found = new Map<Ref, FactoredSum>();
  for (const ref of refs) {
    const { primitive, inputs, attributes } = program.instructions[ref]!;
    if (primitive !== 'sum') continue;
    const convolution = convolutionUnder(program, inputs[0]!, reached, isPassing);
    if (convolution === undefined) continue;
    const rank = program.instructions[convolution]!.shape.length;
    const { axes } = attributes as AttributesOf['sum'];
    if (axes.length !== rank - 2 || axes.some((axis) => axis < 2)) continue;
    const [x, w] = program.instructions[convolution]!.inputs as [Ref, Ref];
    if (reached.has(w) || !isWholeBatch(reached.get(x)!, program.instructions[x]!.shape)) continue;
    found.set(ref, { convolution, input: x });
  }
  return found;
}

function isWholeBatch(box: Box, shape: readonly number[]): boolean {
  return coversRange(box[0]!, shape[0]!);
}

/** The pointwise convolution that a tensor is, but for what is added to it and does not change. */
function convolutionUnder(program: Program, from: Ref, reached: ReadonlyMap<Ref, Box>, isPassing: (ref: Ref) => boolean): Ref | undefined {
  let ref = from;
  while (isPassing(ref)) {
    const { primitive, inputs, attributes, shape } = program.instructions[ref]!;
    if (primitive === 'convolution') {
      const geometry = attributes as AttributesOf['convolution'];
      const layout = convolutionLayout(program.instructions[inputs[0]!]!.shape, program.instructions[inputs[1]!]!.shape, shape, geometry);
      return geometry.groups === 1 && isPointwise(layout) ? ref : undefined;
    }
    const changing = inputs.filter((input) => reached.has(input));
    const isAddition = primitive === 'add' || (primitive === 'subtract' && changing[0] === inputs[0]);
    if (!isAddition || changing.length !== 1) return undefined;
    ref = changing[0]!;
  }
  return undefined;
}

/** sum = base + Σ (x − base x) · wᵀ, per example. @param box What changes of x. */
export function updateFactoredSum(
  program: Program,
  { convolution, input }: FactoredSum,
  box: Box,
  scratch: Scratch,
  arrays: { readonly x: Float64Array; readonly baseX: Float64Array; readonly w: Float64Array; readonly sum: Float64Array; readonly baseSum: Float64Array },
): Update {
  const [batch, channels, ...spatial] = program.instructions[input]!.shape as [number, number, ...number[]];
  const outputs = program.instructions[convolution]!.shape[1]!;
  const volume = sizeOf(spatial);
  const { start, stop } = box[1]!;
  const count = stop - start;
  const { x, baseX, w, sum, baseSum } = arrays;
  const change = scratch.take(batch * count);
  const target = denseMatrix(sum, 0, outputs);
  const left = denseMatrix(change, 0, count);
  const runsFrom = (channel: number): Runs => ({ start: channel * volume, blocks: batch, apart: channels * volume, count, length: volume });
  const rightFrom = (channel: number): Matrix => ({ ...transposed(denseMatrix(w, 0, channels)), offset: channel });
  const runs = runsFrom(start);
  const right = rightFrom(start);
  return {
    cost: batch * count * (volume + outputs),
    calls: ([elsewhere]) => {
      const from = elsewhere![1]!.start;
      return allCalls([sumDifferencesCall(change, x, baseX, runsFrom(from)), matrixProductCall(target, left, rightFrom(from), batch, outputs, count, baseSum)]);
    },
    run: () => {
      sumDifferences(change, x, baseX, runs);
      addMatrixProduct(target, left, right, batch, outputs, count, baseSum);
    },
  };
}
