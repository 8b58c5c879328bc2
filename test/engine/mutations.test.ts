// The checker itself: wrong derivatives put in on purpose are found, and the primitive at fault is named.

import { describe, expect, it } from 'vitest';
import type { Builder } from '../../server/src/engine/builder';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import type { GradientReport } from '../../server/src/engine/gradient-check/report';
import type { Cotangent, DerivativeTable, VectorJacobianProduct } from '../../server/src/engine/primitive';
import { defaultDerivatives, primitives } from '../../server/src/engine/primitives/table';
import type { AttributesOf, PrimitiveName, Ref } from '../../server/src/engine/program';
import { sizeOf } from '../../server/src/engine/shape';
import { curvedLoss, differentiable, hosts } from './support/hosts';
import { Network } from './support/networks';

type Mutant = readonly [what: string, derivative: DerivativeTable[PrimitiveName]];

/** The right derivative, with something done to each cotangent that it gives. */
function changed(name: PrimitiveName, change: (b: Builder, cotangent: Ref) => Ref): VectorJacobianProduct<unknown> {
  const right = defaultDerivatives[name] as VectorJacobianProduct<unknown>;
  return (b, ...rest) => right(b, ...rest).map((part): Cotangent => (typeof part === 'number' ? change(b, part) : part));
}

/** The cotangent with its entries moved on by one place. */
function rolled(b: Builder, cotangent: Ref): Ref {
  const size = sizeOf(b.shape(cotangent));
  const flat = b.reshape(cotangent, [size]);
  return b.reshape(b.concat([b.slice(flat, [size - 1], [size]), b.slice(flat, [0], [size - 1])], 0), b.shape(cotangent));
}

/** The cotangent with only its last entry multiplied. */
function lastEntryScaled(b: Builder, cotangent: Ref): Ref {
  const shape = b.shape(cotangent);
  const factors = new Float64Array(sizeOf(shape)).fill(1);
  factors[factors.length - 1] = 1.5;
  return b.multiply(cotangent, b.constant(factors, shape));
}

/** What can go wrong with any primitive. */
function generalMutants(name: PrimitiveName): Mutant[] {
  return [
    ['the sign', changed(name, (b, g) => b.negate(g))],
    ['a factor of 2', changed(name, (b, g) => b.multiply(g, b.scalar(2)))],
    ['a thousandth', changed(name, (b, g) => b.multiply(g, b.scalar(1.001)))],
    ['one entry', changed(name, lastEntryScaled)],
    ['an offset by one', changed(name, rolled)],
    ['nothing passes', 'zero'],
  ];
}

/** What can go wrong where nothing should flow back: something does. */
const leaking = (factor: number): VectorJacobianProduct<unknown> => (b, g, inputs) => inputs.map((input) => b.multiply(leak(b, g, input), b.scalar(factor)));
const leaks: Mutant[] = [
  ['the cotangent passes', leaking(1)],
  ['the cotangent passes with the other sign', leaking(-1)],
  ['a thousandth of the cotangent passes', leaking(1e-3)],
];

/** The cotangent in the shape of an input: the same entries, or their sum everywhere. */
function leak(b: Builder, cotangent: Ref, input: Ref): Ref {
  const shape = b.shape(input);
  if (sizeOf(b.shape(cotangent)) === sizeOf(shape)) return b.reshape(cotangent, shape);
  return b.broadcastTo(b.sum(cotangent), shape);
}

type Specific = { readonly [Name in PrimitiveName]?: readonly (readonly [string, VectorJacobianProduct<AttributesOf[Name]>])[] };

