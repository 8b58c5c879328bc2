// What the operations of the language are as expressions, and what they pass back: the textbook's rules, one row each.

import type { Dimension } from '../../symbolic/dimension';
import type { GraphNode } from '../graph';
import { elements } from '../../layers/tensor';
import { above, numbered, piecewise } from './piecewise';
import { type Flow, reshaped, type Rule, shapeOf, shapesOf } from './rule';
import {
  applied,
  constant,
  divide,
  type Expression,
  matrixProduct,
  negate,
  one,
  power,
  product,
  reduceTo,
  sameShape,
  type Shape,
  squareRoot,
  subtract,
  sum,
  total,
  transpose,
  zero,
} from './expression';

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
const two = constant(2);

/** A function of one entry by its name, f, and its derivative. */
function one_(name: string, slope: (x: Expression, y: Expression) => Expression | 'zero'): Rule {
  return entrywise(named(name), ([x], y) => slope(x!, y));
}

const rules = new Map<string, Rule>([
  ['add', entrywise((a, b) => sum([a!, b!]), () => one, () => one)],
  ['subtract', entrywise((a, b) => subtract(a!, b!), () => one, () => constant(-1))],
  ['multiply', entrywise((a, b) => product([a!, b!]), ([, b]) => b!, ([a]) => a!)],
  ['divide', entrywise((a, b) => divide(a!, b!), ([, b]) => divide(one, b!), ([a, b]) => negate(divide(a!, power(b!, two))))],
  [
    'power',
    entrywise(
      (a, b) => power(a!, b!),
      ([a, b]) => product([b!, power(a!, subtract(b!, one))]),
      ([a, b]) => product([applied('log', [a!], a!.shape), power(a!, b!)]),
    ),
  ],
  ['negative', entrywise((a) => negate(a!), () => constant(-1))],
  ['maximum', entrywise((a, b) => applied('maximum', [a!, b!], []), ([a, b]) => above(a!, b!), ([a, b]) => above(b!, a!))],
  ['minimum', entrywise((a, b) => applied('minimum', [a!, b!], []), ([a, b]) => above(b!, a!), ([a, b]) => above(a!, b!))],
  ['square', entrywise((x) => power(x!, two), ([x]) => product([two, x!]))],
  ['sqrt', entrywise((x) => squareRoot(x!), (_, y) => divide(one, product([two, y])))],
  ['rsqrt', entrywise((x) => power(x!, constant(-1 / 2)), ([x]) => product([constant(-1 / 2), power(x!, constant(-3 / 2))]))],
  ['reciprocal', entrywise((x) => divide(one, x!), ([x]) => negate(power(x!, constant(-2))))],
  ['expm1', entrywise((x) => subtract(applied('exp', [x!], x!.shape), one), ([x]) => applied('exp', [x!], x!.shape))],
  ['log1p', entrywise((x) => applied('log', [sum([one, x!])], x!.shape), ([x]) => divide(one, sum([one, x!])))],
  ['abs', one_('abs', (x) => applied('sign', [x], x.shape))],
  ['exp', one_('exp', (_, y) => y)],
  ['log', one_('log', (x) => divide(one, x))],
  ['sin', one_('sin', (x) => applied('cos', [x], x.shape))],
  ['cos', one_('cos', (x) => negate(applied('sin', [x], x.shape)))],
  ['tanh', one_('tanh', (_, y) => subtract(one, power(y, two)))],
  ['sigmoid', one_('sigmoid', (_, y) => product([y, subtract(one, y)]))],
  ['softplus', one_('softplus', (x) => applied('sigmoid', [x], x.shape))],
  ['silu', one_('silu', (x) => {
    const s = applied('sigmoid', [x], x.shape);
    return sum([s, product([x, s, subtract(one, s)])]);
  })],
  ['tanhshrink', one_('tanhshrink', (x) => power(applied('tanh', [x], x.shape), two))],
  ['softsign', one_('softsign', (x) => power(sum([one, applied('abs', [x], x.shape)]), constant(-2)))],
  ['erf', one_('erf', (x) => product([two, power({ kind: 'symbol', name: 'π', shape: [], key: 'π' }, constant(-1 / 2)), applied('exp', [negate(power(x, two))], x.shape)]))],
  ['logsigmoid', one_('logsigmoid', (x) => subtract(one, applied('sigmoid', [x], x.shape)))],
  ['relu', one_('relu', (x) => applied('step', [x], x.shape))],
  ...['sign', 'step', 'floor', 'ceil', 'round'].map((name): [string, Rule] => [name, one_(name, flat)]),
  ['detach', entrywise((x) => x!, flat)],
  ['identity', entrywise((x) => x!, () => one)],
]);

