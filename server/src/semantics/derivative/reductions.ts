// Functions along axes as expressions: sums, means, norms, extremes, and the softmax family.

import { multiply } from '../../symbolic/dimension';
import type { GraphNode } from '../graph';
import { divide, product, subtract, sum } from './algebra';
import { applied, constant, entry, type Expression, fraction, one, type Shape } from './expression';
import { dimOptions, laidAlong, sumAlong } from './matrix';
import { allUsual, numberOf, type Rule, shapeOf, shapesOf } from './rule';

/** By the names of functions. */
export const reductions = new Map<string, Rule>();

/** What a reduction does: over which axes of what. */
interface Along {
  readonly shape: Shape;
  readonly axes: readonly number[];
  readonly keep: boolean;
  readonly options: string | undefined;
  /** How many entries become one. */
  readonly count: number;
}

function alongOf(node: GraphNode): Along | undefined {
  const [shape] = shapesOf(node) as [Shape];
  const { dim, keepdim } = node.arguments as { dim: readonly number[] | null | undefined; keepdim: boolean | undefined };
  const axes = (dim ?? shape.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + shape.length : axis)).sort((a, b) => a - b);
  const keep = keepdim === true;
  const count = numberOf(multiply(...axes.map((axis) => shape[axis]!)));
  return count === undefined ? undefined : { shape, axes, keep, options: dimOptions(axes, shape.length, keep), count };
}

/** A reduction by its name. @param slope What each entry counts for; y lies along the axes that are gone. */
function reduction(name: string, slope: (x: Expression, y: Expression, along: Along, node: GraphNode) => Expression | undefined, value?: (x: Expression, along: Along) => Expression | undefined, isPlain: (node: GraphNode) => boolean = (node) => allUsual(node, ['dim', 'keepdim'])): void {
  const known = (node: GraphNode): Along | undefined => (isPlain(node) ? alongOf(node) : undefined);
  reductions.set(name, {
    value: ({ node, inputs: [x] }) => {
      const along = known(node);
      return along && (value === undefined ? applied(name, [x!], shapeOf(node), along.options) : value(x!, along));
    },
    flow: ({ node, inputs: [x], output }, cotangent) => {
      const along = known(node);
      if (along === undefined) return [undefined];
      const [y, g] = [output, cotangent].map((each) => laidAlong(each, along.shape, along.axes, along.keep));
      const local = g === undefined ? undefined : slope(x!, y ?? output, along, node);
      // What y is matters to some only.
      return [local === undefined || (y === undefined && local.key.includes(output.key)) ? undefined : product([g!, local])];
    },
  });
}

function divided(sum: Expression | undefined, count: number): Expression | undefined {
  return sum && product([fraction(1, count), sum]);
}

/** x without its mean. */
function centred(x: Expression, { shape, axes, count }: Along): Expression | undefined {
  const mean = divided(sumAlong(x, shape, axes, axes.length < shape.length), count);
  return mean && subtract(x, mean);
}

reduction('sum', () => one, (x, { shape, axes, keep }) => sumAlong(x, shape, axes, keep));
reduction('mean', (_x, _y, { count }) => fraction(1, count), (x, { shape, axes, keep, count }) => divided(sumAlong(x, shape, axes, keep), count));
reduction('norm', (x, y, _, { arguments: { p } }) => (p === 1 ? entry('sign', x) : divide(x, y)), undefined, (node) => allUsual(node, ['dim', 'keepdim', 'p']) && [1, 2].includes(node.arguments.p as number));
const { value: norm } = reductions.get('norm')!;
reductions.set('norm', { ...reductions.get('norm')!, value: (site) => (site.node.arguments.p === 1 ? oneNorm(site.node, site.inputs[0]!) : norm(site)) });
reduction('var', (x, _, along, { arguments: { correction } }) => {
  const from = centred(x, along);
  return from && product([fraction(2, along.count - (correction as number)), from]);
}, undefined, (node) => allUsual(node, ['dim', 'keepdim', 'correction']) && Number.isInteger(node.arguments.correction));
reduction('logsumexp', (x, y, { shape, axes }) => (axes.length === 1 ? softmaxOf('softmax', x, shape, axes[0]!) : entry('exp', subtract(x, y))));
for (const name of ['max', 'min']) reduction(name, (x, y, { shape }) => applied('equal', [x, y], shape));
reduction('prod', (x, y) => divide(y, x));

/** Σ|x|, which is called a norm, too. */
function oneNorm(node: GraphNode, x: Expression): Expression | undefined {
  const along = alongOf(node);
  return along && sumAlong(entry('abs', x), along.shape, along.axes, along.keep);
}

// ── The softmax family ───────────────────────────────────────────────────────

export function softmaxOf(name: string, x: Expression, shape: Shape, axis: number): Expression {
  return applied(name, [x], shape, axis === shape.length - 1 ? undefined : `dim = ${String(axis)}`);
}

/** Along one axis. @param sign Of the operand: −1 for softmin. */
function competition(name: string, value: string, sign: 1 | -1, flow: (g: Expression, s: Expression, sum: (x: Expression) => Expression | undefined) => Expression | undefined): void {
  const axisOf = (node: GraphNode): number | undefined => {
    const { length } = shapeOf(node);
    const { dim } = node.arguments as { dim: number | null | undefined };
    const axis = (dim ?? -1) < 0 ? (dim ?? -1) + length : dim!;
    return allUsual(node, ['dim', 'dtype']) && axis >= 0 && axis < length ? axis : undefined;
  };
  const signed = (x: Expression): Expression => (sign === 1 ? x : product([constant(-1), x]));
  reductions.set(name, {
    value: ({ node, inputs: [x] }) => {
      const axis = axisOf(node);
      return axis === undefined ? undefined : softmaxOf(value, signed(x!), shapeOf(node), axis);
    },
    flow: ({ node, inputs: [x], output }, g) => {
      const [axis, shape] = [axisOf(node), shapeOf(node)];
      if (axis === undefined) return [undefined];
      const s = value === 'softmax' ? output : softmaxOf('softmax', signed(x!), shape, axis);
      const back = flow(g, s, (each) => sumAlong(each, shape, [axis], shape.length > 1));
      return [back && signed(back)];
    },
  });
}

// s ⊙ (g − Σ s·g), which does not see what is added to all of g.
for (const [name, sign] of [['softmax', 1], ['softmin', -1]] as const) {
  competition(name, 'softmax', sign, (g, s, sumOf) => {
    const seen = g.kind === 'sum' ? withoutNumbers(g) : g;
    const along = sumOf(product([seen, s]));
    return along && product([s, subtract(seen, along)]);
  });
}
// g − softmax(x)·Σ g
competition('log_softmax', 'log_softmax', 1, (g, s, sumOf) => {
  const along = sumOf(g);
  return along && subtract(g, product([along, s]));
});

function withoutNumbers(g: Extract<Expression, { kind: 'sum' }>): Expression {
  return sum(g.terms.filter(({ shape }) => shape.length > 0));
}
