// Every entry of the catalog computes what PyTorch computes, and refuses what PyTorch refuses.

import { afterAll, describe, expect, it } from 'vitest';
import { functions, layers } from '../../server/src/layers/catalog';
import { type Dimension, freeSymbol, substitute } from '../../server/src/symbolic/dimension';
import { drawInputs, evaluateCase, inferCase, lowerCase, recordedFamilies, type RecordedCase, resultTypes } from './cases';
import { uniform } from './formula';

const families = recordedFamilies();

/** What a free dimension may be told: that something needs its value. */
const needsNumber = new Set(['free-parameter-shape', 'undecided-size', 'undecided-chunks', 'undecided-shape']);

/** PyTorch's counter leaves out products with a vector. */
const uncounted = new Set(['matmul', 'dot', 'einsum', 'Bilinear']);

function describeCase({ name, given, inputs, forward }: RecordedCase): string {
  return `${name} ${JSON.stringify(given)}${forward === undefined ? '' : ` ${JSON.stringify(forward)}`} of ${JSON.stringify(inputs)}`;
}

/** The projections on the vectors of the formula, and the recorded entries. */
function summary(values: Float64Array, withEntries: boolean): { readonly numbers: readonly number[]; readonly scales: readonly number[] } {
  const numbers: number[] = [];
  const scales: number[] = [];
  for (const seed of [301, 302]) {
    const vector = uniform(seed, values.length);
    numbers.push(values.reduce((sum, value, index) => sum + value * vector[index]!, 0));
    scales.push(values.reduce((sum, value, index) => sum + Math.abs(value * vector[index]!), 0));
  }
  if (withEntries && values.length > 0) {
    for (const index of [...new Set([0, Math.floor(values.length / 2), values.length - 1])]) {
      numbers.push(values[index]!);
      scales.push(Math.abs(values[index]!));
    }
  }
  return { numbers, scales };
}

/** Where the numbers differ by more than 1e-10 of their scale. */
function difference(what: string, expected: readonly (number | string)[], values: Float64Array, withEntries: boolean): string | undefined {
  const { numbers, scales } = summary(values, withEntries);
  if (numbers.length !== expected.length) return `${what}: ${String(numbers.length)} numbers instead of ${String(expected.length)}`;
  for (const [index, number] of numbers.entries()) {
    const wanted = expected[index]!;
    if (typeof wanted === 'string') {
      if (Number(wanted.replace('inf', 'Infinity')) !== number && !(wanted === 'nan' && Number.isNaN(number))) return `${what}: ${String(number)} instead of ${wanted}`;
    } else if (!(Math.abs(number - wanted) <= 1e-10 * Math.max(1e-3, scales[index]!, Math.abs(wanted)))) {
      return `${what}: ${String(number)} instead of ${String(wanted)}`;
    }
  }
  return undefined;
}

/** What is wrong with an accepted case; undefined if nothing is. */
function check(recorded: RecordedCase): string | undefined {
  const { effect, problems } = inferCase(recorded, drawInputs(recorded).map((input) => input.type));
  if (problems.length > 0 || effect === undefined) return `refused: ${problems.map((problem) => problem.message).join('; ')}`;
  const shapes = resultTypes(effect).map((type) => type.shape);
  if (JSON.stringify(shapes) !== JSON.stringify(recorded.shapes)) return `shapes ${JSON.stringify(shapes)} instead of ${JSON.stringify(recorded.shapes)}`;
  const parameters = (effect.parameters ?? []).map(({ name, shape }) => [name, ...shape]);
  if (JSON.stringify(parameters) !== JSON.stringify(recorded.parameters ?? [])) return `parameters ${JSON.stringify(parameters)} instead of ${JSON.stringify(recorded.parameters)}`;
  const buffers = (effect.buffers ?? []).map(({ name, shape }) => [name, ...shape]);
  if (JSON.stringify(buffers) !== JSON.stringify(recorded.buffers ?? [])) return `buffers ${JSON.stringify(buffers)} instead of ${JSON.stringify(recorded.buffers)}`;
  if ((effect.macs ?? 0) !== (recorded.macs ?? 0) && !(recorded.macs === undefined && uncounted.has(recorded.name))) return `${String(effect.macs)} MACs instead of ${String(recorded.macs)}`;
  if (!Number.isSafeInteger(effect.elementwise()) || (effect.elementwise() as number) < 0) return `${String(effect.elementwise())} operations`;
  const batch = recorded.batch ?? 2;
  const results = evaluateCase(recorded, lowerCase(recorded, effect));
  const ran = results.shapes.map((shape) => shape.slice(1));
  if (JSON.stringify(ran) !== JSON.stringify(recorded.shapes)) return `the program gives ${JSON.stringify(results.shapes)}`;
  if (results.shapes.some((shape) => shape[0] !== batch && shape[0] !== 1)) return `the program gives the batch ${JSON.stringify(results.shapes)}`;
  for (const [index, values] of results.outputs.entries()) {
    const problem = difference(`output ${String(index)}`, recorded.values[index]!, repeated(values, results.shapes[index]![0]!, batch), true);
    if (problem !== undefined) return problem;
  }
  for (const [index, values] of results.gradients.entries()) {
    const problem = difference(`gradient ${String(index)}`, recorded.gradients[index]!, values, false);
    if (problem !== undefined) return problem;
  }
  return checkSymbolic(recorded, effect.elementwise() as number);
}

