// Analysis grows with the size of the network, not faster: a line fits the measured times.

import { expect, it } from 'vitest';
import { analyseText } from '../support/analyse';

/** The shortest of a few runs, in milliseconds. */
function shortest(work: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

/**
 * Whether times over sizes n, 2n, 4n, 8n look linear: eight times the size may take up to three times eight times as
 * long, where quadratic growth would take eight times eight. A disturbed measurement is taken again.
 */
function growsLinearly(work: (size: number) => unknown, size: number): boolean {
  work(size);
  for (let attempt = 0; attempt < 4; attempt++) {
    const small = shortest(() => work(size));
    const large = shortest(() => work(8 * size));
    if (large / small < 3 * 8) return true;
  }
  return false;
}

it.each([
  ['lines of layers', (n: number) => `model M {\n input x: [8, H, W]\n${' Conv2d(8, 3, padding = 1); ReLU\n'.repeat(n)}}`, 150],
  ['repeats', (n: number) => `model M {\n input x: [8, H, W]\n repeat ${String(n)} { Conv2d(8, 3, padding = 1); ReLU }\n}`, 500],
  ['sizes that shrink', (n: number) => `model M {\n input x: [1, H]\n${' Conv1d(1, 2)\n'.repeat(n)}}`, 150],
  ['models', (n: number) => Array.from({ length: n }, (_, i) => `model M${String(i)} { input x: [3, H, W]; Conv2d(4, 3); residual { Conv2d(4, 3, padding = 1) } }`).join('\n'), 50],
  ['residual blocks', (n: number) => `model M {\n input x: [8]\n repeat ${String(n)} { residual { Linear(8); ReLU }; output y }\n}`, 500],
])('%s', (_, text, size) => {
  expect(growsLinearly((n) => analyseText(text(n)), size)).toBe(true);
});

it('ten thousand repeats are within the limits', () => {
  const { diagnostics, models } = analyseText('model M {\n input x: [8]\n repeat 10_000 { Linear(8); ReLU }\n}');
  // So deep a chain cannot be trained as PyTorch initialises it, but it is no error.
  expect(diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning vanishing-gradient']);
  // The variance of the gradient is beyond all numbers there.
  expect(diagnostics[0]!.message).toContain('and by more than 10¹⁵⁴ in all');
  expect(models[0]!.graph.nodes).toHaveLength(20_000);
});
