// Activations: elementwise ones as layers and as functions, and those with weights or two halves.

import type { Builder, Ref } from '../engine/builder';
import { floorDivide, modulo, print } from '../symbolic/dimension';
import { type ArgumentDefinition, axis, choice, integer, number } from './arguments';
import { known, knownAmong, requireFloat, requireRank, resolveAxis } from './check';
import { type FunctionOperation, oneInput, type Operation, operation, tensorFunction, torchPage } from './definition';
import { elementwise, identity } from './dependence';
import { entry, functionsOf, layersOf } from './elementwise';
import { perOutput } from './work';

/**
 * x where it is positive, another branch where it is not. At 0 that other branch has its slope, as PyTorch's kernels have it; sums of
 * ReLUs of x and −x would have none of the two.
 */
function whereNotPositive(builder: Builder, x: Ref, branch: Ref): Ref {
  return builder.select(builder.step(x), x, branch);
}

function leaky(builder: Builder, x: Ref, slope: Ref): Ref {
  return whereNotPositive(builder, x, builder.multiply(slope, x));
}

/** x, or alpha·(e^(x/sharpness) − 1) where it is not positive; of what is positive, no exponential that could overflow. */
function exponentialLinear(builder: Builder, x: Ref, alpha: number, sharpness = 1): Ref {
  const negative = builder.select(builder.step(x), builder.scalar(0), x);
  const curve = builder.expm1(sharpness === 1 ? negative : builder.divide(negative, builder.scalar(sharpness)));
  return whereNotPositive(builder, x, builder.multiply(builder.scalar(alpha), curve));
}

/** x between two bounds; unlike clamp's, the derivative ends in front of them. */
function hardTanh(builder: Builder, x: Ref, low: number, high: number): Ref {
  const [lower, upper] = [builder.scalar(low), builder.scalar(high)];
  const inside = builder.multiply(builder.less(lower, x), builder.less(x, upper));
  return builder.select(inside, x, builder.select(builder.lessEqual(x, lower), lower, upper));
}

const slope = { negative_slope: number({ default: 0.01, documentation: 'The slope for negative inputs.' }) };
const alpha = { alpha: number({ default: 1, documentation: 'The limit for very negative inputs is −alpha.' }) };

/** A number that is divided by. */
function notZero(standard: number, documentation: string): ArgumentDefinition<number> {
  const accepts = 'a number other than 0';
  return { documentation, accepts, default: standard, read: (raw) => (typeof raw === 'number' && raw !== 0 ? { value: raw } : { problem: `must be ${accepts}` }) };
}

