// Normalizations. Batch statistics are those of training mode; running statistics are buffers.

import type { Builder, Ref } from '../engine/builder';
import { type Dimension, modulo, multiply, print } from '../symbolic/dimension';
import { flag, integer, number, optional } from './arguments';
import { dividingFix, known, knownAmong, requireFixed, requireFloat, requireRank, requireSpatial, type Site } from './check';
import { oneInput, type Operation, operation, type Parameter, torchPage } from './definition';
import { elementwise, type Dependence, identity, mixing } from './dependence';
import { elements, printShape } from './tensor';
import type { Work } from './work';

const one = { constant: 1 };
const zero = { constant: 0 };

function scaleAndShift(shape: readonly Dimension[], affine: boolean, shifted: boolean): readonly Parameter[] {
  if (!affine) return [];
  return [{ name: 'weight', shape, initial: one }, ...(shifted ? [{ name: 'bias', shape, initial: zero }] : [])];
}

const shift = flag({ default: true, documentation: 'Learns the shift, too.' });

function parameterStep(parameters: readonly Parameter[], count: Dimension): readonly { what: string; formula: string }[] {
  if (parameters.length === 0) return [];
  const total = multiply(parameters.length, count);
  return [{ what: 'parameters', formula: `${String(parameters.length)}·${print(count)} = ${typeof total === 'number' ? total.toLocaleString('en-US') : print(total)}` }];
}

/** (x − mean)/√(var + eps) over the axes, with the biased variance. */
export function normalize(builder: Builder, x: Ref, axes: readonly number[], eps: number): Ref {
  const centred = builder.subtract(x, builder.mean(x, axes, true));
  const variance = builder.mean(builder.multiply(centred, centred), axes, true);
  return builder.divide(centred, builder.sqrt(builder.add(variance, builder.constant(eps, []))));
}

/** weight · y + bias, both laid along the given axes of y (the batch is axis 0). */
function affine(builder: Builder, y: Ref, weight: Ref | undefined, bias: Ref | undefined, shape: readonly number[]): Ref {
  let result = y;
  if (weight !== undefined) result = builder.multiply(result, builder.reshape(weight, shape));
  if (bias !== undefined) result = builder.add(result, builder.reshape(bias, shape));
  return result;
}

/** Mean, centring, squares, their sum and the division are five; scale and shift one each. */
const normWork: Work = {
  counted: 'five for each entry (mean, difference, square, sum, division), and one each for scale and shift',
  count: (_call, { output, parameters = [] }) => multiply(5 + parameters.length, elements(output.shape)),
};

const momentum = optional(number({ minimum: 0, maximum: 1, default: 0.1, documentation: 'Weight of the newest batch in the running statistics; none: their plain mean.' }));

/** State for evaluation, which is no parameter. */
function runningStatistics(channels: Dimension): readonly Parameter[] {
  return [
    { name: 'running_mean', shape: [channels], initial: zero },
    { name: 'running_var', shape: [channels], initial: one },
  ];
}

function batchNorm(axes: 1 | 2 | 3): Operation {
  const name = `BatchNorm${String(axes)}d`;
  return operation<{ eps: number; momentum: number | null; affine: boolean; track_running_stats: boolean; bias: boolean }>({
    name,
    summary: 'Gives every channel mean 0 and variance 1 over the batch and all positions, then scales and shifts it.',
    formula: 'y = (x − E[x])/√(Var[x] + eps) · weight + bias',
    source: `https://docs.pytorch.org/docs/stable/generated/torch.nn.${name}.html · Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167`,
    inputs: oneInput,
    keeps: ['input', 'weight', 'statistics'],
    work: normWork,
    arguments: {
      eps: number({ minimum: 0, default: 1e-5, documentation: 'Added to the variance, so that nothing is divided by zero.' }),
      momentum,
      affine: flag({ default: true, documentation: 'Learns a scale and a shift for every channel.' }),
      track_running_stats: flag({ default: true, documentation: 'Keeps running mean and variance for evaluation (buffers, no parameters).' }),
      bias: shift,
    },
    infer(call) {
      const { eps, affine: learned, track_running_stats, bias: shifted } = call.arguments;
      if (!requireNormRank(call, name, axes) || !requireFloat(call, name)) return undefined;
      const type = call.inputs[0]!;
      const [channels] = type.shape;
      if (!requireFixed(call, name, 'the scale', channels!)) return undefined;
      const parameters = scaleAndShift([channels!], learned, shifted);
      const spatial = type.shape.slice(1);
      return {
        output: type,
        parameters,
        buffers: track_running_stats ? runningStatistics(channels!) : [],
        statistics: multiply(2, channels!),
        statisticsOfBatch: true,
        get steps() {
          return parameterStep(parameters, channels!);
        },
        dependence: elementwise(type.shape.length),
        execute: ({ builder, inputs, parameters: { weight, bias } }) => {
          const over = [0, ...spatial.map((_, axis) => axis + 2)];
          const y = normalize(builder, inputs[0]!, over, eps);
          return affine(builder, y, weight, bias, [known(channels!), ...spatial.map(() => 1)]);
        },
      };
    },
  });
}

