// Normalizations. Batch statistics are those of training mode; running statistics are buffers.

import type { Builder, Ref } from '../engine/builder';
import type { Dimension } from '../symbolic/dimension';
import { flag, integer, number } from './arguments';
import { requireFixed, requireFloat, requireRank, requireSpatial, type Site } from './check';
import { oneInput, type Operation, operation, type Parameter } from './definition';
import { elementwise, type Dependence, identity, mixing } from './dependence';

const one = { constant: 1 };
const zero = { constant: 0 };

function scaleAndShift(shape: readonly number[], affine: boolean, bias = affine): readonly Parameter[] {
  const parameters: Parameter[] = [];
  if (affine) parameters.push({ name: 'weight', shape, initial: one });
  if (bias) parameters.push({ name: 'bias', shape, initial: zero });
  return parameters;
}

function parameterStep(parameters: readonly Parameter[], count: number): readonly { what: string; formula: string }[] {
  if (parameters.length === 0) return [];
  return [{ what: 'parameters', formula: `${String(parameters.length)}·${String(count)} = ${(parameters.length * count).toLocaleString('en-US')}` }];
}

/** (x − mean)/√(var + eps) over the axes, with the biased variance. */
function normalize(builder: Builder, x: Ref, axes: readonly number[], eps: number): Ref {
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

function batchNorm(axes: 1 | 2 | 3): Operation {
  const name = `BatchNorm${String(axes)}d`;
  return operation<{ eps: number; momentum: number; affine: boolean; track_running_stats: boolean }>({
    name,
    summary: 'Gives every channel mean 0 and variance 1 over the batch and all positions, then scales and shifts it.',
    formula: 'y = (x − E[x])/√(Var[x] + eps) · weight + bias',
    source: `https://docs.pytorch.org/docs/stable/generated/torch.nn.${name}.html · Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167`,
    inputs: oneInput,
    keeps: ['input', 'weight', 'statistics'],
    arguments: {
      eps: number({ minimum: 0, default: 1e-5, documentation: 'Added to the variance, so that nothing is divided by zero.' }),
      momentum: number({ minimum: 0, maximum: 1, default: 0.1, documentation: 'Weight of the newest batch in the running statistics.' }),
      affine: flag({ default: true, documentation: 'Learns a scale and a shift for every channel.' }),
      track_running_stats: flag({ default: true, documentation: 'Keeps running mean and variance for evaluation (buffers, no parameters).' }),
    },
    infer(call) {
      const { eps, affine: learned, track_running_stats } = call.arguments;
      if (!requireNormRank(call, name, axes) || !requireFloat(call, name)) return undefined;
      const type = call.inputs[0]!;
      const [channels] = type.shape;
      if (!requireFixed(call, name, 'The scale', channels!)) return undefined;
      const parameters = scaleAndShift([channels], learned);
      const spatial = type.shape.slice(1);
      return {
        output: type,
        parameters,
        buffers: track_running_stats
          ? [
              { name: 'running_mean', shape: [channels], initial: zero },
              { name: 'running_var', shape: [channels], initial: one },
            ]
          : [],
        steps: parameterStep(parameters, channels),
        dependence: elementwise(type.shape.length),
        execute: ({ builder, inputs, parameters: { weight, bias } }) => {
          const over = [0, ...spatial.map((_, axis) => axis + 2)];
          const y = normalize(builder, inputs[0]!, over, eps);
          return affine(builder, y, weight, bias, [channels, ...spatial.map(() => 1)]);
        },
      };
    },
  });
}

/** BatchNorm1d takes [C] as well as [C, L]. */
function requireNormRank(call: Site, name: string, axes: number): boolean {
  if (axes === 1 && call.inputs[0]!.shape.length === 1) return true;
  return requireSpatial(call, name, axes);
}

/** The sizes of the last `dims` axes by number; undefined after a problem was reported. */
function normalizedShape(call: Site, name: string, dims: number): readonly number[] | undefined {
  if (!requireRank(call, name, dims) || !requireFloat(call, name)) return undefined;
  const shape: readonly Dimension[] = call.inputs[0]!.shape.slice(-dims);
  const fixed: number[] = [];
  for (const dimension of shape) {
    if (!requireFixed(call, name, 'The scale', dimension)) return undefined;
    fixed.push(dimension);
  }
  return fixed;
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
  arguments: {
    dims,
    eps: number({ minimum: 0, default: 1e-5, documentation: 'Added to the variance.' }),
    elementwise_affine: flag({ default: true, documentation: 'Learns a scale and a shift for every element of the last axes.' }),
    bias: flag({ default: true, documentation: 'Learns the shift, too.' }),
  },
  infer(call) {
    const { dims: count, eps, elementwise_affine, bias: shifted } = call.arguments;
    const shape = normalizedShape(call, 'LayerNorm', count);
    if (shape === undefined) return undefined;
    const type = call.inputs[0]!;
    const parameters = scaleAndShift(shape, elementwise_affine, elementwise_affine && shifted);
    return {
      output: type,
      parameters,
      steps: parameterStep(parameters, shape.reduce((a, b) => a * b, 1)),
      dependence: lastAxes(type.shape.length, count),
      execute: ({ builder, inputs, parameters: { weight, bias } }) => {
        const rank = type.shape.length + 1;
        const over = shape.map((_, axis) => rank - count + axis);
        return affine(builder, normalize(builder, inputs[0]!, over, eps), weight, bias, shape);
      },
    };
  },
});

