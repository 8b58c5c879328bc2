// Losses of two tensors of one shape: one number per example, reduced within it; the batch is averaged by whoever trains.

import type { Builder, Ref } from '../engine/builder';
import { type Dimension, identical, multiply, print } from '../symbolic/dimension';
import { type ArgumentDefinition, type ArgumentDefinitions, axis, choice, flag, number, type RawValue } from './arguments';
import { aligned, broadcastDependence, broadcastShapes } from './broadcast';
import { resolveAxis } from './check';
import { type Call, type FunctionOperation, type InputDefinition, type Kept, type Operation, operation, tensorFunction, torchPage } from './definition';
import { everything } from './dependence';
import { norm } from './reduce';
import { elements, printShape } from './tensor';
import type { Work } from './work';

export type Reduction = 'mean' | 'sum' | 'none';

export const reduction: ArgumentDefinition<Reduction> = choice(['mean', 'sum', 'none'], {
  default: 'mean',
  documentation: 'How the values of one example become one number; "none" leaves them alone.',
});

/** The values of each example as one number, unless they are left alone. */
export function reduced(builder: Builder, values: Ref, how: string): Ref {
  const axes = builder.shape(values).slice(1).map((_, index) => index + 1);
  if (how === 'none') return values;
  return how === 'mean' ? builder.mean(values, axes) : builder.sum(values, axes);
}

const weight: InputDefinition = { name: 'weight', optional: true, documentation: 'Scales the loss of each entry.' };

interface PairLoss<A> {
  readonly name: string;
  readonly summary: string;
  readonly formula: string;
  readonly keeps?: readonly Kept[];
  /** Operations for each pair of entries, without weight and reduction. */
  readonly operations: number;
  readonly arguments: ArgumentDefinitions<A>;
  /** Tensors behind input and target. */
  readonly further?: readonly InputDefinition[];
  /** Input and target must have the same number of elements, as PyTorch's must. */
  readonly strict?: boolean;
  /** A weight for each entry: the mean is that of the weights, or the plain one. */
  readonly weighting?: 'weights' | 'plain';
  apply(builder: Builder, operands: readonly Ref[], given: A): Ref;
}

/** A loss that compares input and target entry by entry. */
function pairLoss<A extends { reduction: string }>({ name, summary, formula, keeps = ['input'], operations, arguments: given, further = [], strict = false, weighting, apply }: PairLoss<A>): FunctionOperation {
  return tensorFunction<A>({
    name,
    summary,
    formula,
    source: torchPage(`torch.nn.functional.${name}`),
    keeps,
    work: lossWork(operations),
    inputs: [{ name: 'input' }, { name: 'target' }, ...further, ...(weighting === undefined ? [] : [weight])],
    arguments: given,
    infer(call) {
      const shapes = call.inputs.map((each) => each.shape);
      const shape = broadcastShapes(call, name, shapes);
      if (shape === undefined) return undefined;
      if (!requireSameElements(call, name, shape, strict) || !requireWeights(call, name, weighting !== undefined)) return undefined;
      const how = call.arguments.reduction;
      const result = how === 'none' ? shape : [];
      const count = print(elements(shape));
      return {
        output: { element: 'float', shape: result },
        steps: how === 'none' ? [] : [{ what: 'reduced', formula: `${how} of ${count} ${count === '1' ? 'value' : 'values'} per example` }],
        dependence: how === 'none' ? broadcastDependence(shapes, shape) : everything(shapes.map((each) => each.length)),
        execute: ({ builder, inputs }) => {
          const operands = aligned(builder, inputs, shape.length);
          const values = apply(builder, operands, call.arguments);
          const weights = weighting === undefined ? undefined : operands[2];
          if (weights === undefined) return reduced(builder, values, how);
          const total = reduced(builder, builder.multiply(values, weights), how === 'mean' && weighting === 'weights' ? 'sum' : how);
          return how === 'mean' && weighting === 'weights' ? builder.divide(total, reduced(builder, weights, 'sum')) : total;
        },
      };
    },
  });
}

/** So many operations for each entry, one more for a weight, and one for the reduction. */
export function lossWork(operations: number): Work<{ reduction: string }> {
  return {
    counted: `${String(operations)} for each entry, one more with a weight, and one for the reduction`,
    count({ inputs, arguments: given }) {
      const rank = Math.max(...inputs.map((each) => each.shape.length));
      const [widest] = inputs.filter((each) => each.shape.length === rank).map((each) => elements(each.shape));
      return multiply(operations + (inputs.length > 2 ? 1 : 0) + (given.reduction === 'none' ? 0 : 1), widest!);
    },
  };
}

