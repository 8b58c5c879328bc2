// What a gradient check finds, as plain data.

import type { Implementation } from '../kernels/wasm/arena';
import type { Origin, PrimitiveName, Ref } from '../program';
import type { Shape } from '../shape';
import type { Verdict } from './difference';
import type { Evidence, Pattern } from './patterns';

/** One checked entry of a tensor. */
export interface EntryReport {
  readonly index: readonly number[];
  readonly analytic: number;
  readonly numeric: number;
  /** How far the numerical value may be off. */
  readonly errorBound: number;
  /** |analytic − numeric| / max(|analytic|, |numeric|, floor), where the floor is 10⁻⁴ of the greatest derivative of all. */
  readonly relativeError: number;
  /** The relative error as it was first measured: the worst entry is measured once more. */
  readonly rank: number;
  readonly verdict: Verdict;
}

/** A checked entry where the loss has a kink: what its derivatives are on both sides, and what differentiation takes. */
export interface KinkReport {
  readonly index: readonly number[];
  readonly below: number;
  readonly above: number;
  readonly analytic: number;
  /** Whether what differentiation takes lies between the two, within the numerical error. */
  readonly between: boolean;
}

export interface TensorReport {
  readonly ref: Ref;
  readonly name: string;
  readonly shape: Shape;
  /** How many entries the tensor has, and how many of them were checked one by one. */
  readonly entries: number;
  readonly checked: number;
  /** How many random directions of the whole tensor were checked, and how many of them disagreed. */
  readonly directions: number;
  readonly wrongDirections: number;
  /** How many tensors moved together at least: 1 if it had a direction of its own. */
  readonly together: number;
  /** Checked entries where the loss has a kink, so that there is no derivative to compare with. */
  readonly kinks: number;
  /** One of them: if there is any, one where differentiation takes what does not lie between both sides. */
  readonly kink: KinkReport | undefined;
  /** Checked entries that met a kink within the first step; all but those at a kink were settled by smaller ones. */
  readonly nearKinks: number;
  /** Checked entries where no step size gave a trustworthy value. */
  readonly unresolved: number;
  /** Whether all its derivatives are 0 by differentiation. */
  readonly zero: boolean;
  /** Where all its derivatives are too small for differences to tell them from 0: what they would have to exceed. */
  readonly hidden: number | undefined;
  /** Checked entries whose analytic derivative is wrong; the first few are listed. */
  readonly wrong: number;
  readonly failures: readonly EntryReport[];
  /** Where no time was left to find a wrong entry: between which two the greater part of the error lies. */
  readonly region: { readonly from: readonly number[]; readonly to: readonly number[] } | undefined;
  /** What was found of its entries, and what the wrong ones have in common. */
  readonly evidence: Evidence | undefined;
  readonly pattern: Pattern | undefined;
  /** The entry with the greatest relative error, the wrong ones first; none at a kink. */
  readonly worst: EntryReport | undefined;
  readonly ok: boolean;
}

/** An operation whose own derivative is wrong at the values that it has in the network. */
export interface Culprit {
  readonly ref: Ref;
  readonly primitive: PrimitiveName;
  readonly origin?: Origin;
  /** Which of its inputs the derivative belongs to. */
  readonly input: number;
  readonly analytic: number;
  readonly numeric: number;
}

/** Tensors whose common direction is wrong, where no time was left to find out which of them are. */
export interface Suspects {
  readonly names: readonly string[];
  /** The derivative along the direction. */
  readonly analytic: number;
  readonly numeric: number;
}

export interface GradientReport {
  readonly ok: boolean;
  readonly loss: number;
  readonly tensors: readonly TensorReport[];
  readonly suspects: readonly Suspects[];
  /** The tensor with the worst entry. */
  readonly worst: TensorReport | undefined;
  /** The wrong operations on the way from failing tensors to the loss, in program order. */
  readonly culprits: readonly Culprit[];
  /** How many operations on that way were not looked at. */
  readonly unsearched: number;
  /** The first operation that gave other bits when computed again. */
  readonly nondeterministic: { readonly ref: Ref; readonly primitive: PrimitiveName; readonly origin?: Origin } | undefined;
  /** Which kernels ran. */
  readonly implementation: Implementation;
  /** How often the loss was computed. */
  readonly evaluations: number;
  readonly seconds: number;
}