const entries = [
  entry({ name: 'relu', ofInts: 'int', layer: 'ReLU', summary: 'Keeps what is positive.', formula: 'y = max(0, x)', keeps: ['output'], apply: (builder, x) => builder.relu(x) }),
  entry<{ negative_slope: number }>({
    name: 'leaky_relu',
    layer: 'LeakyReLU',
    summary: 'Keeps what is positive and scales down what is negative.',
    formula: 'y = max(0, x) + negative_slope·min(0, x)',
    keeps: ['input'],
    arguments: slope,
    apply: (builder, x, { negative_slope }) => leaky(builder, x, builder.scalar(negative_slope)),
  }),
  entry({ name: 'relu6', layer: 'ReLU6', summary: 'A ReLU that ends at 6.', formula: 'y = min(max(0, x), 6)', keeps: ['input'], apply: (builder, x) => hardTanh(builder, x, 0, 6) }),
  entry<{ alpha: number }>({
    name: 'elu',
    layer: 'ELU',
    summary: 'The identity for positive inputs, an exponential that approaches −alpha for negative ones.',
    formula: 'y = x for x > 0, alpha·(eˣ − 1) otherwise',
    keeps: ['input'],
    arguments: alpha,
    apply: (builder, x, given) => exponentialLinear(builder, x, given.alpha),
  }),
  entry({
    name: 'selu',
    layer: 'SELU',
    summary: 'A scaled ELU that keeps mean 0 and variance 1 (Klambauer et al., 2017).',
    formula: 'y = 1.0507·(x for x > 0, 1.6733·(eˣ − 1) otherwise)',
    keeps: ['input'],
    apply: (builder, x) => builder.multiply(builder.scalar(1.0507009873554805), exponentialLinear(builder, x, 1.6732632423543772)),
  }),
  entry<{ approximate: 'none' | 'tanh' }>({
    name: 'gelu',
    layer: 'GELU',
    summary: 'The input, weighted by the normal distribution below it (Hendrycks and Gimpel, 2016).',
    formula: 'y = x·Φ(x);  with "tanh": y = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))',
    keeps: ['input'],
    arguments: { approximate: choice(['none', 'tanh'], { default: 'none', documentation: 'The exact function, or its tanh approximation.' }) },
    apply: (builder, x, { approximate }) => {
      const half = builder.multiply(builder.scalar(0.5), x);
      const inner =
        approximate === 'none'
          ? builder.erf(builder.multiply(builder.scalar(Math.SQRT1_2), x))
          : builder.tanh(
              builder.multiply(
                builder.scalar(Math.sqrt(2 / Math.PI)),
                builder.add(x, builder.multiply(builder.scalar(0.044715), builder.multiply(x, builder.multiply(x, x)))),
              ),
            );
      return builder.multiply(half, builder.add(builder.scalar(1), inner));
    },
  }),
  entry({ name: 'silu', layer: 'SiLU', summary: 'The input, weighted by its sigmoid; also called swish.', formula: 'y = x·σ(x)', keeps: ['input'], apply: (builder, x) => builder.multiply(x, builder.sigmoid(x)) }),
  entry({ name: 'mish', layer: 'Mish', summary: 'The input, weighted by tanh of its softplus.', formula: 'y = x·tanh(log(1 + eˣ))', keeps: ['input'], apply: (builder, x) => builder.multiply(x, builder.tanh(builder.softplus(x))) }),
  entry({ name: 'sigmoid', layer: 'Sigmoid', summary: 'Squashes to 0 … 1; it saturates on both sides.', formula: 'y = 1/(1 + e⁻ˣ)', keeps: ['output'], apply: (builder, x) => builder.sigmoid(x), numeric: (x) => 1 / (1 + Math.exp(-x)) }),
  entry({ name: 'tanh', layer: 'Tanh', summary: 'Squashes to −1 … 1; it saturates on both sides.', formula: 'y = tanh(x)', keeps: ['output'], apply: (builder, x) => builder.tanh(x), numeric: Math.tanh }),
  entry<{ beta: number; threshold: number }>({
    name: 'softplus',
    layer: 'Softplus',
    summary: 'A smooth ReLU.',
    formula: 'y = log(1 + e^(beta·x))/beta',
    keeps: ['input'],
    arguments: {
      beta: number({ default: 1, documentation: 'The sharpness of the bend.' }),
      threshold: number({ default: 20, documentation: 'Above it PyTorch returns the input itself, for speed.' }),
    },
    apply: (builder, x, { beta, threshold }) => {
      const scaled = builder.multiply(builder.scalar(beta), x);
      const smooth = builder.divide(builder.softplus(scaled), builder.scalar(beta));
      return builder.select(builder.greater(scaled, builder.scalar(threshold)), x, smooth);
    },
  }),
  entry({ name: 'hardswish', layer: 'Hardswish', summary: 'A piecewise SiLU (Howard et al., 2019).', formula: 'y = x·min(max(x + 3, 0), 6)/6', keeps: ['input'], apply: (builder, x) => builder.multiply(x, hardSigmoid(builder, x)) }),
  entry({ name: 'hardsigmoid', layer: 'Hardsigmoid', summary: 'A piecewise sigmoid.', formula: 'y = min(max(x + 3, 0), 6)/6', keeps: ['input'], apply: hardSigmoid }),
  entry({ name: 'logsigmoid', layer: 'LogSigmoid', summary: 'The logarithm of the sigmoid, computed without overflow.', formula: 'y = log(1/(1 + e⁻ˣ))', keeps: ['input', 'statistics'], apply: (builder, x) => builder.logSigmoid(x) }),
  entry<{ alpha: number }>({
    name: 'celu',
    layer: 'CELU',
    summary: 'An ELU whose slope is continuous for every alpha (Barron, 2017).',
    formula: 'y = max(0, x) + min(0, alpha·(e^(x/alpha) − 1))',
    keeps: ['input'],
    arguments: { alpha: notZero(1, 'The limit for very negative inputs is −alpha.') },
    apply: (builder, x, given) => exponentialLinear(builder, x, given.alpha, given.alpha),
  }),
  entry({ name: 'softsign', layer: 'Softsign', summary: 'Squashes to −1 … 1, more slowly than tanh.', formula: 'y = x/(1 + |x|)', keeps: ['input', 'statistics'], apply: (builder, x) => builder.divide(x, builder.add(builder.scalar(1), builder.abs(x))) }),
  entry({ name: 'tanhshrink', layer: 'Tanhshrink', summary: 'What tanh takes away.', formula: 'y = x − tanh(x)', keeps: ['statistics'], apply: (builder, x) => builder.subtract(x, builder.tanh(x)) }),
  entry<{ lambd: number }>({
    name: 'hardshrink',
    layer: 'Hardshrink',
    summary: 'Sets small values to 0.',
    formula: 'y = x for |x| > lambd, 0 otherwise',
    keeps: ['input'],
    arguments: { lambd: number({ default: 0.5, documentation: 'The half width of what is set to 0.' }) },
    apply: (builder, x, { lambd }) => {
      const outside = builder.maximum(builder.greater(x, builder.scalar(lambd)), builder.less(x, builder.scalar(-lambd)));
      return builder.select(outside, x, builder.scalar(0));
    },
  }),
  entry<{ lambd: number }>({
    name: 'softshrink',
    layer: 'Softshrink',
    summary: 'Moves values towards 0.',
    formula: 'y = x − lambd for x > lambd, x + lambd for x < −lambd, 0 otherwise',
    keeps: ['input'],
    arguments: { lambd: number({ minimum: 0, default: 0.5, documentation: 'How far.' }) },
    apply: (builder, x, { lambd }) => {
      const bound = builder.scalar(lambd);
      return builder.subtract(builder.relu(builder.subtract(x, bound)), builder.relu(builder.subtract(builder.negate(x), bound)));
    },
  }),
  entry<{ threshold: number; value: number }>({
    name: 'threshold',
    layer: 'Threshold',
    summary: 'Keeps what is above a threshold; anything else becomes a fixed value.',
    formula: 'y = x for x > threshold, value otherwise',
    keeps: ['input'],
    arguments: { threshold: number({ documentation: 'What must be exceeded.' }), value: number({ documentation: 'What the others become.' }) },
    apply: (builder, x, given) => builder.select(builder.greater(x, builder.scalar(given.threshold)), x, builder.scalar(given.value)),
  }),
  entry<{ min_val: number; max_val: number }>({
    name: 'hardtanh',
    layer: 'Hardtanh',
    summary: 'Cuts off at both ends.',
    formula: 'y = min(max(x, min_val), max_val)',
    keeps: ['input'],
    arguments: { min_val: number({ default: -1, documentation: 'The smallest output.' }), max_val: number({ default: 1, documentation: 'The largest output.' }) },
    check: ({ min_val, max_val }) =>
      min_val <= max_val ? undefined : { code: 'bounds-out-of-order', argument: 'min_val', message: `Hardtanh needs min_val ≤ max_val, but ${String(min_val)} is above ${String(max_val)}` },
    apply: (builder, x, { min_val, max_val }) => hardTanh(builder, x, min_val, max_val),
  }),
  entry<{ lower: number; upper: number }>({
    name: 'rrelu',
    layer: 'RReLU',
    summary: 'A leaky ReLU with a random slope in training; here, as in evaluation, with the mean slope.',
    formula: 'y = max(0, x) + (lower + upper)/2·min(0, x)',
    keeps: ['input', 'mask'],
    arguments: { lower: number({ default: 1 / 8, documentation: 'The smallest slope.' }), upper: number({ default: 1 / 3, documentation: 'The largest slope.' }) },
    check: ({ lower, upper }) =>
      lower <= upper ? undefined : { code: 'bounds-out-of-order', argument: 'lower', message: `RReLU needs lower ≤ upper, but ${String(lower)} is above ${String(upper)}` },
    apply: (builder, x, { lower, upper }) => leaky(builder, x, builder.scalar((lower + upper) / 2)),
  }),
];