/** Broadcasting input against target repeats one of them, which is hardly ever meant. */
function requireSameElements(call: Pick<Call, 'inputs' | 'problem' | 'warn'>, name: string, shape: readonly Dimension[], strict: boolean): boolean {
  const [input, target] = call.inputs;
  const grown = [input!, target!].some((each) => !identical(elements(each.shape), elements(shape)) && elements(each.shape) === 1);
  const stretched = [input!, target!].some((each) => each.shape.some((size, index) => size === 1 && shape[index + shape.length - each.shape.length] !== 1));
  if (!grown && !stretched) return true;
  const problem = {
    code: 'loss-broadcasts' as const,
    message: `${name} compares ${printShape(input!.shape)} with ${printShape(target!.shape)}, which repeats one of them to ${printShape(shape)}; give both the same shape`,
  };
  if (strict) call.problem(problem);
  else call.warn(problem);
  return !strict;
}

/** PyTorch: "Weights and input must have the same size." */
function requireWeights(call: Pick<Call, 'inputs' | 'problem' | 'requireEqual'>, name: string, weighted: boolean): boolean {
  const [input, , weights] = call.inputs.map((each) => each.shape);
  if (!weighted || weights === undefined || (weights.length === input!.length && weights.every((size, axis) => call.requireEqual(size, input![axis]!)))) return true;
  call.problem({ code: 'wrong-weight-shape', message: `${name} takes a weight for each entry of its input ${printShape(input!)}, but weight is ${printShape(weights)}` });
  return false;
}

const two = (builder: Builder): Ref => builder.scalar(2);

/** d²/2 for |d| < beta, else beta·(|d| − beta/2), by which smooth_l1 and Huber differ only in scale. */
function huber(builder: Builder, difference: Ref, bend: number): Ref {
  const size = builder.abs(difference);
  const quadratic = builder.divide(builder.square(difference), two(builder));
  const straight = builder.multiply(builder.scalar(bend), builder.subtract(size, builder.scalar(bend / 2)));
  return builder.select(builder.less(size, builder.scalar(bend)), quadratic, straight);
}

/** One number for all classes, or one for each. */
const classNumbers: ArgumentDefinition<readonly number[] | null> = {
  documentation: 'The weight of positive targets: a number, or a list with one for each place of the last axis.',
  accepts: 'a number, or a list of numbers',
  default: null,
  read: (raw: RawValue) => {
    if (raw === null) return { value: null };
    const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : [raw];
    return values.length > 0 && values.every((value) => typeof value === 'number') ? { value: values as readonly number[] } : { problem: 'must be a number, or a list of numbers' };
  },
};

/** −target·log p − (1 − target)·log(1 − p), with logarithms that end at −100, as PyTorch's do. */
function crossEntropyOfProbabilities(builder: Builder, p: Ref, target: Ref): Ref {
  const one = builder.scalar(1);
  const log = (value: Ref): Ref => {
    const tiny = builder.less(value, builder.scalar(Math.exp(-100)));
    return builder.select(tiny, builder.scalar(-100), builder.log(builder.select(tiny, one, value)));
  };
  const hit = builder.multiply(target, log(p));
  const miss = builder.multiply(builder.subtract(one, target), log(builder.subtract(one, p)));
  return builder.negate(builder.add(hit, miss));
}

function weighted(builder: Builder, values: Ref, weight: Ref | undefined): Ref {
  return weight === undefined ? values : builder.multiply(values, builder.detach(weight));
}

