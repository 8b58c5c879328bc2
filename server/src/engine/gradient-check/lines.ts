// The lines along which a check moves: one entry, or a random direction of a whole tensor.

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
    return { ...track.probe(place, moved), offset: moved - base };
  };
}

/** −1, 0 or 1 per entry of some leaves. */
export type Direction = ReadonlyMap<Ref, Int8Array>;

/** Random signs; with `density` below 1 that share of entries, the others stay. */
export function randomDirection(track: Track, random: RandomStream, attempt: number, density = 1): Direction {
  let index = attempt * 2 ** 36;
  return new Map([...track.leaves].map(([leaf, values]) => {
    const signs = new Int8Array(values.length);
    for (let i = 0; i < signs.length; i++, index++) {
      if (density === 1 || random.uniform(index) < density) signs[i] = random.sign(index);
    }
    return [leaf, signs];
  }));
}

/** Moves many entries at once. */
export function directionLine(track: Track, direction: Direction): Line {
  track.begin();
  const moves = [...direction].map(([leaf, signs]) => {
    const values = track.leaves.get(leaf)!;
    return { values, signs, base: values.slice() };
  });
  return (offset) => {
    track.begin();
    for (const { values, signs, base } of moves) {
      for (let i = 0; i < values.length; i++) values[i] = base[i]! + offset * signs[i]!;
    }
    const probe = track.probe();
    for (const { values, base } of moves) values.set(base);
    return { ...probe, offset };
  };
}

/** The analytic derivative along a direction. */
export function alongDirection(direction: Direction, gradients: ReadonlyMap<Ref, Float64Array>): number {
  let total = 0;
  for (const [leaf, signs] of direction) {
    const gradient = gradients.get(leaf)!;
    for (let i = 0; i < signs.length; i++) if (signs[i] !== 0) total += signs[i]! * gradient[i]!;
  }
  return total;
}

const NOISE_POINTS = 7;
/** Relative changes, in units in the last place of each entry. */
const NOISE_SPACING = 8 * Number.EPSILON;

/** How far rounding moves the loss, by changes of a few units in the last place in a random direction. */
export function estimateNoise(track: Track, baseLoss: number, random: RandomStream): number {
  const direction = randomDirection(track, random, 0);
  track.begin();
  const bases = new Map([...track.leaves].map(([leaf, values]) => [leaf, values.slice()]));
  const losses = Array.from({ length: NOISE_POINTS }, (_, point) => {
    for (const [leaf, values] of track.leaves) {
      const base = bases.get(leaf)!;
      const signs = direction.get(leaf)!;
      for (let i = 0; i < values.length; i++) values[i] = base[i]! * (1 + point * signs[i]! * NOISE_SPACING);
    }
    return track.probe().loss;
  });
  for (const [leaf, values] of track.leaves) values.set(bases.get(leaf)!);
  return Math.max(Number.EPSILON * Math.abs(baseLoss), 2 * (noiseOf(losses) ?? 0));
}
