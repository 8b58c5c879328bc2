// One direction of all tensors at once: a first verdict after a handful of evaluations, and what finds the wrong tensor if there is time for no more.

import type { RandomStream } from '../../base/random';
import type { Ref } from '../program';
import type { CheckedTensor } from './check-tensor';
import type { Verdict } from './difference';
import { followError, measureDirection, Surroundings } from './direction';
import type { Evaluation, Track } from './evaluation';
import { estimateNoise, randomDirection } from './lines';
import type { Direction } from './lines';

export class JointCheck {
  verdict: Verdict = 'unresolved';
  readonly surroundings: Surroundings;
  private readonly track: Track;
  private readonly direction: Direction;
  private readonly gradients: ReadonlyMap<Ref, Float64Array>;

  constructor(evaluation: Evaluation, private readonly tensors: readonly CheckedTensor[], random: RandomStream) {
    this.track = evaluation.track(tensors.map(({ ref }) => ref));
    this.gradients = new Map(tensors.map(({ ref, gradient }) => [ref, gradient]));
    this.direction = randomDirection(this.track, random, 1);
    this.surroundings = new Surroundings(() => estimateNoise(this.track, evaluation.baseLoss, random));
  }

  check(): void {
    this.verdict = measureDirection(this.track, this.direction, this.gradients, this.surroundings).verdict;
  }

  /** The place of the tensor that the greater part of a wrong direction's error comes from. */
  findWrongTensor(): number {
    return followError(this.track, this.gradients, this.surroundings, this.tensors.length, (start, stop) =>
      new Map(this.tensors.slice(start, stop).map(({ ref }) => [ref, this.direction.get(ref)!])));
  }
}
