// Functions that make tensors from nothing, and the causal mask; their results have no batch.

import { add, type Dimension, Expression, floorDivide, print, subtract } from '../symbolic/dimension';
import { type ArgumentDefinition, number, optional, type RawValue, shapeOf } from './arguments';
import { requireFloat, requireRank } from './check';
import { type FunctionOperation, oneInput, tensorFunction, torchPage } from './definition';
import { elementwise } from './dependence';
import { float } from './tensor';
import { noWork } from './work';

const nothing = { windows: [], mixed: [] };

/** A number, or an integer that depends on free dimensions. */
function bound(documentation: string): ArgumentDefinition<Dimension> {
  const plain = number({ documentation });
  return { ...plain, read: (raw: RawValue) => (raw instanceof Expression ? { value: raw } : plain.read(raw)) };
}

const arange = tensorFunction<{ start: Dimension; end: Dimension | null; step: number }>({
  name: 'arange',
  summary: 'Numbers in equal steps: arange(n) counts 0 … n − 1, arange(a, b) from a up to below b.',
  formula: 'y[i] = start + i·step, for ⌈(end − start)/step⌉ numbers',
  source: torchPage('torch.arange'),
  keeps: [],
  work: noWork,
  inputs: [],
  arguments: {
    start: bound('The first number; alone it is the end, and 0 the start.'),
    end: optional(bound('Where to stop; it is not reached itself.')),
    step: number({ default: 1, documentation: 'The distance between neighbours.' }),
  },
  infer(call) {
    const { step } = call.arguments;
    const start = call.arguments.end === null ? 0 : call.arguments.start;
    const end = call.arguments.end ?? call.arguments.start;
    const isWhole = (value: Dimension): boolean => typeof value !== 'number' || Number.isInteger(value);
    const ints = [start, end, step].every(isWhole);
    if (step === 0) return call.problem({ code: 'step-is-zero', argument: 'step', message: 'arange never ends with a step of 0' });
    const span = subtract(end, start);
    if (typeof span !== 'number' && !ints) {
      return call.problem({ code: 'undecided-size', message: `how many steps of ${String(step)} there are from ${print(start)} to ${print(end)} depends on the free dimension` });
    }
    const size = typeof span === 'number' ? Math.ceil(span / step) : floorDivide(add(span, step > 0 ? step - 1 : step + 1), step)!;
    if (!call.requireAtLeast(size, 1)) {
      return call.problem({ code: 'empty-range', message: `there is no number from ${print(start)} to below ${print(end)} in steps of ${String(step)}` });
    }
    return {
      output: { element: ints ? 'int' : 'float', shape: [size] },
      get steps() {
        return [{ what: 'size', formula: `⌈(${print(end)} − ${print(start)})/${String(step)}⌉ = ${print(size)}` }];
      },
      dependence: nothing,
      execute: ({ builder }) =>
        builder.constant(
          Array.from({ length: size as number }, (_, index) => (start as number) + index * step),
          [1, size as number],
        ),
    };
  },
});

function filled(name: string, value: number): FunctionOperation {
  return tensorFunction<{ size: readonly Dimension[] }>({
    name,
    summary: `A tensor of ${name}.`,
    formula: `y = ${String(value)}`,
    source: torchPage(`torch.${name}`),
    keeps: [],
    work: noWork,
    inputs: [],
    arguments: { size: shapeOf('The shape, as a list or one size after the other.') },
    infer(call) {
      const { size } = call.arguments;
      return {
        output: float(...size),
        dependence: nothing,
        execute: ({ builder }) => builder.constant(value, [1, ...(size as readonly number[])]),
      };
    },
  });
}

export interface Data {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly ints: boolean;
}

/** Nested lists of numbers as shape and values; undefined where they are ragged or hold anything else. */
function dataOf(raw: RawValue): Data | undefined {
  if (typeof raw === 'number') return { shape: [], values: [raw], ints: Number.isInteger(raw) };
  if (!Array.isArray(raw)) return undefined;
  const parts = (raw as readonly RawValue[]).map(dataOf);
  const [first] = parts;
  if (first === undefined) return undefined;
  const values: number[] = [];
  for (const part of parts) {
    if (part === undefined || part.shape.join() !== first.shape.join()) return undefined;
    for (const value of part.values) values.push(value);
  }
  return { shape: [parts.length, ...first.shape], values, ints: parts.every((part) => part!.ints) };
}

const tensor = tensorFunction<{ data: Data }>({
  name: 'tensor',
  summary: 'A tensor of given numbers; of ints if all are.',
  formula: 'y = data',
  source: torchPage('torch.tensor'),
  keeps: [],
  work: noWork,
  inputs: [],
  arguments: {
    data: {
      documentation: 'A number, or nested lists of numbers, all of one length on each level.',
      accepts: 'a number, or nested lists of numbers of equal lengths',
      read: (raw) => {
        const data = dataOf(raw);
        return data === undefined ? { problem: 'must be a number, or nested lists of numbers of equal lengths' } : { value: data };
      },
    },
  },
  infer(call) {
    const { shape, values, ints } = call.arguments.data;
    return {
      output: { element: ints ? 'int' : 'float', shape },
      dependence: nothing,
      execute: ({ builder }) => builder.constant(values, [1, ...shape]),
    };
  },
});

const causalMask = tensorFunction<object>({
  name: 'causal_mask',
  summary: 'Sets the scores of later positions to −∞, so that a softmax gives them no weight.',
  formula: 'y[…, i, j] = x[…, i, j] for j ≤ i, −∞ otherwise',
  source: 'Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, §3.2.3',
  keeps: [],
  work: noWork,
  inputs: oneInput,
  arguments: {},
  infer(call) {
    if (!requireRank(call, 'causal_mask', 2) || !requireFloat(call, 'causal_mask')) return undefined;
    const type = call.inputs[0]!;
    return {
      output: type,
      dependence: elementwise(type.shape.length),
      execute: ({ builder, inputs }) => {
        const [rows, columns] = builder.shape(inputs[0]!).slice(-2) as [number, number];
        const allowed = Array.from({ length: rows * columns }, (_, place) => (place % columns <= Math.floor(place / columns) ? 1 : 0));
        return builder.select(builder.constant(allowed, [rows, columns]), inputs[0]!, builder.scalar(-Infinity));
      },
    };
  },
});

export const sources: readonly FunctionOperation[] = [arange, filled('zeros', 0), filled('ones', 1), tensor, causalMask];
