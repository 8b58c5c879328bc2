// Elementwise functions of one tensor: activations (as layers and as functions) and the mathematical ones.

import type { Builder, Ref } from '../engine/builder';
import { type ArgumentDefinitions, choice, number } from './arguments';
import { type FunctionOperation, type Kept, oneInput, type Operation, operation } from './definition';
import { elementwise } from './dependence';

interface Entry<A> {
  /** PyTorch's function, and its module where there is one. */
  readonly name: string;
  readonly layer?: string;
  readonly summary: string;
  readonly formula: string;
  readonly keeps: readonly Kept[];
  readonly arguments?: ArgumentDefinitions<A>;
  apply(builder: Builder, x: Ref, given: A): Ref;
  readonly numeric?: (x: number) => number;
}

function entry<A = object>(definition: Entry<A>): Entry<Record<string, unknown>> {
  return definition as unknown as Entry<Record<string, unknown>>;
}

const scalar = (builder: Builder, value: number): Ref => builder.constant(value, []);

/** max(x, 0) − slope·max(−x, 0): the family of leaky rectifiers. */
function leaky(builder: Builder, x: Ref, slope: number): Ref {
  return builder.subtract(builder.relu(x), builder.multiply(scalar(builder, slope), builder.relu(builder.negate(x))));
}

/** x where positive, else scale·(eˣ − 1); the exponential is only taken of values that are not positive. */
function exponentialLinear(builder: Builder, x: Ref, alpha: number): Ref {
  const negative = builder.negate(builder.relu(builder.negate(x)));
  const curve = builder.multiply(scalar(builder, alpha), builder.expm1(negative));
  return builder.add(builder.relu(x), curve);
}

const slope = { negative_slope: number({ default: 0.01, documentation: 'The slope for negative inputs.' }) };
const alpha = { alpha: number({ default: 1, documentation: 'The limit for very negative inputs is −alpha.' }) };

