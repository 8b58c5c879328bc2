// The losses as layers of several inputs, as torch.nn has them; what they compute is what the functions compute.

import type { ArgumentDefinition, ArgumentDefinitions, RawValue } from './arguments';
import { classLosses } from './class-loss';
import { type Arguments, type Call, type FunctionOperation, type Operation, operation, torchPage } from './definition';
import { losses } from './loss';
import { marginLosses } from './margin-loss';
import { type TensorType } from './tensor';

const functions: ReadonlyMap<string, FunctionOperation> = new Map([...losses, ...classLosses, ...marginLosses].map((each) => [each.name, each]));

/** A number for each class or entry; a buffer of the layer. */
function weights(documentation: string): ArgumentDefinition<readonly number[] | null> {
  const accepts = 'a list of numbers, or none';
  return {
    documentation,
    accepts,
    default: null,
    read: (raw: RawValue) => {
      if (raw === null) return { value: null };
      const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : [];
      return values.length > 0 && values.every((value) => typeof value === 'number') ? { value: values as readonly number[] } : { problem: `must be ${accepts}` };
    },
  };
}

interface LossLayer {
  readonly name: string;
  readonly function: string;
  /** The order of the arguments, where it is not the function's. */
  readonly order?: readonly string[];
  /** What the weights are for, where there are any. */
  readonly weight?: string;
}

function lossLayer({ name, function: functionName, order, weight }: LossLayer): Operation {
  const inner = functions.get(functionName)!;
  const given = { ...inner.arguments, ...(weight === undefined ? {} : { weight: weights(weight) }) } as ArgumentDefinitions<Arguments>;
  const inputs = inner.inputs.filter((input) => input.name !== 'weight');
  const callOf = (call: Call): Call => {
    const type = weightType(call.arguments);
    return type === undefined ? call : { ...call, inputs: [...call.inputs, type] };
  };
  return operation<Arguments>({
    name,
    summary: inner.summary,
    formula: inner.formula,
    source: torchPage(`torch.nn.${name}`),
    keeps: inner.keeps,
    work: { counted: inner.work.counted, count: (call, inference) => inner.work.count(callOf(call), inference) },
    inputs,
    arguments: order === undefined ? given : Object.fromEntries(order.map((each) => [each, given[each]!])),
    indexBound: inner.indexBound,
    infer(call) {
      const effect = inner.infer(callOf(call));
      if (effect === undefined) return undefined;
      const { output, steps, dependence, statistics, masks, keptInputs } = effect;
      const isOwn = ({ input }: { readonly input: number }): boolean => input < call.inputs.length;
      return {
        output,
        steps,
        statistics,
        masks,
        keptInputs,
        buffers: buffersOf(call.arguments),
        dependence: { ...dependence, windows: dependence.windows.filter(isOwn), mixed: dependence.mixed.filter(isOwn), stretched: dependence.stretched?.filter(isOwn) },
        execute: (execution) => {
          const numbers = call.arguments.weight as readonly number[] | null | undefined;
          if (numbers === null || numbers === undefined) return effect.execute(execution);
          const { builder } = execution;
          const first = builder.shape(execution.inputs[0]!)[0]!;
          const ref = builder.broadcastTo(builder.constant(numbers, [1, numbers.length]), [first, numbers.length]);
          return effect.execute({ ...execution, inputs: [...execution.inputs, ref] });
        },
      };
    },
  });
}

function weightType({ weight }: Arguments): TensorType | undefined {
  return Array.isArray(weight) ? { element: 'float', shape: [weight.length] } : undefined;
}

/** PyTorch registers the weights as buffers. */
function buffersOf(given: Arguments): { readonly name: string; readonly shape: readonly number[]; readonly initial: { readonly constant: number } }[] {
  return ['weight', 'pos_weight'].flatMap((name) => {
    const value = given[name];
    return Array.isArray(value) ? [{ name, shape: [value.length], initial: { constant: 1 } }] : [];
  });
}

const perClass = 'A weight for every class.';
const perEntry = 'A weight for each place of the last axis.';

export const lossLayers: readonly Operation[] = [
  lossLayer({ name: 'CrossEntropyLoss', function: 'cross_entropy', weight: perClass, order: ['weight', 'ignore_index', 'reduction', 'label_smoothing'] }),
  lossLayer({ name: 'NLLLoss', function: 'nll_loss', weight: perClass, order: ['weight', 'ignore_index', 'reduction'] }),
  lossLayer({ name: 'MSELoss', function: 'mse_loss' }),
  lossLayer({ name: 'L1Loss', function: 'l1_loss' }),
  lossLayer({ name: 'SmoothL1Loss', function: 'smooth_l1_loss' }),
  lossLayer({ name: 'HuberLoss', function: 'huber_loss' }),
  lossLayer({ name: 'BCELoss', function: 'binary_cross_entropy', weight: perEntry, order: ['weight', 'reduction'] }),
  lossLayer({ name: 'BCEWithLogitsLoss', function: 'binary_cross_entropy_with_logits', weight: perEntry, order: ['weight', 'reduction', 'pos_weight'] }),
  lossLayer({ name: 'KLDivLoss', function: 'kl_div' }),
  lossLayer({ name: 'HingeEmbeddingLoss', function: 'hinge_embedding_loss' }),
  lossLayer({ name: 'SoftMarginLoss', function: 'soft_margin_loss' }),
  lossLayer({ name: 'PoissonNLLLoss', function: 'poisson_nll_loss' }),
  lossLayer({ name: 'GaussianNLLLoss', function: 'gaussian_nll_loss' }),
  lossLayer({ name: 'MarginRankingLoss', function: 'margin_ranking_loss' }),
  lossLayer({ name: 'CosineEmbeddingLoss', function: 'cosine_embedding_loss' }),
  lossLayer({ name: 'TripletMarginLoss', function: 'triplet_margin_loss' }),
  lossLayer({ name: 'MultiMarginLoss', function: 'multi_margin_loss', weight: perClass, order: ['p', 'margin', 'weight', 'reduction'] }),
  lossLayer({ name: 'MultiLabelMarginLoss', function: 'multilabel_margin_loss' }),
  lossLayer({ name: 'MultiLabelSoftMarginLoss', function: 'multilabel_soft_margin_loss', weight: perClass, order: ['weight', 'reduction'] }),
];
