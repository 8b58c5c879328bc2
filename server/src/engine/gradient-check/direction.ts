// Checks along random directions of whole tensors.

import type { Ref } from '../program';
import { compare, discrepancy, examine, lineNoise, QUICK_STEPS, smoothSteps } from './difference';
import type { Line, Measurement } from './difference';
import type { Gradient } from './gradient';
import { alongDirection, onLine } from './lines';
import type { Direction } from './lines';
import type { Track } from './track';

const CERTAIN_FAILURES = 2;

/** What is known of a loss around its base point, learnt from the lines that were tried: how far rounding moves it, and which step settles most. */
export class Surroundings {
  /** The quick steps, the one that settled the last line first. */
  quickSteps = QUICK_STEPS;
  private estimated: number | undefined;
  private greatest = 0;
  private failures = 0;

  /** @param isDear Whether the estimate takes too long to be made for entries alone. */
  constructor(private readonly estimateNoise: () => number, readonly isDear = false) {}

  /** Estimated when it is first asked for. */
  get noise(): number {
    return (this.estimated ??= this.estimateNoise());
  }

  /** The noise, if it was asked for. */
  get knownNoise(): number | undefined {
    return this.estimated;
  }

  /** The noise along a line that seems to be wrong. Once some have failed for certain, it is taken from the first ones. */
  readonly noiseAlong = (line: Line, step: number): number => {
    if (this.failures < CERTAIN_FAILURES) this.greatest = Math.max(this.greatest, lineNoise(line, step, smoothSteps));
    return this.greatest;
  };

  settled(step: number): void {
    this.quickSteps = [step, ...QUICK_STEPS.filter((other) => other !== step)];
  }

  failed(): void {
    this.failures++;
  }
}

/** Compares the derivative along a direction with differences. */
export function measureDirection(track: Track, direction: Direction, gradients: ReadonlyMap<Ref, Gradient>, surroundings: Surroundings): Measurement {
  const { slope, magnitude, rounding } = alongDirection(direction, gradients);
  const settled = onLine(track, direction, (line) => {
    for (const step of surroundings.quickSteps) {
      const found = compare(line, slope, magnitude, step);
      if (!found) continue;
      surroundings.settled(step);
      return found;
    }
    return undefined;
  });
  if (settled) return settled;
  const scale = { step: 1, noise: surroundings.noise + (Number.isFinite(rounding) ? rounding : 0) };
  const measured = onLine(track, direction, (line) => examine(line, slope, scale, surroundings.noiseAlong, smoothSteps));
  if (measured.verdict === 'wrong') surroundings.failed();
  return measured;
}

/**
 * Where along a direction that is wrong the greater part of the error lies, by halving; undefined where there is no time to see.
 * @param part Keeps some of the direction.
 */
export function followError(
  track: Track,
  gradients: ReadonlyMap<Ref, Gradient>,
  { quickSteps: [step] }: Surroundings,
  count: number,
  part: (start: number, stop: number) => Direction,
  mayGoOn: () => boolean = () => true,
): number | undefined {
  const errorOf = (start: number, stop: number): number => {
    const direction = part(start, stop);
    const { slope } = alongDirection(direction, gradients);
    return onLine(track, direction, (line) => discrepancy(line, slope, step!));
  };
  let [start, stop] = [0, count];
  let whole = errorOf(start, stop);
  while (stop - start > 1) {
    if (!mayGoOn()) return undefined;
    const middle = (start + stop) >> 1;
    const left = errorOf(start, middle);
    const right = whole - left;
    const isLeft = Number.isNaN(left) || Math.abs(left) >= Math.abs(right);
    if (isLeft) [stop, whole] = [middle, left];
    else [start, whole] = [middle, right];
  }
  return start;
}

/** A direction kept to some of a tensor's entries. */
export function partOf(direction: Direction, ref: Ref, start: number, stop: number): Direction {
  return new Map([[ref, { ...direction.get(ref)!, start, stop }]]);
}
