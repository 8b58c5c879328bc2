// Losses of two tensors of one shape: one number per example, reduced within it; the batch is averaged by whoever trains.

import type { Builder, Ref } from '../engine/builder';
import { type Dimension, identical, multiply, print } from '../symbolic/dimension';
import { type ArgumentDefinition, type ArgumentDefinitions, choice, flag, number, type RawValue } from './arguments';
import { aligned, broadcastDependence, broadcastShapes } from './broadcast';
import { type Call, type FunctionOperation, type InputDefinition, type Kept, tensorFunction, torchPage } from './definition';
import { everything } from './dependence';
import { elements, printShape, type TensorType } from './tensor';
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
  /** The tensors; input and target, and those behind, unless said. */
  readonly inputs?: readonly InputDefinition[];
  readonly further?: readonly InputDefinition[];
  /** An input that may be one for all of the last axis, which it then lacks. */
  readonly mayLackLast?: number;
  /** What must hold of the shapes beyond broadcasting; false after a problem was reported. */
  check?(call: Call<A>): boolean;
  /** Input and target must have the same number of elements, as PyTorch's must. */
  readonly strict?: boolean;
  /** A weight for each entry: the mean is that of the weights, or the plain one. */
  readonly weighting?: 'weights' | 'plain';
  apply(builder: Builder, operands: readonly Ref[], given: A): Ref;
}