for (const [name, rule] of piecewise) rules.set(name, rule);

// The sums over all parameters.
rules.set('l1', { value: () => undefined, flow: ({ inputs }, g) => inputs.map((w) => product([g, applied('sign', [w], w.shape)])) });
rules.set('l2', { value: () => undefined, flow: ({ inputs }, g) => inputs.map((w) => product([g, two, w])) });

// maximum and greater have the shape of both operands.
for (const name of ['maximum', 'minimum'] as const) {
  const { value, flow } = rules.get(name)!;
  rules.set(name, { value: (site) => reshaped(value(site), shapeOf(site.node)), flow });
}

// ── Reductions ───────────────────────────────────────────────────────────────

/** Whether an argument has its usual value. */
function usual(node: GraphNode, name: string): boolean {
  const definition = node.operation.arguments[name];
  return definition === undefined || !(name in node.arguments) || JSON.stringify(node.arguments[name]) === JSON.stringify(definition.default);
}

function allUsual(node: GraphNode, except: readonly string[] = []): boolean {
  return Object.keys(node.operation.arguments).every((name) => except.includes(name) || usual(node, name));
}

function numberOf(size: Dimension): number | undefined {
  return typeof size === 'number' ? size : undefined;
}

/** A reduction of all axes to one number: the value, and what flows back into each entry. */
function reductionOf(value: (x: Expression, shape: Shape) => Expression | undefined, slope: (x: Expression, y: Expression, count: number) => Expression | undefined, rank?: number): Rule {
  const isWhole = (node: GraphNode): boolean => allUsual(node) && (rank === undefined || node.inputs[0]!.type.shape.length === rank);
  return {
    value: ({ node, inputs: [x] }) => (isWhole(node) ? value(x!, node.inputs[0]!.type.shape) : undefined),
    flow: ({ node, inputs: [x], output }, cotangent) => {
      const count = numberOf(elements(node.inputs[0]!.type.shape));
      const local = isWhole(node) && count !== undefined ? slope(x!, output, count) : undefined;
      return [local && product([cotangent, local])];
    },
  };
}

rules.set('sum', reductionOf(total, () => one));
rules.set('mean', reductionOf((x) => applied('mean', [x], []), (_x, _y, count) => constant(1 / count)));
rules.set('norm', reductionOf((x) => applied('norm', [x], []), (x, y) => divide(x, y)));
rules.set('var', reductionOf((x) => applied('var', [x], []), (x, _, count) => product([constant(2 / (count - 1)), subtract(x, applied('mean', [x], []))])));
rules.set('logsumexp', reductionOf((x) => applied('logsumexp', [x], []), (x) => applied('softmax', [x], x.shape), 1));

// ── Along one vector ─────────────────────────────────────────────────────────

/** For vectors only; the shape of the cotangent is known then. */
function ofVector(name: string, flow: (cotangent: Expression, x: Expression, y: Expression, shape: Shape) => Flow): Rule {
  const isVector = (node: GraphNode): boolean => node.inputs[0]!.type.shape.length === 1 && allUsual(node, ['dtype', 'dim']) && [-1, 0, null, undefined].includes(node.arguments.dim as number);
  return {
    value: ({ node, inputs: [x] }) => (isVector(node) ? applied(name, [x!], shapeOf(node)) : undefined),
    flow: ({ node, inputs: [x], output }, cotangent) => [isVector(node) ? flow(cotangent, x!, output, shapeOf(node)) : undefined],
  };
}

// s ⊙ (g − s·g)
rules.set('softmax', ofVector('softmax', (g, _, s, shape) => {
  const along = total(product([g, s]), shape);
  return along && product([s, subtract(g, along)]);
}));
// g − softmax(x)·Σ g
rules.set('log_softmax', ofVector('log_softmax', (g, x, _, shape) => {
  const along = total(g, shape);
  return along && subtract(g, product([along, applied('softmax', [x], shape)]));
}));

// ── Products ─────────────────────────────────────────────────────────────────

rules.set('dot', {
  value: ({ node, inputs: [a, b] }) => (shapesOf(node)[0]!.length === 1 ? total(product([a!, b!]), shapesOf(node)[0]!) : undefined),
  flow: ({ node, inputs: [a, b] }, g) => (shapesOf(node)[0]!.length === 1 ? [product([g, b!]), product([g, a!])] : [undefined, undefined]),
});

