// How far a check is: one scale over all of its stages.

import type { Budget } from './plan';

export interface CheckProgress {
  readonly stage: 'directions' | 'entries' | 'localising';
  /** Never falls, whatever the stage. */
  readonly done: number;
  readonly total: number;
  /** How many entries were compared so far, and how many there are; in the stage that compares them. */
  readonly entries?: { readonly done: number; readonly total: number };
  /** How long it will take from here on, where that is known. */
  readonly secondsLeft?: number;
}

/** From this part of the entries on, what they took tells better what is left than the estimate does. */
const TELLING_PART = 0.1;

/** How far the comparison of entries is, which tensor by tensor take different times. */
export class EntriesProgress {
  private readonly ends: readonly number[] | undefined;
  private readonly total: number;
  private readonly left: number;
  private readonly started: number;
  private done = 0;

  /** @param work What each tensor takes, where all of it can be paid for; else the budget ends it. @param needed What all take, of the budget. */
  constructor(work: readonly number[] | undefined, private readonly needed: number, private readonly budget: Budget) {
    let end = 0;
    this.ends = work?.map((each) => (end += each));
    this.total = Math.max(end, Number.MIN_VALUE);
    this.left = Math.max(budget.left(), Number.MIN_VALUE);
    this.started = budget.used();
  }

  /** @param part Of the tensor at this position. */
  fraction(position: number, part: number): number {
    if (this.ends === undefined) this.done = Math.min(1, 1 - this.budget.left() / this.left);
    else {
      const before = position === 0 ? 0 : this.ends[position - 1]!;
      this.done = (before + part * (this.ends[position]! - before)) / this.total;
    }
    return this.done;
  }

  get secondsLeft(): number | undefined {
    const { budget, done } = this;
    if (this.ends === undefined) return budget.secondsOf(Math.max(0, budget.left()));
    const spent = budget.used() - this.started;
    return budget.secondsOf(done < TELLING_PART ? Math.max(0, this.needed - spent) : (spent * (1 - done)) / done);
  }
}

const TOTAL = 1000;
/** Where each stage starts and ends. */
const STAGES = { directions: [0, 300], entries: [300, 1000], localising: [1000, 1000] } as const;

export class Progress {
  private last = -1;
  private stage: CheckProgress['stage'] | undefined;

  constructor(private readonly listener: ((progress: CheckProgress) => void) | undefined) {}

  /** @param fraction Of the stage. */
  report(stage: CheckProgress['stage'], fraction: number, more: () => Pick<CheckProgress, 'entries' | 'secondsLeft'> = () => ({})): void {
    const [start, stop] = STAGES[stage];
    const done = Math.max(this.last, Math.floor(start + fraction * (stop - start)));
    if (done === this.last && stage === this.stage) return;
    this.last = done;
    this.stage = stage;
    this.listener?.({ stage, done, total: TOTAL, ...more() });
  }
}
