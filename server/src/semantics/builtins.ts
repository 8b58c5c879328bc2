// Functions that are answered while analysing: questions about the network, and functions of numbers and lists.

import type * as ast from '../../../grammar/ast';
import { roundHalfEven } from '../layers/elementwise';
import { add, type Dimension, maximum, minimum } from '../symbolic/dimension';
import { checkedSize } from './arithmetic';
import { formulaOfCall, isNumeric, roundedFormula } from './formula';
import { type Builtin, questions, wrong } from './questions';
import { ReceptiveFields } from './receptive-field';
import type { GradientNode, Tensor } from './graph';
import { at, type Context } from './run';
import { type BoundArgument, hasUnknown, list, size, tensor, toNumber, unknown, type Value } from './values';

// ── Questions about the network ──────────────────────────────────────────────

/** A question about one tensor. */
function ofTensor(name: string, summary: string, answer: (context: Context, asked: Tensor, node: ast.Expression) => Value): Builtin {
  return {
    name,
    signature: `${name}(x)`,
    summary,
    call(context, given, node) {
      const value = given[0]?.value;
      if (value?.kind === 'unknown') return unknown;
      if (value?.kind !== 'tensor' || given.length !== 1) return wrong(context, node, name, 'one tensor', value);
      return answer(context, value.tensor, node);
    },
  };
}

function fieldOf(context: Context, asked: Tensor, node: ast.Expression, of: 'size' | 'stride'): Value {
  const [field] = new ReceptiveFields().of(asked);
  if (field === undefined) return wrong(context, node, of === 'size' ? 'receptive_field' : 'stride', 'a tensor that depends on positions of an input', undefined);
  if (field.global) return { kind: 'string', value: 'global' };
  const values: Value[] = [];
  for (const axis of field.axes) {
    if (axis.kind === 'unknown') {
      context.run.report(context, { code: 'unknown-receptive-field', place: at(context, node), message: `the receptive field is not known: ${axis.reason}` });
      return unknown;
    }
    if (axis.kind === 'all') values.push({ kind: 'string', value: 'all' });
    else values.push(Number.isInteger(axis[of]) ? size(axis[of]) : { kind: 'number', value: axis[of] });
  }
  return list(values);
}

const gradient: Builtin = {
  name: 'grad',
  signature: 'grad(y, x)',
  summary: 'The derivative of a scalar y by x, of the shape of x.',
  call(context, given, node) {
    const [y, x] = given.map((argument) => argument.value);
    if (y?.kind === 'unknown' || x?.kind === 'unknown') return unknown;
    if (given.length !== 2 || y?.kind !== 'tensor' || x?.kind !== 'tensor') return wrong(context, node, 'grad', 'two tensors, grad(y, x)', y?.kind === 'tensor' ? x : y);
    const { run } = context;
    if (y.tensor.type.shape.length > 0) return wrong(context, node, 'grad', 'a y of shape []; sum reduces it', y);
    if (x.tensor.type.element === 'int') return wrong(context, node, 'grad', 'a float x, as integers have no derivative', x);
    const place = at(context, node);
    const outputs: Tensor[] = [];
    const made: GradientNode = { id: run.newNodeId(context, place), kind: 'gradient', inputs: [y.tensor, x.tensor], outputs, place };
    outputs.push(run.newTensor({ element: 'float', shape: x.tensor.type.shape }, x.tensor.batched, { kind: 'node', node: made }, place));
    run.graph.nodes.push(made);
    return tensor(outputs[0]!);
  },
};

// ── Functions of numbers and lists ───────────────────────────────────────────

/** All arguments as sizes or numbers; undefined if any is a tensor or something else. */
function numbersOf(given: readonly BoundArgument[]): readonly Value[] | undefined {
  const values = given.length === 1 && given[0]!.value.kind === 'list' ? given[0]!.value.items : given.map((argument) => argument.value);
  return values.every(isNumeric) ? values : undefined;
}

function hasTensor(given: readonly BoundArgument[]): boolean {
  return given.some(({ value }) => value.kind === 'tensor' || (value.kind === 'list' && value.items.some((item) => item.kind === 'tensor')));
}

/** Sizes joined one after the other, up to where the result is too complex. */
function joined(context: Context, sizes: readonly Dimension[], join: (a: Dimension, b: Dimension) => Dimension, node: ast.Expression): Value {
  let result = sizes[0]!;
  for (const next of sizes.slice(1)) {
    result = join(result, next);
    if (context.run.isTooComplex(result)) break;
  }
  return checkedSize(context, result, node);
}

function reduction(
  name: string,
  summary: string,
  onSizes: (a: Dimension, b: Dimension) => Dimension,
  onNumbers: (a: number, b: number) => number,
  empty?: number,
): Builtin {
  return {
    name,
    signature: `${name}(a, b, …)`,
    summary,
    call(context, given, node) {
      if (hasTensor(given)) return undefined;
      if (given.some((argument) => hasUnknown(argument.value))) return unknown;
      const values = numbersOf(given);
      if (values === undefined || (values.length === 0 && empty === undefined)) return wrong(context, node, name, 'numbers, a list of numbers, or a tensor', given[0]?.value);
      const sizes = values.map((value) => (value.kind === 'size' ? value.value : undefined));
      if (sizes.every((each) => each !== undefined)) return sizes.length === 0 ? size(empty!) : joined(context, sizes, onSizes, node);
      const numbers = values.map(toNumber);
      if (numbers.some((each) => each === undefined)) return formulaOfCall(name, values);
      return { kind: 'number', value: (numbers as number[]).reduce(onNumbers) };
    },
  };
}