rules.set('matmul', {
  value: ({ node, inputs: [a, b] }) => {
    const [left, right] = shapesOf(node) as [Shape, Shape];
    if (left.length === 1 && right.length === 1) return total(product([a!, b!]), left);
    // A row times a matrix is written as the transposed matrix times a column.
    if (left.length === 1 && right.length === 2) return matrixProduct('matmul', [[transpose(b!, right), [right[1]!, right[0]!]], [a!, left]], shapeOf(node));
    return left.length === 2 && right.length <= 2 ? matrixProduct('matmul', [[a!, left], [b!, right]], shapeOf(node)) : undefined;
  },
  flow: ({ node, inputs: [a, b] }, g) => {
    const [left, right] = shapesOf(node) as [Shape, Shape];
    const out = shapeOf(node);
    if (left.length === 1 && right.length === 1) return [product([g, b!]), product([g, a!])];
    if (left.length === 1 && right.length === 2) return [matrixProduct('matmul', [[b!, right], [g, out]], left), matrixProduct('outer', [[a!, left], [g, out]], right)];
    if (left.length === 2 && right.length === 1) return [matrixProduct('outer', [[g, out], [b!, right]], left), matrixProduct('matmul', [[transpose(a!, left), swapped(left)], [g, out]], right)];
    if (left.length !== 2 || right.length !== 2) return [undefined, undefined];
    return [matrixProduct('matmul', [[g, out], [transpose(b!, right), swapped(right)]], left), matrixProduct('matmul', [[transpose(a!, left), swapped(left)], [g, out]], right)];
  },
});

function swapped([rows, columns]: Shape): Shape {
  return [columns!, rows!];
}

rules.set('transpose', {
  value: ({ node, inputs: [x] }) => (isPlainTranspose(node) ? transpose(x!, shapesOf(node)[0]!) : undefined),
  flow: ({ node }, g) => [isPlainTranspose(node) && sameShape(g.shape, shapeOf(node)) ? transpose(g, shapeOf(node)) : undefined],
});

function isPlainTranspose(node: GraphNode): boolean {
  return shapesOf(node)[0]!.length === 2 && allUsual(node);
}

// As an operand only: what flows back would need a word for the shape before.
rules.set('flatten', {
  value: ({ node, inputs: [x] }) => (shapeOf(node).length === 1 && allUsual(node) ? applied('flatten', [x!], shapeOf(node)) : undefined),
  flow: () => [undefined],
});

// y = W·x + b for a vector; for rows of vectors y = x·Wᵀ + b.
rules.set('linear', {
  value: ({ node, inputs: [x], weights }) => {
    const [weight, bias] = ['weight', 'bias'].map((name) => weights.get(name));
    const [input] = shapesOf(node) as [Shape];
    if (weight === undefined || input.length > 2) return undefined;
    const map = input.length === 1
      ? matrixProduct('matmul', [[weight, weight.shape], [x!, input]], shapeOf(node))
      : matrixProduct('matmul', [[x!, input], [transpose(weight, weight.shape), swapped(weight.shape)]], shapeOf(node));
    return map && (bias === undefined ? map : sum([map, bias]));
  },
  flow: ({ node, inputs: [x], weights }, g) => {
    const weight = weights.get('weight');
    const [input] = shapesOf(node) as [Shape];
    const out = shapeOf(node);
    const weightShape = node.parameters[0]!.type.shape;
    if (input.length > 2) return node.parameters.map(() => undefined);
    const isRow = input.length === 1;
    return [
      weight && (isRow ? matrixProduct('matmul', [[transpose(weight, weightShape), swapped(weightShape)], [g, out]], input) : matrixProduct('matmul', [[g, out], [weight, weightShape]], input)),
      isRow ? matrixProduct('outer', [[g, out], [x!, input]], weightShape) : sameShape(g.shape, out) ? matrixProduct('matmul', [[transpose(g, out), swapped(out)], [x!, input]], weightShape) : undefined,
      reduceTo(g, out, [out.at(-1)!]),
    ];
  },
});

// ── Losses: one number per example ───────────────────────────────────────────

/** A loss of two tensors entry by entry, averaged or summed. */
function pairLoss(value: (a: Expression, b: Expression) => Expression, slope: (a: Expression, b: Expression) => Expression, back?: (a: Expression, b: Expression) => Expression, others: readonly string[] = []): Rule {
  const scaleOf = (node: GraphNode): number | undefined => {
    if (node.inputs.length !== 2 || !allUsual(node, ['reduction', ...others]) || !['mean', 'sum'].includes(String(node.arguments.reduction))) return undefined;
    const [a, b] = shapesOf(node);
    if (!sameShape(a!, b!) && elements(a!) !== elements(b!)) return undefined;
    const count = numberOf(elements(a!));
    return node.arguments.reduction === 'sum' ? 1 : count && 1 / count;
  };
  return {
    value: ({ node, inputs: [a, b] }) => {
      const scale = scaleOf(node);
      const all = scale === undefined ? undefined : total(value(a!, b!), shapesOf(node)[0]!);
      return all && product([constant(scale!), all]);
    },
    flow: ({ node, inputs: [a, b] }, g) => {
      const scale = scaleOf(node);
      if (scale === undefined) return [undefined, undefined];
      return [product([g, constant(scale), slope(a!, b!)]), back && product([g, constant(scale), back(a!, b!)])];
    },
  };
}

