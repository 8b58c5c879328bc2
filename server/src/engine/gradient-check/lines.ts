// The lines along which a check moves: one entry, or a random direction of whole tensors.

import { RandomStream } from '../../base/random';
import { shakeAlong, sumAlong } from '../kernels/random';
import type { Signs } from '../kernels/random';
import type { Ref } from '../program';
import type { Line } from './difference';
import type { Gradient } from './gradient';
import { noiseOf } from './noise';
import type { EntryTrack, Track } from './track';

/** Moves one entry. */
export function entryLine(track: EntryTrack, place: number): Line {
  const base = track.values[place]!;
  return (offset) => {
    const moved = base + offset;
    const { loss, branched } = track.probe(place, moved);
    return { loss, branched, offset: moved - base };
  };
}

/** How the entries of some leaves move: by random signs, times a scale of the leaf. */
export type Direction = ReadonlyMap<Ref, Move>;

export interface Move extends Signs {
  readonly scale: number;
  /** The greatest magnitude of an entry that moves. */
  readonly greatest: number;
}

/** Leaves with smaller values than this move as if theirs were as great. */
const LEAST_SCALE = 1e-2;

/** Signs for all entries of a leaf: a pure function of the seed, what they are for, and the leaf. */
export function signsOf(seed: number, purpose: string, leaf: Ref, length: number): Signs {
  return { random: new RandomStream(seed, `${purpose} of ${leaf}`), start: 0, stop: length };
}

/** The signs of a numbered random direction. */
export function directionSigns(seed: number, attempt: number, leaf: Ref, length: number): Signs {
  return signsOf(seed, `direction ${attempt}`, leaf, length);
}

const scales = new WeakMap<Float64Array, Pick<Move, 'scale' | 'greatest'>>();

/** Greater leaves show by their first entries how far they move: they are drawn alike. */
const SHOWN_ENTRIES = 1 << 20;

/** How far the entries of a leaf move per step: in proportion to what they are, at rest. */
export function scaleOf(values: Float64Array): Pick<Move, 'scale' | 'greatest'> {
  let known = scales.get(values);
  if (known === undefined) {
    const count = Math.min(values.length, SHOWN_ENTRIES);
    const { square, greatest } = sumAlong(values, signsOf(0, 'size', 0, count));
    scales.set(values, (known = { scale: Math.max(LEAST_SCALE, Math.sqrt(square / count) || 0), greatest }));
  }
  return known;
}

/** A random direction of all entries of some leaves, which are at rest. */
export function randomDirection(track: Track, seed: number, attempt: number): Direction {
  track.settle();
  return new Map([...track.leaves].map(([leaf, { values }]) => [leaf, { ...directionSigns(seed, attempt, leaf, values.length), ...scaleOf(values) }]));
}

/** Moves many entries at once, by an offset times the direction, as long as the work goes on; in the end they are left to be put back. */
export function onLine<Result>(track: Track, direction: Direction, work: (line: Line) => Result): Result {
  const result = work((offset) => {
    track.begin();
    for (const [leaf, move] of direction) track.leaves.get(leaf)!.shiftTo(move, offset * move.scale);
    return { ...track.probe(), offset };
  });
  for (const leaf of direction.keys()) track.leaves.get(leaf)!.leave();
  return result;
}

/** What the gradient says of a direction. */
export interface Expected {
  /** The derivative along the direction. */
  readonly slope: number;
  /** How great it is among all choices of signs, as their root mean square. */
  readonly magnitude: number;
  /** How far rounding each entry when it moves may move the loss, at most. */
  readonly rounding: number;
}

/** The analytic derivative along a direction. */
export function alongDirection(direction: Direction, gradients: ReadonlyMap<Ref, Gradient>): Expected {
  let [slope, square, rounding] = [0, 0, 0];
  for (const [leaf, move] of direction) {
    const sums = gradients.get(leaf)!.along(move);
    slope += move.scale * sums.slope;
    square += move.scale ** 2 * sums.square;
    rounding += move.greatest ** 2 * sums.square;
  }
  return { slope, magnitude: Math.sqrt(square), rounding: Number.EPSILON * Math.sqrt(rounding) };
}

const NOISE_POINTS = 7;
/** Relative changes, in units in the last place of each entry. */
const NOISE_SPACING = 8 * Number.EPSILON;

/** How far rounding moves the loss, by changes of a few units in the last place in a random direction. */
export function estimateNoise(track: Track, baseLoss: number, seed: number): number {
  const losses = Array.from({ length: NOISE_POINTS }, (_, point) => {
    track.begin();
    for (const [leaf, { values }] of track.leaves) shakeAlong(values, signsOf(seed, 'noise', leaf, values.length), point * NOISE_SPACING);
    const { loss } = track.probe();
    for (const leaf of track.leaves.values()) leaf.restore();
    return loss;
  });
  return Math.max(Number.EPSILON * Math.abs(baseLoss), 2 * (noiseOf(losses) ?? 0));
}
