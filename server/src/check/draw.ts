// The values that a check feeds all leaves, drawn so that there are derivatives to compare.

import type { Ref } from '../engine/builder';
import { evaluateBase } from '../engine/gradient-check/check';
import type { BasePoint, GradientCheck } from '../engine/gradient-check/check';
import type { LeafValues } from '../engine/gradient-check/evaluation';
import type { Graph, Tensor } from '../semantics/graph';
import type { Lowering } from './lower';
import { fillValues } from './values';

/** How often values are drawn, and up to how much memory of a check: above it, so many units make it unlikely that all are off. */
const draws = 8;
const quickBytes = 64e6;

export interface DrawnLeaves {
  readonly leaves: ReadonlyMap<Ref, LeafValues>;
  /** The loss and its derivatives there. */
  readonly base: BasePoint;
  /** The checked leaves whose derivatives are zero in every entry. */
  readonly flat: readonly Ref[];
}

/**
 * Values for the leaves of a program. At a point where a ReLU is off, all derivatives in front of it are zero, and a wrong one
 * that has it as a factor would agree: of several draws, that with the fewest tensors of zero derivatives is taken, the first of equals, and before
 * any other one where the loss is a finite number.
 */
export function drawLeaves(graph: Graph, lowering: Lowering, bytes: number, names: ReadonlyMap<Tensor, string>, seed: number, check: Omit<GradientCheck, 'leaves'>): DrawnLeaves {
  let best: DrawnLeaves | undefined;
  for (let draw = 0; draw < (bytes > quickBytes ? 1 : draws) && !(best && isFinite(best) && best.flat.length === 0); draw++) {
    const leaves = valuesAt(graph, lowering, names, seed + draw * 2 ** 32);
    const base = evaluateBase({ ...check, leaves });
    const flat = check.check.filter((_, index) => base.gradients[index]!.isZero);
    const drawn = { leaves, base, flat };
    if (best === undefined || (isFinite(drawn) && (!isFinite(best) || flat.length < best.flat.length))) best = drawn;
  }
  return best!;
}

/** Whether the loss is a finite number there. */
function isFinite({ base }: DrawnLeaves): boolean {
  return Number.isFinite(base.evaluation.baseLoss);
}

/** They are drawn where they are needed: of large tensors there is no second copy. */
function valuesAt(graph: Graph, lowering: Lowering, names: ReadonlyMap<Tensor, string>, seed: number): Map<Ref, LeafValues> {
  return new Map([...lowering.leaves].map(([tensor, ref]) => [ref, (values: Float64Array) => { fillValues(values, graph, tensor, names.get(tensor)!, seed); }]));
}
