// Operators and other functions of several tensors, entry by entry, with broadcasting.

import type { Builder, Ref } from '../engine/builder';
import { number, optional } from './arguments';
import { aligned, broadcastDependence, broadcastShapes } from './broadcast';
import { type FunctionOperation, type InputDefinition, type Kept, tensorFunction, torchPage } from './definition';
import { elementwise } from './dependence';
import { perOutput } from './work';

interface Entry {
  readonly name: string;
  readonly torch?: string;
  readonly summary: string;
  readonly formula: string;
  readonly keeps?: readonly Kept[];
  readonly inputs?: readonly string[];
  /** `same`: ints give ints, anything else floats. */
  readonly result: 'same' | 'float';
  apply(builder: Builder, operands: readonly Ref[]): Ref;
  readonly numeric: (...values: readonly number[]) => number;
}

/** ⌊a/b⌋, as Python's `//`. */
function floorDivide(builder: Builder, a: Ref, b: Ref): Ref {
  return builder.floor(builder.divide(a, b));
}

function isTrue(builder: Builder, x: Ref): Ref {
  return builder.notEqual(x, builder.scalar(0));
}

const compared = (sign: string): string => `y = 1 where a ${sign} b, 0 elsewhere`;

const entries: readonly Entry[] = [
  { name: 'add', summary: 'The sum.', formula: 'y = a + b', result: 'same', apply: (builder, [a, b]) => builder.add(a!, b!), numeric: (a, b) => a! + b! },
  { name: 'subtract', summary: 'The difference.', formula: 'y = a − b', result: 'same', apply: (builder, [a, b]) => builder.subtract(a!, b!), numeric: (a, b) => a! - b! },
  { name: 'multiply', summary: 'The product, entry by entry.', formula: 'y = a·b', result: 'same', keeps: ['input'], apply: (builder, [a, b]) => builder.multiply(a!, b!), numeric: (a, b) => a! * b! },
  { name: 'divide', summary: 'The quotient; of ints, too, a float.', formula: 'y = a/b', result: 'float', keeps: ['input'], apply: (builder, [a, b]) => builder.divide(a!, b!), numeric: (a, b) => a! / b! },
  { name: 'floor_divide', summary: 'The quotient, rounded down; its gradient is zero.', formula: 'y = ⌊a/b⌋', result: 'same', apply: (builder, [a, b]) => floorDivide(builder, a!, b!), numeric: (a, b) => Math.floor(a! / b!) },
  {
    name: 'remainder',
    summary: 'What the rounded-down quotient leaves, with the sign of the divisor.',
    formula: 'y = a − ⌊a/b⌋·b',
    result: 'same',
    keeps: ['input'],
    apply: (builder, [a, b]) => builder.subtract(a!, builder.multiply(floorDivide(builder, a!, b!), b!)),
    numeric: (a, b) => a! - Math.floor(a! / b!) * b!,
  },
  { name: 'power', torch: 'pow', summary: 'The power, entry by entry.', formula: 'y = aᵇ', result: 'float', keeps: ['input', 'output'], apply: (builder, [a, b]) => builder.power(a!, b!), numeric: (a, b) => a! ** b! },
  { name: 'maximum', summary: 'The larger of two, entry by entry; equals share the gradient.', formula: 'y = max(a, b)', result: 'same', keeps: ['input'], apply: (builder, [a, b]) => builder.maximum(a!, b!), numeric: (a, b) => Math.max(a!, b!) },
  { name: 'minimum', summary: 'The smaller of two, entry by entry; equals share the gradient.', formula: 'y = min(a, b)', result: 'same', keeps: ['input'], apply: (builder, [a, b]) => builder.minimum(a!, b!), numeric: (a, b) => Math.min(a!, b!) },
  { name: 'eq', summary: 'Where two are equal; its gradient is zero.', formula: compared('='), result: 'float', apply: (builder, [a, b]) => builder.equal(a!, b!), numeric: (a, b) => Number(a === b) },
  { name: 'ne', summary: 'Where two differ; its gradient is zero.', formula: compared('≠'), result: 'float', apply: (builder, [a, b]) => builder.notEqual(a!, b!), numeric: (a, b) => Number(a !== b) },
  { name: 'lt', summary: 'Where the first is smaller; its gradient is zero.', formula: compared('<'), result: 'float', apply: (builder, [a, b]) => builder.less(a!, b!), numeric: (a, b) => Number(a! < b!) },
  { name: 'le', summary: 'Where the first is not larger; its gradient is zero.', formula: compared('≤'), result: 'float', apply: (builder, [a, b]) => builder.lessEqual(a!, b!), numeric: (a, b) => Number(a! <= b!) },
  { name: 'gt', summary: 'Where the first is larger; its gradient is zero.', formula: compared('>'), result: 'float', apply: (builder, [a, b]) => builder.greater(a!, b!), numeric: (a, b) => Number(a! > b!) },
  { name: 'ge', summary: 'Where the first is not smaller; its gradient is zero.', formula: compared('≥'), result: 'float', apply: (builder, [a, b]) => builder.greaterEqual(a!, b!), numeric: (a, b) => Number(a! >= b!) },
  {
    name: 'logical_and',
    summary: 'Where both are not 0; its gradient is zero.',
    formula: 'y = 1 where a ≠ 0 and b ≠ 0, 0 elsewhere',
    result: 'float',
    apply: (builder, [a, b]) => builder.multiply(isTrue(builder, a!), isTrue(builder, b!)),
    numeric: (a, b) => Number(a !== 0 && b !== 0),
  },
  {
    name: 'logical_or',
    summary: 'Where at least one is not 0; its gradient is zero.',
    formula: 'y = 1 where a ≠ 0 or b ≠ 0, 0 elsewhere',
    result: 'float',
    apply: (builder, [a, b]) => builder.maximum(isTrue(builder, a!), isTrue(builder, b!)),
    numeric: (a, b) => Number(a !== 0 || b !== 0),
  },
  {
    name: 'logical_not',
    summary: 'Where the input is 0; its gradient is zero.',
    formula: 'y = 1 where a = 0, 0 elsewhere',
    result: 'float',
    inputs: ['input'],
    apply: (builder, [a]) => builder.equal(a!, builder.scalar(0)),
    numeric: (a) => Number(a === 0),
  },
  { name: 'negative', summary: 'The opposite sign.', formula: 'y = −a', result: 'same', inputs: ['input'], apply: (builder, [a]) => builder.negate(a!), numeric: (a) => -a! },
];