function rounding(name: string, summary: string, compute: (x: number) => number): Builtin {
  return {
    name,
    signature: `${name}(x)`,
    summary,
    call(context, given, node) {
      if (hasTensor(given)) return undefined;
      const value = given[0]?.value;
      if (value?.kind === 'size' && given.length === 1) return value;
      if (value?.kind === 'formula' && given.length === 1) return (name === 'round' ? undefined : roundedFormula(value, name === 'floor' ? 'down' : 'up')) ?? formulaOfCall(name, [value]);
      if (value?.kind !== 'number' || given.length !== 1) return wrong(context, node, name, 'one number or tensor', value);
      return checkedSize(context, compute(value.value), node);
    },
  };
}

const len: Builtin = {
  name: 'len',
  signature: 'len(list)',
  summary: 'The number of items of a list.',
  call(context, given, node) {
    const value = given[0]?.value;
    return value?.kind === 'list' && given.length === 1 ? size(value.items.length) : wrong(context, node, 'len', 'one list', value);
  },
};

const range: Builtin = {
  name: 'range',
  signature: 'range(stop), range(start, stop, step = 1)',
  summary: 'The integers from start up to, but without, stop.',
  call(context, given, node) {
    const numbers = given.map((argument) => toNumber(argument.value));
    const odd = numbers.findIndex((number) => number === undefined || !Number.isInteger(number));
    if (given.length < 1 || given.length > 3 || odd >= 0) return wrong(context, node, 'range', 'one to three integers that are known while analysing', given[Math.max(0, odd)]?.value);
    const [first, second, third = 1] = numbers as number[];
    const [start, stop] = second === undefined ? [0, first!] : [first!, second];
    if (third === 0) return wrong(context, node, 'range', 'a step other than 0', size(0));
    const count = Math.max(0, Math.ceil((stop - start) / third));
    if (count > context.run.limits.repeats) {
      context.run.report(context, { code: 'too-many-repeats', place: at(context, node), message: `a range of ${count.toLocaleString('en-US')} is above ${context.run.limits.repeats.toLocaleString('en-US')}, the limit of the analysis` });
      return unknown;
    }
    context.run.spend(context, { span: node.span }, count);
    return list(Array.from({ length: count }, (_, index) => size(start + index * third)));
  },
};

const zip: Builtin = {
  name: 'zip',
  signature: 'zip(a, b, …)',
  summary: 'The lists side by side: [[a₀, b₀], [a₁, b₁], …].',
  call(context, given, node) {
    if (given.some((argument) => argument.value.kind === 'unknown')) return unknown;
    const lists = given.map((argument) => (argument.value.kind === 'list' ? argument.value.items : undefined));
    const odd = lists.indexOf(undefined);
    if (odd >= 0 || lists.length === 0) return wrong(context, node, 'zip', 'lists', given[odd]?.value);
    const lengths = [...new Set((lists as (readonly Value[])[]).map((items) => items.length))];
    if (lengths.length > 1) {
      context.run.report(context, { code: 'unequal-lists', place: at(context, node), message: `zip joins lists of the same length, but these have ${(lists as (readonly Value[])[]).map((items) => String(items.length)).join(', ')} items` });
      return unknown;
    }
    context.run.spend(context, { span: node.span }, lengths[0]! * lists.length);
    return list(Array.from({ length: lengths[0]! }, (_, index) => list(lists.map((items) => items![index]!))));
  },
};

const enumerate: Builtin = {
  name: 'enumerate',
  signature: 'enumerate(list)',
  summary: 'The items with their indices: [[0, a], [1, b], …].',
  call(context, given, node) {
    const value = given[0]?.value;
    if (value?.kind !== 'list' || given.length !== 1) return wrong(context, node, 'enumerate', 'one list', value);
    return list(value.items.map((item, index) => list([size(index), item])));
  },
};

const all: readonly Builtin[] = [
  ofTensor('shape', 'The sizes of a tensor, without the batch.', (_, asked) => list(asked.type.shape.map(size))),
  ...questions,
  ofTensor('receptive_field', 'The size of the part of the input that one unit depends on, for each axis.', (context, asked, node) => fieldOf(context, asked, node, 'size')),
  ofTensor('stride', 'How far apart in the input neighbouring units look, for each axis.', (context, asked, node) => fieldOf(context, asked, node, 'stride')),
  gradient,
  reduction('min', 'The smallest.', minimum, Math.min),
  reduction('max', 'The largest.', maximum, Math.max),
  reduction('sum', 'The sum.', (a, b) => add(a, b), (a, b) => a + b, 0),
  rounding('floor', 'Rounds down to an integer.', Math.floor),
  rounding('ceil', 'Rounds up to an integer.', Math.ceil),
  rounding('round', 'Rounds to the nearest integer, halves to the even one.', roundHalfEven),
  len,
  range,
  zip,
  enumerate,
];

export const builtins: ReadonlyMap<string, Builtin> = new Map(all.map((each) => [each.name, each]));
