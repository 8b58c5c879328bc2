// What is asked of a gradient check and what it answers: plain data, as it crosses to a worker.

import type { Evidence } from '../engine/gradient-check/patterns';
import type { Suspects } from '../engine/gradient-check/report';
import type { Share } from '../engine/gradient-check/shares';
import type { Place } from '../semantics/graph';

export interface CheckRequest {
  /** The file and all that it imports. */
  readonly files: readonly { readonly uri: string; readonly text: string }[];
  readonly file: string;
  readonly model: string;
  /** Sizes for free dimensions; the others get the smallest sizes that suffice. */
  readonly at?: Readonly<Record<string, number>>;
  readonly seed?: number;
  /** Checks second derivatives, too: those of the gradient along one random direction. */
  readonly second?: boolean;
  /** Examples at once; two unless set. */
  readonly batch?: number;
  readonly budgetMilliseconds?: number;
  /** The budget in evaluations of the loss, which do not depend on how fast the machine is; in place of time, unless both are set. */
  readonly budgetEvaluations?: number;
  /** How much memory a check may take; 4 GB unless set. */
  readonly memoryBytes?: number;
}

/** Why a check failed that the machine has no memory for, whatever it may take. */
export const outOfMemory = 'this machine has not enough memory for it; give smaller sizes';

export interface CheckProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** How many entries were compared so far, and how many there are. */
  readonly entries?: { readonly done: number; readonly total: number };
  /** How long it will take from here on, where that is known. */
  readonly secondsLeft?: number;
  /** What a person should know who waits for it. */
  readonly remark?: string;
}

/** An entry with its derivative by reverse-mode differentiation and by differences. */
export interface CheckedEntry {
  readonly tensor: string;
  readonly index: readonly number[];
  /** What the axes are called, where they have names: `out`, `in`, `kh`, `kw`. */
  readonly axes?: readonly string[];
  readonly analytic: number;
  readonly numeric: number;
  /** |analytic − numeric| / max(|analytic|, |numeric|, floor). */
  readonly relativeError: number;
  /** How far the numerical value may be off. */
  readonly errorBound?: number;
  /** Only in a share: whether the two differ by more than the numerical error. */
  readonly wrong?: boolean;
  /** Only in a share: the relative error as it was first measured, which decides what the worst entry is. */
  readonly rank?: number;
}

/** An entry where the loss has a kink. */
export interface CheckedKink {
  readonly index: readonly number[];
  readonly axes?: readonly string[];
  readonly below: number;
  readonly above: number;
  readonly analytic: number;
  /** Whether that lies between them. */
  readonly between: boolean;
}

export interface CheckedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly entries: number;
  /** How many entries were compared one by one, and how many random directions of the whole tensor. */
  readonly checked: number;
  readonly directions: number;
  /** With how many tensors, itself included, it shared a random direction: 1 if it had its own. */
  readonly together: number;
  /** Entries where the loss has a kink and no derivative. */
  readonly kinks: number;
  /** One of them: the derivatives on both sides, and what differentiation takes. */
  readonly kink?: CheckedKink;
  /** Compared entries of which the differences say nothing: rounding hides their derivative, or no two steps agree. */
  readonly unresolved?: number;
  /** All its derivatives are 0. */
  readonly zero?: boolean;
  readonly ok: boolean;
  readonly worst?: CheckedEntry;
  /** Where no time was left to find a wrong entry: between which two the greater part of the error lies. */
  readonly region?: { readonly from: readonly number[]; readonly to: readonly number[] };
  /** What the wrong entries have in common, in words. */
  readonly pattern?: string;
  /** Only in a share: what the pattern is seen in, together with what the other shares found. */
  readonly evidence?: Evidence;
  /** Only in a share: what its axes are called, where they have names. */
  readonly axes?: readonly string[];
  readonly place?: Place;
}

export interface CheckedAssert {
  readonly text: string;
  readonly ok: boolean;
  /** Why it fails, with the entry and both values. */
  readonly message?: string;
  /** The two values of that entry. */
  readonly actual?: string;
  readonly expected?: string;
  readonly place: Place;
}

/** What a check of first or second derivatives found. */
export interface CheckedPart {
  readonly ok: boolean;
  readonly worst?: CheckedEntry;
  readonly tensors: readonly CheckedTensor[];
  /** Tensors whose common direction is wrong, without it being known which of them are. */
  readonly suspects?: readonly Suspects[];
  /** Operations whose own derivative is wrong. */
  readonly culprits: readonly { readonly message: string; readonly place?: Place }[];
  /** How many operations there was no time to look at. */
  readonly unsearched?: number;
}

export interface CheckReport extends CheckedPart {
  readonly model: string;
  /** Whether all derivatives agree and all asserts hold. */
  readonly ok: boolean;
  /** Why there was nothing to check. */
  readonly problem?: string;
  /** The product of the Hessian and a random direction, against differences of the gradient along it. */
  readonly second?: CheckedPart;
  readonly asserts: readonly CheckedAssert[];
  /** The sizes that were taken for the free dimensions. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly batch: number;
  readonly seconds: number;
  /** What a reader should know: samples instead of all entries, projections instead of a loss. */
  readonly notes: readonly string[];
}

/** From the server to the worker. */
export interface WorkerRequest {
  readonly id: number;
  readonly request: CheckRequest;
  /** Which part of the entries the worker checks. */
  readonly share: Share;
}

/** From the worker to the server. */
export type WorkerMessage =
  | { readonly id: number; readonly progress: CheckProgress }
  | { readonly id: number; readonly report: CheckReport }
  | { readonly id: number; readonly error: string };
