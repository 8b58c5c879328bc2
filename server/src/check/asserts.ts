// Asserts on tensors and gradients: both sides are computed at several random points, for one example at a time.

import { Builder, type Ref } from '../engine/builder';
import { run } from '../engine/execute';
import type { DerivativeTable } from '../engine/primitive';
import type { Expression } from '../semantics/derivative/expression';
import { printExpression } from '../semantics/derivative/print';
import { fixedPlace, type Judgement, type Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import { explainDifference } from './explain';
import { Lowering, ofOneExample } from './lower';
import type { CheckedAssert } from './protocol';
import { transposedOperand } from './transposed';
import { drawValues } from './values';
import { derivativesOf } from './wording';

const points = 5;
/** What rounding may amount to, relative to the entry and to the largest entry. */
const relativeTolerance = 1e-9;
const absoluteTolerance = 1e-12;

type Failure = Required<Pick<CheckedAssert, 'message' | 'actual' | 'expected'>>;
type Comparison = NonNullable<Judgement['comparisons']>[number];

/** Judges every assert that had to wait for numbers. */
export function checkAsserts(
  model: EvaluatedModel,
  names: ReadonlyMap<Tensor, string>,
  seed: number,
  derivatives: Partial<DerivativeTable> | undefined,
): readonly CheckedAssert[] {
  return model.graph.judgements
    .filter((judgement) => judgement.outcome === 'waits')
    .map(({ comparisons, text, place }) => {
      const failures = (comparisons ?? []).map((comparison) => firstFailure(model, names, comparison, seed, derivatives));
      return { text, ok: failures.every((each) => each === undefined), ...failures.find((each) => each !== undefined), place: fixedPlace(place) };
    });
}

/** What is wrong at the first point where the comparison does not hold; undefined if it holds at all of them. */
function firstFailure(
  model: EvaluatedModel,
  names: ReadonlyMap<Tensor, string>,
  comparison: Comparison,
  seed: number,
  derivatives: Partial<DerivativeTable> | undefined,
): Failure | undefined {
  const { operator, left, right } = comparison;
  const lowering = new Lowering(1, names, new Builder({ derivatives }));
  const { builder } = lowering;
  const sides = [left, right].map((side) => ofOneExample(lowering, side));
  const shape = builder.shape(builder.subtract(sides[0]!, sides[1]!));
  const wanted = sides.map((side) => builder.broadcastTo(side, shape));
  const valuesAt = (point: number, refs: readonly Ref[], from = lowering): Float64Array[] => run(from.builder.program, leavesAt(model, from, seed + 1000 * (point + 1)), refs);
  for (let point = 0; point < points; point++) {
    const [a, b] = valuesAt(point, wanted) as [Float64Array, Float64Array];
    const scale = Math.max(...magnitudes(a), ...magnitudes(b));
    const wrong = a.findIndex((value, index) => !holds(operator, value, b[index]!, scale));
    if (wrong < 0) continue;
    const failure = describeFailure(operator, a, b, wrong, shape);
    const why = operator !== '==' ? undefined : explanation(model, lowering, wanted, shape, valuesAt)
      ?? transposedOperand(model, names, comparison, (refs, from) => Array.from({ length: points }, (_, each) => valuesAt(each, refs, from)));
    return why === undefined ? failure : { ...failure, message: `${failure.message}; ${why}` };
  }
  return undefined;
}

function leavesAt({ graph }: EvaluatedModel, lowering: Lowering, seed: number): Map<Ref, Float64Array> {
  return new Map([...lowering.leaves].map(([tensor, ref]) => {
    const count = lowering.shapeOf(tensor).reduce((a, b) => a * b, 1);
    return [ref, drawValues(graph, tensor, lowering.names.get(tensor)!, count, seed)];
  }));
}

/** The largest magnitude of an array. */
function magnitudes(values: Float64Array): readonly number[] {
  return [values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)];
}

