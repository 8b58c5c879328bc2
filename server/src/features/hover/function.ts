// What hovers say of functions of one number: derivative, range, zeros, and a plot of function and derivative.

import { Lowering } from '../../check/lower';
import { Builder, type Ref } from '../../engine/builder';
import { EngineError } from '../../engine/errors';
import { run } from '../../engine/execute';
import type { Arguments, Call, Operation } from '../../layers/definition';
import { Derivatives } from '../../semantics/derivative/derive';
import { applied, constant, type Expression } from '../../semantics/derivative/expression';
import { formsOf } from '../../semantics/derivative/forms';
import { numberName } from '../../semantics/derivative/naming';
import { branchesOf, domainOf, isDefinedAt, isSmoothAt, zerosOf } from '../../semantics/derivative/places';
import { intersection, printInterval, rangeOf } from '../../semantics/derivative/range';
import { spell } from '../../semantics/derivative/spelling';
import type { Graph } from '../../semantics/graph';
import type { FunctionGraph } from '../../semantics/function-graph';
import type { FunctionValue } from '../../semantics/values';
import { notesOf, textAt } from '../derivatives';
import { code, paragraphs } from '../markdown';
import { plotImage } from '../plot';
import { definitionsOf } from '../spelling';
import type { Document } from '../workspace';
import { type Fact, factTable } from './facts';

const from = -5;
const to = 5;
/** An even number, so that no sample lies at 0. */
const samples = 120;
/** What a plot shows of values that grow without bounds. */
const limits: readonly [number, number] = [-5, 5];

/** The part of a declared function's page on what it does to single numbers. */
export function functionPart(declared: FunctionValue, document: Document): string | undefined {
  const made = document.analysis.functionGraph(declared);
  if (made === undefined) return undefined;
  const derivatives = new Derivatives(made.graph, (tensor) => (tensor.source.kind === 'input' ? tensor.source.name : numberName(tensor, { textAt: (place) => textAt(place, document) })));
  const value = derivatives.definition(made.output);
  const facts: Fact[] = [];
  for (const input of made.inputs) {
    const name = input.source.kind === 'input' ? input.source.name : '';
    const derivative = derivatives.derivative(made.output, input);
    const spelled = derivative && spell(derivative, (word) => made.inputs.some(({ source }) => source.kind === 'input' && source.name === word));
    if (spelled !== undefined) facts.push([made.inputs.length === 1 ? 'Derivative' : `Derivative in ${name}`, [code(spelled.text), ...notesOf(spelled)].join('')]);
    if (made.inputs.length === 1) facts.push(...certainties(value, derivative, conditionsOf(made.graph, derivatives)));
  }
  return paragraphs(factTable(facts), made.inputs.length === 1 ? plotOfGraph(declared.name, made) : undefined);
}

/** What all operations need of what they are applied to, before anything cancels: x/x is 1 where x ≠ 0. */
function conditionsOf({ nodes }: Graph, derivatives: Derivatives): readonly string[] {
  const raised = (base: Expression | undefined, exponent: Expression | undefined): readonly Expression[] => (base === undefined || exponent === undefined ? [] : [{ kind: 'power', base, exponent, shape: [], key: '' }]);
  const operands = nodes.flatMap((node) => {
    const [a, b] = node.inputs.map((input) => derivatives.value(input));
    switch (node.kind === 'operation' ? node.operation.name : '') {
      case 'divide':
        return raised(b, constant(-1));
      case 'reciprocal':
        return raised(a, constant(-1));
      case 'sqrt':
        return raised(a, constant(1 / 2));
      case 'rsqrt':
        return raised(a, constant(-1 / 2));
      case 'power':
        return raised(a, b);
      case 'log':
        return a === undefined ? [] : [applied('log', [a], [])];
      default:
        return [];
    }
  });
  return domainOf(...operands);
}

