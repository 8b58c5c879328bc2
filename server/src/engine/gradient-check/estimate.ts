// How long a check takes at the least, to be known before anything is drawn or computed.

import { RandomStream } from '../../base/random';
import { liveRefs } from '../execute';
import { workOf } from '../incremental/step';
import { addMatrixProduct } from '../kernels/accelerated';
import { denseMatrix } from '../kernels/matrix-product';
import { fillUniform } from '../kernels/random';
import { Arena } from '../kernels/wasm/arena';
import type { Program, Ref } from '../program';
import { sizeOf } from '../shape';

/** What there is to do; a multiply-add of a convolution counts as a part of one. */
export interface Work {
  /** To compute the loss once. */
  readonly multiplyAdds: number;
  /** The numbers in all leaves. */
  readonly entries: number;
}

/** How much of it this host does in a millisecond. */
export type Speed = Work;

/** A fast host. */
export const fast: Speed = { multiplyAdds: 2e7, entries: 5e5 };

/** The loss at the base point and on both sides of one direction; its derivatives take as long as computing it twice. */
const LOSSES = 5;
/** Leaves are drawn, moved twice, and read by each of these losses, and their derivatives are summed: measured, in drawings. */
const DRAWINGS = 3.5;

/** What a multiply-add of a convolution takes of that of a matrix product: it reads what lies in the cache. */
const CONVOLUTION = 0.6;

/** @param results The loss, or what it is computed from. */
export function workOfLoss(program: Program, results: readonly Ref[]): Work {
  let [multiplyAdds, entries] = [0, 0];
  for (const ref of liveRefs(program, results)) {
    const { primitive, shape } = program.instructions[ref]!;
    if (primitive === 'leaf') entries += sizeOf(shape);
    else if (primitive !== 'reshape') multiplyAdds += (primitive === 'convolution' ? CONVOLUTION : 1) * workOf(program, ref, sizeOf(shape));
  }
  return { multiplyAdds, entries };
}

/** What the loss, its derivatives and one direction of all leaves take. */
export function leastMilliseconds(work: Work, speed: Speed): number {
  return (LOSSES * work.multiplyAdds) / speed.multiplyAdds + (DRAWINGS * work.entries) / speed.entries;
}

const ROWS = 160;
const TRIALS = 3;
/** More numbers than caches hold, in memory that was not used before, as those of large leaves. */
const FRESH_ENTRIES = 1 << 22;

/** What kernels do here, from a few milliseconds of them. */
export function measureSpeed(): Speed {
  const size = ROWS * ROWS;
  const arena = new Arena(3 * size + FRESH_ENTRIES);
  const [a, b, c] = [0, 1, 2].map(() => denseMatrix(arena.allocate(size), 0, ROWS));
  const fresh = arena.allocate(FRESH_ENTRIES);
  return {
    multiplyAdds: ROWS ** 3 / quickest(TRIALS, () => { addMatrixProduct(c!, a!, b!, ROWS, ROWS, ROWS); }),
    entries: FRESH_ENTRIES / quickest(1, () => { fillUniform(fresh, new RandomStream(0, 'speed')); }),
  };
}

/** In milliseconds; above what clocks can tell apart. */
function quickest(trials: number, work: () => void): number {
  let least = Infinity;
  for (let trial = 0; trial < trials; trial++) {
    const started = performance.now();
    work();
    least = Math.min(least, performance.now() - started);
  }
  return Math.max(least, 0.01);
}
