// Losses as expressions: one number per example.

import { elements } from '../../layers/tensor';
import { identical, multiply } from '../../symbolic/dimension';
import type { GraphNode } from '../graph';
import { divide, negate, power, product, square, subtract, sum } from './algebra';
import { applied, constant, entry, type Expression, fraction, one, sameShape, type Shape, two } from './expression';
import { total } from './matrix';
import { softmaxOf } from './reductions';
import { allUsual, type Flow, numberOf, type Rule, shapesOf } from './rule';

/** By the names of functions. */
export const losses = new Map<string, Rule>();

type Pair = (a: Expression, b: Expression, node: GraphNode) => Expression;

interface PairLoss {
  /** Of each pair; undefined where that is no plain expression. */
  readonly value: Pair | undefined;
  /** By the first of the two, and by the second one. */
  readonly slopes: readonly [Pair, (Pair | 'zero')?];
  /** Arguments that the two know of. */
  readonly knows?: readonly string[];
  isPlain?(node: GraphNode): boolean;
}

/** A loss of two tensors entry by entry, averaged or summed. */
function pairLoss(name: string, { value, slopes: [slope, back], knows = [], isPlain = () => true }: PairLoss): void {
  const scaleOf = (node: GraphNode): Expression | undefined => {
    const { reduction } = node.arguments;
    if (node.inputs.length !== 2 || !allUsual(node, ['reduction', ...knows]) || !['mean', 'sum', 'batchmean'].includes(String(reduction)) || !isPlain(node)) return undefined;
    const [a, b] = shapesOf(node);
    // A prediction of one entry has a target that is a number.
    if (!sameShape(a!, b!) && (elements(a!) !== 1 || elements(b!) !== 1)) return undefined;
    const count = numberOf(elements(a!));
    return reduction !== 'mean' ? one : count === undefined ? undefined : fraction(1, count);
  };
  losses.set(name, {
    value: ({ node, inputs: [a, b] }) => {
      const scale = scaleOf(node);
      const all = scale && value && total(value(a!, b!, node), shapesOf(node)[0]!);
      return all && product([scale!, all]);
    },
    flow: ({ node, inputs: [a, b] }, g) => {
      const scale = scaleOf(node);
      const times = (local: Pair | 'zero' | undefined): Flow => (local === undefined || local === 'zero' ? local : product([g, scale!, local(a!, b!, node)]));
      return scale === undefined ? [undefined, undefined] : [times(slope), times(back)];
    },
  });
}

const log = (x: Expression): Expression => entry('log', x);
const exp = (x: Expression): Expression => entry('exp', x);
const opposite = (slope: Pair): Pair => (a, b, node) => negate(slope(a, b, node));