const pairLosses: readonly FunctionOperation[] = [
  pairLoss<{ reduction: Reduction }>({
    name: 'mse_loss',
    summary: 'The mean squared error.',
    formula: 'mean of (input − target)²',
    weighting: 'weights',
    operations: 2,
    arguments: { reduction },
    apply: (builder, [input, target]) => builder.square(builder.subtract(input!, target!)),
  }),
  pairLoss<{ reduction: Reduction }>({
    name: 'l1_loss',
    summary: 'The mean absolute error.',
    formula: 'mean of |input − target|',
    weighting: 'weights',
    operations: 2,
    arguments: { reduction },
    apply: (builder, [input, target]) => builder.abs(builder.subtract(input!, target!)),
  }),
  pairLoss<{ reduction: Reduction; beta: number }>({
    name: 'smooth_l1_loss',
    summary: 'Squared for small errors, absolute for large ones; scaled by 1/beta.',
    formula: 'mean of d²/(2·beta) for |d| < beta, |d| − beta/2 otherwise, with d = input − target',
    operations: 5,
    arguments: { reduction, beta: number({ minimum: 0, default: 1, documentation: 'Where the square becomes a line; 0 is l1_loss.' }) },
    apply: (builder, [input, target], { beta }) => {
      const difference = builder.subtract(input!, target!);
      return beta === 0 ? builder.abs(difference) : builder.divide(huber(builder, difference, beta), builder.scalar(beta));
    },
  }),
  pairLoss<{ reduction: Reduction; delta: number }>({
    name: 'huber_loss',
    summary: 'Squared for small errors, linear for large ones.',
    formula: 'mean of d²/2 for |d| ≤ delta, delta·(|d| − delta/2) otherwise, with d = input − target',
    weighting: 'plain',
    operations: 5,
    arguments: { reduction, delta: above(0, 1, 'Where the square becomes a line.') },
    apply: (builder, [input, target], { delta }) => huber(builder, builder.subtract(input!, target!), delta),
  }),
  pairLoss<{ reduction: Reduction }>({
    name: 'binary_cross_entropy',
    summary: 'The cross entropy of probabilities between 0 and 1; …_with_logits is more exact on logits.',
    formula: 'mean of −(target·log p + (1 − target)·log(1 − p)), logarithms at least −100',
    strict: true,
    further: [weight],
    operations: 6,
    arguments: { reduction },
    apply: (builder, [input, target, scale]) => weighted(builder, crossEntropyOfProbabilities(builder, input!, target!), scale),
  }),
  pairLoss<{ reduction: Reduction; pos_weight: readonly number[] | null }>({
    name: 'binary_cross_entropy_with_logits',
    summary: 'The sigmoid and the binary cross entropy in one, without overflow.',
    formula: 'mean of (1 − target)·x + (1 + (pos_weight − 1)·target)·log(1 + e⁻ˣ)',
    strict: true,
    further: [weight],
    operations: 5,
    arguments: { reduction, pos_weight: classNumbers },
    apply: (builder, [input, target, scale], { pos_weight }) => {
      const one = builder.scalar(1);
      const softened = builder.softplus(builder.negate(input!));
      const factors = pos_weight === null ? undefined : builder.constant(pos_weight.map((each) => each - 1), pos_weight.length === 1 ? [] : [pos_weight.length]);
      const share = factors === undefined ? softened : builder.multiply(builder.add(one, builder.multiply(factors, target!)), softened);
      return weighted(builder, builder.add(builder.multiply(builder.subtract(one, target!), input!), share), scale);
    },
  }),
  pairLoss<{ reduction: Reduction | 'batchmean'; log_target: boolean }>({
    name: 'kl_div',
    summary: 'The Kullback–Leibler divergence; the input holds logarithms of probabilities.',
    formula: 'mean of target·(log target − input); with log_target: e^target·(target − input)',
    operations: 4,
    arguments: {
      reduction: choice(['mean', 'sum', 'none', 'batchmean'], { default: 'mean', documentation: '"batchmean" is the divergence itself: the sum over one example.' }),
      log_target: flag({ default: false, documentation: 'The target holds logarithms, too.' }),
    },
    apply: (builder, [input, target], { log_target }) => {
      if (log_target) return builder.multiply(builder.exp(target!), builder.subtract(target!, input!));
      // t·log t is 0 where t is 0.
      const positive = builder.greater(target!, builder.scalar(0));
      const entropy = builder.multiply(target!, builder.log(builder.select(positive, target!, builder.scalar(1))));
      return builder.subtract(entropy, builder.multiply(target!, input!));
    },
  }),
  pairLoss<{ margin: number; reduction: Reduction }>({
    name: 'hinge_embedding_loss',
    summary: 'Distances of pairs: small where the target is 1, at least the margin where it is −1.',
    formula: 'mean of input where target = 1, max(0, margin − input) where target = −1',
    operations: 2,
    arguments: { margin: number({ default: 1, documentation: 'The distance that unlike pairs should have.' }), reduction },
    apply: (builder, [input, target], { margin }) => {
      const one = builder.scalar(1);
      const zero = builder.scalar(0);
      const unlike = builder.select(builder.equal(target!, one), zero, builder.relu(builder.subtract(builder.scalar(margin), input!)));
      const like = builder.select(builder.equal(target!, builder.negate(one)), zero, input!);
      return builder.add(unlike, like);
    },
  }),
];

/** A number above a bound. */
function above(bound: number, standard: number, documentation: string): ArgumentDefinition<number> {
  const accepts = `a number above ${String(bound)}`;
  return {
    documentation,
    accepts,
    default: standard,
    read: (raw) => (typeof raw === 'number' && raw > bound ? { value: raw } : { problem: `must be ${accepts}` }),
  };
}

