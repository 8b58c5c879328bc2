// Random directions of several tensors at once, where there is no time for a direction of each.

import type { Ref } from '../program';
import type { CheckedTensor } from './check-tensor';
import type { Verdict } from './difference';
import { followError, measureDirection } from './direction';
import type { Surroundings } from './direction';
import type { Evaluation } from './evaluation';
import type { Gradient } from './gradient';
import { alongDirection, randomDirection } from './lines';
import type { Direction } from './lines';
import type { Track } from './track';

export class GroupCheck {
  readonly verdict: Verdict;
  /** The derivative along the direction by differentiation, and by differences. */
  readonly analytic: number;
  readonly numeric: number;
  private readonly track: Track;
  private readonly direction: Direction;
  private readonly gradients: ReadonlyMap<Ref, Gradient>;

  constructor(
    evaluation: Evaluation,
    private readonly tensors: readonly CheckedTensor[],
    seed: number,
    private readonly surroundings: Surroundings,
  ) {
    this.track = evaluation.track(tensors.map(({ ref }) => ref));
    this.gradients = new Map(tensors.map(({ ref, gradient }) => [ref, gradient]));
    this.direction = randomDirection(this.track, seed, 1);
    const { verdict, numeric } = measureDirection(this.track, this.direction, this.gradients, surroundings);
    this.verdict = verdict;
    this.numeric = numeric;
    this.analytic = alongDirection(this.direction, this.gradients).slope;
  }

  /** The tensors that the greater part of a wrong direction's error comes from: one, or more where there is no time to see which. */
  findWrongTensors(mayGoOn: () => boolean): { readonly start: number; readonly stop: number } {
    const part = (start: number, stop: number): Direction => new Map(this.tensors.slice(start, stop).map(({ ref }) => [ref, this.direction.get(ref)!]));
    return followError(this.track, this.gradients, this.surroundings, this.tensors.length, part, mayGoOn, this.analytic - this.numeric);
  }
}

/**
 * How many of the tensors that are left share the next direction: one where the budget pays for a direction of each, else as few as it pays for, and all
 * where it pays for no more.
 * @param share Of the budget, for all that are left. @param last What the last direction cost. @param most What a direction of all tensors costs.
 */
export function groupSize(left: number, share: number, last: number, most: number): number {
  // What lies farther from the loss costs more, up to what all together cost.
  const affordable = Math.floor((2 * share) / (Math.min(last, most) + most));
  return affordable > 1 ? Math.ceil(left / Math.min(left, affordable)) : left;
}
