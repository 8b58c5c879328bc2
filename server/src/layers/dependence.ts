// Which input positions an output position depends on: what receptive fields are computed from.

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
  readonly picked?: readonly { readonly input: number; readonly axis: number; readonly at: number }[];
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