const entries = [
  entry({ name: 'relu', layer: 'ReLU', summary: 'Keeps what is positive.', formula: 'y = max(0, x)', keeps: ['output'], apply: (builder, x) => builder.relu(x) }),
  entry<{ negative_slope: number }>({
    name: 'leaky_relu',
    layer: 'LeakyReLU',
    summary: 'Keeps what is positive and scales down what is negative.',
    formula: 'y = max(0, x) + negative_slope·min(0, x)',
    keeps: ['input'],
    arguments: slope,
    apply: (builder, x, { negative_slope }) => leaky(builder, x, negative_slope),
  }),
  entry({ name: 'relu6', layer: 'ReLU6', summary: 'A ReLU that ends at 6.', formula: 'y = min(max(0, x), 6)', keeps: ['output'], apply: (builder, x) => builder.subtract(builder.relu(x), builder.relu(builder.subtract(x, scalar(builder, 6)))) }),
  entry<{ alpha: number }>({
    name: 'elu',
    layer: 'ELU',
    summary: 'The identity for positive inputs, an exponential that approaches −alpha for negative ones.',
    formula: 'y = x for x > 0, alpha·(eˣ − 1) otherwise',
    keeps: ['output'],
    arguments: alpha,
    apply: (builder, x, given) => exponentialLinear(builder, x, given.alpha),
  }),
  entry({
    name: 'selu',
    layer: 'SELU',
    summary: 'A scaled ELU that keeps mean 0 and variance 1 (Klambauer et al., 2017).',
    formula: 'y = 1.0507·(x for x > 0, 1.6733·(eˣ − 1) otherwise)',
    keeps: ['output'],
    apply: (builder, x) => builder.multiply(scalar(builder, 1.0507009873554805), exponentialLinear(builder, x, 1.6732632423543772)),
  }),
  entry<{ approximate: 'none' | 'tanh' }>({
    name: 'gelu',
    layer: 'GELU',
    summary: 'The input, weighted by the normal distribution below it (Hendrycks and Gimpel, 2016).',
    formula: 'y = x·Φ(x);  with "tanh": y = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))',
    keeps: ['input'],
    arguments: { approximate: choice(['none', 'tanh'], { default: 'none', documentation: 'The exact function, or its tanh approximation.' }) },
    apply: (builder, x, { approximate }) => {
      const half = builder.multiply(scalar(builder, 0.5), x);
      const inner =
        approximate === 'none'
          ? builder.erf(builder.multiply(scalar(builder, Math.SQRT1_2), x))
          : builder.tanh(
              builder.multiply(
                scalar(builder, Math.sqrt(2 / Math.PI)),
                builder.add(x, builder.multiply(scalar(builder, 0.044715), builder.multiply(x, builder.multiply(x, x)))),
              ),
            );
      return builder.multiply(half, builder.add(scalar(builder, 1), inner));
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
      const scaled = builder.multiply(scalar(builder, beta), x);
      const smooth = builder.divide(builder.softplus(scaled), scalar(builder, beta));
      return builder.select(builder.greater(scaled, scalar(builder, threshold)), x, smooth);
    },
  }),
  entry({ name: 'hardswish', layer: 'Hardswish', summary: 'A piecewise SiLU (Howard et al., 2019).', formula: 'y = x·min(max(x + 3, 0), 6)/6', keeps: ['input'], apply: (builder, x) => builder.multiply(x, hardSigmoid(builder, x)) }),
  entry({ name: 'hardsigmoid', layer: 'Hardsigmoid', summary: 'A piecewise sigmoid.', formula: 'y = min(max(x + 3, 0), 6)/6', keeps: ['mask'], apply: hardSigmoid }),
  entry({ name: 'sign', layer: 'Sign', summary: 'The sign of the input; its gradient is zero, so nothing in front of it learns.', formula: 'y = −1, 0 or 1', keeps: [], apply: (builder, x) => builder.sign(x), numeric: Math.sign }),
  entry({ name: 'step', layer: 'Step', summary: '1 for positive inputs, else 0; its gradient is zero, so nothing in front of it learns.', formula: 'y = 1 for x > 0, 0 otherwise', keeps: [], apply: (builder, x) => builder.step(x), numeric: (x) => (x > 0 ? 1 : 0) }),
  entry({ name: 'abs', summary: 'The magnitude.', formula: 'y = |x|', keeps: ['input'], apply: (builder, x) => builder.abs(x), numeric: Math.abs }),
  entry({ name: 'exp', summary: 'The exponential.', formula: 'y = eˣ', keeps: ['output'], apply: (builder, x) => builder.exp(x), numeric: Math.exp }),
  entry({ name: 'log', summary: 'The natural logarithm.', formula: 'y = ln x', keeps: ['input'], apply: (builder, x) => builder.log(x), numeric: Math.log }),
  entry({ name: 'sqrt', summary: 'The square root.', formula: 'y = √x', keeps: ['output'], apply: (builder, x) => builder.sqrt(x), numeric: Math.sqrt }),
  entry({ name: 'sin', summary: 'The sine.', formula: 'y = sin x', keeps: ['input'], apply: (builder, x) => builder.sin(x), numeric: Math.sin }),
  entry({ name: 'cos', summary: 'The cosine.', formula: 'y = cos x', keeps: ['input'], apply: (builder, x) => builder.cos(x), numeric: Math.cos }),
  entry({ name: 'erf', summary: 'The error function.', formula: 'y = 2/√π·∫₀ˣ e^(−t²) dt', keeps: ['input'], apply: (builder, x) => builder.erf(x) }),
  entry({ name: 'floor', summary: 'Rounds down; its gradient is zero.', formula: 'y = ⌊x⌋', keeps: [], apply: (builder, x) => builder.floor(x), numeric: Math.floor }),
  entry({ name: 'ceil', summary: 'Rounds up; its gradient is zero.', formula: 'y = ⌈x⌉', keeps: [], apply: (builder, x) => builder.ceil(x), numeric: Math.ceil }),
  entry({ name: 'round', summary: 'Rounds to the nearest integer, halves to the even one; its gradient is zero.', formula: 'y = round(x)', keeps: [], apply: (builder, x) => builder.round(x), numeric: roundHalfEven }),
  entry({ name: 'detach', summary: 'The same values, through which no gradient flows.', formula: 'y = x', keeps: [], apply: (builder, x) => builder.detach(x) }),
];

function hardSigmoid(builder: Builder, x: Ref): Ref {
  const shifted = builder.add(x, scalar(builder, 3));
  const six = scalar(builder, 6);
  const clipped = builder.subtract(builder.relu(shifted), builder.relu(builder.subtract(shifted, six)));
  return builder.divide(clipped, six);
}

/** Python's rounding: halves go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

function toOperation(name: string, { summary, formula, keeps, arguments: given = {}, apply }: Entry<Record<string, unknown>>): Operation {
  const isLayer = /^[A-Z]/.test(name);
  return operation<Record<string, unknown>>({
    name,
    summary,
    formula,
    source: `https://docs.pytorch.org/docs/stable/generated/torch.nn.${isLayer ? '' : 'functional.'}${name}.html`,
    inputs: oneInput,
    keeps,
    arguments: given,
    infer(call) {
      const [type] = call.inputs;
      return {
        output: { element: 'float', shape: type!.shape },
        dependence: elementwise(type!.shape.length),
        execute: ({ builder, inputs }) => apply(builder, inputs[0]!, call.arguments),
      };
    },
  });
}

export const activations: readonly Operation[] = entries.flatMap((each) =>
  each.layer === undefined ? [] : [toOperation(each.layer, each)],
);

export const elementwiseFunctions: readonly FunctionOperation[] = entries.map((each) => ({
  ...toOperation(each.name, each),
  numeric: each.numeric,
}));
