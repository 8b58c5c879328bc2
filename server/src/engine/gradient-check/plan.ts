// How a check spends its budget: all entries where they fit, else an equal share for each tensor that does not.

import type { Evaluation } from './evaluation';

export interface BudgetLimits {
  readonly milliseconds?: number;
  /** Of the loss. */
  readonly evaluations?: number;
}

const DEFAULT_MILLISECONDS = 5000;

export class Budget {
  private readonly milliseconds: number;
  private readonly evaluations: number;

  constructor(
    private readonly evaluation: Evaluation,
    private readonly started: number,
    limits: BudgetLimits = {},
  ) {
    this.evaluations = limits.evaluations ?? Infinity;
    this.milliseconds = limits.milliseconds ?? (limits.evaluations === undefined ? DEFAULT_MILLISECONDS : Infinity);
  }

  /** The share of the budget that is spent; above 1 when overdrawn. */
  used(): number {
    return this.shareOf({ milliseconds: performance.now() - this.started, evaluations: this.evaluation.count });
  }

  shareOf({ milliseconds, evaluations }: Cost): number {
    return Math.max(milliseconds / this.milliseconds, evaluations / this.evaluations);
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

/**
 * How many entries of each tensor to check.
 * @param sizes The tensors' entries. @param costs The share of the whole budget that one entry of each costs.
 * @param available The share that is left.
 */
export function planEntries(sizes: readonly number[], costs: readonly number[], available: number, least: number): number[] {
  const counts = sizes.map(() => 0);
  const cheapestFirst = sizes.map((_, i) => i).sort((a, b) => sizes[a]! * costs[a]! - sizes[b]! * costs[b]!);
  let left = Math.max(0, available);
  cheapestFirst.forEach((tensor, position) => {
    const share = left / (sizes.length - position);
    const affordable = costs[tensor] === 0 ? Infinity : Math.floor(share / costs[tensor]!);
    counts[tensor] = Math.min(sizes[tensor]!, Math.max(least, affordable));
    left = Math.max(0, left - counts[tensor] * costs[tensor]!);
  });
  return counts;
}
