// Errors planted in single weight gradients of a convolutional network, most of which a check along one non-negative direction misses.

import { describe, expect, it } from 'vitest';
import type { Builder } from '../../server/src/engine/builder';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import type { Pattern } from '../../server/src/engine/gradient-check/patterns';
import type { DerivativeTable, VectorJacobianProduct } from '../../server/src/engine/primitive';
import { defaultDerivatives } from '../../server/src/engine/primitives/table';
import type { PrimitiveName, Ref } from '../../server/src/engine/program';
import { sizeOf } from '../../server/src/engine/shape';
import type { Shape } from '../../server/src/engine/shape';
import { examNetwork } from './support/networks';

type Change = (b: Builder, gradient: Ref, shape: Shape) => Ref;

/** The derivative of a primitive, changed where it flows into an input of one shape. */
function planted<Name extends PrimitiveName>(name: Name, shape: Shape, change: Change): Partial<DerivativeTable> {
  const right = defaultDerivatives[name] as VectorJacobianProduct<unknown>;
  const wrong: VectorJacobianProduct<unknown> = (b, ...rest) =>
    right(b, ...rest).map((part) => (typeof part === 'number' && String(b.shape(part)) === String(shape) ? change(b, part, shape) : part));
  return { [name]: wrong };
}

/** Multiplies the entries by a function of their place. */
function scaled(factor: (place: number) => number): Change {
  return (b, g, shape) => b.multiply(g, b.constant(Array.from({ length: sizeOf(shape) }, (_, i) => factor(i)), shape));
}

const flipped: Change = (b, g, shape) => {
  const [o, c, h, w] = shape as [number, number, number, number];
  return b.slice(g, [0, 0, h - 1, w - 1], [o, c, -1, -1], [1, 1, -1, -1]);
};
const rolled: Change = (b, g, [size]) => b.concat([b.slice(g, [size! - 1], [size!]), b.slice(g, [0], [size! - 1])], 0);

const widths = [6, 8, 10];
const first = [6, 3, 5, 5];
const second = [8, 6, 3, 3];
const third = [10, 8, 1, 1];

type Expected = Partial<Omit<Pattern, 'factor'>> | undefined;

/** What was planted, and the pattern that is seen in the wrong entries; a single one has none. */
const errors: readonly (readonly [what: string, derivatives: Partial<DerivativeTable>, pattern: Expected])[] = [
  ['one coordinate of the second convolution × 1.5', planted('convolution', second, scaled((i) => (i === 77 ? 1.5 : 1))), undefined],
  ['height and width of the second kernel exchanged', planted('convolution', second, (b, g) => b.transpose(g, [0, 1, 3, 2])), { kind: 'transposed', axes: [2, 3] }],
  ['the second kernel flipped', planted('convolution', second, flipped), { kind: 'reversed', axes: [2, 3] }],
  ['its border row × 0.9', planted('convolution', second, scaled((i) => (i % 9 < 3 ? 0.9 : 1))), { kind: 'factor', where: [{ axis: 2, indices: [0] }] }],
  ['one output channel of the first convolution × 2', planted('convolution', first, scaled((i) => (i < 75 ? 2 : 1))), { kind: 'factor', where: [{ axis: 0, indices: [0] }] }],
  ['the sign of its first coordinate', planted('convolution', first, scaled((i) => (i === 0 ? -1 : 1))), undefined],
  ['one coordinate of the third convolution × 1.5', planted('convolution', third, scaled((i) => (i === 41 ? 1.5 : 1))), undefined],
  ['the linear layer × 1.0005', planted('matmul', [10, 10], scaled(() => 1.0005)), { kind: 'factor', where: [] }],
  ['the biases per channel × 1.001', planted('reshape', [8], scaled(() => 1.001)), { kind: 'factor', where: [] }],
  ['the linear layer × 1.01', planted('matmul', [10, 10], scaled(() => 1.01)), { kind: 'factor', where: [] }],
  ['the biases of the first channels rolled', planted('reshape', [6], rolled), { kind: 'shifted', axes: [0] }],
];

describe.each(errors)('%s', (_, derivatives, pattern) => {
  it('is found, its primitive named and its pattern seen', () => {
    const { network, loss, parameters } = examNetwork(1, 12, widths);
    const report = checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, derivatives, budget: { evaluations: 1e6 } });
    expect(report.ok).toBe(false);
    expect(new Set(report.culprits.map(({ primitive }) => primitive))).toEqual(new Set(Object.keys(derivatives)));
    // What lies further from the loss is wrong in some way of its own.
    const seen = report.tensors.filter(({ ok }) => !ok).map((tensor) => tensor.pattern);
    expect(seen).toContainEqual(pattern === undefined ? undefined : expect.objectContaining(pattern));
  });
});