/** BatchNorm1d takes [C] as well as [C, L]. */
function requireNormRank(call: Site, name: string, axes: number): boolean {
  if (axes === 1 && call.inputs[0]!.shape.length === 1) return true;
  return requireSpatial(call, name, axes, 'BatchNorm1d');
}

/** More axes than any tensor has: the size that PyTorch asks for. */
const mostAxes = 8;

/** The last `dims` axes, whose sizes must be known where weights depend on them; undefined after a problem was reported. */
function normalizedShape(call: Site, name: string, dims: number, learned: boolean): readonly Dimension[] | undefined {
  const { shape: whole } = call.inputs[0]!;
  if (dims > mostAxes) {
    call.problem({ code: 'wrong-rank', message: `${name} normalizes the last dims axes, but has dims = ${String(dims)} and gets ${printShape(whole)}, of rank ${String(whole.length)}; PyTorch's normalized_shape is known here and not written` });
    return undefined;
  }
  if (!requireRank(call, name, dims) || !requireFloat(call, name)) return undefined;
  const shape: readonly Dimension[] = whole.slice(-dims);
  return shape.every((dimension) => !learned || requireFixed(call, name, 'the scale', dimension)) ? shape : undefined;
}

function lastAxes(rank: number, dims: number): Dependence {
  const windows = Array.from({ length: rank - dims }, (_, axis) => identity(0, axis, axis));
  if (dims === 1) return mixing(rank, rank - 1, 'channel');
  return { windows, mixed: Array.from({ length: dims }, (_, k) => ({ input: 0, axis: rank - dims + k, as: 'position' as const })) };
}

const dims = integer({ minimum: 1, default: 1, documentation: 'How many of the last axes are normalized together.' });

const layerNorm = operation<{ dims: number; eps: number; elementwise_affine: boolean; bias: boolean }>({
  name: 'LayerNorm',
  summary: 'Gives the last axis mean 0 and variance 1 at every position, then scales and shifts it.',
  formula: 'y = (x − E[x])/√(Var[x] + eps) · weight + bias',
  source: 'https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html · Ba et al., 2016, https://arxiv.org/abs/1607.06450',
  inputs: oneInput,
  keeps: ['input', 'weight', 'statistics'],
  work: normWork,
  arguments: {
    dims,
    eps: number({ minimum: 0, default: 1e-5, documentation: 'Added to the variance.' }),
    elementwise_affine: flag({ default: true, documentation: 'Learns a scale and a shift for every element of the last axes.' }),
    bias: shift,
  },
  infer(call) {
    const { dims: count, eps, elementwise_affine, bias: shifted } = call.arguments;
    const shape = normalizedShape(call, 'LayerNorm', count, elementwise_affine);
    if (shape === undefined) return undefined;
    const type = call.inputs[0]!;
    const parameters = scaleAndShift(shape, elementwise_affine, shifted);
    return {
      output: type,
      parameters,
      statistics: multiply(2, ...type.shape.slice(0, -count)),
      get steps() {
        return parameterStep(parameters, multiply(...shape));
      },
      dependence: lastAxes(type.shape.length, count),
      execute: ({ builder, inputs, parameters: { weight, bias } }) => {
        const rank = type.shape.length + 1;
        const over = shape.map((_, axis) => rank - count + axis);
        return affine(builder, normalize(builder, inputs[0]!, over, eps), weight, bias, shape as readonly number[]);
      },
    };
  },
});

