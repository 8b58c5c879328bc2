// A check that could see nothing says so: no number to derive, no value that the assumptions allow, rounding that hides it all.

import { describe, expect, it } from 'vitest';
import type { CheckReport } from '../../server/src/check/protocol';
import { checkModel } from '../../server/src/check/run';
import { outcomeOf } from '../../server/src/features/check-report';

const uri = 'file:///m.nn';
const check = (body: string, seed = 0): CheckReport => checkModel({ files: [{ uri, text: `model M { ${body} }` }], file: uri, model: 'M', seed, budgetEvaluations: 10_000 });

describe('a loss that is no finite number', () => {
  it.each([
    ['input x: [30]; loss sum(log(x))', 'the loss is not a number at the values that were drawn: log gives no number first'],
    ['input x: [30]; loss sum(x ^ 0.5)', 'power gives no number first'],
    ['input x: [4]; loss -sum(log(softmax(1000 * x, dim = 0)))', 'the loss is infinite at the values that were drawn: log gives an infinite one first'],
    ['input x: [3, 3]; s = causal_mask(x); output s', 'a random projection of the outputs is'],
  ])('is not checked, and its source is named: %s', (body, says) => {
    const report = check(body);
    expect(report.ok).toBe(false);
    expect(report.tensors).toEqual([]);
    expect(outcomeOf(report)).toContain(`not checked: `);
    expect(report.problem).toContain(says);
  });

  it('is drawn again where other values may do', () => {
    const found = Array.from({ length: 20 }, (_, seed) => check('input x: [1]; loss sum(log(x))', seed));
    // One draw in four has two positive numbers.
    expect(found.filter(({ ok, tensors: [tensor] }) => ok && tensor!.checked === 2).length).toBeGreaterThan(12);
  });

  it('does not keep the asserts from being judged', () => {
    expect(check('input x: [30]; loss sum(log(x)); assert grad(sum(x ^ 2), x) == 2 * x').asserts.map(({ ok }) => ok)).toEqual([true]);
  });
});

it.each([
  ['sqrt', 'loss sum(sqrt(relu(x)))'],
  ['sqrt', 'loss sum(where(x > 0, sqrt(x), x))'],
  ['power', 'loss sum(relu(x) ^ 0.5)'],
])('a derivative that is no number is wrong, and where it comes from is said: %s', (name, loss) => {
  const { ok, worst, notes } = check(`input x: [20]; ${loss}`);
  expect([ok, worst?.analytic]).toEqual([false, NaN]);
  expect(notes).toEqual([`derivatives that are no numbers come from ${name}, whose slope is infinite or none at some of its values: times 0 that is no number, even where a ReLU or a where cuts it off`]);
});

describe('assumptions that no value satisfies', () => {
  it.each([
    ['input x: [4]; assert x > 2; assert x < 1; loss sum(x ^ 2)', 'no value of x satisfies what is assumed of it: at least 2 and at most 1'],
    ['input i: int[4]; assert i >= 20; i -> Embedding(10, 3)', 'no whole number satisfies what is assumed of i: at least 20; it stands for a place from 0 to 9'],
    ['input i: int[4]; assert i < 0; i -> Embedding(10, 3)', 'no whole number satisfies what is assumed of i: at most -1; it stands for a place from 0 to 9'],
  ])('are a problem that names them: %s', (body, problem) => {
    expect(check(body)).toMatchObject({ ok: false, problem });
  });

  it.each(['assert i < -5', 'assert i >= 40'])('that integers satisfy far from 0 are kept: %s', (assumed) => {
    const [bound, sign] = assumed.includes('<') ? [-5, -1] : [40, 1];
    expect(check(`input x: [3]; input i: int[3]; ${assumed}; y = x * float(i); output y; assert ${String(sign)} * i > ${String(sign)} * ${String(bound - sign)}`)).toMatchObject({ ok: true });
  });
});

describe('derivatives that rounding hides', () => {
  it('are not said to agree', () => {
    const report = check('input x: [4]; loss 1e17 + sum(x ^ 2)');
    expect(report.tensors).toMatchObject([{ checked: 8, unresolved: 8 }]);
    expect(outcomeOf(report)).toBe('– no derivative could be compared in 1 tensor');
    expect(report.notes).toContain('of 8 entries the differences say nothing: rounding hides their derivatives, or no two steps agree');
  });

  it('are said to be too small to see, where they vanish on the way', () => {
    const report = check('input x: [4]; repeat 30 { Linear(4); Sigmoid }; Linear(1)');
    expect(report.ok).toBe(true);
    expect(report.notes.find((note) => note.includes('cannot tell from 0'))).toMatch(/^all derivatives of x, Linear_1\.weight, Linear_1\.bias, Linear_2\.weight and \d+ more tensors are below \de-1\d/);
  });

  it('are told from derivatives that are zero', () => {
    const report = check('input x: [4]; Linear(3); BatchNorm1d; Sign; output y; loss sum(y)');
    expect(report.tensors.map(({ unresolved }) => unresolved)).toEqual(report.tensors.map(() => undefined));
  });
});

it.each([
  'input a: [8]; input b: [8]; assert a < b; loss sum(log(b - a))',
  'input a: [8]; input b: [8]; input c: [8]; assert b <= a; assert c < b; loss sum(sqrt(a - b)) + sum(log(b - c))',
  'input a: [8]; assert a > 0; target y: [8]; assert y > a; loss sum(log(a)) + sum(log(y - a))',
])('inputs that are assumed to be below others are drawn so: %s', (body) => {
  for (let seed = 0; seed < 3; seed++) expect(check(body, seed)).toMatchObject({ ok: true, notes: [] });
});

it.each(['cosine_embedding_loss(a, b, y)', 'hinge_embedding_loss(norm(a - b), y)'])('targets that only mean something as −1 and 1 are drawn so: %s', (loss) => {
  for (let seed = 0; seed < 5; seed++) {
    const report = check(`input a: [4]; input b: [4]; target y: []; loss ${loss}`, seed);
    expect(report).toMatchObject({ ok: true, notes: [] });
    expect(report.tensors.map(({ worst }) => worst!.analytic)).not.toContain(0);
  }
});
