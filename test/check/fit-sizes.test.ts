// The sizes that a check takes for free dimensions: smaller ones where it compares few entries, but none that make a part of the model trivial.

import { describe, expect, it } from 'vitest';
import type { CheckReport } from '../../server/src/check/protocol';
import { checkModel } from '../../server/src/check/run';

/** A check of the last model of a text that ends as soon as it can; its budget decides about the sizes. */
function check(text: string, options: { at?: Record<string, number>; milliseconds?: number } = {}): CheckReport {
  const uri = 'file:///m.nn';
  const { at, milliseconds = 0.01 } = options;
  return checkModel({ files: [{ uri, text }], file: uri, model: 'M', at, budgetMilliseconds: milliseconds, budgetEvaluations: 4 });
}

const attention = 'h = x -> Linear(64); scores = h @ transpose(h) / 8; y = softmax(MASK, dim = -1) @ h; output y';
const attentionOver = (mask: string): string => `model M { input x: [T, 64]; ${attention.replace('MASK', mask)} }`;

describe('free dimensions', () => {
  it('are 8 where the budget pays for many entries', () => {
    expect(check(attentionOver('causal_mask(scores)'), { milliseconds: 1000 })).toMatchObject({ sizes: { T: 8 }, ok: true });
  });

  it('are 2 where it pays for few, and that is said', () => {
    const { ok, sizes, notes } = check(attentionOver('causal_mask(scores)'));
    expect([ok, sizes]).toEqual([true, { T: 2 }]);
    expect(notes[0]).toBe('T = 2 instead of the usual T = 8: there the budget compares more entries');
  });

  it('are what was given', () => {
    expect(check(attentionOver('causal_mask(scores)'), { at: { T: 8 } })).toMatchObject({ sizes: { T: 8 } });
  });

  it('are what requirements allow', () => {
    expect(check(`model M { input x: [T, 64]; assert T >= 3; assert T % 2 == 1; x -> Linear(64) }`)).toMatchObject({ sizes: { T: 3 } });
  });

  it('are not so small that what had several places has one', () => {
    expect(check(`model M { input x: [T, 64]; h = x -> Linear(64); d = h[1:] - h[:-1]; y = softmax(d, dim = 0); output y }`)).toMatchObject({ sizes: { T: 4 } });
  });

  it('are not so small that a mask that is computed leaves nothing out', () => {
    expect(check(attentionOver('where(reshape(arange(T), [T, 1]) - reshape(arange(T), [1, T]) > 2, -10.0, scores)'))).toMatchObject({ sizes: { T: 4 } });
  });

  it('are not so small that taps of a kernel meet only padding', () => {
    expect(check('model M { input x: [16, L]; Conv1d(32, 7, padding = 3); Conv1d(32, 7, padding = 3) }')).toMatchObject({ sizes: { L: 4 } });
    expect(check('model M { input x: [16, L]; Conv1d(32, 3, padding = 1); Conv1d(32, 3, padding = 1) }')).toMatchObject({ sizes: { L: 2 } });
  });

  it('shrink by themselves where they cannot together', () => {
    expect(check('model M { input x: [L, 64]; input z: [S, 64]; a = x[5:] -> Linear(64); b = z -> Linear(64); y = concat(a, b, dim = 0); output y }')).toMatchObject({ sizes: { L: 8, S: 2 } });
  });

  it('are larger where batches of small maps take as much work, and kernels meet more than padding', () => {
    const { sizes, batch, notes } = check('model M { input x: [8, H, W]; h = x -> Conv2d(16, 3, padding = 1) -> BatchNorm2d -> MaxPool2d(8) -> Conv2d(64, 3, padding = 1) -> BatchNorm2d; output h }');
    expect([sizes, batch]).toEqual([{ H: 16, W: 16 }, 2]);
    expect(notes[0]).toBe('H = 16, W = 16 instead of the usual H = 8, W = 8: there more of its kernels meets the input, for the same work');
  });

  it('that leave taps in the padding are said to', () => {
    expect(check('model M { input x: [1, H, W]; x -> Conv2d(2, 3, padding = 1) -> MaxPool2d(8) -> Conv2d(4, 3, padding = 1) }', { milliseconds: 1000 }).notes)
      .toContain('at H = 8, W = 8, 64 entries of convolution kernels meet nothing but padding, so that their derivatives are 0 and say nothing; larger sizes reach them');
  });

  it('do not depend on how fast the host is', () => {
    const text = attentionOver('causal_mask(scores)');
    expect(new Set([1, 2, 3].map(() => check(text).sizes['T'])).size).toBe(1);
  });
});
