// What moves: whole leaves, or one entry of a leaf.

import type { Plan } from '../incremental/plan';
import type { Ref } from '../program';
import { sizeOf, unravel } from '../shape';

/** The loss at a changed point, and whether any piecewise primitive took another branch than at the base point. */
export interface Probe {
  readonly loss: number;
  readonly branched: boolean;
}

export interface MovableLeaf {
  readonly values: Float64Array;
  readonly restore: () => void;
  /** Restores it at the latest when it is next asked for. */
  readonly leave: () => void;
  /** Whether there is no copy to restore it from. */
  readonly isDear: boolean;
}

/** The part of an evaluation that some leaves reach. */
export interface Track {
  /** The leaves' values, to be changed between `begin` and `probe` and put back after. */
  readonly leaves: ReadonlyMap<Ref, MovableLeaf>;
  /** Of one probe, roughly, in multiply-adds. */
  readonly cost: number;
  /** Sees to it that all leaves are at rest. */
  readonly settle: () => void;
  readonly begin: () => void;
  /** Computes the loss for the changed values. */
  readonly probe: () => Probe;
}

/** Roughly what it takes to make a plan, in multiply-adds. */
const PLAN_COST = 200_000;

/** What single entries of one leaf reach. Entries with the same index along some axes share a plan; those axes are chosen so that plans are cheap. */
export class EntryTrack {
  private readonly axes: readonly number[];
  private plan: Plan | undefined;
  private group = -1;
  private place = -1;

  constructor(
    private readonly shape: readonly number[],
    /** The values of the leaf, at rest. */
    private readonly settled: () => Float64Array,
    private readonly planFor: (place: number, axes: readonly number[], before?: Plan) => Plan,
    private readonly evaluate: (plan: Plan, place: number, value: number) => Probe,
  ) {
    const single = shape.map((_, axis) => [axis]).filter(([axis]) => shape[axis!]! > 1);
    const candidates = [[], ...single, ...(shape.length > 2 ? [[0, 1]] : [])];
    // The more axes tell plans apart, the fewer entries share the making of one.
    const costs = candidates.map((axes) => planFor(0, axes).cost + (PLAN_COST * sizeOf(axes.map((axis) => shape[axis]!))) / sizeOf(shape));
    this.axes = candidates[costs.indexOf(Math.min(...costs))]!;
  }

  get values(): Float64Array {
    return this.settled();
  }

  /** A number for the plan that serves an entry: entries are best visited group by group. */
  groupOf(place: number): number {
    const index = unravel(place, this.shape);
    return this.axes.reduce((group, axis) => group * this.shape[axis]! + index[axis]!, 0);
  }

  /** The loss with one entry changed. */
  probe(place: number, value: number): Probe {
    if (place !== this.place) {
      const group = this.groupOf(place);
      if (!this.plan || group !== this.group) this.plan = this.planFor(place, this.axes, this.plan);
      this.group = group;
      this.place = place;
    }
    return this.evaluate(this.plan!, place, value);
  }
}
