// How the units along one axis of a tensor see one axis of an input, exactly: as intervals that repeat.
//
// Behind convolutions and pools all units see alike, a whole stride apart. Behind an enlargement they do not: neighbours
// may see the same place. So a field has a period: unit r + k·period sees the inputs
// low[r] + k·advance … high[r] + k·advance. The effective stride is advance / period
// (Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019, for period 1).

import type { AxisWindow } from '../layers/dependence';

export interface AxisField {
  readonly period: number;
  readonly advance: number;
  /** The first and the last input of each unit of a period; ∞ and −∞ for a unit that sees none. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** As `low`, with units and inputs counted from the far end, as if no stride left a position over there. */
  readonly lowFromEnd: readonly number[];
  /** The tensor's axis holds several axes, as after Flatten. */
  readonly merged: boolean;
  /** By how many units such an axis has moved against those, as behind a class token: for none of them that is a padding. */
  readonly moved: number;
}

/** Longer periods are given up. */
const longestPeriod = 1 << 12;
/** Windows of enlargements are fractions; thirds leave rounding errors. */
const rounding = 1e-9;

/** Each unit sees its own place. */
export const itself: AxisField = { period: 1, advance: 1, low: [0], high: [0], lowFromEnd: [0], merged: false, moved: 0 };

export function strideOf(field: AxisField): number {
  return field.advance / field.period;
}

/** Whether every unit sees one place only. */
export function seesOnePlace(field: AxisField): boolean {
  return field.low.every((low, unit) => low === field.high[unit]);
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** A stride as a fraction p/q; undefined where it is none with a small denominator. */
function asFraction(stride: number): readonly [p: number, q: number] | undefined {
  for (let q = 1; q <= 64; q++) {
    const p = Math.round(stride * q);
    if (p > 0 && Math.abs(stride * q - p) < rounding * q) return [p, q];
  }
  return undefined;
}

/** What the units behind a window see; undefined where it cannot be said. */
export function throughWindow(field: AxisField, window: AxisWindow): AxisField | undefined {
  const fraction = asFraction(window.stride);
  if (fraction === undefined) return undefined;
  if (field.merged) return window.extent === 1 && window.stride === 1 ? { ...field, moved: field.moved + window.before } : undefined;
  const [p, q] = fraction;
  // After q outputs the window has moved by p units; the fields repeat after a whole number of periods.
  const rounds = field.period / greatestCommonDivisor(field.period, p);
  const period = q * rounds;
  if (period > longestPeriod) return undefined;
  const low: number[] = [];
  const high: number[] = [];
  const lowFromEnd: number[] = [];
  for (let output = 0; output < period; output++) {
    const seen = unitsOf((output * p) / q - window.before, window.extent);
    low.push(Math.min(...seen.map((unit) => endOf(field, field.low, unit))));
    high.push(Math.max(...seen.map((unit) => endOf(field, field.high, unit))));
    const seenFromEnd = unitsOf((output * p) / q - window.after, window.extent);
    lowFromEnd.push(Math.min(...seenFromEnd.map((unit) => endOf(field, field.lowFromEnd, unit))));
  }
  return { period, advance: (field.advance * p * rounds) / field.period, low, high, lowFromEnd, merged: false, moved: 0 };
}

/** The integers from `start` to `start + extent − 1`. */
function unitsOf(start: number, extent: number): readonly number[] {
  const first = Math.ceil(start - rounding);
  const last = Math.floor(start + extent - 1 + rounding);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** One end of what a unit of any period sees. */
function endOf(field: AxisField, ends: readonly number[], unit: number): number {
  const round = Math.floor(unit / field.period);
  return ends[unit - round * field.period]! + round * field.advance;
}

/** What two fields together see; undefined where their strides differ. */
export function joinFields(a: AxisField, b: AxisField): AxisField | undefined {
  if (!sameStride(a, b) || a.moved !== b.moved) return undefined;
  const period = (a.period / greatestCommonDivisor(a.period, b.period)) * b.period;
  if (period > longestPeriod) return undefined;
  const units = Array.from({ length: period }, (_, unit) => unit);
  return {
    period,
    advance: (a.advance * period) / a.period,
    low: units.map((unit) => Math.min(endOf(a, a.low, unit), endOf(b, b.low, unit))),
    high: units.map((unit) => Math.max(endOf(a, a.high, unit), endOf(b, b.high, unit))),
    lowFromEnd: units.map((unit) => Math.min(endOf(a, a.lowFromEnd, unit), endOf(b, b.lowFromEnd, unit))),
    merged: a.merged || b.merged,
    moved: a.moved,
  };
}

/** The sizes of the fields of a period: the least and the greatest. */
export function sizesOf(field: AxisField): readonly [least: number, greatest: number] {
  const sizes = field.low.map((low, unit) => Math.max(0, field.high[unit]! - low + 1));
  return [Math.min(...sizes), Math.max(...sizes)];
}

/** What the unit at one place sees, counted from both ends; an end that is not known is taken to be inside. */
export function atPlace(field: AxisField, at: number, fromEnd: number): AxisField {
  const known = Number.isNaN(at) ? 0 : at;
  const low = endOf(field, field.low, known);
  const high = endOf(field, field.high, known);
  // Without the place, the interval's length is still that of all units, if they are alike.
  const start = Number.isNaN(at) ? Math.max(0, low) : low;
  return {
    period: 1,
    advance: 0,
    low: [start],
    // A unit that sees nothing goes on to see nothing.
    high: [low > high ? -Infinity : start + high - low],
    lowFromEnd: [Number.isNaN(fromEnd) ? 0 : endOf(field, field.lowFromEnd, fromEnd)],
    merged: false,
    moved: 0,
  };
}

/** Whether all units see intervals of one length. */
export function isUniform(field: AxisField): boolean {
  const [least, greatest] = sizesOf(field);
  return least === greatest;
}

/** Where a unit 0 would see, on average over a period, if all units looked a whole stride apart. */
function meanOf(field: AxisField, ends: readonly number[]): number {
  return ends.reduce((sum, end, unit) => sum + end - unit * strideOf(field), 0) / field.period;
}

/** The first, the middle and the last place that unit 0 sees, on average over a period. */
export function placesOf(field: AxisField): { readonly first: number; readonly middle: number; readonly last: number } {
  const first = meanOf(field, field.low);
  const last = meanOf(field, field.high);
  return { first, middle: (first + last) / 2, last };
}

/** Whether units as far apart see places as far apart through both fields. */
export function sameStride(a: AxisField, b: AxisField): boolean {
  return a.advance * b.period === b.advance * a.period;
}

/** The first and the last place that a unit sees, as if the input had no ends. */
export function intervalOf(field: AxisField, unit: number): readonly [first: number, last: number] {
  return [endOf(field, field.low, unit), endOf(field, field.high, unit)];
}
