// The engine's functions against values, gradients and second derivatives recorded from PyTorch.

import { describe, expect, it } from 'vitest';
import { Builder } from '../../server/src/engine/builder';
import { run } from '../../server/src/engine/execute';
import type { Ref } from '../../server/src/engine/program';
import type { Shape } from '../../server/src/engine/shape';
import recorded from '../oracle/engine.json';

interface Case {
  readonly name: string;
  readonly method: string;
  readonly arguments: readonly unknown[];
  readonly inputs: readonly { readonly shape: Shape; readonly values: readonly number[] }[];
  /** The inputs without a gradient. */
  readonly fixed: readonly number[];
  readonly shape: Shape;
  readonly output: readonly number[];
  readonly cotangent: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  /** Absent where PyTorch has no second derivative. */
  readonly directions?: readonly (readonly number[])[];
  readonly seconds?: readonly (readonly number[])[];
}

function expectClose(actual: Float64Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1e-300, ...expected.map(Math.abs));
  expected.forEach((value, i) => expect(Math.abs(actual[i]! - value) / Math.max(Math.abs(value), 1e-3 * scale)).toBeLessThan(1e-12));
}

function build(test: Case): { builder: Builder; leaves: Map<Ref, Float64Array>; free: Ref[]; output: Ref } {
  const builder = new Builder();
  const refs = test.inputs.map(({ shape }, i) => builder.leaf(shape, `input ${i}`));
  const leaves = new Map(refs.map((ref, i) => [ref, Float64Array.from(test.inputs[i]!.values)]));
  const method = builder[test.method as keyof Builder] as unknown as (...parameters: unknown[]) => Ref;
  const output = method.call(builder, ...refs, ...test.arguments);
  return { builder, leaves, free: refs.filter((_, i) => !test.fixed.includes(i)), output };
}

describe.each(recorded.cases as unknown as Case[])('$name', (test) => {
  it('has the recorded shape and values', () => {
    const { builder, leaves, output } = build(test);
    expect(builder.shape(output)).toEqual(test.shape);
    expectClose(run(builder.program, leaves, [output])[0]!, test.output);
  });

  it('has the recorded gradients and second derivatives', () => {
    const { builder, leaves, free, output } = build(test);
    const gradients = builder.gradient(output, free, builder.constant(test.cotangent, test.shape));
    run(builder.program, leaves, gradients).forEach((values, i) => expectClose(values, test.gradients[i]!));
    const { directions, seconds } = test;
    if (!directions || !seconds) return;
    const inner = gradients
      .map((gradient, i) => builder.sum(builder.multiply(gradient, builder.constant(directions[i]!, builder.shape(gradient)))))
      .reduce((a, b) => builder.add(a, b));
    run(builder.program, leaves, builder.gradient(inner, free)).forEach((values, i) => expectClose(values, seconds[i]!));
  });
});
