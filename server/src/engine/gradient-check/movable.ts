// How whole leaves are moved: where they lie, or on the way to the one instruction that reads them.

import { storageOf } from '../fusion/group';
import { moveAlong } from '../kernels/random';
import type { Shift, Signs } from '../kernels/random';
import type { Program, Ref } from '../program';
import { sizeOf } from '../shape';
import type { MovableLeaf } from './track';

/** What an evaluation does for leaves that are moved. */
export interface Resting {
  /** Puts a leaf back to the base point. */
  restore(leaf: Ref): void;
  /** The same, at the latest before it is next asked for. */
  leave(leaf: Ref): void;
}

/** Moves where it lies, and has to be put back. */
export class MovedInPlace implements MovableLeaf {
  private at = 0;

  /** @param isDear Whether there is no copy to restore it from. */
  constructor(private readonly evaluation: Resting, private readonly leaf: Ref, readonly values: Float64Array, private readonly isDear: boolean) {}

  shiftTo(signs: Signs, by: number): void {
    // To the other side of the base point it is one step: where going back takes long, it is not done in between.
    const from = this.isDear && by === -this.at ? this.at : 0;
    if (this.at !== from) this.evaluation.restore(this.leaf);
    moveAlong(this.values, signs, by - from);
    this.at = by;
  }

  restore(): void {
    this.at = 0;
    this.evaluation.restore(this.leaf);
  }

  leave(): void {
    if (this.at !== 0) this.evaluation.leave(this.leaf);
    this.at = 0;
  }
}

/** Stays where it is: a moved copy of it is made whenever it is read. */
export class MovedWhereRead implements MovableLeaf {
  constructor(private readonly evaluation: Resting, private readonly leaf: Ref, readonly values: Float64Array, private readonly shift: Shift) {}

  shiftTo(signs: Signs, by: number): void {
    this.shift.set(signs, by);
  }

  restore(): void {
    this.shift.set();
    this.evaluation.restore(this.leaf);
  }

  leave(): void {
    this.shift.set();
  }
}

/** For smaller leaves another step takes longer, and greater ones take too much room. */
const SHIFTED_ENTRIES = { least: 1 << 10, most: 1 << 22 };

/** The leaves that are moved where they are read: factors and kernels that are read once in a run. @param refs What runs, ascending. */
export function shiftedLeaves(program: Program, refs: readonly Ref[]): Set<Ref> {
  const readers = new Map<Ref, number>();
  const shifted = new Set<Ref>();
  for (const ref of refs) {
    const { primitive, inputs } = program.instructions[ref]!;
    if (primitive === 'reshape') continue;
    inputs.forEach((input, position) => {
      const leaf = storageOf(program, input);
      const { primitive: source, shape } = program.instructions[leaf]!;
      if (source !== 'leaf') return;
      readers.set(leaf, (readers.get(leaf) ?? 0) + 1);
      const size = sizeOf(shape);
      if ((primitive === 'matmul' || (primitive === 'convolution' && position === 1)) && size >= SHIFTED_ENTRIES.least && size <= SHIFTED_ENTRIES.most) shifted.add(leaf);
    });
  }
  return new Set([...shifted].filter((leaf) => readers.get(leaf) === 1));
}
