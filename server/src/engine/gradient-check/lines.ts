// The lines along which a check moves: one entry, or a random direction of whole tensors.

import type { RandomStream } from '../../base/random';
import type { Ref } from '../program';
import type { Line } from './difference';
import type { EntryTrack, Track } from './evaluation';
import { noiseOf } from './noise';

/** Moves one entry. */
export function entryLine(track: EntryTrack, place: number): Line {
  const base = track.values[place]!;
  return (offset) => {
    const moved = base + offset;
    const { loss, branched } = track.probe(place, moved);
    return { loss, branched, offset: moved - base };
  };
}

/** How each entry of some leaves moves: by its sign, −1, 0 or 1, times the scale of its leaf. */
export type Direction = ReadonlyMap<Ref, { readonly signs: Int8Array; readonly scale: number }>;

/** Leaves with smaller values than this move as if theirs were as great. */
const LEAST_SCALE = 1e-2;

const scales = new WeakMap<Float64Array, number>();

/** How far the entries of a leaf move per step: in proportion to what they are. */
export function scaleOf(values: Float64Array): number {
  let scale = scales.get(values);
  if (scale === undefined) {
    let square = 0;
    for (let i = 0; i < values.length; i++) square += values[i]! ** 2;
    scale = Math.max(LEAST_SCALE, Math.sqrt(square / values.length) || 0);
    scales.set(values, scale);
  }
  return scale;
}

/** Of what is a number. */
export function greatestMagnitude(values: Float64Array): number {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) > greatest) greatest = Math.abs(values[i]!);
  return greatest;
}

/** Random signs for all entries of some leaves. */
export function randomDirection(track: Track, random: RandomStream, attempt: number): Direction {
  let index = attempt * 2 ** 36;
  return new Map([...track.leaves].map(([leaf, { base }]) => {
    const signs = new Int8Array(base.length);
    random.signs(signs, index);
    index += signs.length;
    return [leaf, { signs, scale: scaleOf(base) }];
  }));
}

/** Moves many entries at once, by an offset times the direction. */
export function directionLine(track: Track, direction: Direction): Line {
  return (offset) => {
    track.begin();
    for (const [leaf, { signs, scale }] of direction) {
      const { values, base } = track.leaves.get(leaf)!;
      const step = offset * scale;
      for (let i = 0; i < values.length; i++) values[i] = base[i]! + step * signs[i]!;
    }
    const probe = track.probe();
    for (const leaf of direction.keys()) putBack(track, leaf);
    return { ...probe, offset };
  };
}

function putBack(track: Track, leaf: Ref): void {
  const { values, base } = track.leaves.get(leaf)!;
  values.set(base);
}

/** What the gradient says of a direction. */
export interface Expected {
  /** The derivative along the direction. */
  readonly slope: number;
  /** How great it is among all choices of signs, as their root mean square. */
  readonly magnitude: number;
  /** How far rounding each entry when it moves may move the loss. */
  readonly rounding: number;
}

/** The analytic derivative along a direction. */
export function alongDirection(track: Track, direction: Direction, gradients: ReadonlyMap<Ref, Float64Array>): Expected {
  let slope = 0;
  let square = 0;
  let rounding = 0;
  for (const [leaf, { signs, scale }] of direction) {
    const gradient = gradients.get(leaf)!;
    const { base } = track.leaves.get(leaf)!;
    let [along, size] = [0, 0];
    for (let i = 0; i < signs.length; i++) {
      const sign = signs[i]!;
      if (sign === 0) continue;
      const entry = gradient[i]!;
      along += sign * entry;
      size += entry * entry;
      rounding += (entry * base[i]!) ** 2;
    }
    slope += scale * along;
    square += scale * scale * size;
  }
  return { slope, magnitude: Math.sqrt(square), rounding: Number.EPSILON * Math.sqrt(rounding) };
}

const NOISE_POINTS = 7;
/** Relative changes, in units in the last place of each entry. */
const NOISE_SPACING = 8 * Number.EPSILON;

/** How far rounding moves the loss, by changes of a few units in the last place in a random direction. */
export function estimateNoise(track: Track, baseLoss: number, random: RandomStream): number {
  const direction = randomDirection(track, random, 0);
  const losses = Array.from({ length: NOISE_POINTS }, (_, point) => {
    track.begin();
    for (const [leaf, { values, base }] of track.leaves) {
      const { signs } = direction.get(leaf)!;
      for (let i = 0; i < values.length; i++) values[i] = base[i]! * (1 + point * signs[i]! * NOISE_SPACING);
    }
    return track.probe().loss;
  });
  for (const leaf of track.leaves.keys()) putBack(track, leaf);
  return Math.max(Number.EPSILON * Math.abs(baseLoss), 2 * (noiseOf(losses) ?? 0));
}