const groupNorm = operation<{ num_groups: number; eps: number; affine: boolean; bias: boolean }>({
  name: 'GroupNorm',
  summary: 'Gives every group of channels mean 0 and variance 1 over its positions, then scales and shifts every channel.',
  formula: 'y = (x − E[x])/√(Var[x] + eps) · weight + bias, over each group',
  source: 'https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html · Wu and He, 2018, https://arxiv.org/abs/1803.08494',
  inputs: oneInput,
  keeps: ['input', 'weight', 'statistics'],
  work: normWork,
  arguments: {
    num_groups: integer({ minimum: 1, documentation: 'Number of groups; it divides the channels.' }),
    eps: number({ minimum: 0, default: 1e-5, documentation: 'Added to the variance.' }),
    affine: flag({ default: true, documentation: 'Learns a scale and a shift for every channel.' }),
    bias: shift,
  },
  infer(call) {
    const { num_groups, eps, affine: learned, bias: shifted } = call.arguments;
    if (!requireRank(call, 'GroupNorm', 1) || !requireFloat(call, 'GroupNorm')) return undefined;
    const type = call.inputs[0]!;
    const [channels] = type.shape;
    if (!requireFixed(call, 'GroupNorm', 'the scale', channels!)) return undefined;
    if (!call.requireEqual(modulo(channels!, num_groups)!, 0)) {
      return call.problem({
        code: 'groups-do-not-divide',
        argument: 'num_groups',
        message: `GroupNorm splits ${print(channels!)} channels into ${String(num_groups)} groups, which does not divide them; use a divisor of ${print(channels!)}`,
        fix: dividingFix('num_groups', num_groups, channels!),
        data: { sizes: knownAmong(channels!) },
      });
    }
    const parameters = scaleAndShift([channels!], learned, shifted);
    const spatial = type.shape.slice(1);
    return {
      output: type,
      parameters,
      statistics: 2 * num_groups,
      get steps() {
        return parameterStep(parameters, channels!);
      },
      dependence: {
        windows: [],
        mixed: type.shape.map((_, axis) => ({ input: 0, axis, as: axis === 0 ? ('channel' as const) : ('position' as const) })),
      },
      execute: ({ builder, inputs, parameters: { weight, bias } }) => {
        const shape = builder.shape(inputs[0]!);
        const grouped = builder.reshape(inputs[0]!, [shape[0]!, num_groups, known(channels!) / num_groups, ...shape.slice(2)]);
        const over = [2, ...spatial.map((_, axis) => axis + 3)];
        const y = builder.reshape(normalize(builder, grouped, over, eps), shape);
        return affine(builder, y, weight, bias, [known(channels!), ...spatial.map(() => 1)]);
      },
    };
  },
});

function instanceNorm(axes: 1 | 2 | 3): Operation {
  const name = `InstanceNorm${String(axes)}d`;
  return operation<{ eps: number; momentum: number | null; affine: boolean; track_running_stats: boolean; bias: boolean }>({
    name,
    summary: 'Gives every channel of every example mean 0 and variance 1 over its positions.',
    formula: 'y = (x − E[x])/√(Var[x] + eps) · weight + bias, over the positions of a channel',
    source: `${torchPage(`torch.nn.${name}`)} · Ulyanov et al., 2016, https://arxiv.org/abs/1607.08022`,
    inputs: oneInput,
    keeps: ['input', 'weight', 'statistics'],
    work: normWork,
    arguments: {
      eps: number({ minimum: 0, default: 1e-5, documentation: 'Added to the variance, so that nothing is divided by zero.' }),
      momentum,
      affine: flag({ default: false, documentation: 'Learns a scale and a shift for every channel.' }),
      track_running_stats: flag({ default: false, documentation: 'Keeps running mean and variance for evaluation (buffers, no parameters).' }),
      bias: shift,
    },
    infer(call) {
      const { eps, affine: learned, track_running_stats, bias: shifted } = call.arguments;
      if (!requireSpatial(call, name, axes) || !requireFloat(call, name)) return undefined;
      const type = call.inputs[0]!;
      const [channels, ...spatial] = type.shape;
      if ((learned || track_running_stats) && !requireFixed(call, name, 'the scale', channels!)) return undefined;
      const count = channels!;
      // PyTorch: "Expected more than 1 spatial element when training".
      if (!call.requireAtLeast(elements(spatial), 2)) {
        return call.problem({ code: 'single-value-per-channel', message: `${name} normalizes the positions of a channel, but ${printShape(type.shape)} has only one, which would become 0` });
      }
      const parameters = scaleAndShift([count], learned, shifted);
      return {
        output: type,
        parameters,
        buffers: track_running_stats ? runningStatistics(count) : [],
        statistics: multiply(2, count),
        get steps() {
          return parameterStep(parameters, count);
        },
        dependence: {
          windows: [identity(0, 0, 0)],
          mixed: spatial.map((_, axis) => ({ input: 0, axis: axis + 1, as: 'position' as const })),
        },
        execute: ({ builder, inputs, parameters: { weight, bias } }) => {
          const y = normalize(builder, inputs[0]!, spatial.map((_, axis) => axis + 2), eps);
          return affine(builder, y, weight, bias, [known(count), ...spatial.map(() => 1)]);
        },
      };
    },
  });
}

