// Asserts on tensors and gradients: both sides are computed at several random points, for one example at a time.

import { Builder, type Ref } from '../engine/builder';
import { run } from '../engine/execute';
import type { DerivativeTable } from '../engine/primitive';
import { fixedPlace, type Judgement, type Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import { explainFailure } from './failure';
import { Lowering, ofOneExample } from './lower';
import type { CheckedAssert } from './protocol';
import { drawValues } from './values';

const points = 5;
/** Few entries are looked at more often: what is zero at all points tells no factor from another. */
const fewEntries = 100;
const pointsOfFew = 12;
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
  { operator, left, right }: Comparison,
  seed: number,
  derivatives: Partial<DerivativeTable> | undefined,
): Failure | undefined {
  const lowering = new Lowering(1, names, new Builder({ derivatives }));
  const { builder } = lowering;
  const sides = [left, right].map((side) => ofOneExample(lowering, side));
  const shape = builder.shape(builder.subtract(sides[0]!, sides[1]!));
  const wanted = sides.map((side) => builder.broadcastTo(side, shape));
  const valuesAt = (point: number, refs: readonly Ref[]): Float64Array[] => run(builder.program, leavesAt(model, lowering, seed + 1000 * (point + 1)), refs);
  for (let point = 0; point < points; point++) {
    const [a, b] = valuesAt(point, wanted) as [Float64Array, Float64Array];
    const scale = Math.max(...magnitudes(a), ...magnitudes(b));
    const wrong = a.findIndex((value, index) => !holds(operator, value, b[index]!, scale));
    if (wrong < 0) continue;
    const failure = describeFailure(operator, a, b, wrong, shape);
    const why = operator === '==' ? explainFailure({ model, lowering, left, right, shape, points: a.length <= fewEntries ? pointsOfFew : points, valuesAt }) : undefined;
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