pairLoss('mse_loss', { value: (a, b) => square(subtract(a, b)), slopes: [(a, b) => product([two, subtract(a, b)]), (a, b) => product([two, subtract(b, a)])] });
pairLoss('l1_loss', { value: (a, b) => entry('abs', subtract(a, b)), slopes: [(a, b) => entry('sign', subtract(a, b)), (a, b) => entry('sign', subtract(b, a))] });
// Squares within a distance, lines beyond it.
for (const [name, width, isScaled] of [['huber_loss', 'delta', false], ['smooth_l1_loss', 'beta', true]] as const) {
  const bent: Pair = (a, b, node) => {
    const limit = constant(node.arguments[width] as number);
    const bound = isScaled ? one : limit;
    const within = isScaled ? divide(subtract(a, b), limit) : subtract(a, b);
    return applied('clamp', [within, negate(bound), bound], within.shape);
  };
  pairLoss(name, { value: undefined, slopes: [bent, opposite(bent)], knows: [width], isPlain: (node) => node.arguments[width] !== 0 });
}
pairLoss('binary_cross_entropy_with_logits', { value: (z, y) => subtract(entry('softplus', z), product([z, y])), slopes: [(z, y) => subtract(entry('sigmoid', z), y), (z) => negate(z)] });
pairLoss('binary_cross_entropy', {
  value: (p, y) => negate(sum([product([y, log(p)]), product([subtract(one, y), log(subtract(one, p))])])),
  slopes: [(p, y) => divide(subtract(p, y), product([p, subtract(one, p)])), (p) => subtract(log(subtract(one, p)), log(p))],
});
const isOfLogs = (node: GraphNode): boolean => node.arguments.log_target === true;
pairLoss('kl_div', {
  value: (p, t, node) => (isOfLogs(node) ? product([exp(t), subtract(t, p)]) : product([t, subtract(log(t), p)])),
  slopes: [(_, t, node) => negate(isOfLogs(node) ? exp(t) : t), (p, t, node) => (isOfLogs(node) ? product([exp(t), sum([t, one, negate(p)])]) : sum([log(t), one, negate(p)]))],
  knows: ['log_target'],
});
const isPlainPoisson = ({ arguments: { full } }: GraphNode): boolean => full !== true;
const isOfLogRate = (node: GraphNode): boolean => node.arguments.log_input !== false;
const rateOf = (x: Expression, node: GraphNode): Expression => sum([x, constant((node.arguments.eps as number | undefined) ?? 1e-8)]);
pairLoss('poisson_nll_loss', {
  value: (x, k, node) => (isOfLogRate(node) ? subtract(exp(x), product([k, x])) : subtract(x, product([k, log(rateOf(x, node))]))),
  slopes: [(x, k, node) => (isOfLogRate(node) ? subtract(exp(x), k) : subtract(one, divide(k, rateOf(x, node)))), (x, _, node) => negate(isOfLogRate(node) ? x : log(rateOf(x, node)))],
  knows: ['log_input', 'eps'],
  isPlain: isPlainPoisson,
});
const margin: Pair = (x, y) => negate(product([x, y]));
pairLoss('soft_margin_loss', {
  value: (x, y) => entry('softplus', margin(x, y, undefined!)),
  slopes: [(x, y) => negate(product([y, entry('sigmoid', margin(x, y, undefined!))])), (x, y) => negate(product([x, entry('sigmoid', margin(x, y, undefined!))]))],
});

// ── Of classes ───────────────────────────────────────────────────────────────

interface Classes {
  readonly shape: Shape;
  readonly axis: number;
  /** The targets as a tensor of the scores' shape: one-hot, or the probabilities that they are. */
  target(given: Expression): Expression;
  /** Whether the targets are class numbers, each of which sums to one. */
  readonly isIndex: boolean;
  /** One divided by the number of positions, or one. */
  readonly scale: Expression;
}

/** The classes of a plain loss, along the last axis. */
function classesOf(node: GraphNode): Classes | undefined {
  const [scores, labels] = node.inputs;
  const { reduction } = node.arguments;
  if (node.inputs.length !== 2 || !allUsual(node, ['reduction', 'label_smoothing']) || !['mean', 'sum'].includes(String(reduction))) return undefined;
  const [shape, own] = [scores!.type.shape, labels!.type.shape];
  const isIndex = labels!.type.element === 'int';
  const axis = isIndex ? shape.findIndex((_, at) => sameShape(shape.filter((__, other) => other !== at), own)) : 0;
  // One-hot tensors have their classes last, and words for other axes would be long.
  if (isIndex ? axis < 0 || axis !== shape.length - 1 : shape.length !== own.length || !shape.every((size, at) => identical(size, own[at]!)) || shape.length > 2) return undefined;
  const positions = numberOf(multiply(...shape.filter((_, at) => at !== axis)));
  if (positions === undefined) return undefined;
  return { shape, axis, isIndex, target: (given) => (isIndex ? applied('onehot', [given], shape) : given), scale: reduction === 'mean' ? fraction(1, positions) : one };
}