const rmsNorm = operation<{ dims: number; eps: number | null; elementwise_affine: boolean }>({
  name: 'RMSNorm',
  summary: 'Divides the last axis by its root mean square, then scales it.',
  formula: 'y = x/√(mean(x²) + eps) · weight',
  source: `${torchPage('torch.nn.RMSNorm')} · Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467`,
  inputs: oneInput,
  keeps: ['input', 'weight', 'statistics'],
  work: {
    counted: 'three for each entry (square, sum, division), and one with the scale',
    count: ({ arguments: { elementwise_affine } }, { output }) => multiply(elementwise_affine ? 4 : 3, elements(output.shape)),
  },
  arguments: {
    dims,
    eps: optional(number({ minimum: 0, documentation: 'Added to the mean square; none: the smallest step of a float, 2.2e-16 here.' })),
    elementwise_affine: flag({ default: true, documentation: 'Learns a scale for every element of the last axes.' }),
  },
  infer(call) {
    const { dims: count, eps, elementwise_affine } = call.arguments;
    const shape = normalizedShape(call, 'RMSNorm', count, elementwise_affine);
    if (shape === undefined) return undefined;
    const type = call.inputs[0]!;
    const parameters = elementwise_affine ? [{ name: 'weight', shape, initial: one }] : [];
    return {
      output: type,
      parameters,
      statistics: multiply(...type.shape.slice(0, -count)),
      get steps() {
        return parameterStep(parameters, multiply(...shape));
      },
      dependence: lastAxes(type.shape.length, count),
      execute: ({ builder, inputs, parameters: { weight } }) => {
        const rank = type.shape.length + 1;
        const square = builder.mean(builder.square(inputs[0]!), shape.map((_, axis) => rank - count + axis), true);
        const y = builder.divide(inputs[0]!, builder.sqrt(builder.add(square, builder.scalar(eps ?? Number.EPSILON))));
        return affine(builder, y, weight, undefined, shape as readonly number[]);
      },
    };
  },
});

const localResponseNorm = operation<{ size: number; alpha: number; beta: number; k: number }>({
  name: 'LocalResponseNorm',
  summary: 'Divides every value by a power of the squares of neighbouring channels at its position.',
  formula: 'y[c] = x[c] / (k + alpha/size · Σ x[c′]²)^beta, over size channels around c',
  source: `${torchPage('torch.nn.LocalResponseNorm')} · Krizhevsky et al., 2012`,
  inputs: oneInput,
  keeps: ['input', 'statistics'],
  work: {
    counted: 'for each entry its square, size sums, two for the factor, one power and one division',
    count: ({ arguments: { size } }, { output }) => multiply(size + 5, elements(output.shape)),
  },
  arguments: {
    size: integer({ minimum: 1, documentation: 'How many neighbouring channels count.' }),
    alpha: number({ default: 1e-4, documentation: 'The weight of the squares.' }),
    beta: number({ default: 0.75, documentation: 'The power.' }),
    k: number({ default: 1, documentation: 'Added to the squares.' }),
  },
  infer(call) {
    if (!requireRank(call, 'LocalResponseNorm', 2) || !requireFloat(call, 'LocalResponseNorm')) return undefined;
    const type = call.inputs[0]!;
    const { size, alpha, beta, k } = call.arguments;
    return {
      output: type,
      statistics: elements(type.shape),
      dependence: mixing(type.shape.length, 0, 'channel'),
      execute: ({ builder, inputs }) => {
        const x = inputs[0]!;
        const [batch, channels, ...spatial] = builder.shape(x) as [number, number, ...number[]];
        const flat = builder.reshape(builder.square(x), [batch, 1, channels, spatial.reduce((a, b) => a * b, 1)]);
        const sums = builder.averagePool(flat, {
          kernel: [size, 1],
          stride: [1, 1],
          paddingBefore: [Math.floor(size / 2), 0],
          paddingAfter: [Math.floor((size - 1) / 2), 0],
          divisor: 1,
        });
        const scaled = builder.add(builder.scalar(k), builder.multiply(builder.scalar(alpha / size), builder.reshape(sums, builder.shape(x))));
        return builder.divide(x, builder.power(scaled, builder.scalar(beta)));
      },
    };
  },
});

export const normalizations: readonly Operation[] = [
  batchNorm(1),
  batchNorm(2),
  batchNorm(3),
  instanceNorm(1),
  instanceNorm(2),
  instanceNorm(3),
  layerNorm,
  rmsNorm,
  groupNorm,
  localResponseNorm,
];