const groupNorm = operation<{ num_groups: number; eps: number; affine: boolean }>({
  name: 'GroupNorm',
  summary: 'Gives every group of channels mean 0 and variance 1 over its positions, then scales and shifts every channel.',
  formula: 'y = (x − E[x])/√(Var[x] + eps) · weight + bias, over each group',
  source: 'https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html · Wu and He, 2018, https://arxiv.org/abs/1803.08494',
  inputs: oneInput,
  keeps: ['input', 'weight', 'statistics'],
  arguments: {
    num_groups: integer({ minimum: 1, documentation: 'Number of groups; it divides the channels.' }),
    eps: number({ minimum: 0, default: 1e-5, documentation: 'Added to the variance.' }),
    affine: flag({ default: true, documentation: 'Learns a scale and a shift for every channel.' }),
  },
  infer(call) {
    const { num_groups, eps, affine: learned } = call.arguments;
    if (!requireRank(call, 'GroupNorm', 1) || !requireFloat(call, 'GroupNorm')) return undefined;
    const type = call.inputs[0]!;
    const [channels] = type.shape;
    if (!requireFixed(call, 'GroupNorm', 'The scale', channels!)) return undefined;
    if (channels % num_groups !== 0) {
      return call.problem({
        code: 'groups-do-not-divide',
        argument: 'num_groups',
        message: `GroupNorm splits ${String(channels)} channels into ${String(num_groups)} groups, which does not divide them; use a divisor of ${String(channels)}`,
      });
    }
    const parameters = scaleAndShift([channels], learned);
    const spatial = type.shape.slice(1);
    return {
      output: type,
      parameters,
      steps: parameterStep(parameters, channels),
      dependence: {
        windows: [],
        mixed: type.shape.map((_, axis) => ({ input: 0, axis, as: axis === 0 ? ('channel' as const) : ('position' as const) })),
      },
      execute: ({ builder, inputs, parameters: { weight, bias } }) => {
        const shape = builder.shape(inputs[0]!);
        const grouped = builder.reshape(inputs[0]!, [shape[0]!, num_groups, channels / num_groups, ...shape.slice(2)]);
        const over = [2, ...spatial.map((_, axis) => axis + 3)];
        const y = builder.reshape(normalize(builder, grouped, over, eps), shape);
        return affine(builder, y, weight, bias, [channels, ...spatial.map(() => 1)]);
      },
    };
  },
});

export const normalizations: readonly Operation[] = [batchNorm(1), batchNorm(2), batchNorm(3), layerNorm, groupNorm];
