// Wrong derivatives are found and located in whole models, however little is compared, and in second derivatives.

import { expect, it } from 'vitest';
import { checkModel } from '../../server/src/check/run';
import type { Builder, Ref } from '../../server/src/engine/builder';
import type { DerivativeTable, VectorJacobianProduct } from '../../server/src/engine/primitive';
import { defaultDerivatives } from '../../server/src/engine/primitives/table';
import type { PrimitiveName } from '../../server/src/engine/program';

const models = {
  convolutions: 'input x: [2, 7, 6]; target t: int; Conv2d(4, 3, stride = 2, padding = 1, groups = 2) -> BatchNorm2d -> GELU -> MaxPool2d(2, stride = 1) -> Conv2d(3, 2) -> Mish; AdaptiveAvgPool2d(1) -> Flatten -> Linear(3); output y; loss cross_entropy(y, t)',
  transposed: 'input x: [3, 5, 5]; ConvTranspose2d(4, 3, stride = 2, output_padding = 1, dilation = 2) -> ELU -> AvgPool2d(3, stride = 2, padding = 1); Conv2d(2, 3, padding_mode = "circular", padding = 1); output y; loss mean(y ^ 4)',
  attention: 'input i: int[5]; target t: int[5]; Embedding(11, 8)(i) -> TransformerEncoderLayer(2, 12, dropout = 0.2) -> LayerNorm -> Linear(11); output z; loss cross_entropy(z, t)',
  recurrent: 'input x: [4, 3]; LSTM(5, bidirectional = true) -> GRU(4); output y; loss sum(tanh(y)) + logsumexp(y ^ 2)',
  functions: 'input x: [4, 6]; param w: [6]; param A: [6, 6]; b = cumsum(x * w, dim = 0); c = sqrt(abs(b) + 1) / (1 + exp(-(x @ A))); d = where(c > 0.5, sin(c), c ^ 1.7); e = roll(d, 1, 0)[::2, 1:]; g = concat(e, flip(e, [1]))[tensor([0, 0, 1])]; k = maximum(g, 0.3) + minimum(g, 2 * g) + erf(g) + log1p(g ^ 2); loss sum(softmax(k) ^ 2) + norm(k)',
};

const scaled = (name: PrimitiveName, factor: number, input?: number): VectorJacobianProduct<unknown> => {
  const right = defaultDerivatives[name] as VectorJacobianProduct<unknown>;
  return (b, ...rest) => right(b, ...rest).map((part, index) => (typeof part === 'number' && (input === undefined || input === index) ? b.multiply(part, b.scalar(factor)) : part));
};
const along = (f: (b: Builder, g: Ref, x: Ref, y: Ref) => Ref): VectorJacobianProduct<unknown> => (b, g, [x], y) => [f(b, g, x!, y)];

/** What is wrong, the primitive, its derivative, and a model that it matters to. */
const mistakes: readonly (readonly [what: string, name: PrimitiveName, derivative: VectorJacobianProduct<never>, model: keyof typeof models])[] = [
  ['half of a kernel gradient', 'convolution', scaled('convolution', 0.5, 1), 'convolutions'],
  ['too much to the input of a convolution', 'convolution', scaled('convolution', 1.02, 0), 'convolutions'],
  ['too much to a transposed convolution', 'convolutionInputGradient', scaled('convolutionInputGradient', 1.02), 'transposed'],
  ['too much from pooling windows', 'windowSum', scaled('windowSum', 1.1), 'transposed'],
  ['a second factor of expm1', 'expm1', along((b, g, x) => b.multiply(g, b.expm1(x))), 'transposed'],
  ['a Gaussian of another width', 'erf', along((b, g, x) => b.multiply(g, b.multiply(b.scalar(2 / Math.sqrt(Math.PI)), b.exp(b.multiply(b.scalar(-0.5), b.square(x)))))), 'convolutions'],
  ['the step of softplus', 'softplus', along((b, g, x) => b.multiply(g, b.step(x))), 'convolutions'],
  ['an eps in a root', 'sqrt', along((b, g, _, y) => b.divide(g, b.add(b.multiply(y, b.scalar(2)), b.scalar(1e-4)))), 'convolutions'],
  ['softmax times itself', 'softmax', (b, g, [x], y, attributes, needed) => [b.multiply(y, (defaultDerivatives.softmax as VectorJacobianProduct<never>)(b, g, [x!], y, attributes, needed)[0] as Ref)], 'attention'],
  ['half of what rows of a table get', 'gather', scaled('gather', 0.5, 0), 'attention'],
  ['a thousandth less to a weight', 'matmul', scaled('matmul', 0.999, 1), 'attention'],
  ['tanh instead of its square', 'tanh', along((b, g, _, y) => b.multiply(g, b.subtract(b.scalar(1), y))), 'recurrent'],
  ['a gate without its complement', 'sigmoid', along((b, g, _, y) => b.multiply(g, y)), 'recurrent'],
  ['the sign of one factor', 'multiply', (b, g, [x, y]) => [b.multiply(g, y!), b.negate(b.multiply(g, x!))], 'recurrent'],
  ['nothing to the divisor', 'divide', (b, g, [, y]) => [b.divide(g, y!), 'zero'], 'functions'],
  ['an exponent too low', 'power', (b, g, [x, n]) => [b.multiply(g, b.multiply(n!, b.power(x!, b.subtract(n!, b.scalar(2))))), 'zero'], 'functions'],
  ['the other side of a choice', 'select', (b, g, [mask]) => ['zero', b.select(mask!, b.scalar(0), g), b.select(mask!, g, b.scalar(0))], 'functions'],
  ['a sum that leaves out itself', 'cumsum', (b, g, inputs, y, attributes, needed) => [b.subtract((defaultDerivatives.cumsum as VectorJacobianProduct<never>)(b, g, inputs, y, attributes, needed)[0] as Ref, g)], 'functions'],
  ['the greater of two gets nothing', 'maximum', (b, g, [x, y]) => [b.multiply(g, b.less(x!, y!)), b.multiply(g, b.less(y!, x!))], 'functions'],
];

const uri = 'file:///m.nn';

it.each(mistakes.flatMap(([what, name, derivative, model]) => [[what, 'every entry', name, derivative, model, 20_000, false], [what, 'directions alone', name, derivative, model, 120, false], [what, 'second derivatives', name, derivative, model, 2000, true]] as const))(
  '%s, by %s',
  (_what, _how, name, derivative, model, budgetEvaluations, second) => {
    const report = checkModel({ files: [{ uri, text: `model M { ${models[model]} }` }], file: uri, model: 'M', seed: 1, second, budgetEvaluations }, { derivatives: { [name]: derivative } as Partial<DerivativeTable> });
    expect(report.problem).toBeUndefined();
    expect(report.ok).toBe(false);
    // With small budgets an operation is named all the same.
    expect(report.culprits.map(({ message }) => message).join()).toContain(name);
    expect(report.culprits[0]!.place).toBeDefined();
  },
);

it('a rule that only second derivatives need is found there', () => {
  const report = checkModel({ files: [{ uri, text: `model M { ${models.convolutions} }` }], file: uri, model: 'M', seed: 1, second: true, budgetEvaluations: 2000 }, { derivatives: { convolutionWeightGradient: scaled('convolutionWeightGradient', 1.02) } });
  expect(report.tensors.every(({ ok }) => ok)).toBe(true);
  expect(report.second!.culprits.map(({ message }) => message).join()).toContain('convolutionWeightGradient');
});
