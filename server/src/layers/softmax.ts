// Functions along one axis that keep its size: the softmax family and running sums, as functions and as layers.

import type { Builder, Ref } from '../engine/builder';
import { type ArgumentDefinition, axis } from './arguments';
import { requireRank, requireSpatial, resolveAxis } from './check';
import { type FunctionOperation, type Kept, oneInput, type Operation, operation, tensorFunction, torchPage } from './definition';
import { elementwise, mixing } from './dependence';
import { perOutput, softmaxOperations, type Work } from './work';

interface Entry {
  readonly name: string;
  readonly source: string;
  readonly summary: string;
  readonly formula: string;
  readonly keeps: readonly Kept[];
  readonly dim: ArgumentDefinition<number>;
  readonly keepsInts?: boolean;
  readonly work: Work<never>;
  apply(builder: Builder, x: Ref, axis: number): Ref;
}

function alongAxis({ name, source, summary, formula, keeps, dim, keepsInts = false, work, apply }: Entry): FunctionOperation {
  return tensorFunction<{ dim: number }>({
    name,
    summary,
    formula,
    source: torchPage(source),
    keeps,
    work,
    inputs: oneInput,
    arguments: { dim },
    infer(call) {
      if (!requireRank(call, name, 1)) return undefined;
      const { element, shape } = call.inputs[0]!;
      const along = resolveAxis(call, call.arguments.dim, shape.length);
      if (along === undefined) return undefined;
      return {
        output: { element: keepsInts ? element : 'float', shape },
        dependence: mixing(shape.length, along, 'position'),
        execute: ({ builder, inputs }) => apply(builder, inputs[0]!, along + 1),
      };
    },
  });
}

const softmaxWork = perOutput(softmaxOperations, 'maximum, difference, exponential, sum, quotient or logarithm');

const dim = axis('The axis whose values compete with each other.', -1);

const softmax = {
  summary: 'Positive weights along an axis that add up to 1.',
  formula: 'y = exp(x) / Σ exp(x)',
  keeps: ['output'],
  work: softmaxWork,
  dim,
  apply: (builder: Builder, x: Ref, along: number): Ref => builder.softmax(x, along),
} as const;

const logSoftmax = {
  summary: 'The logarithm of the softmax, computed without overflow.',
  formula: 'y = x − log Σ exp(x)',
  keeps: ['output'],
  work: softmaxWork,
  dim,
  apply: (builder: Builder, x: Ref, along: number): Ref => builder.logSoftmax(x, along),
} as const;

const softmin = {
  summary: 'The softmax of the opposite: small values weigh most.',
  formula: 'y = exp(−x) / Σ exp(−x)',
  keeps: ['output'],
  work: softmaxWork,
  dim,
  apply: (builder: Builder, x: Ref, along: number): Ref => builder.softmax(builder.negate(x), along),
} as const;

const softmax2d = operation<object>({
  name: 'Softmax2d',
  summary: 'The softmax over the channels, at every position.',
  formula: 'y[c, h, w] = exp(x[c, h, w]) / Σ_c exp(x[c, h, w])',
  source: torchPage('torch.nn.Softmax2d'),
  keeps: ['output'],
  work: softmaxWork,
  inputs: oneInput,
  arguments: {},
  infer(call) {
    if (!requireSpatial(call, 'Softmax2d', 2)) return undefined;
    const { shape } = call.inputs[0]!;
    return {
      output: { element: 'float', shape },
      dependence: { windows: elementwise(3).windows.slice(1), mixed: [{ input: 0, axis: 0, as: 'channel' }] },
      execute: ({ builder, inputs }) => builder.softmax(inputs[0]!, 1),
    };
  },
});

export const softmaxLayers: readonly Operation[] = [
  alongAxis({ name: 'Softmax', source: 'torch.nn.Softmax', ...softmax }),
  alongAxis({ name: 'LogSoftmax', source: 'torch.nn.LogSoftmax', ...logSoftmax }),
  alongAxis({ name: 'Softmin', source: 'torch.nn.Softmin', ...softmin }),
  softmax2d,
];

export const softmaxFunctions: readonly FunctionOperation[] = [
  alongAxis({ name: 'softmax', source: 'torch.nn.functional.softmax', ...softmax }),
  alongAxis({ name: 'log_softmax', source: 'torch.nn.functional.log_softmax', ...logSoftmax }),
  alongAxis({ name: 'softmin', source: 'torch.nn.functional.softmin', ...softmin }),
  alongAxis({
    name: 'cumsum',
    source: 'torch.cumsum',
    summary: 'Running sums along an axis.',
    formula: 'y[i] = x[0] + … + x[i]',
    keeps: [],
    work: perOutput(1),
    dim: axis('The axis to sum along.'),
    keepsInts: true,
    apply: (builder, x, along) => builder.cumsum(x, along),
  }),
];