losses.set('cross_entropy', {
  value: ({ node, inputs }) => (classesOf(node) === undefined ? undefined : applied('cross_entropy', inputs, [], node.arguments.label_smoothing === 0 ? undefined : `label_smoothing = ${String(node.arguments.label_smoothing)}`)),
  flow: ({ node, inputs: [scores, label] }, g) => {
    const classes = classesOf(node);
    if (classes === undefined) return [undefined, node.inputs[1]!.type.element === 'int' ? 'zero' : undefined];
    const { shape, axis, isIndex, scale } = classes;
    const smoothing = (node.arguments.label_smoothing as number | undefined) ?? 0;
    const target = classes.target(label!);
    const size = numberOf(shape[axis]!);
    // All of a distribution counts: Σ target·softmax, which for class numbers is the softmax.
    const isOne = isIndex || (shape.length === 1 && label!.kind === 'symbol' && label!.sumsToOne === true);
    const mass = isOne ? one : shape.length === 1 ? total(target, shape) : undefined;
    if (size === undefined || mass === undefined) return [undefined, undefined];
    const smoothed = smoothing === 0 ? target : sum([product([constant(1 - smoothing), target]), constant(smoothing / size)]);
    const weight = smoothing === 0 || isOne ? mass : sum([product([constant(1 - smoothing), mass]), constant(smoothing)]);
    const back = isIndex || smoothing !== 0 ? undefined : product([g, scale, negate(softmaxOf('log_softmax', scores!, shape, axis))]);
    return [product([g, scale, subtract(product([weight, softmaxOf('softmax', scores!, shape, axis)]), smoothed)]), isIndex ? 'zero' : back];
  },
});
losses.set('nll_loss', {
  value: ({ node, inputs }) => (classesOf(node)?.isIndex === true ? applied('nll_loss', inputs, []) : undefined),
  flow: ({ node, inputs: [, label] }, g) => {
    const classes = classesOf(node);
    return classes?.isIndex === true ? [product([g, classes.scale, negate(classes.target(label!))]), 'zero'] : [undefined, 'zero'];
  },
});

// ── Penalties and likeness ───────────────────────────────────────────────────

// The sums over all parameters.
losses.set('l1', { value: () => undefined, flow: ({ inputs }, g) => inputs.map((w) => product([g, entry('sign', w)])) });
losses.set('l2', { value: () => undefined, flow: ({ inputs }, g) => inputs.map((w) => product([g, two, w])) });

// a·b/(‖a‖·‖b‖), where neither is as short as eps.
losses.set('cosine_similarity', {
  value: ({ node, inputs: [a, b] }) => (isOfVectors(node) ? divide(applied('dot', [a!, b!], []), product([a!, b!].map((x) => applied('norm', [x], [])))) : undefined),
  flow: ({ node, inputs: [a, b] }, g) => {
    if (!isOfVectors(node)) return [undefined, undefined];
    const [na, nb] = [a!, b!].map((x) => applied('norm', [x], [])) as [Expression, Expression];
    const along = applied('dot', [a!, b!], []);
    const by = (x: Expression, y: Expression, nx: Expression, ny: Expression): Expression => product([g, subtract(divide(y, product([nx, ny])), product([along, x, power(nx, constant(-3)), power(ny, constant(-1))]))]);
    return [by(a!, b!, na, nb), by(b!, a!, nb, na)];
  },
});

function isOfVectors(node: GraphNode): boolean {
  return allUsual(node, ['dim']) && shapesOf(node).every((shape) => shape.length === 1 && sameShape(shape, shapesOf(node)[0]!));
}

losses.set('triplet_margin_loss', {
  value: () => undefined,
  flow: ({ node, inputs: [a, p, n] }, g) => {
    // Distances of differences + eps, which people leave out, are not those of the differences.
    const isPlain = shapesOf(node).every((shape) => shape.length === 1) && allUsual(node, ['margin', 'eps', 'reduction']) && node.arguments.eps === 0;
    if (!isPlain) return [undefined, undefined, undefined];
    const [near, far] = [subtract(a!, p!), subtract(a!, n!)];
    const [dp, dn] = [near, far].map((each) => applied('norm', [each], [])) as [Expression, Expression];
    const active = entry('step', sum([dp, negate(dn), constant(node.arguments.margin as number)]));
    return [product([g, active, subtract(divide(near, dp), divide(far, dn))]), product([g, active, negate(divide(near, dp))]), product([g, active, divide(far, dn)])];
  },
});