function toFunction({ name, torch = name, summary, formula, keeps = [], inputs = ['input', 'other'], result, apply, numeric }: Entry): FunctionOperation {
  return tensorFunction<object>({
    name,
    summary,
    formula,
    source: torchPage(`torch.${torch}`),
    keeps,
    work: perOutput(1),
    inputs: inputs.map((input): InputDefinition => ({ name: input })),
    arguments: {},
    numeric,
    infer(call) {
      const shapes = call.inputs.map((input) => input.shape);
      const shape = broadcastShapes(call, name, shapes);
      if (shape === undefined) return undefined;
      const ints = result === 'same' && call.inputs.every((input) => input.element === 'int');
      return {
        output: { element: ints ? 'int' : 'float', shape },
        dependence: broadcastDependence(shapes, shape),
        execute: ({ builder, inputs: refs }) => apply(builder, aligned(builder, refs, shape.length)),
      };
    },
  });
}

const where = tensorFunction<object>({
  name: 'where',
  summary: 'Picks, entry by entry, from one of two tensors.',
  formula: 'y = a where the condition is not 0, b elsewhere',
  source: torchPage('torch.where'),
  keeps: ['mask'],
  work: perOutput(1),
  inputs: [{ name: 'condition' }, { name: 'input' }, { name: 'other' }],
  arguments: {},
  numeric: (condition, a, b) => (condition !== 0 ? a! : b!),
  infer(call) {
    const shapes = call.inputs.map((input) => input.shape);
    const shape = broadcastShapes(call, 'where', shapes);
    if (shape === undefined) return undefined;
    const ints = call.inputs.slice(1).every((input) => input.element === 'int');
    return {
      output: { element: ints ? 'int' : 'float', shape },
      dependence: broadcastDependence(shapes, shape),
      execute: ({ builder, inputs }) => {
        const [condition, a, b] = aligned(builder, inputs, shape.length);
        return builder.select(condition!, a!, b!);
      },
    };
  },
});

const clamp = tensorFunction<{ min: number | null; max: number | null }>({
  name: 'clamp',
  summary: 'Keeps the input within bounds; beyond them the gradient is zero.',
  formula: 'y = min(max(x, min), max)',
  source: torchPage('torch.clamp'),
  keeps: ['mask'],
  work: perOutput(1),
  inputs: [{ name: 'input' }],
  arguments: {
    min: optional(number({ documentation: 'The lower bound; none: there is none.' })),
    max: optional(number({ documentation: 'The upper bound; none: there is none.' })),
  },
  infer(call) {
    const { min, max } = call.arguments;
    if (min === null && max === null) {
      return call.problem({ code: 'missing-argument', message: 'clamp needs min, max or both' });
    }
    const { element, shape } = call.inputs[0]!;
    const ints = element === 'int' && [min, max].every((bound) => bound === null || Number.isInteger(bound));
    return {
      output: { element: ints ? 'int' : 'float', shape },
      dependence: elementwise(shape.length),
      // PyTorch: where min exceeds max, all entries become max.
      execute: ({ builder, inputs }) => builder.clamp(builder.clamp(inputs[0]!, min ?? -Infinity, Infinity), -Infinity, max ?? Infinity),
    };
  },
});

export const operators: readonly FunctionOperation[] = [...entries.map(toFunction), where, clamp];