/** Ranges, gaps and zeros, as far as they are certain. */
function certainties(value: Expression | undefined, derivative: Expression | undefined, defined: readonly string[]): readonly Fact[] {
  const facts: Fact[] = [];
  const add = (what: string, text: string | undefined): void => {
    if (text !== undefined) facts.push([what, text]);
  };
  const smooth = derivative === undefined ? [] : domainOf(derivative).filter((condition) => !defined.includes(condition) && !['>', '<'].some((sign) => defined.includes(condition.replace('≠', sign))));
  const where = (conditions: readonly string[]): string | undefined => (conditions.length === 0 ? undefined : `where ${conditions.map(code).join(' and ')}`);
  add('Values within', value && within(value));
  add('Zero', value && zeros(value));
  add('Derivative within', derivative && within(derivative));
  add('Derivative zero', derivative && zeros(derivative));
  add('Defined', where(defined));
  add('Derivative defined', where(smooth));
  const bends = value === undefined ? [] : branchesOf(value).filter((condition) => isDefinedAt(value, condition) && !isSmoothAt(value, condition));
  const [jumps, kinks] = [true, false].map((isJump) => bends.filter((condition) => condition.includes(' is ') === isJump)) as [string[], string[]];
  const isShown = derivative !== undefined && kinks.every((condition) => isDefinedAt(derivative, condition)) && !derivative.key.includes('greater');
  add('Jump', jumps.length === 0 ? undefined : `where ${jumps.map(code).join(' or ')}`);
  add('Kink', kinks.length === 0 ? undefined : `where ${kinks.map(code).join(' or ')}${isShown ? '; there the derivative is the one shown, by convention' : ''}`);
  return facts;
}

/** What all of its forms tell. */
function within(expression: Expression): string | undefined {
  if (expression.kind === 'number') return undefined;
  const text = printInterval(formsOf(expression).map(rangeOf).reduce(intersection));
  return text && code(text);
}

function zeros(expression: Expression): string | undefined {
  const found = formsOf(expression).map(zerosOf).find((each) => each !== undefined);
  if (found === undefined) return undefined;
  if (found.length === 0) return 'nowhere';
  return found.map((condition) => (condition === 'everywhere' ? 'everywhere: nothing in front of it learns' : `where ${code(condition)}`)).join(', ');
}

/** The arguments that an operation has where none are given; undefined where it needs some. */
export function usualArguments(operation: Operation): Arguments | undefined {
  const definitions = Object.entries(definitionsOf(operation));
  return definitions.some(([, definition]) => definition.default === undefined) ? undefined : Object.fromEntries(definitions.map(([name, definition]) => [name, definition.default]));
}

/** The layers' and functions' part: of those that map each number by itself, a plot. */
export function pointwisePlot(operation: Operation, given: Arguments | undefined): string | undefined {
  if (operation.pointwise !== true || given === undefined) return undefined;
  return plotOf(operation.name, (builder, x) => {
    const effect = operation.infer(quietCall(given));
    const made = effect?.execute({ builder, inputs: [x], parameters: {}, batch: samples, key: 'plot' });
    return typeof made === 'number' ? made : undefined;
  });
}

function quietCall(given: Arguments): Call {
  return {
    inputs: [{ element: 'float', shape: [] }],
    arguments: given,
    problem: () => undefined,
    warn: () => undefined,
    requireEqual: () => true,
    requireAtLeast: () => true,
  };
}

function plotOfGraph(name: string, { inputs, output }: FunctionGraph): string | undefined {
  return plotOf(name, (builder, x) => {
    const lowering = new Lowering(samples, new Map(), builder);
    lowering.feed(inputs[0]!, x);
    return output.batched ? lowering.ref(output) : undefined;
  });
}

/** f and f′ by the engine, from −5 to 5. */
function plotOf(name: string, apply: (builder: Builder, x: Ref) => Ref | undefined): string | undefined {
  try {
    const builder = new Builder();
    const x = builder.leaf([samples], 'x');
    const y = apply(builder, x);
    if (y === undefined) return undefined;
    const [slope] = builder.gradient(builder.sum(y), [x]);
    const places = Float64Array.from({ length: samples }, (_, index) => from + ((to - from) * index) / (samples - 1));
    const [values, slopes] = run(builder.program, new Map([[x, places]]), [y, slope!]);
    const curve = (label: string, of: Float64Array): { label: string; points: [number, number][] } => ({ label, points: [...places].map((place, index) => [place, of[index]!]) });
    return plotImage(`${name} and its derivative from ${String(from)} to ${String(to)}`, [{ curves: [curve(name, values!), curve(`${name}′`, slopes!)], x: 'x', limits }]);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
