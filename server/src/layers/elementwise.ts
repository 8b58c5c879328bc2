// Elementwise functions of one tensor: what all of them share, and the mathematical ones.

import type { Builder, Ref } from '../engine/builder';
import type { ArgumentDefinitions } from './arguments';
import { type FunctionOperation, type Kept, oneInput, type Operation, operation, type Problem, tensorFunction, torchPage } from './definition';
import { elementwise } from './dependence';
import { elements } from './tensor';
import { noWork, perOutput } from './work';

export interface Entry<A = Record<string, unknown>> {
  /** PyTorch's function, and its module where there is one. */
  readonly name: string;
  readonly layer?: string;
  readonly summary: string;
  readonly formula: string;
  readonly keeps: readonly Kept[];
  /** How many operations an entry counts: one, unless values are only handed on. */
  readonly operations?: number;
  /** The element type of what ints give; floats unless said. */
  readonly ofInts?: 'int' | 'float';
  /** PyTorch's page, where it is not the one of torch.nn.functional. */
  readonly source?: string;
  readonly arguments?: ArgumentDefinitions<A>;
  /** What is wrong with the arguments taken together. */
  check?(given: A): Problem | undefined;
  apply(builder: Builder, x: Ref, given: A): Ref;
  readonly numeric?: (x: number) => number;
}

/** Keeps the argument types of an entry while it joins the others in a table. */
export function entry<A = object>(definition: Entry<A>): Entry {
  return definition as unknown as Entry;
}

const entries = [
  entry({ name: 'sign', source: torchPage('torch.sign'), ofInts: 'int', layer: 'Sign', summary: 'The sign of the input; its gradient is zero, so nothing in front of it learns.', formula: 'y = −1, 0 or 1', keeps: [], apply: (builder, x) => builder.sign(x), numeric: Math.sign }),
  entry({ name: 'step', source: torchPage('torch.heaviside'), ofInts: 'int', layer: 'Step', summary: '1 for positive inputs, else 0; its gradient is zero, so nothing in front of it learns.', formula: 'y = 1 for x > 0, 0 otherwise', keeps: [], apply: (builder, x) => builder.step(x), numeric: (x) => (x > 0 ? 1 : 0) }),
  entry({ name: 'abs', source: torchPage('torch.abs'), ofInts: 'int', summary: 'The magnitude.', formula: 'y = |x|', keeps: ['input'], apply: (builder, x) => builder.abs(x), numeric: Math.abs }),
  entry({ name: 'exp', source: torchPage('torch.exp'), summary: 'The exponential.', formula: 'y = eˣ', keeps: ['output'], apply: (builder, x) => builder.exp(x), numeric: Math.exp }),
  entry({ name: 'log', source: torchPage('torch.log'), summary: 'The natural logarithm.', formula: 'y = ln x', keeps: ['input'], apply: (builder, x) => builder.log(x), numeric: Math.log }),
  entry({ name: 'sqrt', source: torchPage('torch.sqrt'), summary: 'The square root.', formula: 'y = √x', keeps: ['output'], apply: (builder, x) => builder.sqrt(x), numeric: Math.sqrt }),
  entry({ name: 'sin', source: torchPage('torch.sin'), summary: 'The sine.', formula: 'y = sin x', keeps: ['input'], apply: (builder, x) => builder.sin(x), numeric: Math.sin }),
  entry({ name: 'cos', source: torchPage('torch.cos'), summary: 'The cosine.', formula: 'y = cos x', keeps: ['input'], apply: (builder, x) => builder.cos(x), numeric: Math.cos }),
  entry({ name: 'erf', source: torchPage('torch.special.erf'), summary: 'The error function.', formula: 'y = 2/√π·∫₀ˣ e^(−t²) dt', keeps: ['input'], apply: (builder, x) => builder.erf(x) }),
  entry({ name: 'floor', source: torchPage('torch.floor'), ofInts: 'int', summary: 'Rounds down; its gradient is zero.', formula: 'y = ⌊x⌋', keeps: [], apply: (builder, x) => builder.floor(x), numeric: Math.floor }),
  entry({ name: 'ceil', source: torchPage('torch.ceil'), ofInts: 'int', summary: 'Rounds up; its gradient is zero.', formula: 'y = ⌈x⌉', keeps: [], apply: (builder, x) => builder.ceil(x), numeric: Math.ceil }),
  entry({ name: 'round', source: torchPage('torch.round'), ofInts: 'int', summary: 'Rounds to the nearest integer, halves to the even one; its gradient is zero.', formula: 'y = round(x)', keeps: [], apply: (builder, x) => builder.round(x), numeric: roundHalfEven }),
  entry({ name: 'detach', source: torchPage('torch.Tensor.detach'), ofInts: 'int', summary: 'The same values, through which no gradient flows.', formula: 'y = x', keeps: [], operations: 0, apply: (builder, x) => builder.detach(x) }),
  entry({ name: 'log1p', source: torchPage('torch.log1p'), summary: 'The logarithm of 1 + x, exact for small x.', formula: 'y = ln(1 + x)', keeps: ['input'], apply: (builder, x) => builder.log1p(x), numeric: Math.log1p }),
  entry({ name: 'expm1', source: torchPage('torch.expm1'), summary: 'The exponential minus 1, exact for small x.', formula: 'y = eˣ − 1', keeps: ['output'], apply: (builder, x) => builder.expm1(x), numeric: Math.expm1 }),
  entry({ name: 'square', source: torchPage('torch.square'), ofInts: 'int', summary: 'The square.', formula: 'y = x²', keeps: ['input'], apply: (builder, x) => builder.square(x), numeric: (x) => x * x }),
  entry({ name: 'rsqrt', source: torchPage('torch.rsqrt'), summary: 'One over the square root.', formula: 'y = 1/√x', keeps: ['output'], apply: (builder, x) => builder.reciprocal(builder.sqrt(x)), numeric: (x) => 1 / Math.sqrt(x) }),
  entry({ name: 'reciprocal', source: torchPage('torch.reciprocal'), summary: 'One over the input.', formula: 'y = 1/x', keeps: ['output'], apply: (builder, x) => builder.reciprocal(x), numeric: (x) => 1 / x }),
];

