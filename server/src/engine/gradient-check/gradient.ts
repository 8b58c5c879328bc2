// The analytic derivative of a loss in one tensor: all of it, or where that is more than a check can compare, what will be asked of it.

import { sumAlong } from '../kernels/random';
import type { Signs, SumAlong } from '../kernels/random';

export interface Gradient {
  readonly length: number;
  /** The greatest magnitude, of what is a number. */
  readonly greatest: number;
  readonly isZero: boolean;
  at(place: number): number;
  along(signs: Signs): SumAlong;
  /** All of it, to be read before anything else is asked of any gradient. */
  whole(): Float64Array;
}

/** What will be asked of a gradient that is not kept; the rest takes a backward pass each time. */
export interface Questions {
  readonly signs: readonly Signs[];
  readonly places: readonly number[];
}

export class KeptGradient implements Gradient {
  readonly length: number;
  private readonly sums: SumAlong;

  constructor(private readonly values: Float64Array, { signs: [signs] }: Pick<Questions, 'signs'>) {
    this.length = values.length;
    this.sums = sumAlong(values, signs!);
  }

  get greatest(): number {
    return this.sums.greatest;
  }

  get isZero(): boolean {
    return isZero(this.sums);
  }

  at(place: number): number {
    return this.values[place]!;
  }

  along(signs: Signs): SumAlong {
    return sumAlong(this.values, signs);
  }

  whole(): Float64Array {
    return this.values;
  }
}

/** Knows the answers to its questions, taken as the backward pass went by. */
export class SummedGradient implements Gradient {
  readonly length: number;
  private readonly sums: readonly SumAlong[];
  private readonly entries: ReadonlyMap<number, number>;
  private blocks: Blocks | undefined;

  /** @param again The same values once more. */
  constructor(values: Float64Array, private readonly questions: Questions, private readonly again: () => Float64Array) {
    this.length = values.length;
    this.sums = questions.signs.map((signs) => sumAlong(values, signs));
    this.entries = new Map(questions.places.map((place) => [place, values[place]!]));
  }

  get greatest(): number {
    return this.sums[0]!.greatest;
  }

  get isZero(): boolean {
    return isZero(this.sums[0]!);
  }

  at(place: number): number {
    return this.entries.get(place) ?? this.again()[place]!;
  }

  along(signs: Signs): SumAlong {
    const known = this.questions.signs.findIndex((other) => isSameStream(other, signs) && other.start === signs.start && other.stop === signs.stop);
    if (known >= 0) return this.sums[known]!;
    return signs.stop - signs.start < this.length ? this.blocksAround(signs).sum(signs) : sumAlong(this.again(), signs);
  }

  /** Who follows an error asks for one half after the other: of the last stretch, the sums of many parts are known. */
  private blocksAround(signs: Signs): Blocks {
    if (this.blocks?.holds(signs) !== true) this.blocks = new Blocks(this.again(), signs);
    return this.blocks;
  }

  whole(): Float64Array {
    return this.again();
  }
}

function isSameStream({ random: a }: Signs, { random: b }: Signs): boolean {
  return a.key0 === b.key0 && a.key1 === b.key1;
}

const BLOCKS = 256;

/** The sums of equal blocks of a stretch twice as long as what was asked for, so that either half can be asked for next. */
class Blocks {
  private readonly stop: number;
  private readonly length: number;
  private readonly sums: SumAlong[] = [];

  constructor(values: Float64Array, private readonly signs: Signs) {
    const { random, start, stop } = signs;
    this.stop = Math.min(values.length, 2 * stop - start);
    this.length = Math.max(1, (2 * (stop - start)) / BLOCKS);
    // Stretches of other lengths than powers of two are asked for once.
    if (!Number.isInteger(Math.log2(stop - start))) [this.stop, this.length] = [stop, stop - start];
    for (let at = start; at < this.stop; at += this.length) this.sums.push(sumAlong(values, { random, start: at, stop: Math.min(this.stop, at + this.length) }));
  }

  holds(signs: Signs): boolean {
    const [from, to] = [(signs.start - this.signs.start) / this.length, (signs.stop - this.signs.start) / this.length];
    return isSameStream(this.signs, signs) && from >= 0 && Number.isInteger(from) && (signs.stop === this.stop || (signs.stop < this.stop && Number.isInteger(to)));
  }

  sum({ start, stop }: Signs): SumAlong {
    const [from, to] = [start, stop].map((at) => Math.ceil((at - this.signs.start) / this.length));
    return this.sums.slice(from, to).reduce((a, b) => ({ slope: a.slope + b.slope, square: a.square + b.square, greatest: Math.max(a.greatest, b.greatest) }));
  }
}

/** What is no number is not zero. */
function isZero({ greatest, square }: SumAlong): boolean {
  return greatest === 0 && square === 0;
}
