// Asserts on tensors and gradients: both sides are computed at several random points, for one example at a time.

import { Builder } from '../engine/builder';
import { run } from '../engine/execute';
import type { DerivativeTable } from '../engine/primitive';
import { fixedPlace, type Graph, type Judgement, type Tensor } from '../semantics/graph';
import { Lowering } from './lower';
import type { CheckedAssert } from './protocol';
import { drawValues } from './values';

const points = 5;
/** What rounding may amount to, relative to the entry and to the largest entry. */
const relativeTolerance = 1e-9;
const absoluteTolerance = 1e-12;

type Comparison = NonNullable<Judgement['comparisons']>[number];

/** Judges every assert that had to wait for numbers. */
export function checkAsserts(
  graph: Graph,
  names: ReadonlyMap<Tensor, string>,
  seed: number,
  derivatives: Partial<DerivativeTable> | undefined,
): readonly CheckedAssert[] {
  return graph.judgements
    .filter((judgement) => judgement.outcome === 'waits')
    .map(({ comparisons, text, place }) => {
      const messages = (comparisons ?? []).map((comparison) => firstFailure(graph, names, comparison, seed, derivatives));
      const message = messages.find((each) => each !== undefined);
      return { text, ok: message === undefined, message, place: fixedPlace(place) };
    });
}

/** What is wrong at the first point where the comparison does not hold; undefined if it holds at all of them. */
function firstFailure(
  graph: Graph,
  names: ReadonlyMap<Tensor, string>,
  { operator, left, right }: Comparison,
  seed: number,
  derivatives: Partial<DerivativeTable> | undefined,
): string | undefined {
  const lowering = new Lowering(1, names, new Builder({ derivatives }));
  const { builder } = lowering;
  const sides = [left, right].map((side) => {
    const ref = lowering.ref(side);
    return side.batched ? builder.reshape(ref, builder.shape(ref).slice(1)) : ref;
  });
  const shape = builder.shape(builder.subtract(sides[0]!, sides[1]!));
  const wanted = sides.map((side) => builder.broadcastTo(side, shape));

  for (let point = 0; point < points; point++) {
    const leaves = new Map(
      [...lowering.leaves].map(([tensor, ref]) => {
        const count = lowering.shapeOf(tensor).reduce((a, b) => a * b, 1);
        return [ref, drawValues(graph, tensor, names.get(tensor)!, count, seed + 1000 * (point + 1))];
      }),
    );
    const [a, b] = run(builder.program, leaves, wanted) as [Float64Array, Float64Array];
    const scale = Math.max(...magnitudes(a), ...magnitudes(b));
    const wrong = a.findIndex((value, index) => !holds(operator, value, b[index]!, scale));
    if (wrong >= 0) return describeFailure(operator, a, b, wrong, shape, scale);
  }
  return undefined;
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

/** The entry, both values, and the factor between the sides where it is the same at all entries. */
function describeFailure(
  operator: string,
  a: Float64Array,
  b: Float64Array,
  place: number,
  shape: readonly number[],
  scale: number,
): string {
  const where = shape.length === 0 ? '' : ` at entry [${indexOf(place, shape).join(', ')}]`;
  const values = `the left side is ${spell(a[place]!)}${where}, the right side ${spell(b[place]!)}`;
  return operator === '==' ? `${values}${factorBetween(a, b, scale)}` : `${values}, so that ${operator} does not hold`;
}

function factorBetween(a: Float64Array, b: Float64Array, scale: number): string {
  if (b.every((value) => Math.abs(value) <= absoluteTolerance * scale)) return '; the right side is zero';
  if (a.every((value) => Math.abs(value) <= absoluteTolerance * scale)) return '; the left side is zero';
  const ratios = [...a].map((value, index) => [value, b[index]!] as const).filter(([x, y]) => Math.max(Math.abs(x), Math.abs(y)) > absoluteTolerance * scale);
  const [first] = ratios;
  if (first === undefined || first[1] === 0) return '';
  const factor = first[0] / first[1];
  if (!ratios.every(([x, y]) => Math.abs(x - factor * y) <= relativeTolerance * Math.max(Math.abs(x), Math.abs(factor * y)))) return '';
  const simple = [-1, 2, -2, 0.5, -0.5, 3, 4, 0.25].find((each) => Math.abs(each - factor) < 1e-9);
  if (simple === undefined && !Number.isInteger(Math.round(factor * 1e9) / 1e9)) return '';
  if (simple === -1) return '; the sign is turned round';
  return `; the left side is ${spell(simple ?? Math.round(factor))} times the right side everywhere`;
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