/** Python's rounding: halves go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** What an entry is as a layer or as a function. */
export function toOperation(name: string, { summary, formula, keeps, operations = 1, ofInts = 'float', source, arguments: given = {}, check, apply }: Entry): Operation {
  const isLayer = /^[A-Z]/.test(name);
  return operation<Record<string, unknown>>({
    name,
    summary,
    formula,
    source: source ?? torchPage(`torch.nn.${isLayer ? '' : 'functional.'}${name}`),
    inputs: oneInput,
    keeps,
    work: operations === 0 ? noWork : perOutput(operations),
    pointwise: true,
    arguments: given,
    infer(call) {
      const problem = check?.(call.arguments);
      if (problem !== undefined) return call.problem(problem);
      const { element, shape } = call.inputs[0]!;
      return {
        output: { element: element === 'int' ? ofInts : 'float', shape },
        // A number for each entry, such as 1 + |x|.
        statistics: keeps.includes('statistics') ? elements(shape) : undefined,
        dependence: elementwise(shape.length),
        execute: ({ builder, inputs }) => apply(builder, inputs[0]!, call.arguments),
      };
    },
  });
}

/** ⌊x⌋ for positive, ⌈x⌉ for negative numbers. */
function truncate(builder: Builder, x: Ref): Ref {
  return builder.multiply(builder.sign(x), builder.floor(builder.abs(x)));
}

/** int(x) and float(x), which change the element type. */
function conversion(element: 'int' | 'float'): FunctionOperation {
  const toInt = element === 'int';
  return tensorFunction<object>({
    name: element,
    summary: toInt ? 'Cuts off what is behind the point; its gradient is zero.' : 'The same numbers as floats.',
    formula: toInt ? 'y = sign(x)·⌊|x|⌋' : 'y = x',
    source: torchPage(toInt ? 'torch.trunc' : 'torch.Tensor.float'),
    inputs: oneInput,
    keeps: [],
    work: noWork,
    arguments: {},
    numeric: toInt ? Math.trunc : (x) => x,
    infer(call) {
      const { element: before, shape } = call.inputs[0]!;
      return {
        output: { element, shape },
        dependence: elementwise(shape.length),
        execute: ({ builder, inputs }) => (toInt && before === 'float' ? truncate(builder, inputs[0]!) : inputs[0]!),
      };
    },
  });
}

/** The entries as functions. */
export function functionsOf(table: readonly Entry[]): readonly FunctionOperation[] {
  return table.map((each) => ({ ...toOperation(each.name, each), numeric: each.numeric }));
}

/** Those that PyTorch has as layers. */
export function layersOf(table: readonly Entry[]): readonly Operation[] {
  return table.flatMap((each) => (each.layer === undefined ? [] : [toOperation(each.layer, each)]));
}

export const mathematicalLayers: readonly Operation[] = layersOf(entries);

export const mathematicalFunctions: readonly FunctionOperation[] = [...functionsOf(entries), conversion('int'), conversion('float')];
