// What an entry says it looks at: the support of the gradient of single output units lies within it.

import { describe, expect, it } from 'vitest';
import type { Lowered, RecordedCase } from './cases';
import { run } from '../../server/src/engine/execute';
import type { Effect } from '../../server/src/layers/definition';
import type { TensorType } from '../../server/src/layers/tensor';
import { drawInputs, inferCase, lowerCase, recordedFamilies, resultTypes } from './cases';

/** Borders repeat or mirror other places there, which no interval describes. */
const wrapsAround = /Reflection|Replication|Circular|^pad$/;

/** Batch statistics mix everything, which no receptive field counts. */
const batchStatistics = /^BatchNorm/;

/** Where a window says exactly what a unit sees, and values cannot hide it. */
const exact = /^(Conv|AvgPool|ZeroPad|ConstantPad|PixelShuffle|concat|index|Identity|permute|transpose|add)/;

/** For one axis of an input the places that a unit may see; undefined for all. */
function allowed(effect: Effect, input: number, axis: number, unit: readonly number[]): ((place: number) => boolean) | undefined {
  const { windows, mixed, stretched = [], picked = [], merged = false } = effect.dependence;
  if (mixed.some((each) => each.input === input && each.axis === axis)) return undefined;
  const own = windows.filter((window) => window.input === input && window.from === axis);
  if (own.some((window) => Number.isNaN(window.stride)) || (merged && own.length > 0)) return undefined;
  const spot = picked.find((each) => each.input === input && each.axis === axis);
  if (spot !== undefined) return Number.isNaN(spot.at) ? undefined : (place) => place === spot.at;
  const isStretched = stretched.some((each) => each.input === input && each.axis === axis);
  return (place) =>
    (isStretched && place === 0) ||
    own.some(({ stride, before, extent, to }) => {
      const low = stride * unit[to]! - before;
      return place >= low - 1e-9 && place <= low + extent - 1 + 1e-9;
    });
}

function strides(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
}

function unravel(place: number, shape: readonly number[]): readonly number[] {
  return strides(shape).map((stride, axis) => Math.floor(place / stride) % shape[axis]!);
}

/** Places of every input with a gradient of the unit in the middle of an output. */
function supports({ builder, outputs, inputs, leaves }: Lowered, output: number, place: number, types: readonly TensorType[]): readonly (readonly number[])[] {
  const shape = builder.shape(outputs[output]!);
  const size = shape.reduce((a, b) => a * b, 1);
  const selector = builder.constant(Float64Array.from({ length: size }, (_, index) => (index === place ? 1 : 0)), shape);
  const unit = builder.sum(builder.multiply(outputs[output]!, selector));
  const floats = inputs.filter((_, index) => types[index]!.element === 'float');
  const gradients = run(builder.program, leaves, builder.gradient(unit, floats));
  let next = 0;
  return types.map((type) => (type.element === 'float' ? [...gradients[next++]!].flatMap((value, index) => (value === 0 ? [] : [index])) : []));
}

function check(recorded: RecordedCase): string | undefined {
  const types = drawInputs(recorded, 1).map((input) => input.type);
  const { effect } = inferCase(recorded, types);
  // Lists share one dependence, which cannot tell their items apart.
  if (effect === undefined || effect.list !== undefined) return undefined;
  const shape = resultTypes(effect)[0]!.shape as readonly number[];
  const size = shape.reduce((a, b) => a * b, 1);
  const place = Math.min(size - 1, shape.reduce((sum, length, axis) => sum + Math.floor(length / 2) * strides(shape)[axis]!, 0));
  const unit = unravel(place, shape);
  const lowered = lowerCase({ ...recorded, mask: undefined }, effect, 1);
  for (const [input, seen] of supports(lowered, 0, place, types).entries()) {
    const own = types[input]!.shape as readonly number[];
    for (const axis of own.keys()) {
      const within = allowed(effect, input, axis, unit);
      if (within === undefined) continue;
      const places = [...new Set(seen.map((each) => unravel(each, own)[axis]!))].sort((a, b) => a - b);
      const outside = places.find((each) => !within(each));
      if (outside !== undefined) return `unit [${unit.join(', ')}] sees place ${String(outside)} of axis ${String(axis)} of input ${String(input)}`;
      if (!exact.test(recorded.name) || seen.length === 0) continue;
      const expected = Array.from({ length: own[axis]! }, (_, each) => each).filter(within);
      const ends = [places[0], places.at(-1)].join();
      // A dilated or strided window leaves places between its ends out, and at a border its last ones may be padding.
      if (isInside(recorded) && ends !== [expected[0], expected.at(-1)].join()) return `axis ${String(axis)} of input ${String(input)} is seen from ${ends}, not ${expected.join()}`;
    }
  }
  return undefined;
}

/** With neither dilation nor other borders than zeros, the ends of a window are always seen. */
function isInside({ given }: RecordedCase): boolean {
  return given.dilation === undefined || JSON.stringify(given.dilation) === '1';
}

describe.each(recordedFamilies())('$name', ({ cases }) => {
  const accepted = cases.filter((each) => each.rejected === undefined && each.inputs.length > 0 && !wrapsAround.test(each.name) && !batchStatistics.test(each.name));
  const plain = accepted.filter((each) => each.given.padding_mode === undefined || each.given.padding_mode === 'zeros');

  it('has units that see no more than is said', () => {
    const wrong = plain.flatMap((each) => {
      const problem = check(each);
      return problem === undefined ? [] : [`${each.name} ${JSON.stringify(each.given)} of ${JSON.stringify(each.inputs)}: ${problem}`];
    });
    expect(wrong).toEqual([]);
  });
});
