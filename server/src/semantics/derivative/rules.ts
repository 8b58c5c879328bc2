// What the operations of the language are as expressions, and what they pass back: the textbook's rules, one row each.

import type { GraphNode } from '../graph';
import { divide, negate, power, product, square, squareRoot, subtract, sum } from './algebra';
import { applied, broadcast, constant, entry, type Expression, fraction, one, symbol, two } from './expression';
import { explained } from './legend';
import { losses } from './losses';
import { reduceTo } from './matrix';
import { above, numbered, piecewise } from './piecewise';
import { products } from './products';
import { reductions } from './reductions';
import { allUsual, type Flow, reshaped, type Rule, shapeOf, shapesOf } from './rule';
import { shaping } from './shaping';

// ── Entry by entry ───────────────────────────────────────────────────────────

type Slope = (x: readonly Expression[], y: Expression) => Expression | 'zero';

/** A function of entries with its derivative in each operand; what was stretched is summed. */
function entrywise(value: (...x: readonly Expression[]) => Expression, ...slopes: readonly Slope[]): Rule {
  return {
    value: ({ inputs }) => value(...inputs),
    flow: ({ node, inputs, output }, cotangent) =>
      slopes.map((slope, position): Flow => {
        const local = slope(inputs, output);
        return local === 'zero' ? 'zero' : reduceTo(product([cotangent, local]), shapeOf(node), shapesOf(node)[position]!);
      }),
  };
}

function named(name: string): (...x: readonly Expression[]) => Expression {
  return (x) => applied(name, [x!], x!.shape);
}

const flat = (): 'zero' => 'zero';

/** A function of one entry by its name, f, and its derivative. */
function one_(name: string, slope: (x: Expression, y: Expression) => Expression | 'zero'): Rule {
  return entrywise(named(name), ([x], y) => slope(x!, y));
}

const halfPower = (above: number): Expression => fraction(above, 2);

const rules = new Map<string, Rule>([
  ['add', entrywise((a, b) => sum([a!, b!]), () => one, () => one)],
  ['subtract', entrywise((a, b) => subtract(a!, b!), () => one, () => constant(-1))],
  ['multiply', entrywise((a, b) => product([a!, b!]), ([, b]) => b!, ([a]) => a!)],
  ['divide', entrywise((a, b) => divide(a!, b!), ([, b]) => divide(one, b!), ([a, b]) => negate(divide(a!, square(b!))))],
  ['power', entrywise((a, b) => power(a!, b!), ([a, b]) => product([b!, power(a!, subtract(b!, one))]), ([a, b]) => product([entry('log', a!), power(a!, b!)]))],
  ['remainder', entrywise((a, b) => applied('remainder', [a!, b!], broadcast([a!.shape, b!.shape])), () => one, ([a, b]) => negate(entry('floor', divide(a!, b!))))],
  ['floor_divide', entrywise((a, b) => entry('floor', divide(a!, b!)), flat, flat)],
  ['negative', entrywise((a) => negate(a!), () => constant(-1))],
  ['maximum', entrywise((a, b) => applied('maximum', [a!, b!], []), ([a, b]) => above(a!, b!), ([a, b]) => above(b!, a!))],
  ['minimum', entrywise((a, b) => applied('minimum', [a!, b!], []), ([a, b]) => above(b!, a!), ([a, b]) => above(a!, b!))],
  ['square', entrywise((x) => square(x!), ([x]) => product([two, x!]))],
  ['sqrt', entrywise((x) => squareRoot(x!), (_, y) => divide(one, product([two, y])))],
  ['rsqrt', entrywise((x) => power(x!, halfPower(-1)), ([x]) => product([halfPower(-1), power(x!, halfPower(-3))]))],
  ['reciprocal', entrywise((x) => divide(one, x!), ([x]) => negate(power(x!, constant(-2))))],
  ['expm1', entrywise((x) => subtract(entry('exp', x!), one), ([x]) => entry('exp', x!))],
  ['log1p', entrywise((x) => entry('log', sum([one, x!])), ([x]) => divide(one, sum([one, x!])))],
  ['abs', one_('abs', (x) => entry('sign', x))],
  ['exp', one_('exp', (_, y) => y)],
  ['log', one_('log', (x) => divide(one, x))],
  ['sin', one_('sin', (x) => entry('cos', x))],
  ['cos', one_('cos', (x) => negate(entry('sin', x)))],
  ['tanh', one_('tanh', (_, y) => subtract(one, square(y)))],
  ['sigmoid', one_('sigmoid', (_, y) => product([y, subtract(one, y)]))],
  ['softplus', one_('softplus', (x) => entry('sigmoid', x))],
  ['silu', one_('silu', (x) => {
    const s = entry('sigmoid', x);
    return sum([s, product([x, s, subtract(one, s)])]);
  })],
  ['tanhshrink', one_('tanhshrink', (x) => square(entry('tanh', x)))],
  ['softsign', one_('softsign', (x) => power(sum([one, entry('abs', x)]), constant(-2)))],
  ['erf', one_('erf', (x) => product([two, power(symbol('π', []), halfPower(-1)), entry('exp', negate(square(x)))]))],
  ['logsigmoid', one_('logsigmoid', (x) => subtract(one, entry('sigmoid', x)))],
  ['relu', one_('relu', (x) => entry('step', x))],
  ...['sign', 'step', 'floor', 'ceil', 'round'].map((name): [string, Rule] => [name, one_(name, flat)]),
  ['detach', entrywise((x) => x!, flat)],
  ['identity', entrywise((x) => x!, () => one)],
]);

for (const [name, rule] of piecewise) rules.set(name, rule);

// maximum and greater have the shape of both operands.
for (const name of ['maximum', 'minimum'] as const) {
  const { value, flow } = rules.get(name)!;
  rules.set(name, { value: (site) => reshaped(value(site), shapeOf(site.node)), flow });
}

for (const family of [reductions, products, losses, shaping]) for (const [name, rule] of family) rules.set(name, rule);

// ── Layers and the rest ──────────────────────────────────────────────────────

/** f′ by its name, for functions whose derivative takes a line of its own. */
function primed(name: string): Rule {
  return one_(name, (x) => entry(`${name}′`, x));
}

/** Layers that are no functions of single entries, by the names of their rules. */
const layers: Readonly<Record<string, string>> = {
  Linear: 'linear', Identity: 'identity', Embedding: 'embedding', Flatten: 'flatten', Unflatten: 'unflatten', Reshape: 'reshape', Softmax: 'softmax', LogSoftmax: 'log_softmax', Softmin: 'softmin',
};

/** The rule of an operation; undefined where there is none that reads well. */
export function ruleOf(node: GraphNode): Rule | undefined {
  const { operation } = node;
  const isLayer = /^[A-Z]/.test(operation.name);
  const isPointwise = operation.pointwise === true;
  const name = layers[operation.name] ?? (isLayer ? operation.name.toLowerCase() : operation.name);
  if (isPointwise && !numbered.has(name) && !allUsual(node)) return undefined;
  // The names of layers and functions that are no layers must not meet by accident.
  const rule = isLayer && !isPointwise && layers[operation.name] === undefined ? undefined : rules.get(name);
  return rule ?? (isPointwise && explained.has(`${name}′`) ? primed(name) : undefined);
}