/** What people get wrong with particular primitives. */
const specificMutants: Specific = {
  abs: [['the chain factor', (_, g) => [g]]],
  exp: [['the chain factor', (_, g) => [g]]],
  log: [['1/x²', (b, g, [x]) => [b.divide(g, b.square(x!))]]],
  sqrt: [['the half', (b, g, _, y) => [b.divide(g, y)]]],
  reciprocal: [['the square', (b, g, _, y) => [b.negate(b.multiply(g, y))]]],
  sin: [['sin for cos', (b, g, [x]) => [b.multiply(g, b.sin(x!))]]],
  tanh: [['the square', (b, g, _, y) => [b.multiply(g, b.subtract(b.scalar(1), y))]]],
  sigmoid: [['1 − y', (b, g, _, y) => [b.multiply(g, y)]]],
  softplus: [['step for sigmoid', (b, g, [x]) => [b.multiply(g, b.step(x!))]]],
  erf: [['2/√π', (b, g, [x]) => [b.multiply(g, b.exp(b.negate(b.square(x!))))]]],
  relu: [
    ['the mask', (_, g) => [g]],
    ['the mask of the cotangent', (b, g) => [b.relu(g)]],
    ['the other side', (b, g, [x]) => [b.multiply(g, b.step(b.negate(x!)))]],
    ['a stale mask', (b, g, [x]) => [b.multiply(g, b.step(rolled(b, x!)))]],
  ],
  subtract: [['the second sign', (_, g) => [g, g]]],
  multiply: [['the factors exchanged', (b, g, [x, y]) => [b.multiply(g, x!), b.multiply(g, y!)]]],
  divide: [['the quotient', (b, g, [, y]) => [b.divide(g, y!), b.negate(b.divide(g, y!))]]],
  power: [['the exponent not lowered', (b, g, [, n], y) => [b.multiply(g, b.multiply(n!, y)), b.multiply(g, y)]]],
  maximum: [['both sides', (_, g) => [g, g]]],
  minimum: [['the sides exchanged', (b, g, [x, y]) => [b.multiply(g, b.less(y!, x!)), b.multiply(g, b.less(x!, y!))]]],
  select: [['the mask', (_, g) => ['zero', g, g]], ['one side', (b, g, [m]) => ['zero', b.select(m!, g, b.scalar(0)), 'zero']]],
  sum: [['a mean', (b, g, [x], _, { axes }) => [b.multiply(b.broadcastTo(b.reshape(g, b.shape(x!).map((n, i) => (axes.includes(i) ? 1 : n))), b.shape(x!)), b.scalar(0.5))]]],
  logSumExp: [['softmax along another axis', (b, g, [x]) => [b.multiply(b.reshape(g, [...b.shape(g), 1]), b.softmax(x!, 0))]]],
  softmax: [['the sum', (b, g, _, y) => [b.multiply(g, y)]], ['only the diagonal', (b, g, _, y) => [b.multiply(g, b.multiply(y, b.subtract(b.scalar(1), y)))]]],
  cumsum: [['the same direction', (b, g, _x, _y, { axis }) => [b.cumsum(g, axis)]]],
  broadcastTo: [['one repetition for the sum', (b, g, [x], _, { shape }) => [b.reshape(b.slice(g, shape.map(() => 0), [1, shape[1]!, 1]), b.shape(x!))]]],
  transpose: [['not back', (b, g, [x]) => [b.reshape(g, b.shape(x!))]]],
  slice: [['the start', (b, g, [x], _, { steps, shape }) => [b.embed(g, { starts: [0, (shape[1]! - 1) * -steps[1]!], steps, shape: b.shape(x!), value: 0 })]]],
  embed: [['the start', (b, g, [x]) => [b.slice(g, [0, 0], b.shape(x!))]]],
  concat: [['the same part for all', (b, g, inputs) => inputs.map((x) => b.slice(g, [0, 0], b.shape(x)))]],
  matmul: [['the transposition', (b, g, [x, y]) => [b.reshape(b.matrixProduct(g, y!, false, true), b.shape(x!)), b.matrixProduct(x!, g, false, false)]]],
  convolution: [
    ['the kernel gradient flipped', (b, g, [x, w], _, geometry) => [
      b.convolutionInputGradient(g, w!, geometry, b.shape(x!).slice(2)),
      b.slice(b.convolutionWeightGradient(x!, g, geometry, b.shape(w!).slice(2)), [0, 0, 2, 1], [4, 2, -1, -1], [1, 1, -1, -1]),
    ]],
    ['the kernel not transposed in its channels', (b, g, [x, w], _, geometry) => [
      b.convolutionInputGradient(g, b.reshape(b.transpose(b.reshape(w!, [2, 2, 2, 3, 2]), [0, 2, 1, 3, 4]), [4, 2, 3, 2]), geometry, b.shape(x!).slice(2)),
      b.convolutionWeightGradient(x!, g, geometry, b.shape(w!).slice(2)),
    ]],
    ['the padding moved by one', (b, g, [x, w], _, geometry) => {
      const moved = { ...geometry, paddingBefore: [0, 0], paddingAfter: [2, 1] };
      return [b.convolutionInputGradient(g, w!, moved, b.shape(x!).slice(2)), b.convolutionWeightGradient(x!, g, moved, b.shape(w!).slice(2))];
    }],
  ],
  windowSum: [['a window moved by one', (b, g, [x], _, { windows }) => {
    const moved = windows.map(({ starts, stops, step }, axis) => (axis === 0 ? { starts: starts.map((s) => Math.max(0, s - 1)), stops: stops.map((s) => s - 1), step } : { starts, stops, step }));
    return [b.windowSpread(g, moved, b.shape(x!).slice(-windows.length))];
  }]],
  gather: [['the rows not added up', (b, g, [table, indices], _, { batchAxes }) => {
    const rows = b.shape(table!)[batchAxes]!;
    const counts = b.maximum(b.scatterAdd(b.add(b.multiply(g, b.scalar(0)), b.scalar(1)), indices!, rows, batchAxes), b.scalar(1));
    return [b.divide(b.scatterAdd(g, indices!, rows, batchAxes), counts), 'zero'];
  }]],
  scatterAdd: [['the row beside', (b, g, [, indices], _, { batchAxes, size }) => {
    const next = b.add(indices!, b.scalar(1));
    return [b.gather(g, b.select(b.less(next, b.scalar(size)), next, b.scalar(0)), batchAxes), 'zero'];
  }]],
};

