// Which input positions an output position depends on: what receptive fields are computed from.

import type { Dimension } from '../symbolic/dimension';

/**
 * An output axis that looks at one input axis: output index o sees the inputs from
 * stride·o − before to stride·o − before + extent − 1; where these are fractions, the integers between them.
 */
export interface AxisWindow {
  /** The tensor among the operation's inputs. */
  readonly input: number;
  /** The axis of that tensor, and the axis of the output. */
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  readonly extent: number;
  /** Padding in front of and behind the input axis. */
  readonly before: number;
  readonly after: number;
}

/**
 * An input axis that every output depends on as a whole. `channel`: the axis that the layer treats as features
 * (channels of a convolution, the last axis of a linear layer), which no receptive field counts.
 */
export interface MixedAxis {
  readonly input: number;
  readonly axis: number;
  readonly as: 'channel' | 'position';
}

/**
 * All ways in which outputs look at inputs; an input axis that is in none of them has no influence.
 * The numbers of a window are NaN where it is not the same for all places, or not known.
 */
export interface Dependence {
  readonly windows: readonly AxisWindow[];
  readonly mixed: readonly MixedAxis[];
  /** Input axes of size 1 that broadcasting stretches: every output sees that one place. */
  readonly stretched?: readonly { readonly input: number; readonly axis: number }[];
  /** Input axes that share one output axis, as after Flatten: whoever mixes that axis later mixes all of them. */
  readonly merged?: boolean;
  /** Input axes that the output lacks, since one place of them was picked. */
  readonly picked?: readonly PickedAxis[];
  /** An output axis along which the inputs lie one behind the other. */
  readonly joinedAlong?: number;
}

export interface PickedAxis {
  readonly input: number;
  readonly axis: number;
  /** The place, counted from the front and from the far end; NaN where it is not known. */
  readonly at: number;
  readonly fromEnd: number;
}

/** Each output unit sees the unit at its own place. */
export function identity(input: number, from: number, to: number): AxisWindow {
  return { input, from, to, stride: 1, extent: 1, before: 0, after: 0 };
}

/** Every input is repeated `factor` times: output o sees ⌊o/factor⌋, the one integer from (o − factor + 1)/factor to o/factor. */
export function enlarged(input: number, from: number, to: number, factor: number): AxisWindow {
  const overhang = (factor - 1) / factor;
  return { input, from, to, stride: 1 / factor, extent: overhang + 1, before: overhang, after: overhang };
}

/** An input axis of size 1 that the output lacks. */
export function onlyPlace(input: number, axis: number): PickedAxis {
  return { input, axis, at: 0, fromEnd: 0 };
}

/** The smallest q for which q·x is whole; undefined where it is above 4096. */
export function denominatorOf(x: number): number | undefined {
  for (let q = 1; q <= 4096; q++) if (Math.abs(Math.round(x * q) - x * q) < 1e-9 * q) return q;
  return undefined;
}

/**
 * Output o sees the integers that lie strictly between o·step + low and o·step + high. Where both are multiples of
 * 1/grain, half of one keeps the ends away. The input holds a whole number of steps, unless `corners` are aligned.
 */
export function between(axis: number, step: number, low: number, high: number, grain: number, corners = false): AxisWindow {
  const margin = 1 / (2 * grain);
  const before = -(low + margin);
  // Counted from the far end, the interval is mirrored: from step − 1 − high to step − 1 − low.
  const after = corners ? before : high + 1 - step - margin;
  return { input: 0, from: axis, to: axis, stride: step, extent: high - low - 2 * margin + 1, before, after };
}

/** A size as a number of a window or a place: NaN where a free dimension decides it. */
export function numberOrNaN(size: Dimension): number {
  return typeof size === 'number' ? size : NaN;
}

/** An axis that follows another one, but in uneven steps, or in steps that a free dimension decides. */
export function unevenWindow(input: number, from: number, to: number): AxisWindow {
  return { input, from, to, stride: NaN, extent: NaN, before: NaN, after: NaN };
}

/** Elementwise on one input. */
export function elementwise(rank: number): Dependence {
  return { windows: Array.from({ length: rank }, (_, axis) => identity(0, axis, axis)), mixed: [] };
}

/** All axes stay but one, which is mixed (softmax, a linear layer on the last axis). */
export function mixing(rank: number, axis: number, as: MixedAxis['as']): Dependence {
  return {
    windows: elementwise(rank).windows.filter((window) => window.from !== axis),
    mixed: [{ input: 0, axis, as }],
  };
}

/** Every output depends on every input. */
export function everything(ranks: readonly number[]): Dependence {
  return {
    windows: [],
    mixed: ranks.flatMap((rank, input) =>
      Array.from({ length: rank }, (_, axis): MixedAxis => ({ input, axis, as: 'position' })),
    ),
  };
}