/** A loss that compares input and target entry by entry. */
function pairLoss<A extends { reduction: string }>({ name, summary, formula, keeps = ['input'], operations, arguments: given, inputs, further = [], mayLackLast, check = () => true, strict = false, weighting, apply }: PairLoss<A>): FunctionOperation {
  return tensorFunction<A>({
    name,
    summary,
    formula,
    source: torchPage(`torch.nn.functional.${name}`),
    keeps,
    work: lossWork(operations),
    inputs: inputs ?? [{ name: 'input' }, { name: 'target' }, ...further, ...(weighting === undefined ? [] : [weight])],
    arguments: given,
    infer(call) {
      if (!check(call)) return undefined;
      const shapes = shapesOf(call.inputs, mayLackLast);
      const shape = broadcastShapes(call, name, shapes);
      if (shape === undefined) return undefined;
      if (!requireSameElements(call, name, shape, strict) || !requireWeights(call, name, weighting !== undefined)) return undefined;
      const how = call.arguments.reduction;
      const result = how === 'none' ? shape : [];
      const count = print(elements(shape));
      return {
        output: { element: 'float', shape: result },
        get steps() {
          return how === 'none' ? [] : [{ what: 'reduced', formula: `${how} of ${count} ${count === '1' ? 'value' : 'values'} per example` }];
        },
        dependence: how === 'none' ? broadcastDependence(shapes, shape) : everything(shapes.map((each) => each.length)),
        execute: ({ builder, inputs }) => {
          const operands = aligned(builder, lifted(builder, inputs, shapes), shape.length);
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

/** The shapes to broadcast; where an input may lack the last axis, it has it with size 1. */
function shapesOf(inputs: readonly TensorType[], mayLackLast: number | undefined): readonly (readonly Dimension[])[] {
  const rank = inputs[0]!.shape.length;
  return inputs.map(({ shape }, index) => (index === mayLackLast && shape.length === rank - 1 ? [...shape, 1] : shape));
}

/** The tensors with the axes that `shapesOf` added. */
function lifted(builder: Builder, refs: readonly Ref[], shapes: readonly (readonly Dimension[])[]): readonly Ref[] {
  return refs.map((ref, index) => {
    const own = builder.shape(ref);
    return own.length === shapes[index]!.length + 1 ? ref : builder.reshape(ref, [...own, 1]);
  });
}

/** The variance has the input's shape, or is one for all of one of its axes. */
function requireVariance(call: Pick<Call, 'inputs' | 'problem' | 'requireEqual'>): boolean {
  const [input, , variance] = call.inputs.map((each) => each.shape) as [readonly Dimension[], readonly Dimension[], readonly Dimension[]];
  const shared = variance.length < input.length ? [] : variance.flatMap((size, axis) => (size === 1 && input[axis] !== 1 ? [axis] : []));
  const fits = variance.length === input.length - 1 || (variance.length === input.length && shared.length <= 1);
  if (fits && variance.every((size, axis) => shared.includes(axis) || call.requireEqual(size, input[axis]!))) return true;
  call.problem({ code: 'wrong-variance-shape', message: `gaussian_nll_loss takes a variance of the shape of its input ${printShape(input)}, or one for all of an axis, but var is ${printShape(variance)}` });
  return false;
}

/** log n! for n > 1 (Stirling), 0 otherwise: n·log n − n + ½·log(2πn). */
function stirling(builder: Builder, n: Ref): Ref {
  const large = builder.greater(n, builder.scalar(1));
  const safe = builder.select(large, n, builder.scalar(1));
  const log = builder.log(safe);
  const bend = builder.multiply(builder.scalar(0.5), builder.add(builder.scalar(Math.log(2 * Math.PI)), log));
  return builder.select(large, builder.add(builder.subtract(builder.multiply(safe, log), safe), bend), builder.scalar(0));
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
  call.problem({ code: 'wrong-weight-shape', message: `${name} takes a weight for each entry of its input ${printShape(input!)}, but weight is ${printShape(weights)}`, data: { shapes: [printShape(input!)] } });
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

export const losses: readonly FunctionOperation[] = [
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
    inputs: [{ name: 'input' }, { name: 'target', signs: true }],
    operations: 2,
    arguments: { margin: number({ default: 1, documentation: 'The distance that unlike pairs should have.' }), reduction },
    apply: (builder, [input, target], { margin }) => {
      const one = builder.scalar(1);
      const zero = builder.scalar(0);
      const unlike = builder.select(builder.equal(target!, one), zero, builder.clamp(builder.subtract(builder.scalar(margin), input!), 0, Infinity));
      const like = builder.select(builder.equal(target!, builder.negate(one)), zero, input!);
      return builder.add(unlike, like);
    },
  }),
  pairLoss<{ reduction: Reduction }>({
    name: 'soft_margin_loss',
    summary: 'The logistic loss of two classes, of which the target is −1 or 1.',
    formula: 'mean of log(1 + e^(−target·input))',
    strict: true,
    inputs: [{ name: 'input' }, { name: 'target', signs: true }],
    operations: 3,
    arguments: { reduction },
    apply: (builder, [input, target]) => builder.softplus(builder.negate(builder.multiply(target!, input!))),
  }),
  pairLoss<{ log_input: boolean; full: boolean; eps: number; reduction: Reduction }>({
    name: 'poisson_nll_loss',
    summary: 'The negative logarithm of a Poisson distribution: for targets that count something.',
    formula: 'mean of e^input − target·input; with log_input = false: input − target·log(input + eps)',
    operations: 3,
    arguments: {
      log_input: flag({ default: true, documentation: 'The input is the logarithm of the rate, not the rate.' }),
      full: flag({ default: false, documentation: "Adds Stirling's approximation of log target! where the target is above 1." }),
      eps: number({ minimum: 0, default: 1e-8, documentation: 'Added to a rate, so that its logarithm is finite.' }),
      reduction,
    },
    apply: (builder, [input, target], { log_input, full, eps }) => {
      const rate = log_input ? builder.exp(input!) : input!;
      const log = log_input ? input! : builder.log(builder.add(input!, builder.scalar(eps)));
      const loss = builder.subtract(rate, builder.multiply(target!, log));
      return full ? builder.add(loss, stirling(builder, target!)) : loss;
    },
  }),
  pairLoss<{ full: boolean; eps: number; reduction: Reduction }>({
    name: 'gaussian_nll_loss',
    summary: 'The negative logarithm of a normal distribution whose mean and variance are predicted.',
    formula: 'mean of ½·(log v + (input − target)²/v), with v = max(var, eps); full adds ½·log 2π',
    further: [{ name: 'var', documentation: "The variance: of the input's shape, or one for all of its last axis." }],
    operations: 6,
    arguments: {
      full: flag({ default: false, documentation: 'Adds the constant ½·log 2π.' }),
      eps: above(0, 1e-6, 'The smallest variance; below it the derivative is that of no bound.'),
      reduction,
    },
    mayLackLast: 2,
    check: requireVariance,
    apply: (builder, [input, target, variance], { full, eps }) => {
      // PyTorch bounds the variance behind the back of the derivative.
      const missing = builder.detach(builder.subtract(builder.clamp(variance!, eps, Infinity), variance!));
      const v = builder.add(variance!, missing);
      const square = builder.square(builder.subtract(input!, target!));
      const loss = builder.multiply(builder.scalar(0.5), builder.add(builder.log(v), builder.divide(square, v)));
      return full ? builder.add(loss, builder.scalar(0.5 * Math.log(2 * Math.PI))) : loss;
    },
  }),
  pairLoss<{ margin: number; reduction: Reduction }>({
    name: 'margin_ranking_loss',
    summary: 'Two scores in the right order: the first larger where the target is 1, the second where it is −1.',
    formula: 'mean of max(0, −target·(input1 − input2) + margin)',
    inputs: [{ name: 'input1' }, { name: 'input2' }, { name: 'target', documentation: '1 where the first should be larger, −1 where the second.', signs: true }],
    operations: 4,
    arguments: { margin: number({ default: 0, documentation: 'How far apart the scores should be.' }), reduction },
    check: (call) => {
      const ranks = call.inputs.map((input) => input.shape.length);
      if (ranks.every((rank) => rank === ranks[0])) return true;
      call.problem({ code: 'ranks-differ', message: `margin_ranking_loss takes two scores and a target of one rank, but gets ${call.inputs.map((input) => printShape(input.shape)).join(', ')}` });
      return false;
    },
    apply: (builder, [a, b, target], { margin }) => builder.clamp(builder.subtract(builder.scalar(margin), builder.multiply(target!, builder.subtract(a!, b!))), 0, Infinity),
  }),
];

/** A number above a bound. */
export function above(bound: number, standard: number, documentation: string): ArgumentDefinition<number> {
  const accepts = `a number above ${String(bound)}`;
  return {
    documentation,
    accepts,
    default: standard,
    read: (raw) => (typeof raw === 'number' && raw > bound ? { value: raw } : { problem: `must be ${accepts}` }),
  };
}

