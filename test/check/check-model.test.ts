// Gradient checks of whole models: right derivatives agree, wrong ones are found and named, asserts are judged.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CheckReport, CheckRequest } from '../../server/src/check/protocol';
import { checkModel, type CheckOptions } from '../../server/src/check/run';
import { CancelledError } from '../../server/src/engine/errors';
import type { VectorJacobianProduct } from '../../server/src/engine/primitive';
import { defaultDerivatives } from '../../server/src/engine/primitives/table';

const exam = readFileSync(new URL('../../examples/exam.nn', import.meta.url), 'utf8');

function check(text: string, model: string, settings: Partial<CheckRequest> = {}, options: CheckOptions = {}): CheckReport {
  const uri = 'file:///main.nn';
  return checkModel({ files: [{ uri, text }], file: uri, model, budgetEvaluations: 2000, ...settings }, options);
}

describe('the exam', () => {
  it.each([
    ['L1Regularized', 1],
    ['ReluUnit', 3],
    ['ExamCNN', 11],
    ['FlatClassifier', 13],
    ['PooledClassifier', 13],
    ['Perceptron', 5],
    ['WeightNorm', 3],
    ['LargeEpsilon', 3],
  ])('the derivatives of %s agree in all %i tensors', (model, tensors) => {
    const report = check(exam, model);
    expect(report.problem).toBeUndefined();
    expect(report.tensors.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.asserts.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.tensors).toHaveLength(tensors);
    const jointly = report.tensors.filter(({ checked, directions }) => checked === 0 && directions === 0).length;
    expect(report.notes.some((note) => note.includes(`${String(jointly)} of ${String(tensors)} tensors were compared only by one random direction`))).toBe(jointly > 0);
  });

  it('the derivatives that were written down are proven', () => {
    const judged = ['L1Regularized', 'ReluUnit', 'SoftplusDerivative', 'WeightNorm'].flatMap((model) => check(exam, model).asserts);
    expect(judged.map(({ text, ok }) => [text, ok])).toEqual([
      ['grad(loss, w) == lambda * sign(w)', true],
      ['grad(loss, w) == 2 * (yhat - y) * step(z) * x', true],
      ['grad(loss, b) == 2 * (yhat - y) * step(z)', true],
      ['grad(sum(softplus(x)), x) == sigmoid(x)', true],
      ['grad(loss, g) == dot(dw, v) / norm(v)', true],
      ['grad(loss, v) == g / norm(v) * dw - g * dot(dw, v) / norm(v) ^ 3 * v', true],
    ]);
  });
});

const classifier = `model Classifier {
  input image: [1, 6, 6]
  target label: int
  Conv2d(4, 3)
  Tanh
  Flatten
  head = Linear(3)
  head
  output logits
  loss cross_entropy(logits, label)
}
`;

describe('a loss of derivatives', () => {
  it.each([
    ['by an input, for each example', 'input x: [3]; y = x -> Linear(4) -> Tanh -> Linear(1); loss (norm(grad(sum(y), x)) - 1) ^ 2', 5],
    ['by a weight, of the mean', 'input x: [3]; param w: [3]; loss sum(grad(sum(tanh(w * x)), w) ^ 2)', 2],
  ])('%s, is checked, and it is right', (_, body, tensors) => {
    const report = check(`model M { ${body} }`, 'M');
    expect(report).toMatchObject({ ok: true, batch: 2 });
    expect(report.problem).toBeUndefined();
    // The last bias does nothing.
    expect(report.tensors.filter(({ worst }) => worst !== undefined && worst.analytic !== 0).length).toBeGreaterThanOrEqual(tensors - 1);
  });
});

