// What a check says where the values that it feeds lie at kinks: nothing was compared, and the derivatives on both sides.

import { describe, expect, it } from 'vitest';
import type { CheckReport } from '../../server/src/check/protocol';
import { checkModel } from '../../server/src/check/run';
import { outcomeOf } from '../../server/src/features/check-report';

const uri = 'file:///m.nn';
/** z is 0, with the derivative 1. */
const check = (loss: string): CheckReport => checkModel({ files: [{ uri, text: `model M { input x: [4]; z = x - detach(x); loss ${loss} }` }], file: uri, model: 'M', budgetEvaluations: 10_000 });
const noteOf = (report: CheckReport): string | undefined => report.notes.find((note) => note.includes('at a kink'));

it.each([
  ['sum(relu(z))', 'is 0 from below and 0.5 from above; differentiation gives 0'],
  ['sum(abs(z))', 'is -0.5 from below and 0.5 from above; differentiation gives 0'],
  ['sum(leaky_relu(z, 0.1))', 'is 0.05 from below and 0.5 from above; differentiation gives 0.05'],
  ['sum(clamp(z, 0, 1))', 'is 0 from below and 0.5 from above; differentiation gives 0.5'],
  ['sum(hardtanh(z + 1))', 'is 0.5 from below and 0 from above; differentiation gives 0'],
  ['sum(softshrink(z - 0.5))', 'is 0.5 from below and 0 from above; differentiation gives 0'],
  ['l1_loss(x, detach(x), reduction = "sum")', 'is -0.5 from below and 0.5 from above; differentiation gives 0'],
  ['norm(z)', 'is -0.5 from below and 0.5 from above; differentiation gives 0'],
  ['sum(hardshrink(z + 0.5))', 'is 0 from below and infinite from above (the loss jumps); differentiation gives 0'],
  ['sum(relu(z) - relu(-z))', 'is 0.5 from below and 0.5 from above; differentiation gives 0, which does not lie between them: rules for kinks that meet do not add up'],
])('%s has no derivative that could be compared', (loss, says) => {
  const report = check(loss);
  expect(report).toMatchObject({ ok: true, tensors: [{ kinks: 8, worst: undefined }] });
  expect(outcomeOf(report)).toBe('– no derivative could be compared in 1 tensor');
  expect(noteOf(report)).toContain(`8 entries lie at a kink, where there is no derivative to compare with: the derivative by x[example=0, feature=0] ${says}`);
});

it.each(['elu(z)', 'celu(z, 2)', 'smooth_l1_loss(z + 1, 0 * z, reduction = "none")', 'huber_loss(z + 1, 0 * z, reduction = "none")'])('%s has branches that meet without a kink', (loss) => {
  expect(check(`sum(${loss})`)).toMatchObject({ ok: true, tensors: [{ kinks: 0 }], worst: { relativeError: expect.closeTo(0, 5) as number } });
});

it('a kink in one tensor leaves the others compared, and is no error', () => {
  const report = check('sum(relu(z)) + max(concat(x, detach(x)))');
  expect(outcomeOf(report)).toBe('– no derivative could be compared in 1 tensor');
  const two = checkModel({ files: [{ uri, text: 'model M { input x: [4]; param w: [4]; loss sum(w ^ 2 * relu(x - detach(x))) + sum(w ^ 2) }' }], file: uri, model: 'M', budgetEvaluations: 10_000 });
  expect(outcomeOf(two)).toMatch(/^✓ gradients agree · worst relative error \S+ · only 1 of 2 tensors$/);
});

describe('derivatives that are all 0', () => {
  it('are said to be', () => {
    expect(outcomeOf(check('sum(sign(x))'))).toBe('✓ gradients agree · all of them are 0 · 1 tensor');
  });

  it.each(['Dropout(0.999)', 'DropPath(0.95)', 'AlphaDropout(0.99)'])('are not those behind %s, of which something is kept', (layer) => {
    const report = checkModel({ files: [{ uri, text: `model M { input x: [4]; Linear(3); ${layer}; output y; loss sum(y ^ 2) }` }], file: uri, model: 'M', budgetEvaluations: 10_000 });
    expect(report).toMatchObject({ ok: true, notes: [] });
    expect(report.tensors.map(({ zero }) => zero)).toEqual([undefined, undefined, undefined]);
  });
});

it('what is no number at a kink is wrong', () => {
  expect(check('sum(abs(z) ^ 0.5)')).toMatchObject({ ok: false, worst: { analytic: NaN } });
});

it.each([
  ['sqrt', 'sqrt(sum(z ^ 2))'],
  ['power', 'sum((x ^ 2 * 0) ^ 0.5)'],
])('it is named after what has no slope there, not after a square in front of it: %s', (name, loss) => {
  expect(check(loss).notes.find((note) => note.includes('no numbers'))).toMatch(`derivatives that are no numbers come from ${name},`);
});
