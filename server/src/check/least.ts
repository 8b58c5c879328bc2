// What a check takes at the least: said before it starts, where that is more than its budget.

import { fast, leastMilliseconds, measureSpeed, workOfLoss, type Speed } from '../engine/gradient-check/estimate';
import { timeLimit, type BudgetLimits } from '../engine/gradient-check/plan';
import type { Program, Ref } from '../engine/program';
import type { CheckProgress } from './protocol';

export interface Least {
  readonly milliseconds: number;
  /** The two times, and what takes so long. */
  readonly remark: string;
}

/** A host that may be so many times slower than a fast one is asked how fast it is. */
const SLOWER = 20;

/** The least that a check takes; undefined where its budget pays for that. */
export function leastBeyond(budget: BudgetLimits, model: string, program: Program, loss: Ref, speed: () => Speed = measureSpeed): Least | undefined {
  const limit = timeLimit(budget);
  const work = workOfLoss(program, [loss]);
  if (limit === undefined || leastMilliseconds(work, fast) * SLOWER < limit) return undefined;
  const milliseconds = leastMilliseconds(work, speed());
  if (milliseconds <= limit) return undefined;
  const remark = `even the least that a check of ${model} does takes about ${seconds(milliseconds)} here, more than its budget of ${seconds(limit)}: `
    + `the loss, computed on both sides of one direction and derived once, has about ${short(work.multiplyAdds)} multiply-adds, and ${short(work.entries)} numbers are drawn and moved; smaller sizes take less`;
  return { milliseconds, remark };
}

/** Progress with the remark, and with the time that is left of the least. */
export function withLeast(least: Least | undefined, started: number, listener: ((progress: CheckProgress) => void) | undefined): ((progress: CheckProgress) => void) | undefined {
  if (least === undefined || listener === undefined) return listener;
  return (progress) => {
    const left = (least.milliseconds - (performance.now() - started)) / 1000;
    listener({ ...progress, remark: least.remark, ...(progress.secondsLeft === undefined && left > 0 && { secondsLeft: left }) });
  };
}

function seconds(milliseconds: number): string {
  return `${String(Number((milliseconds / 1000).toPrecision(2)))} s`;
}

function short(count: number): string {
  const [unit, suffix] = count >= 1e9 ? [1e9, 'G'] : count >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
  return `${(count / unit).toPrecision(3)} ${suffix}`;
}
