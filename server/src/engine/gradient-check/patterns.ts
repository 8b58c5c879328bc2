// What the wrong entries of a tensor have in common: a factor, exchanged axes, a border.

import { sizeOf, stridesOf, unravel } from '../shape';
import type { Shape } from '../shape';

/** How an analytic derivative comes from the right one, and where. */
export interface Pattern {
  readonly kind: 'zero' | 'factor' | 'transposed' | 'reversed' | 'shifted' | 'unknown';
  /** Of 'factor': analytic = factor · right. */
  readonly factor?: number;
  /** The axes that are exchanged, reversed or shifted along. */
  readonly axes: readonly number[];
  /** Where all wrong entries lie, if others are right: at one index of an axis, or at its ends. */
  readonly where: readonly { readonly axis: number; readonly indices: readonly number[] }[];
}

/** How far numbers may be off that are compared with differences. */
const TOLERANCE = 1e-4;
/** So many entries are enough to see a pattern. */
const MOST_ENTRIES = 2000;
/** With fewer, anything is a pattern. */
const LEAST_ENTRIES = 3;

/** What was found of a tensor with wrong entries: enough to see what they have in common. */
export interface Evidence {
  /** By their place, the derivatives of wrong entries by differences. */
  readonly wrong: ReadonlyMap<number, number>;
  /** How many entries were checked and are right. */
  readonly right: number;
  /** All entries by differentiation, where they are not too many to be told; else those of the wrong ones. */
  readonly analytic: Float64Array | ReadonlyMap<number, number>;
}

/** What several checks of different entries of one tensor found. */
export function mergeEvidence(parts: readonly Evidence[]): Evidence {
  const whole = parts.find(({ analytic }) => analytic instanceof Float64Array)?.analytic;
  return {
    wrong: new Map(parts.flatMap(({ wrong }) => [...wrong])),
    right: parts.reduce((sum, { right }) => sum + right, 0),
    analytic: whole ?? new Map(parts.flatMap(({ analytic }) => (analytic instanceof Float64Array ? [] : [...analytic]))),
  };
}

/** The pattern among the wrong entries; undefined where there is none to be seen. */
export function findPattern(shape: Shape, evidence: Evidence): Pattern | undefined {
  const { wrong, right } = evidence;
  if (wrong.size < LEAST_ENTRIES) return undefined;
  const analyticOf = (place: number): number => (evidence.analytic instanceof Float64Array ? evidence.analytic[place] : evidence.analytic.get(place))!;
  const isComplete = evidence.analytic instanceof Float64Array && wrong.size + right === sizeOf(shape);
  const all = [...wrong.keys()].sort((a, b) => a - b);
  const spacing = Math.ceil(all.length / MOST_ENTRIES);
  const places = all.filter((_, i) => i % spacing === 0);
  const where = isComplete && right > 0 ? regionsOf(shape, all) : [];
  const scale = places.reduce((most, place) => Math.max(most, Math.abs(wrong.get(place)!)), 0);
  const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)) + 1e-6 * scale;
  if (places.every((place) => analyticOf(place) === 0)) return { kind: 'zero', axes: [], where };
  const factor = commonFactor(places, analyticOf, wrong, scale);
  if (factor !== undefined) return { kind: 'factor', factor, axes: [], where };
  const strides = stridesOf(shape);
  const rightAt = (place: number): number | undefined => wrong.get(place) ?? (isComplete ? analyticOf(place) : undefined);
  /** Whether the analytic value of every entry is the right one of another. */
  const comesFrom = (other: (index: readonly number[]) => readonly number[]): boolean =>
    places.every((place) => {
      const source = other(unravel(place, shape)).reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
      const expected = rightAt(source);
      return expected !== undefined && isClose(analyticOf(place), expected);
    });
  for (const [kind, axes, other] of rearrangements(shape)) if (comesFrom(other)) return { kind, axes, where: [] };
  return where.length === 0 ? undefined : { kind: 'unknown', axes: [], where };
}

type Rearrangement = readonly [kind: Pattern['kind'], axes: readonly number[], other: (index: readonly number[]) => readonly number[]];

function* rearrangements(shape: Shape): Iterable<Rearrangement> {
  const axes = shape.map((_, axis) => axis).filter((axis) => shape[axis]! > 1);
  for (const a of axes) {
    for (const b of axes.filter((each) => each > a && shape[each] === shape[a])) {
      yield ['transposed', [a, b], (index) => index.map((at, axis) => (axis === a ? index[b]! : axis === b ? index[a]! : at))];
    }
  }
  const reversed = (along: readonly number[]): Rearrangement => ['reversed', along, (index) => index.map((at, axis) => (along.includes(axis) ? shape[axis]! - 1 - at : at))];
  const kernel = axes.filter((axis) => axis >= 2);
  if (kernel.length > 1) yield reversed(kernel);
  for (const axis of axes) yield reversed([axis]);
  for (const axis of axes) {
    for (const by of [-1, 1]) yield ['shifted', [axis], (index) => index.map((at, each) => (each === axis ? (at + by + shape[axis]!) % shape[axis]! : at))];
  }
}

/** c with analytic = c · right at all of them. */
function commonFactor(places: readonly number[], analyticOf: (place: number) => number, wrong: ReadonlyMap<number, number>, scale: number): number | undefined {
  const greatest = places.reduce((best, place) => (Math.abs(wrong.get(place)!) > Math.abs(wrong.get(best)!) ? place : best));
  const factor = analyticOf(greatest) / wrong.get(greatest)!;
  if (!Number.isFinite(factor)) return undefined;
  return places.every((place) => Math.abs(analyticOf(place) - factor * wrong.get(place)!) <= TOLERANCE * Math.abs(analyticOf(place)) + 1e-6 * scale) ? factor : undefined;
}

/** The axes along which all wrong entries lie at one index, or at both ends. */
function regionsOf(shape: Shape, places: readonly number[]): Pattern['where'] {
  const indices = places.map((place) => unravel(place, shape));
  return shape.flatMap((length, axis) => {
    const met = [...new Set(indices.map((index) => index[axis]!))].sort((a, b) => a - b);
    const isBorder = length > 2 && met.every((at) => at === 0 || at === length - 1);
    return length > 1 && (met.length === 1 || isBorder) ? [{ axis, indices: met }] : [];
  });
}