function holds(operator: string, a: number, b: number, scale: number): boolean {
  const tolerance = relativeTolerance * Math.max(Math.abs(a), Math.abs(b)) + absoluteTolerance * scale;
  const equal = a === b || Math.abs(a - b) <= tolerance;
  switch (operator) {
    case '==':
      return equal;
    case '!=':
      return !equal;
    case '<':
      return a < b && !equal;
    case '<=':
      return a < b || equal;
    case '>':
      return a > b && !equal;
    default:
      return a > b || equal;
  }
}

/** The entry and both values. */
function describeFailure(operator: string, a: Float64Array, b: Float64Array, place: number, shape: readonly number[]): Failure {
  const where = shape.length === 0 ? '' : ` at entry [${indexOf(place, shape).join(', ')}]`;
  const [actual, expected] = [spell(a[place]!), spell(b[place]!)];
  const values = `the left side is ${actual}${where}, the right side ${expected}`;
  return { message: operator === '==' ? values : `${values}, so that ${operator} does not hold`, actual, expected: operator === '==' ? expected : `${operator} ${expected}` };
}

// ── Why it fails ─────────────────────────────────────────────────────────────

/** Larger graphs and tensors have too much in them that could explain anything. */
const mostNodes = 80;
const mostEntries = 10_000;
/** What has no short name explains nothing. */
const longestText = 24;

/** What is missing on the right side, looked for among all that the model computes. */
function explanation(
  model: EvaluatedModel,
  lowering: Lowering,
  sides: readonly Ref[],
  shape: readonly number[],
  valuesAt: (point: number, refs: readonly Ref[]) => Float64Array[],
): string | undefined {
  if (shape.reduce((a, b) => a * b, 1) > mostEntries) return undefined;
  const candidates = candidatesOf(model, lowering, shape);
  const all = Array.from({ length: points }, (_, point) => valuesAt(point, [...sides, ...candidates.map(({ ref }) => ref)]));
  const joined = (index: number): Float64Array => Float64Array.from(all.flatMap((values) => [...values[index]!]));
  return explainDifference(joined(0), joined(1), candidates.map(({ text }, index) => ({ text, values: joined(index + sides.length) })), shape);
}

/** Slopes of activations, and all tensors with a short name or expression, that fit the shape. */
function candidatesOf(model: EvaluatedModel, lowering: Lowering, shape: readonly number[]): readonly { readonly text: string; readonly ref: Ref }[] {
  const { graph } = model;
  const { builder } = lowering;
  const derivatives = derivativesOf(model);
  const nodes = graph.nodes.slice(0, graph.bodyNodes).slice(0, mostNodes);
  const found = new Map<string, Ref>();
  const add = (expression: Expression | undefined, ref: () => Ref): void => {
    const text = expression === undefined || expression.kind === 'number' ? undefined : printExpression(expression);
    if (text === undefined || text.length > longestText || found.has(text)) return;
    const made = ref();
    const own = builder.shape(made);
    const fits = own.length <= shape.length && own.every((size, axis) => size === 1 || size === shape[axis + shape.length - own.length]);
    if (fits) found.set(text, builder.broadcastTo(made, shape));
  };
  for (const node of nodes) {
    add(derivatives.slope(node), () => {
      const [x, y] = [lowering.ref(node.inputs[0]!), lowering.ref(node.outputs[0]!)];
      const [slope] = builder.gradient(builder.sum(y), [x]);
      return node.inputs[0]!.batched ? builder.reshape(slope!, builder.shape(slope!).slice(1)) : slope!;
    });
  }
  for (const tensor of [...graph.inputs, ...graph.targets, ...graph.parameters, ...nodes.flatMap((node) => node.outputs)]) {
    if (tensor.type.element === 'float') add(derivatives.value(tensor), () => ofOneExample(lowering, tensor));
  }
  return [...found].map(([text, ref]) => ({ text, ref }));
}

function spell(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(6);
}

export function indexOf(place: number, shape: readonly number[]): readonly number[] {
  const index: number[] = [];
  let rest = place;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}
