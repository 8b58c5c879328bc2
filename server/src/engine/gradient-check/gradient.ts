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
    const known = this.questions.signs.findIndex(({ random, start, stop }) =>
      random.key0 === signs.random.key0 && random.key1 === signs.random.key1 && start === signs.start && stop === signs.stop);
    return known >= 0 ? this.sums[known]! : sumAlong(this.again(), signs);
  }

  whole(): Float64Array {
    return this.again();
  }
}

/** What is no number is not zero. */
function isZero({ greatest, square }: SumAlong): boolean {
  return greatest === 0 && square === 0;
}