/** x/max(|x|, eps) along an axis; the axis is counted with the batch. */
function unit(builder: Builder, x: Ref, along: number, eps: number): Ref {
  const square = builder.sum(builder.square(x), [along], true);
  // Where x is 0, the length has no derivative, and eps takes its place.
  const isZero = builder.equal(square, builder.scalar(0));
  const length = builder.select(isZero, builder.scalar(0), builder.sqrt(builder.select(isZero, builder.scalar(1), square)));
  return builder.divide(x, builder.clamp(length, eps, Infinity));
}

/** cos of the angle between two vectors, as function and as layer. */
function cosine(name: string, source: string): FunctionOperation {
  return tensorFunction<{ dim: number; eps: number }>({
    name,
    summary: 'The cosine of the angle between two vectors along an axis.',
    formula: 'y = x₁·x₂ / (max(|x₁|, eps)·max(|x₂|, eps))',
    source: torchPage(source),
    keeps: ['input'],
    work: { counted: 'six for each pair of entries: three products and their sums', count: ({ inputs }) => multiply(6, elements(inputs[0]!.shape)) },
    inputs: [{ name: 'x1' }, { name: 'x2' }],
    arguments: {
      dim: axis('The axis of the vectors.', 0),
      eps: number({ minimum: 0, default: 1e-8, documentation: 'The smallest length, so that nothing is divided by zero.' }),
    },
    infer(call) {
      const shapes = call.inputs.map((input) => input.shape);
      const shape = broadcastShapes(call, name, shapes);
      if (shape === undefined) return undefined;
      const along = resolveAxis(call, call.arguments.dim, shape.length);
      if (along === undefined) return undefined;
      return {
        output: { element: 'float', shape: shape.filter((_, index) => index !== along) },
        dependence: cosineDependence(shapes, shape, along),
        execute: ({ builder, inputs }) => {
          const [a, b] = aligned(builder, inputs, shape.length).map((ref) =>
            unit(builder, builder.broadcastTo(ref, [builder.shape(ref)[0]!, ...(shape as readonly number[])]), along + 1, call.arguments.eps),
          );
          return builder.sum(builder.multiply(a!, b!), [along + 1]);
        },
      };
    },
  });
}

function cosineDependence(shapes: readonly (readonly Dimension[])[], shape: readonly Dimension[], along: number): ReturnType<typeof broadcastDependence> {
  const { windows, stretched } = broadcastDependence(shapes, shape);
  const kept = windows.filter((window) => window.to !== along).map((window) => ({ ...window, to: window.to > along ? window.to - 1 : window.to }));
  const mixed = windows.filter((window) => window.to === along).map(({ input, from }) => ({ input, axis: from, as: 'position' as const }));
  return { windows: kept, stretched, mixed };
}

const pairwiseDistance = operation<{ p: number; eps: number; keepdim: boolean }>({
  name: 'PairwiseDistance',
  summary: 'The distance of two vectors along the last axis.',
  formula: 'y = (Σ |x₁ − x₂ + eps|ᵖ)^(1/p)',
  source: torchPage('torch.nn.PairwiseDistance'),
  keeps: ['input', 'output'],
  work: { counted: 'four for each pair of entries (difference, eps, power, sum)', count: ({ inputs }) => multiply(4, elements(inputs[0]!.shape)) },
  inputs: [{ name: 'x1' }, { name: 'x2' }],
  arguments: {
    p: number({ default: 2, documentation: 'The order of the norm.' }),
    eps: number({ default: 1e-6, documentation: 'Added to the difference, so that its length is never 0.' }),
    keepdim: flag({ default: false, documentation: 'Keeps the last axis with size 1.' }),
  },
  infer(call) {
    const shapes = call.inputs.map((input) => input.shape);
    const shape = broadcastShapes(call, 'PairwiseDistance', shapes);
    if (shape === undefined) return undefined;
    if (shape.length === 0) return call.problem({ code: 'wrong-rank', message: 'PairwiseDistance takes vectors, but gets two single numbers; abs(a - b) is their distance' });
    const { p, eps, keepdim } = call.arguments;
    const along = shape.length - 1;
    const dependence = cosineDependence(shapes, shape, along);
    return {
      output: { element: 'float', shape: keepdim ? [...shape.slice(0, -1), 1] : shape.slice(0, -1) },
      dependence,
      execute: ({ builder, inputs }) => {
        const [a, b] = aligned(builder, inputs, shape.length);
        const difference = builder.add(builder.subtract(a!, b!), builder.scalar(eps));
        return norm(builder, difference, [along + 1], keepdim, p);
      },
    };
  },
});

/** Layers of two inputs that measure how alike they are. */
export const similarities: readonly Operation[] = [cosine('CosineSimilarity', 'torch.nn.CosineSimilarity'), pairwiseDistance];

export const losses: readonly FunctionOperation[] = [...pairLosses, cosine('cosine_similarity', 'torch.nn.functional.cosine_similarity')];