function hardSigmoid(builder: Builder, x: Ref): Ref {
  const shifted = builder.add(x, builder.scalar(3));
  return builder.divide(hardTanh(builder, shifted, 0, 6), builder.scalar(6));
}

const prelu = operation<{ num_parameters: number; init: number }>({
  name: 'PReLU',
  summary: 'A leaky ReLU whose slope is learned: one for all, or one for each channel.',
  formula: 'y = max(0, x) + weight·min(0, x)',
  source: `${torchPage('torch.nn.PReLU')} · He et al., 2015, https://arxiv.org/abs/1502.01852`,
  keeps: ['input', 'weight'],
  work: perOutput(1),
  inputs: oneInput,
  arguments: {
    num_parameters: integer({ minimum: 1, default: 1, documentation: '1, or the number of channels.' }),
    init: number({ default: 0.25, documentation: 'The slope at first.' }),
  },
  infer(call) {
    if (!requireFloat(call, 'PReLU')) return undefined;
    const type = call.inputs[0]!;
    const { num_parameters: count, init } = call.arguments;
    const [channels] = type.shape;
    if (count !== 1 && (channels === undefined || !call.requireEqual(channels, count))) {
      return call.problem({
        code: 'slopes-do-not-fit',
        argument: 'num_parameters',
        message: `PReLU takes 1 slope, or one for each of the ${channels === undefined ? 1 : print(channels)} channels, but num_parameters is ${String(count)}`,
        data: { sizes: [1, ...knownAmong(channels ?? 1)] },
      });
    }
    return {
      output: type,
      parameters: [{ name: 'weight', shape: [count], initial: { constant: init } }],
      get steps() {
        return [{ what: 'parameters', formula: String(count) }];
      },
      dependence: elementwise(type.shape.length),
      execute: ({ builder, inputs, parameters: { weight } }) => {
        const x = inputs[0]!;
        const slopes = builder.reshape(weight!, count === 1 ? [] : [count, ...type.shape.slice(1).map(() => 1)]);
        return leaky(builder, x, slopes);
      },
    };
  },
});

