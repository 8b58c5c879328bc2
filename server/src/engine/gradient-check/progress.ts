// How far a check is: one scale over all of its stages.

export interface CheckProgress {
  readonly stage: 'directions' | 'entries' | 'localising';
  /** Never falls, whatever the stage. */
  readonly done: number;
  readonly total: number;
  /** How many entries were compared so far, and how many there are; in the stage that compares them. */
  readonly entries?: { readonly done: number; readonly total: number };
}

const TOTAL = 1000;
/** Where each stage starts and ends. */
const STAGES = { directions: [0, 300], entries: [300, 1000], localising: [1000, 1000] } as const;

export class Progress {
  private last = -1;
  private stage: CheckProgress['stage'] | undefined;

  constructor(private readonly listener: ((progress: CheckProgress) => void) | undefined) {}

  /** @param fraction Of the stage. */
  report(stage: CheckProgress['stage'], fraction: number, entries?: CheckProgress['entries']): void {
    const [start, stop] = STAGES[stage];
    const done = Math.max(this.last, Math.floor(start + fraction * (stop - start)));
    if (done === this.last && stage === this.stage) return;
    this.last = done;
    this.stage = stage;
    this.listener?.({ stage, done, total: TOTAL, entries });
  }
}
