// Why an assert on a derivative fails: everything that is tried, the plainest first.

import type { Ref } from '../engine/builder';
import { sameShape, type Shape, sizeOf } from '../engine/shape';
import type { Derivatives } from '../semantics/derivative/derive';
import { printExpression } from '../semantics/derivative/print';
import type { GradientNode, Graph, Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import { candidatesOf, fits, isNamed, type NamedRef } from './candidates';
import { dependsOn, heldConstant, onlyDiagonal } from './constants';
import { agree, type Difference, missingFactor, otherDifference, partialDifference, wholeDifference } from './explain';
import { type Lowering, ofOneExample } from './lower';
import { exchanges, omissions, operandText, type Repair, slips, type Written, writtenNodes } from './repairs';
import { activations, orders, reductions, replacements } from './rewrites';
import { derivativesOf } from './wording';

export interface FailedComparison {
  readonly model: EvaluatedModel;
  /** For one example, with both sides. */
  readonly lowering: Lowering;
  readonly left: Tensor;
  readonly right: Tensor;
  /** Of both sides together. */
  readonly shape: Shape;
  readonly points: number;
  valuesAt(point: number, refs: readonly Ref[]): Float64Array[];
}

/** Larger tensors have too much in them that could explain anything. */
const mostEntries = 10_000;
/** How many changes are tried, and how many are evaluated at once. */
const mostRepairs = 2000;
const repairsAtOnce = 200;
/** Changes are only tried of what is written in few steps. */
const mostWritten = 40;

/** In words; undefined where nothing simple explains it. */
export function explainFailure(failed: FailedComparison): string | undefined {
  const { left, right, shape, points, valuesAt, lowering } = failed;
  if (sizeOf(shape) > mostEntries) return undefined;
  // What is derived is right, on whichever side it stands.
  const isTurned = gradientOf(right) !== undefined && gradientOf(left) === undefined;
  const [truth, side] = isTurned ? [right, left] : [left, right];
  const derivatives = derivativesOf(failed.model);
  const candidates = candidatesOf(failed.model, lowering, derivatives);
  const { builder } = lowering;
  const spread = (ref: Ref): Ref => builder.broadcastTo(ref, shape);
  const [truthRef, sideRef] = [truth, side].map((tensor) => ofOneExample(lowering, tensor)) as [Ref, Ref];
  const fitting = candidates.filter(({ ref }) => fits(builder.shape(ref), shape));
  const refs = [truthRef, sideRef, ...fitting.map(({ ref }) => ref)].map(spread);
  const all = Array.from({ length: points }, (_, point) => valuesAt(point, refs));
  const joined = (index: number): Float64Array => Float64Array.from(all.flatMap((values) => [...values[index]!]));
  const difference: Difference = {
    left: joined(0),
    right: joined(1),
    shape,
    candidates: fitting.map(({ text }, index) => ({ text, values: joined(index + 2) })),
    counts: countsOf(candidates, lowering),
  };
  const holds = (ref: Ref): boolean => Array.from({ length: points }, (_, point) => valuesAt(point, [spread(truthRef), spread(ref)])).every(([a, b]) => agree(a!, b!));
  const first = (repairs: Iterable<Repair>): string | undefined => firstRepair(failed, all.map(([values]) => values!), repairs, spread);
  const gradient = gradientOf(truth);
  // Repairs are compared with the truth: what must equal the written side is put in its place.
  const instead = (slope: Ref): Ref => builder.add(truthRef, builder.subtract(slope, spread(sideRef)));
  const written = writtenSide(failed, side, gradient, derivatives);

  const text = unsummed(failed, truthRef, sideRef, holds)
    ?? wholeDifference(difference)
    ?? first(slips(written, [...difference.counts.keys()].flatMap((count) => [count, 1 / count])))
    ?? missingFactor(difference)
    ?? derivativeByAnother(failed, gradient, sideRef, derivatives, holds)
    ?? first(omissions(written, candidates.filter(({ isSlope }) => isSlope)))
    ?? first(exchanges(written, candidates.filter(({ isSlope }) => isSlope), 'outer'))
    ?? first(activations(written))
    ?? first(orders(written))
    ?? first(reductions(written))
    ?? first(replacements(written, candidates))
    ?? first(exchanges(written, candidates.filter(({ isSlope }) => !isSlope), 'inner'))
    ?? (gradient && sameShape(builder.shape(truthRef), shape) ? first(heldConstant(written, gradient, instead)) ?? first(onlyDiagonal(written, gradient, instead)) : undefined)
    ?? otherDifference(difference)
    ?? first(omissions(written, candidates))
    ?? partialDifference(difference);
  return text !== undefined && isTurned ? text.replace(/\b(left|right) side\b/g, (_, which: string) => `${which === 'left' ? 'right' : 'left'} side`) : text;
}

function writtenSide({ model, lowering }: FailedComparison, side: Tensor, gradient: GradientNode | undefined, derivatives: Derivatives): Written {
  const { graph } = model;
  const nodes = writtenNodes(graph, side, gradient?.inputs[0]);
  const textOf = (tensor: Tensor): string | undefined => operandText(derivatives, tensor, model.run.program.textAt(tensor.place).replace(/\s+/g, ' '));
  return { graph, side, nodes: nodes.length > mostWritten ? [] : nodes, lowering, derivatives, textOf };
}

/** The first change after which both sides agree at all points. */
function firstRepair({ points, valuesAt }: FailedComparison, truth: readonly Float64Array[], repairs: Iterable<Repair>, spread: (ref: Ref) => Ref): string | undefined {
  let chunk: { readonly text: string; readonly ref: Ref }[] = [];
  let tried = 0;
  const settle = (): string | undefined => {
    const values = valuesAt(0, chunk.map(({ ref }) => ref));
    const hopeful = chunk.filter((_, index) => agree(truth[0]!, values[index]!));
    chunk = [];
    return hopeful.find(({ ref }) => Array.from({ length: points - 1 }, (_, k) => k + 1).every((point) => agree(truth[point]!, valuesAt(point, [ref])[0]!)))?.text;
  };
  for (const { text, ref } of repairs) {
    if (tried++ > mostRepairs) break;
    const made = ref();
    if (made === undefined) continue;
    chunk.push({ text, ref: spread(made) });
    if (chunk.length < repairsAtOnce) continue;
    const found = settle();
    if (found !== undefined) return `the right side ${found}`;
  }
  const found = chunk.length === 0 ? undefined : settle();
  return found && `the right side ${found}`;
}

function gradientOf({ source }: Tensor): GradientNode | undefined {
  return source.kind === 'node' && source.node.kind === 'gradient' ? source.node : undefined;
}

/** A derivative has the shape of what it is by: what is written in a larger one was to be summed. */
function unsummed({ lowering: { builder }, shape }: FailedComparison, truth: Ref, side: Ref, holds: (ref: Ref) => boolean): string | undefined {
  const own = builder.shape(truth);
  if (sizeOf(own) === sizeOf(shape) || sizeOf(builder.shape(side)) !== sizeOf(shape)) return undefined;
  const axes = shape.flatMap((size, axis) => (axis < shape.length - own.length || (size > 1 && own[axis - shape.length + own.length] === 1) ? [axis] : []));
  const dimensions = `dimension${axes.length === 1 ? '' : 's'} ${axes.join(' and ')}`;
  const sum = builder.sum(side, axes, true);
  const shapes = `the left side has the shape [${own.join(', ')}], the right side [${shape.join(', ')}]`;
  return holds(sum) ? `${shapes}: it lacks the sum over ${dimensions}` : `${shapes}: a derivative has the shape of what it is by, so that a sum over ${dimensions} is missing`;
}

/** What is written is the derivative by something on the way, or by something in front of it. */
function derivativeByAnother({ model: { graph }, lowering, shape }: FailedComparison, gradient: GradientNode | undefined, side: Ref, derivatives: Derivatives, holds: (ref: Ref) => boolean): string | undefined {
  if (gradient === undefined) return undefined;
  const [scalar, by] = gradient.inputs;
  const { builder } = lowering;
  const tensors = graph.nodes.slice(0, graph.bodyNodes).flatMap(({ outputs }) => outputs);
  const others = [...tensors.reverse(), ...graph.parameters, ...graph.inputs].flatMap((tensor) => {
    const isOther = tensor !== by && tensor !== scalar && tensor.type.element === 'float' && String(tensor.type.shape) === String(shape);
    const expression = isOther ? derivatives.value(tensor) : undefined;
    return expression === undefined ? [] : [{ tensor, text: printExpression(expression) }];
  });
  const found = others.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a))).find(({ tensor }) => {
    const [slope] = builder.gradient(builder.sum(lowering.ref(scalar)), [lowering.ref(tensor)]);
    // What must hold of the written side is asked of the truth: it is the right one, if the two derivatives are the same.
    return holds(builder.add(builder.subtract(builder.reshape(slope!, shape), side), ofOneExample(lowering, gradient.outputs[0]!)));
  });
  if (found === undefined) return undefined;
  const name = derivatives.value(by);
  const isBehind = name !== undefined && dependsOn(found.tensor, by);
  return `the right side is the derivative by ${found.text}${isBehind ? `: the way from there back to ${printExpression(name)}${readersOf(graph, by) > 1 ? ', or another one,' : ''} is missing` : ''}`;
}

function readersOf(graph: Graph, tensor: Tensor): number {
  return graph.nodes.slice(0, graph.bodyNodes).filter((node) => node.inputs.includes(tensor) || (node.kind === 'operation' && node.parameters.includes(tensor))).length;
}

/** The sizes that means may divide by. */
function countsOf(candidates: readonly NamedRef[], { builder }: Lowering): ReadonlyMap<number, string> {
  const counts = new Map<number, string>();
  const add = (count: number, text: string): void => {
    if (count > 2 && !counts.has(count)) counts.set(count, text);
  };
  const named = candidates.filter(isNamed);
  for (const { text, ref } of named) add(sizeOf(builder.shape(ref)), `the number of entries of ${text}`);
  for (const { text, ref } of named) for (const [axis, size] of builder.shape(ref).entries()) add(size, `the size of dimension ${String(axis)} of ${text}`);
  return counts;
}