const difference = (a: Expression, b: Expression): Expression => subtract(a, b);
const sigmoidOf = (x: Expression): Expression => applied('sigmoid', [x], x.shape);
const signOf = (x: Expression): Expression => applied('sign', [x], x.shape);

rules.set('mse_loss', pairLoss((a, b) => power(difference(a, b), two), (a, b) => product([two, difference(a, b)]), (a, b) => product([two, difference(b, a)])));
rules.set('l1_loss', pairLoss((a, b) => applied('abs', [difference(a, b)], a.shape), (a, b) => signOf(difference(a, b)), (a, b) => signOf(difference(b, a))));
// Squares within a distance, lines beyond it.
for (const [name, width, scaled] of [['huber_loss', 'delta', false], ['smooth_l1_loss', 'beta', true]] as const) {
  const bent = (node: GraphNode, a: Expression, b: Expression): Expression => {
    const limit = constant(node.arguments[width] as number);
    const within = scaled ? divide(difference(a, b), limit) : difference(a, b);
    const bound = scaled ? one : limit;
    return applied('clamp', [within, negate(bound), bound], within.shape);
  };
  const { flow } = pairLoss(() => zero, () => one, undefined, [width]);
  rules.set(name, {
    value: () => undefined,
    flow: (site, g) => {
      const [scale] = flow(site, one);
      if (scale === undefined || scale === 'zero' || site.node.arguments[width] === 0) return [undefined, undefined];
      const slope = bent(site.node, site.inputs[0]!, site.inputs[1]!);
      return [product([g, scale, slope]), product([g, scale, negate(slope)])];
    },
  });
}
rules.set('binary_cross_entropy_with_logits', pairLoss(
  (z, y) => subtract(applied('softplus', [z], z.shape), product([z, y])),
  (z, y) => subtract(sigmoidOf(z), y),
));
rules.set('binary_cross_entropy', pairLoss(
  (p, y) => negate(sum([product([y, applied('log', [p], p.shape)]), product([subtract(one, y), applied('log', [subtract(one, p)], p.shape)])])),
  (p, y) => divide(subtract(p, y), product([p, subtract(one, p)])),
));

/** Of one vector of scores and one class. */
function classLoss(name: string, slope: (scores: Expression, onehot: Expression) => Expression): Rule {
  const isPlain = ({ inputs, ...node }: GraphNode): boolean =>
    inputs.length === 2 && inputs[0]!.type.shape.length === 1 && inputs[1]!.type.element === 'int' && inputs[1]!.type.shape.length === 0 && allUsual({ inputs, ...node }, ['reduction']) && node.arguments.reduction !== 'none';
  return {
    value: ({ node, inputs }) => (isPlain(node) ? applied(name, inputs, []) : undefined),
    flow: ({ node, inputs: [scores, label] }, g) => {
      if (!isPlain(node)) return [undefined, 'zero'];
      const shape = shapesOf(node)[0]!;
      return [product([g, slope(scores!, applied('onehot', [label!], shape))]), 'zero'];
    },
  };
}

rules.set('cross_entropy', classLoss('cross_entropy', (scores, onehot) => subtract(applied('softmax', [scores], onehot.shape), onehot)));
rules.set('nll_loss', classLoss('nll_loss', (_, onehot) => negate(onehot)));

// ── Layers and the rest ──────────────────────────────────────────────────────

/** f′ by its name, for functions whose derivative has no form that people know by heart. */
function primed(name: string): Rule {
  return one_(name, (x) => applied(`${name}′`, [x], x.shape));
}

/** The rule of an operation; undefined where there is none that reads well. */
export function ruleOf(node: GraphNode): Rule | undefined {
  const { operation } = node;
  const isLayer = /^[A-Z]/.test(operation.name);
  const name = isLayer ? lowered(operation.name) : operation.name;
  if (operation.pointwise === true && !numbered.has(name) && !allUsual(node)) return undefined;
  const rule = rules.get(name);
  // The names of layers and functions that are no layers must not meet by accident.
  if (rule !== undefined && (!isLayer || operation.pointwise === true || ['linear', 'identity', 'softmax', 'log_softmax', 'flatten'].includes(name))) return rule;
  return operation.pointwise === true ? primed(name) : undefined;
}

function lowered(layer: string): string {
  return layer === 'LogSoftmax' ? 'log_softmax' : layer.toLowerCase();
}
