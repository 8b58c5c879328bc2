// What moves: whole leaves, or one entry of a leaf.

import { boxSize, wholeRange } from '../incremental/box';
import type { Box } from '../incremental/box';
import type { Plan } from '../incremental/plan';
import type { Signs } from '../kernels/random';
import type { Ref } from '../program';
import { sizeOf, stridesOf, unravel } from '../shape';

/** The loss at a changed point, and whether any piecewise primitive took another branch than at the base point. */
export interface Probe {
  readonly loss: number;
  readonly branched: boolean;
}

export interface MovableLeaf {
  readonly values: Float64Array;
  /** Moves it by so much along random signs, from the base point. */
  shiftTo(signs: Signs, by: number): void;
  /** Puts it back to the base point, also where its values were changed. */
  restore(): void;
  /** Puts back what was shifted, at the latest when it is next asked for. */
  leave(): void;
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

/** What the tracks of entries ask of an evaluation. */
export interface EntryEvaluation {
  /** The values of a leaf, at rest. */
  atRest(leaf: Ref): Float64Array;
  /** Which part of each tensor a change of entries in a box can reach. */
  reachOfEntries(leaf: Ref, box: Box): ReadonlyMap<Ref, Box>;
  /** A plan for changes of one entry in a box. @param before One for another box, which may be as good. */
  planEntries(leaf: Ref, box: Box, before?: Plan): Plan;
  /** The loss with one entry changed, which a plan is for. */
  probeEntry(plan: Plan, leaf: Ref, place: number, value: number): Probe;
}

/** Roughly what it takes to make a plan, in multiply-adds. */
const PLAN_COST = 200_000;

/** What single entries of one leaf reach. Entries with the same index along some axes share a plan; those axes are chosen so that plans are cheap. */
export class EntryTrack {
  private readonly axes: readonly number[];
  private plan: Plan;
  private group = 0;
  private place = 0;
  private readonly strides: readonly number[];

  constructor(private readonly evaluation: EntryEvaluation, private readonly leaf: Ref, private readonly shape: readonly number[]) {
    this.strides = stridesOf(shape);
    const single = shape.map((_, axis) => [axis]).filter(([axis]) => shape[axis!]! > 1);
    const candidates = this.apart([[], ...single, ...(shape.length > 2 ? [[0, 1]] : [])]);
    const plans = candidates.map((axes) => evaluation.planEntries(leaf, this.boxAround(0, axes)));
    // The more axes tell plans apart, the fewer entries share the making of one.
    const costs = candidates.map((axes, i) => plans[i]!.cost + (PLAN_COST * sizeOf(axes.map((axis) => shape[axis]!))) / sizeOf(shape));
    const cheapest = costs.indexOf(Math.min(...costs));
    this.axes = candidates[cheapest]!;
    this.plan = plans[cheapest]!;
  }

  get values(): Float64Array {
    return this.evaluation.atRest(this.leaf);
  }

  /** A number for the plan that serves an entry: entries are best visited group by group. */
  groupOf(place: number): number {
    let group = 0;
    for (const axis of this.axes) group = group * this.shape[axis]! + (Math.floor(place / this.strides[axis]!) % this.shape[axis]!);
    return group;
  }

  /** The loss with one entry changed. */
  probe(place: number, value: number): Probe {
    if (place !== this.place) {
      const group = this.groupOf(place);
      if (group !== this.group) this.plan = this.evaluation.planEntries(this.leaf, this.boxAround(place, this.axes), this.plan);
      this.group = group;
      this.place = place;
    }
    return this.evaluation.probeEntry(this.plan, this.leaf, place, value);
  }

  /** Those of some choices of axes with which a change reaches more or less than with all before: the others tell nothing apart. */
  private apart(choices: readonly (readonly number[])[]): (readonly number[])[] {
    const known = new Set<string>();
    return choices.filter((axes) => {
      const reach = [...this.evaluation.reachOfEntries(this.leaf, this.boxAround(0, axes))];
      const key = reach.map(([ref, box]) => (ref === this.leaf ? '' : `${ref}:${boxSize(box)}`)).join();
      return known.size < known.add(key).size;
    });
  }

  /** The entries that share a plan with one. */
  private boxAround(place: number, axes: readonly number[]): Box {
    const index = unravel(place, this.shape);
    return this.shape.map((length, axis) => (axes.includes(axis) ? { start: index[axis]!, stop: index[axis]! + 1 } : wholeRange(length)));
  }
}