describe('a wrong derivative', () => {
  it('of an activation is found, and named where it stands', () => {
    const report = check(classifier, 'Classifier', { budgetEvaluations: 100_000 }, {
      derivatives: { tanh: (builder, cotangent, [x]) => [builder.multiply(cotangent, builder.tanh(x!))] },
    });
    expect(report.ok).toBe(false);
    expect(report.tensors.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(expect.arrayContaining(['Conv2d_1.weight', 'Conv2d_1.bias', 'image']));
    expect(report.tensors.find(({ name }) => name === 'head.weight')?.ok).toBe(true);
    const [culprit] = report.culprits;
    expect(culprit?.message).toContain('tanh');
    expect(classifier.slice(culprit!.place!.span.start, culprit!.place!.span.end)).toBe('Tanh');
    expect(report.worst).toMatchObject({ relativeError: expect.any(Number) as number });
    expect(report.worst!.relativeError).toBeGreaterThan(1e-3);
  });

  it('says which entries, by the names of their axes, and what they have in common', () => {
    const transposed = defaultDerivatives.convolution as VectorJacobianProduct<unknown>;
    const report = check(classifier, 'Classifier', { budgetEvaluations: 100_000 }, {
      derivatives: { convolution: (builder, ...rest) => transposed(builder, ...rest).map((part) => (typeof part === 'number' && String(builder.shape(part)) === '4,1,3,3' ? builder.transpose(part, [0, 1, 3, 2]) : part)) },
    });
    const weight = report.tensors.find(({ name }) => name === 'Conv2d_1.weight')!;
    expect(weight).toMatchObject({ ok: false, pattern: 'all wrong entries have kh ≠ kw: the two are exchanged (transposed)', worst: { axes: ['out', 'in', 'kh', 'kw'] } });
    expect(weight.worst!.errorBound).toBeLessThan(Math.abs(weight.worst!.analytic - weight.worst!.numeric));
    expect(report.culprits[0]!.message).toContain('the derivative of Conv2d (its convolution) is wrong');
  });

  it('the right one passes the same check', () => {
    expect(check(classifier, 'Classifier')).toMatchObject({ ok: true, culprits: [] });
  });
});

describe('mistakes that students make', () => {
  const unit = (claim: string): string => `model Unit {
  input x: [4]
  target y: []
  param w: [4]
  param b: []
  z = dot(w, x) + b
  yhat = relu(z)
  loss (yhat - y) ^ 2
  assert ${claim}
}
`;
  const norm = (claim: string): string => `model Norm {
  param g: []
  param v: [3]
  input x: [3]
  w = g * v / norm(v)
  loss dot(w, x) ^ 2
  dw = grad(loss, w)
  assert ${claim}
}
`;
  const map = (claim: string): string => `model Map {
  input x: [3]
  target y: [3]
  param W: [3, 3]
  e = W @ x - y
  loss sum(e ^ 2)
  assert ${claim}
}
`;
  const mean = (claim: string): string => `model Mean {
  input x: [5]
  target y: []
  param w: [5]
  p = w * x
  loss mean((p - y) ^ 2)
  assert ${claim}
}
`;
  it.each([
    ['the outer product is transposed', map('grad(loss, W) == 2 * (x -> Reshape([3, 1])) @ (e -> Reshape([1, 3]))'), 'the right side is transposed'],
    ['the weight is not transposed on the way back', map('grad(loss, x) == 2 * (W @ e)'), 'the right side has W where its transpose belongs'],
    ['1/N of the mean is missing', mean('grad(loss, w) == 2 * (p - y) * x'), 'the right side is 5 times the left side everywhere, the number of entries'],
    ['the factor of the square is missing', unit('grad(loss, b) == (yhat - y) * step(z)'), 'the left side is 2 times the right side everywhere'],
    ['the sign is wrong', unit('grad(loss, b) == -2 * (yhat - y) * step(z)'), 'the sign is turned round'],
    ['the derivative of the ReLU is forgotten', unit('grad(loss, b) == 2 * (yhat - y)'), 'the right side lacks the factor step(z)'],
    ['the chain to the input is forgotten', unit('grad(loss, w) == 2 * (yhat - y) * step(z)'), 'the right side lacks the factor x'],
    ['z stands for x', unit('grad(loss, w) == 2 * (yhat - y) * step(z) * z'), 'the right side has the factor z where x belongs'],
    ['the weight stands for the input', unit('grad(loss, w) == 2 * (yhat - y) * step(z) * w'), 'the right side is the derivative by x'],
    ['the target is added', unit('grad(loss, b) == 2 * (yhat + y) * step(z)'), 'the right side has the term y with the wrong sign'],
    ['the projection of weight normalization is forgotten', norm('grad(loss, v) == g / norm(v) * dw'), 'the right side takes ‖v‖ for a constant, but it depends on v'],
    ['the norm is forgotten', norm('grad(loss, g) == dot(dw, v)'), 'the right side must be divided by ‖v‖'],
    ['the square of the norm stands for its cube', norm('grad(loss, v) == g / norm(v) * dw - g * dot(dw, v) / norm(v) ^ 2 * v'), 'the right side lacks the factor ‖v‖ at ‖v‖²'],
  ])('%s', (_, text, says) => {
    const report = check(text, /model (\w+)/.exec(text)![1]!);
    expect(report.ok).toBe(false);
    expect(report.asserts.map(({ ok }) => ok)).toEqual([false]);
    expect(report.asserts[0]!.message).toContain(says);
  });

  it.each([
    map('grad(loss, W) == 2 * (e -> Reshape([3, 1])) @ (x -> Reshape([1, 3]))'),
    map('grad(loss, x) == 2 * transpose(W) @ e'),
    mean('grad(loss, w) == 2 * (p - y) * x / 5'),
    norm('grad(loss, g) == dot(dw, v) / norm(v)'),
    unit('grad(loss, b) == 2 * (yhat - y) * step(z)'),
  ])('and what is right passes: %s', (text) => {
    expect(check(text, /model (\w+)/.exec(text)![1]!)).toMatchObject({ ok: true });
  });
});

describe('second derivatives', () => {
  it.each(['ReluUnit', 'WeightNorm', 'LargeEpsilon', 'PooledClassifier'])('of %s agree', (model) => {
    const report = check(exam, model, { second: true, budgetEvaluations: 500 });
    expect(report).toMatchObject({ ok: true, second: { ok: true } });
    expect(report.second!.tensors.length).toBeGreaterThan(0);
  });

  it('that are wrong are found where first ones are right', () => {
    // The derivative of cos only matters to the second one of sin.
    const report = check('model M {\n input x: [3]\n loss sum(sin(x))\n}', 'M', { second: true }, {
      derivatives: { cos: (builder, cotangent, [x]) => [builder.multiply(cotangent, builder.sin(x!))] },
    });
    expect(report.tensors.every(({ ok }) => ok)).toBe(true);
    expect(report).toMatchObject({ ok: false, second: { ok: false } });
  });
});

describe('what is fed', () => {
  it('free dimensions get sizes that the model allows', () => {
    const text = 'model M {\n input x: [1, H, W]\n assert W <= 5\n concat(x, x -> MaxPool2d(16) -> Upsample(scale_factor = 16))\n}';
    const report = check(text.replace('W <= 5', 'W <= 40'), 'M');
    expect(report).toMatchObject({ ok: true, sizes: { H: 16, W: 16 } });
  });

  it('sizes can be given', () => {
    const text = 'model M {\n input x: [T, 3]\n Linear(2)\n}';
    expect(check(text, 'M', { at: { T: 3 } })).toMatchObject({ ok: true, sizes: { T: 3 }, tensors: [{ shape: [2, 3, 3] }, {}, {}] });
  });

  it('indices stay within tables and classes', () => {
    const text = 'model M {\n input ids: int[5]\n target label: int\n h = Embedding(2, 4)(ids)\n logits = h -> Flatten -> Linear(2)\n loss cross_entropy(logits, label)\n}';
    expect(check(text, 'M')).toMatchObject({ ok: true, culprits: [] });
  });

  it('assumptions about inputs bound them', () => {
    const text = 'model M {\n input x: [6]\n assert x > 0\n loss sum(log(x))\n}';
    expect(check(text, 'M')).toMatchObject({ ok: true });
  });

  it('the same seed gives the same report', () => {
    const [first, second] = [1, 2].map(() => ({ ...check(classifier, 'Classifier', { budgetEvaluations: 100_000 }), seconds: 0 }));
    expect(first).toEqual(second);
  });
});

describe('memory', () => {
  const dense = 'model M {\n input x: [40, 50]\n Linear(10) -> GELU -> Linear(20) -> GELU\n}';

  it('that does not suffice is a problem, with both numbers', () => {
    const report = check(dense, 'M', { memoryBytes: 1000 });
    expect(report).toMatchObject({ ok: false, tensors: [] });
    expect(report.problem).toMatch(/^a check of M needs \S+ GB of memory, more than the 0\.0000010 GB that it may take/);
  });

  it('counts second derivatives where they are asked for', () => {
    const problem = check(dense, 'M', { memoryBytes: 450_000, second: true }).problem;
    expect(problem).toMatch(/^a check of M needs \S+ GB of memory/);
    expect(check(dense, 'M', { memoryBytes: 450_000 }).problem).toBeUndefined();
  });

  it('that suffices for one example takes one', () => {
    expect(check(dense, 'M', { memoryBytes: 450_000 })).toMatchObject({ ok: true, batch: 1 });
    expect(check(dense, 'M')).toMatchObject({ ok: true, batch: 2 });
  });
});

it('batch statistics are taken of enough values', () => {
  expect(check('model M {\n input x: [3]\n Linear(4) -> BatchNorm1d -> Linear(2)\n}', 'M')).toMatchObject({ ok: true, batch: 8 });
  expect(check('model M {\n input x: [3, 4]\n BatchNorm1d -> Conv1d(2, 3)\n}', 'M')).toMatchObject({ ok: true, batch: 2 });
});

describe('what cannot be checked says why', () => {
  it('a model with errors', () => {
    expect(check('model M { input x: [3]\n Conv2d(3, 3) }', 'M').problem).toContain('has errors');
  });

  it('a model that does not exist', () => {
    expect(check('model M { input x: [3]\n ReLU }', 'N').problem).toContain('there is no model N');
  });

  it('a model without a loss is checked on a projection of its outputs', () => {
    const report = check('model M { input x: [3]\n Linear(2) }', 'M');
    expect(report.ok).toBe(true);
    expect(report.notes).toContain('without a loss, a fixed random projection of the outputs is derived');
  });
});

it('a check stops when it is asked to', () => {
  let evaluations = 0;
  expect(() => check(exam, 'FlatClassifier', {}, { cancelled: () => ++evaluations > 20 })).toThrow(CancelledError);
});
