// Numbers, Markdown and reports in words.

import { describe, expect, it } from 'vitest';
import type { CheckReport } from '../../server/src/check/protocol';
import { outcomeOf, reportPage } from '../../server/src/features/check-report';
import { code, escaped, sourceLinks, table } from '../../server/src/features/markdown';
import { counted, grouped, groupedAndShortened, scientific, shortened } from '../../server/src/features/numbers';
import { freeSymbol, multiply } from '../../server/src/symbolic/dimension';

describe('numbers', () => {
  it('are grouped, and big ones have a readable form beside', () => {
    expect(grouped(11_689_512)).toBe('11,689,512');
    expect(groupedAndShortened(1_814_073_344)).toBe('1,814,073,344 (1.81 G)');
    expect(groupedAndShortened(999_999)).toBe('999,999');
    expect([9_999, 12_345, 4_089_184_256, 3.2e12].map(shortened)).toEqual(['9,999', '12.3 k', '4.09 G', '3.20 T']);
  });

  it('that depend on free dimensions are expressions', () => {
    expect(groupedAndShortened(multiply(3, freeSymbol('H')))).toBe('3*H');
  });

  it('of errors keep the digits that count', () => {
    expect([3e-9, 2.96e-9, 1.26e-5, 0, 0.25].map(scientific)).toEqual(['3e-9', '3e-9', '1.3e-5', '0', '2.5e-1']);
  });

  it('agree with their nouns', () => {
    expect([counted(1, 'tensor'), counted(0, 'tensor'), counted(1_000, 'entry', 'entries')]).toEqual(['1 tensor', '0 tensors', '1,000 entries']);
  });
});

describe('Markdown', () => {
  it('shows signs as they are', () => {
    expect(escaped('a_b*c[0]')).toBe('a\\_b\\*c\\[0\\]');
    expect(code('a`b')).toBe('``a`b``');
    expect(table(['x'], [['|w|']])).toBe('| x |\n| :-- |\n| \\|w\\| |');
  });

  it('names links by the page or the paper', () => {
    expect(sourceLinks('https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html · Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167')).toBe(
      '[torch.nn.Conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html) · [Ioffe and Szegedy, 2015](https://arxiv.org/abs/1502.03167)',
    );
    expect(sourceLinks('Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, §3.2.2')).toBe('[Vaswani et al., 2017, §3.2.2](https://arxiv.org/abs/1706.03762)');
  });
});

describe('the report of a check', () => {
  it('reads as a page: outcome, what does not agree, every tensor, asserts, notes', async () => {
    const worst = { tensor: 'conv1.weight', index: [3, 0, 1, 1], analytic: 0.125, numeric: 0.25, relativeError: 0.5 };
    const report: CheckReport = {
      model: 'Small_Net',
      ok: false,
      worst,
      tensors: [
        { name: 'image', shape: [2, 3, 8, 8], entries: 384, checked: 384, directions: 2, together: 1, kinks: 1, ok: true, worst: { ...worst, tensor: 'image', index: [0, 0, 0, 0], relativeError: 3e-9 } },
        { name: 'conv1.weight', shape: [4, 3, 3, 3], entries: 108, checked: 50, directions: 2, together: 1, kinks: 0, ok: false, worst },
        { name: 'scale', shape: [], entries: 1, checked: 1, directions: 0, together: 1, kinks: 0, ok: true, worst: { ...worst, tensor: 'scale', index: [], relativeError: 0 } },
      ],
      asserts: [
        { text: 'grad(loss, w) == 2 * w', ok: true, place: { file: '', span: { start: 0, end: 0 } } },
        { text: 'a == b', ok: false, message: '1 is not 2 at [0]', place: { file: '', span: { start: 0, end: 0 } } },
      ],
      culprits: [{ message: 'the derivative of convolution is wrong' }],
      sizes: { H: 8, W: 8 },
      batch: 2,
      seconds: 0.123,
      notes: ['50 of 108 entries were compared one by one'],
    };
    await expect(reportPage(report)).toMatchFileSnapshot('golden/report.md');
  });

  it('says so where the budget ended before every tensor was compared', () => {
    const tensor = { shape: [3], entries: 3, checked: 3, directions: 1, together: 1, kinks: 0, ok: true };
    const report: CheckReport = {
      model: 'M', ok: true, asserts: [], culprits: [], sizes: {}, batch: 2, seconds: 30, notes: [],
      tensors: [{ ...tensor, name: 'w' }, { ...tensor, name: 'b', checked: 0, directions: 0, together: 2 }],
    };
    expect(outcomeOf(report)).toBe('✓ gradients agree · only 1 of 2 tensors');
    expect(reportPage(report)).toContain('| – | `b` |');
  });
});