/** Primitives with an input through which nothing flows back. */
const flat = (Object.keys(hosts) as PrimitiveName[]).filter((name) => !differentiable.includes(name) && !['leaf', 'constant', 'dropoutMask'].includes(name));

const mutants = [
  ...differentiable.flatMap((name) => [...generalMutants(name), ...((specificMutants[name] ?? []) as readonly Mutant[])].map(([what, derivative]) => ({ name, what, derivative }))),
  ...flat.flatMap((name) => leaks.map(([what, derivative]) => ({ name, what, derivative }))),
];

/** The report on a mutant at random values. A derivative that is wrong for some values only may be right at these. */
function checkMutant(name: PrimitiveName, derivative: DerivativeTable[PrimitiveName], seed: number): GradientReport {
  const network = new Network(seed);
  network.origin = 'operation';
  const loss = curvedLoss(network, hosts[name](network), name);
  const check = [...network.leaves.keys()];
  return checkGradients({ program: network.program, loss, leaves: network.leaves, check, derivatives: { [name]: derivative }, budget: { evaluations: 1e6 } });
}

describe('a wrong derivative', () => {
  let located = 0;

  it.each(mutants)('of $name ($what) is found and named', ({ name, derivative }) => {
    const report = [1, 2, 3].map((seed) => checkMutant(name, derivative, seed)).find(({ ok }) => !ok);
    expect(new Set(report?.culprits.map(({ primitive }) => primitive))).toEqual(new Set([name]));
    expect(report?.culprits.map(({ origin }) => origin)).toContain('operation');
    located++;
  });

  it(`is located each time: ${String(mutants.length)} of ${String(mutants.length)} in ${String(new Set(mutants.map(({ name }) => name)).size)} primitives`, () => {
    expect(located).toBe(mutants.length);
  });

  it('is tried in at least three ways for every primitive that has an input', () => {
    const withInputs = (Object.keys(primitives) as PrimitiveName[]).filter((name) => !['leaf', 'constant', 'dropoutMask'].includes(name));
    for (const name of withInputs) expect(mutants.filter((mutant) => mutant.name === name).length, name).toBeGreaterThanOrEqual(3);
  });

  it('is tried in at least six ways for every primitive', () => {
    for (const name of differentiable) expect(mutants.filter((mutant) => mutant.name === name).length).toBeGreaterThanOrEqual(6);
  });
});
