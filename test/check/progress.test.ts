// What a check says while it runs, and of its time before it starts.

import { describe, expect, it } from 'vitest';
import { leastBeyond, withLeast } from '../../server/src/check/least';
import type { CheckProgress, CheckRequest } from '../../server/src/check/protocol';
import { checkModel } from '../../server/src/check/run';
import { Builder } from '../../server/src/engine/builder';
import { leastMilliseconds, workOfLoss } from '../../server/src/engine/gradient-check/estimate';
import { Budget } from '../../server/src/engine/gradient-check/plan';
import { EntriesProgress } from '../../server/src/engine/gradient-check/progress';

function asked(text: string, more: Partial<CheckRequest> = {}): CheckRequest {
  return { files: [{ uri: 'file:///m.nn', text }], file: 'file:///m.nn', model: 'M', budgetEvaluations: 100_000, ...more };
}

describe('the progress of a check', () => {
  it.each([['first derivatives', false], ['first and second ones', true]])('never falls, of %s', (_, second) => {
    const seen: CheckProgress[] = [];
    checkModel(asked('model M { input x: [4]; Linear(3); Tanh; Linear(2) }', { second }), { onProgress: (progress) => seen.push(progress) });
    const fractions = seen.map(({ done, total }) => done / total);
    expect(fractions[0]).toBe(0);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBeGreaterThan(0.95);
  });

  it('follows the time that tensors take, not how large they are', () => {
    const counted = { count: 0 };
    const budget = new Budget(counted as never, 0, { evaluations: 1000 });
    // A few dear entries before many cheap ones: 900 and 100 evaluations.
    const progress = new EntriesProgress([0.9, 0.1], 1, budget);
    expect([progress.fraction(0, 0.5), progress.fraction(1, 0), progress.fraction(1, 1)]).toEqual([0.45, 0.9, 1]);
  });

  it('where the budget ends it is how much of that is spent', () => {
    const counted = { count: 200 };
    const budget = new Budget(counted as never, 0, { evaluations: 1000 });
    const progress = new EntriesProgress(undefined, Infinity, budget);
    counted.count = 600;
    expect(progress.fraction(0, 0.01)).toBeCloseTo(0.5);
  });

  it('knows how long it will take from what is known of the entries, and later from how long they took', () => {
    const clock = { used: 0.1 };
    const budget = { used: () => clock.used, left: () => 1 - clock.used, secondsOf: (share: number) => 5 * share } as unknown as Budget;
    const progress = new EntriesProgress([0.5], 0.5, budget);
    progress.fraction(0, 0);
    expect(progress.secondsLeft).toBeCloseTo(2.5);
    clock.used = 0.2;
    progress.fraction(0, 0.5);
    expect(progress.secondsLeft).toBeCloseTo(0.5);
  });
});

describe('the least that a check takes', () => {
  const builder = new Builder();
  const loss = builder.sum(builder.matmul(builder.leaf([8, 1000], 'x'), builder.leaf([1000, 2000], 'w')));
  const speed = () => ({ multiplyAdds: 2e6, entries: 1e5 });

  it('counts the multiply-adds of the loss and the numbers that are drawn', () => {
    const work = workOfLoss(builder.program, [loss]);
    expect(work.entries).toBe(8 * 1000 + 1000 * 2000);
    expect(work.multiplyAdds).toBeGreaterThanOrEqual(8 * 1000 * 2000);
    expect(work.multiplyAdds).toBeLessThan(1.01 * 8 * 1000 * 2000);
    expect(leastMilliseconds({ multiplyAdds: 100, entries: 100 }, { multiplyAdds: 10, entries: 50 })).toBe(57);
  });

  it('is said with both times and what takes so long, where it is more than the budget', () => {
    expect(leastBeyond({ milliseconds: 50 }, 'M', builder.program, loss, speed)?.remark).toBe(
      'even the least that a check of M does takes about 0.11 s here, more than its budget of 0.05 s: the loss, computed on both sides of one direction and derived once, '
      + 'has about 16.0 M multiply-adds, and 2.01 M numbers are drawn and moved; smaller sizes take less',
    );
    expect(leastBeyond({ milliseconds: 200 }, 'M', builder.program, loss, speed)).toBeUndefined();
    expect(leastBeyond({ evaluations: 10 }, 'M', builder.program, loss, speed)).toBeUndefined();
  });

  it('is said before anything is computed, and stands in the report', () => {
    const seen: CheckProgress[] = [];
    const report = checkModel(asked('model M { input x: [1000]; Linear(1000); Linear(1000) }', { budgetEvaluations: undefined, budgetMilliseconds: 0.1 }), { onProgress: (progress) => seen.push(progress) });
    expect(seen[0]).toMatchObject({ done: 0, remark: expect.stringContaining('more than its budget of 0.0001 s') as string });
    expect(report.notes[0]).toBe('without a loss, a fixed random projection of the outputs is derived');
    expect(report.notes[1]).toBe(seen[0]!.remark);
  });

  it('is the time that is left until something better is known', () => {
    const seen: CheckProgress[] = [];
    const told = withLeast({ milliseconds: 1e6, remark: 'slow' }, performance.now(), (progress) => seen.push(progress))!;
    told({ stage: 'directions', done: 0, total: 1 });
    told({ stage: 'entries', done: 0, total: 1, secondsLeft: 3 });
    expect(seen[0]!.secondsLeft).toBeGreaterThan(900);
    expect(seen[1]).toMatchObject({ secondsLeft: 3, remark: 'slow' });
  });
});