function gated(name: string, source: string): FunctionOperation {
  return tensorFunction<{ dim: number }>({
    name,
    summary: 'Halves an axis: the first half, weighted by the sigmoid of the second.',
    formula: 'y = a·σ(b), with x = [a, b]',
    source: `${torchPage(source)} · Dauphin et al., 2017, https://arxiv.org/abs/1612.08083`,
    keeps: ['input'],
    work: perOutput(2, 'the sigmoid and the product'),
    inputs: oneInput,
    arguments: { dim: axis('The axis to halve.', -1) },
    infer(call) {
      if (!requireRank(call, name, 1) || !requireFloat(call, name)) return undefined;
      const { shape } = call.inputs[0]!;
      const at = resolveAxis(call, call.arguments.dim, shape.length);
      if (at === undefined) return undefined;
      const size = shape[at]!;
      if (!call.requireEqual(modulo(size, 2)!, 0)) {
        return call.problem({ code: 'odd-halves', argument: 'dim', message: `${name} halves axis ${String(at)}, but its size ${print(size)} is odd`, data: { divided: { size: known(size), by: 2 } } });
      }
      const half = floorDivide(size, 2)!;
      return {
        output: { element: 'float', shape: shape.map((other, index) => (index === at ? half : other)) },
        get steps() {
          return [{ what: `axis ${String(at)}`, formula: `${print(size)}/2 = ${print(half)}` }];
        },
        dependence: {
          windows: shape.flatMap((_, index) => (index === at ? [] : [identity(0, index, index)])),
          mixed: [{ input: 0, axis: at, as: 'channel' }],
        },
        execute: ({ builder, inputs }) => {
          const whole = builder.shape(inputs[0]!);
          const count = whole[at + 1]! / 2;
          const part = (start: number): Ref =>
            builder.sliceGrid(inputs[0]!, {
              starts: whole.map((_, index) => (index === at + 1 ? start : 0)),
              steps: whole.map(() => 1),
              shape: whole.map((other, index) => (index === at + 1 ? count : other)),
            });
          return builder.multiply(part(0), builder.sigmoid(part(count)));
        },
      };
    },
  });
}

export const activations: readonly Operation[] = [...layersOf(entries), prelu, gated('GLU', 'torch.nn.GLU')];

export const activationFunctions: readonly FunctionOperation[] = [...functionsOf(entries), gated('glu', 'torch.nn.functional.glu')];
