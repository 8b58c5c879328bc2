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
  const settled = onLine(track, direction, (line) => compare(line, slope, magnitude, surroundings.quickSteps));
  if (settled) {
    surroundings.settled(settled.step);
    if (settled.verdict === 'wrong') surroundings.failed();
    return settled;
  }
  const scale = { step: 1, noise: surroundings.noise + (Number.isFinite(rounding) ? rounding : 0) };
  const measured = onLine(track, direction, (line) => examine(line, slope, scale, surroundings.noiseAlong, smoothSteps));
  if (measured.verdict === 'wrong') surroundings.failed();
  return measured;
}

/**
 * Where along a direction that is wrong the greater part of the error lies: one place, or the places from `start` to before `stop` where there was
 * no time to see more. By halving: blocks are of 2ᵏ places, so that a gradient that is not kept can sum them in advance.
 * @param part Keeps some of the direction. @param whole The error along all of it, if it is known.
 */
export function followError(
  track: Track,
  gradients: ReadonlyMap<Ref, Gradient>,
  { quickSteps: [step] }: Surroundings,
  count: number,
  part: (start: number, stop: number) => Direction,
  mayGoOn: () => boolean = () => true,
  whole?: number,
): { readonly start: number; readonly stop: number } {
  const errorOf = (start: number, stop: number): number => {
    const direction = part(start, stop);
    const { slope } = alongDirection(direction, gradients);
    return onLine(track, direction, (line) => discrepancy(line, slope, step!));
  };
  let start = 0;
  let error = whole;
  for (let length = 2 ** Math.ceil(Math.log2(count)) / 2; length >= 1; length /= 2) {
    const [middle, stop] = [start + length, Math.min(count, start + 2 * length)];
    if (middle >= stop) continue;
    if (!mayGoOn()) return { start, stop };
    error ??= errorOf(start, stop);
    const left = errorOf(start, middle);
    if (Number.isNaN(left) || Math.abs(left) >= Math.abs(error - left)) error = left;
    else [start, error] = [middle, error - left];
  }
  return { start, stop: start + 1 };
}

/** A direction kept to some of a tensor's entries. */
export function partOf(direction: Direction, ref: Ref, start: number, stop: number): Direction {
  return new Map([[ref, { ...direction.get(ref)!, start, stop }]]);
}
