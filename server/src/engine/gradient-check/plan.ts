// How much a check may cost, and how much of that is spent.

import type { Evaluation } from './evaluation';

export interface BudgetLimits {
  readonly milliseconds?: number;
  /** Of the loss. */
  readonly evaluations?: number;
}

const DEFAULT_MILLISECONDS = 5000;
/** What part of the time is for what comes after the last comparison. */
const CLOSING_SHARE = 0.02;

/** Entries that a millisecond may pay for at best, and evaluations that each takes at least. */
const ENTRIES_PER_MILLISECOND = 50;
const EVALUATIONS_PER_ENTRY = 2;
/** A gradient of so few entries is kept in any case. */
const FEW_ENTRIES = 100_000;

/** The milliseconds that a check may take; undefined where only its evaluations are counted. */
export function timeLimit({ milliseconds, evaluations }: BudgetLimits): number | undefined {
  return milliseconds ?? (evaluations === undefined ? DEFAULT_MILLISECONDS : undefined);
}

/** How large a tensor a check may hope to compare whole: of a greater one, the gradient need not be kept. */
export function comparableEntries({ milliseconds, evaluations }: BudgetLimits = {}): number {
  const byCount = (evaluations ?? Infinity) / EVALUATIONS_PER_ENTRY;
  const byTime = (timeLimit({ milliseconds, evaluations }) ?? Infinity) * ENTRIES_PER_MILLISECOND;
  return Math.max(FEW_ENTRIES, Math.min(byCount, byTime));
}

export class Budget {
  private readonly milliseconds: number;
  private readonly evaluations: number;
  private granted = 0;

  constructor(
    private readonly evaluation: Evaluation,
    private readonly started: number,
    limits: BudgetLimits = {},
  ) {
    this.evaluations = limits.evaluations ?? Infinity;
    this.milliseconds = (1 - CLOSING_SHARE) * (timeLimit(limits) ?? Infinity);
  }

  /** The share of the budget that is spent; above 1 when overdrawn. */
  used(): number {
    return this.shareOf({ milliseconds: performance.now() - this.started, evaluations: this.evaluation.count });
  }

  /** The share that is left; negative when overdrawn. */
  left(): number {
    return 1 + this.granted - this.used();
  }

  /** Sees to it that so much is left. */
  grant(share: number): void {
    this.granted = Math.max(0, share - this.left());
  }

  shareOf({ milliseconds, evaluations }: Cost): number {
    return Math.max(milliseconds / this.milliseconds, evaluations / this.evaluations);
  }

  /** How long a share of it is, where it is one of time. */
  secondsOf(share: number): number | undefined {
    return Number.isFinite(this.milliseconds) ? (share * this.milliseconds) / 1000 : undefined;
  }

  /** What a piece of work costs. */
  measure(work: () => void): Cost {
    const started = performance.now();
    const count = this.evaluation.count;
    work();
    return { milliseconds: performance.now() - started, evaluations: this.evaluation.count - count };
  }
}

export interface Cost {
  readonly milliseconds: number;
  readonly evaluations: number;
}

/** How many of a tensor's entries a share of the budget pays for. */
export function affordableEntries(size: number, cost: number, share: number): number {
  return cost * size <= share ? size : Math.max(0, Math.floor(share / cost));
}
