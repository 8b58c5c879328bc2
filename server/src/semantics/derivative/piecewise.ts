// Functions with bends and comparisons as expressions: [−1 ≤ x ≤ 1], [x > 0].

import type { GraphNode } from '../graph';
import { coefficientOf, product, subtract, sum } from './algebra';
import { applied, broadcast, constant, type Expression, fraction, one, zero } from './expression';
import { reduceTo } from './matrix';
import { type Flow, reshaped, type Rule, shapeOf, shapesOf } from './rule';

/** By the names of functions. */
export const piecewise = new Map<string, Rule>();

piecewise.set('clamp', withNumbers(['min', 'max'], (x, [low, high]) => ({
  value: low === undefined ? applied('minimum', [x, constant(high!)], x.shape) : high === undefined ? applied('maximum', [x, constant(low)], x.shape) : applied('clamp', [x, constant(low), constant(high)], x.shape),
  slope: low === undefined ? not(exceeds(x, constant(high!))) : high === undefined ? not(exceeds(constant(low), x)) : applied('within', [constant(low), x, constant(high)], x.shape),
})));
piecewise.set('hardtanh', withNumbers(['min_val', 'max_val'], (x, [low, high]) => ({
  value: applied('hardtanh', [x, ...(low === -1 && high === 1 ? [] : [constant(low!), constant(high!)])], x.shape),
  slope: applied('between', [constant(low!), x, constant(high!)], x.shape),
})));
piecewise.set('relu6', withNumbers([], (x) => ({ value: applied('relu6', [x], x.shape), slope: applied('between', [constant(0), x, constant(6)], x.shape) })));
piecewise.set('hardsigmoid', withNumbers([], (x) => ({ value: applied('hardsigmoid', [x], x.shape), slope: product([fraction(1, 6), applied('between', [constant(-3), x, constant(3)], x.shape)]) })));
piecewise.set('hardshrink', withNumbers(['lambd'], (x, [width]) => ({
  value: applied('hardshrink', [x, ...(width === 0.5 ? [] : [constant(width!)])], x.shape),
  slope: exceeds(applied('abs', [x], x.shape), constant(width!)),
})));
piecewise.set('softshrink', withNumbers(['lambd'], (x, [width]) => ({
  value: applied('softshrink', [x, ...(width === 0.5 ? [] : [constant(width!)])], x.shape),
  slope: exceeds(applied('abs', [x], x.shape), constant(width!)),
})));
piecewise.set('leaky_relu', withNumbers(['negative_slope'], (x, [slope]) => ({
  value: applied('leaky_relu', [x, ...(slope === 0.01 ? [] : [constant(slope!)])], x.shape),
  slope: sum([constant(slope!), product([constant(1 - slope!), applied('step', [x], x.shape)])]),
})));

piecewise.set('threshold', withNumbers(['threshold', 'value'], (x, [limit, value]) => ({ value: applied('threshold', [x, constant(limit!), constant(value!)], x.shape), slope: exceeds(x, constant(limit!)) })));
// Their slopes are said below the line.
for (const name of ['elu', 'celu']) {
  piecewise.set(name, withNumbers(['alpha'], (x, [alpha]) => {
    const operands = [x, ...(alpha === 1 ? [] : [constant(alpha!)])];
    return { value: applied(name, operands, x.shape), slope: applied(`${name}′`, operands, x.shape) };
  }));
}

/** A function of one entry and of numbers, by the arguments that hold them. */
function withNumbers(names: readonly string[], of: (x: Expression, numbers: readonly (number | undefined)[]) => { readonly value: Expression; readonly slope: Expression }): Rule {
  const made = (node: GraphNode, x: Expression): { readonly value: Expression; readonly slope: Expression } => of(x, names.map((name) => (typeof node.arguments[name] === 'number' ? node.arguments[name] : undefined)));
  return {
    value: ({ node, inputs: [x] }) => made(node, x!).value,
    flow: ({ node, inputs: [x] }, cotangent) => [reduceTo(product([cotangent, made(node, x!).slope]), shapeOf(node), shapesOf(node)[0]!)],
  };
}

/** The rules above know their arguments. */
export const numbered: ReadonlySet<string> = new Set(['clamp', 'hardtanh', 'hardshrink', 'softshrink', 'leaky_relu', 'threshold', 'elu', 'celu']);

/** [a > b] with 0 where the two are equal. */
function exceeds(a: Expression, b: Expression): Expression {
  return applied('exceeds', [a, b], broadcast([a.shape, b.shape]));
}

/** The same where a maximum shares: with 1/2 where the two are equal. */
function greater(a: Expression, b: Expression): Expression {
  return applied('greater', [a, b], broadcast([a.shape, b.shape]));
}

/** Of something that is 0 or 1. */
function not(condition: Expression): Expression {
  if (condition.kind !== 'applied') return subtract(one, condition);
  const { name, operands, shape } = condition;
  return name === 'exceeds' ? applied('atMost', operands, shape) : name === 'atMost' ? applied('exceeds', operands, shape) : subtract(one, condition);
}

const comparisons: readonly (readonly [name: string, holds: (a: Expression, b: Expression) => Expression])[] = [
  ['gt', (a, b) => exceeds(a, b)],
  ['lt', (a, b) => exceeds(b, a)],
  ['ge', (a, b) => not(exceeds(b, a))],
  ['le', (a, b) => not(exceeds(a, b))],
  ['eq', (a, b) => applied('equal', [a, b], broadcast([a.shape, b.shape]))],
  ['ne', (a, b) => subtract(one, applied('equal', [a, b], broadcast([a.shape, b.shape])))],
];
for (const [name, holds] of comparisons) piecewise.set(name, { value: ({ node, inputs: [a, b] }) => reshaped(holds(a!, b!), shapeOf(node)), flow: () => ['zero', 'zero'] });

// Each side where it is taken; what is no comparison is no 0 or 1.
piecewise.set('where', {
  value: ({ inputs, node }) => applied('where', inputs, shapeOf(node)),
  flow: ({ node, inputs: [condition] }, cotangent) => {
    const { source } = node.inputs[0]!;
    const isComparison = source.kind === 'node' && source.node.kind === 'operation' && comparisons.some(([name]) => name === (source.node as GraphNode).operation.name);
    const side = (mask: Expression, position: number): Flow => (isComparison ? reduceTo(product([cotangent, mask]), shapeOf(node), shapesOf(node)[position]!) : undefined);
    return ['zero', side(condition!, 1), side(not(condition!), 2)];
  },
});

/** [a > b]; of multiples of the same, [x > 0] or [0 > x]. */
export function above(a: Expression, b: Expression): Expression {
  const [factor, rest] = coefficientOf(subtract(a, b));
  const isSum = rest.kind === 'sum' || rest.kind === 'number';
  return isSum || a.kind === 'number' || b.kind === 'number' ? greater(a, b) : factor > 0 ? greater(rest, zero) : greater(zero, rest);
}