/** A result without a batch, such as a constant, once for every example. */
function repeated(values: Float64Array, own: number, batch: number): Float64Array {
  return own === batch ? values : Float64Array.from({ length: values.length * batch }, (_, index) => values[index % values.length]!);
}

/** With one size after the other left free, the rule must still give the recorded shapes and the same work once the size is known. */
function checkSymbolic(recorded: RecordedCase, work: number): string | undefined {
  const types = drawInputs(recorded).map((input) => input.type);
  for (const [input, type] of types.entries()) {
    for (const [axis, size] of type.shape.entries()) {
      const free = freeSymbol('N');
      const shape = type.shape.map((other, index) => (index === axis ? free : other));
      const { effect, problems, zeros, nonNegative } = inferCase(recorded, types.map((other, index) => (index === input ? { ...other, shape } : other)));
      if (effect === undefined) {
        const unexpected = problems.find((problem) => !needsNumber.has(problem.code));
        if (unexpected === undefined && problems.length > 0) continue;
        return `with axis ${String(axis)} of input ${String(input)} free: ${unexpected?.message ?? 'no effect and no problem'}`;
      }
      // A rule may ask for more than PyTorch: then this size is not one of those that it speaks of.
      const at = (dimension: Dimension): number => substitute(dimension, () => size) as number;
      if (zeros.some((each) => at(each) !== 0) || nonNegative.some((each) => at(each) < 0)) continue;
      const known = resultTypes(effect).map((result) => result.shape.map(at));
      if (at(effect.elementwise()) !== work) return `with axis ${String(axis)} of input ${String(input)} free, ${String(at(effect.elementwise()))} operations instead of ${String(work)}`;
      if (JSON.stringify(known) !== JSON.stringify(recorded.shapes)) {
        return `with axis ${String(axis)} of input ${String(input)} free, shapes ${JSON.stringify(known)} instead of ${JSON.stringify(recorded.shapes)}`;
      }
    }
  }
  return undefined;
}

let accepted = 0;
let rejected = 0;

describe.each(families)('$name, recorded with PyTorch $torch', ({ cases }) => {
  const names = [...new Set(cases.map((each) => each.name))];

  it.each(names)('%s agrees in shapes, parameters, values and gradients', (name) => {
    const own = cases.filter((each) => each.name === name && each.rejected === undefined);
    accepted += own.length;
    const wrong = own.flatMap((each) => {
      const problem = check(each);
      return problem === undefined ? [] : [`${describeCase(each)}: ${problem}`];
    });
    expect(wrong).toEqual([]);
  });

  it.each(names.filter((name) => cases.some((each) => each.name === name && each.rejected !== undefined)))('%s refuses what PyTorch refuses', (name) => {
    const own = cases.filter((each) => each.name === name && each.rejected !== undefined);
    rejected += own.length;
    const missed = own.filter((each) => inferCase(each, drawInputs(each).map((input) => input.type)).problems.length === 0);
    expect(missed.map((each) => `${describeCase(each)}: ${each.rejected!}`)).toEqual([]);
  });
});

it('covers every entry of the catalog', () => {
  const covered = new Set(families.flatMap(({ cases }) => cases.filter((each) => each.rejected === undefined).map((each) => each.name)));
  expect([...layers.keys(), ...functions.keys()].filter((name) => !covered.has(name))).toEqual([]);
});

afterAll(() => {
  console.log(`${String(accepted)} cases agree with PyTorch ${families[0]!.torch}, ${String(rejected)} are refused by both`);
});
