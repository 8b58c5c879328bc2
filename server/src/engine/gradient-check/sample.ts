// Which entries of a tensor to check when there is no time for all.

import { RandomStream } from '../../base/random';
import { sizeOf, stridesOf } from '../shape';
import type { Shape } from '../shape';

const MOST_CORNERS = 16;

/** How many entries of a tensor are sampled whose derivatives must be known before: as many as one of these. */
const SIZES: readonly number[] = [1, 2, 3, 4, ...Array.from({ length: 9 }, (_, i) => 8 << i)];

/** The greatest size of a sample that is no greater. */
export function sampleSize(count: number): number {
  return Math.max(0, ...SIZES.filter((size) => size <= count));
}

/** What the samples of a leaf are drawn from: the same for those that are foreseen and those that are taken. */
export function sampleRandom(seed: number, leaf: string): RandomStream {
  return new RandomStream(seed, `sample ${leaf}`);
}

/** All places of samples of any such size. */
export function sampledPlaces(shape: Shape, random: RandomStream): number[] {
  return [...new Set(SIZES.flatMap((size) => samplePlaces(shape, size, random)))];
}

/** Up to `count` distinct places, ascending: corners first, then one at random from each of equal strata. */
export function samplePlaces(shape: Shape, count: number, random: RandomStream): number[] {
  const size = sizeOf(shape);
  if (count >= size) return [...new Array<undefined>(size).keys()];
  let corners = [0];
  stridesOf(shape).forEach((stride, axis) => {
    const last = (shape[axis]! - 1) * stride;
    if (last > 0 && corners.length < MOST_CORNERS) corners = corners.flatMap((corner) => [corner, corner + last]);
  });
  const places = new Set(corners.slice(0, count));
  const strata = count - places.size;
  for (let i = 0; i < strata; i++) {
    const start = Math.floor((i * size) / strata);
    places.add(start + random.integer(i, Math.floor(((i + 1) * size) / strata) - start));
  }
  return [...places].sort((a, b) => a - b);
}
