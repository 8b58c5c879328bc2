// Products that read and write views of other tensors, against the same programs with every move of entries computed.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareExecution, run } from '../../server/src/engine/execute';
import type { KernelTable } from '../../server/src/engine/execute';
import { viewedProducts } from '../../server/src/engine/fusion/views';
import { Evaluation } from '../../server/src/engine/gradient-check/evaluation';
import { onLine, randomDirection } from '../../server/src/engine/gradient-check/lines';
import { moveAlong } from '../../server/src/engine/kernels/random';
import { primitiveOf } from '../../server/src/engine/primitives/table';
import type { Ref } from '../../server/src/engine/program';
import type { Shape } from '../../server/src/engine/shape';
import { implementations } from './support/implementations';
import { Network } from './support/networks';

/** Kernels of the caller, for which nothing is left out. */
const plain: KernelTable = Object.fromEntries((['matmul', 'transpose'] as const).map((name) => [name, (output, inputs, call) => {
  primitiveOf(name).forward(output, inputs, call);
}])) as KernelTable;

/** How a tensor of some shape is made from another one by moving entries. */
interface Move {
  readonly from: Shape;
  readonly apply: (network: Network, x: Ref) => Ref;
}

type Maker = (shape: Shape) => Move;

const makers: fc.Arbitrary<Maker> = fc.oneof(
  fc.infiniteStream(fc.nat()).map((picks): Maker => (shape) => {
    const rest = shape.map((_, axis) => axis);
    const permutation = shape.map(() => rest.splice(picks.next().value % rest.length, 1)[0]!);
    return { from: shape.map((_, axis) => shape[permutation.indexOf(axis)]!), apply: (network, x) => network.transpose(x, permutation) };
  }),
  fc.record({ start: fc.nat(2), step: fc.integer({ min: -2, max: 3 }).filter((step) => step !== 0), behind: fc.nat(2), at: fc.nat() }).map(({ start, step, behind, at }): Maker => (shape) => {
    const axis = at % shape.length;
    const reach = (shape[axis]! - 1) * Math.abs(step);
    const on = <T>(there: T, elsewhere: T): T[] => shape.map((_, other) => (other === axis ? there : elsewhere));
    const grid = { starts: on(step > 0 ? start : start + reach, 0), steps: on(step, 1), shape };
    return { from: shape.map((length, other) => (other === axis ? start + reach + 1 + behind : length)), apply: (network, x) => network.sliceGrid(x, grid) };
  }),
  fc.nat().map((at): Maker => (shape) => ({ from: shape.map((length, axis) => (axis === at % shape.length ? 1 : length)), apply: (network, x) => network.broadcastTo(x, shape) })),
  fc.nat().map((at): Maker => (shape) => {
    if (shape.length === 1) return { from: shape, apply: (_, x) => x };
    const axis = at % (shape.length - 1);
    return { from: [...shape.slice(0, axis), shape[axis]! * shape[axis + 1]!, ...shape.slice(axis + 2)], apply: (network, x) => network.reshape(x, shape) };
  }),
  fc.nat().map((at): Maker => (shape) => {
    const axis = at % shape.length;
    const factor = [2, 3].find((each) => shape[axis]! % each === 0) ?? 1;
    return { from: [...shape.slice(0, axis), shape[axis]! / factor, factor, ...shape.slice(axis + 1)], apply: (network, x) => network.reshape(x, shape) };
  }),
);

interface Case {
  readonly network: Network;
  readonly output: Ref;
  readonly products: readonly Ref[];
  /** Makes room for an arena where it is computed. */
  readonly large: Ref;
}

const cases: fc.Arbitrary<Case> = fc.record({
  lead: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  sizes: fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 12 })),
  turned: fc.tuple(fc.boolean(), fc.boolean()),
  chains: fc.tuple(fc.array(makers, { maxLength: 3 }), fc.array(makers, { maxLength: 3 })),
  behind: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
  isReadTwice: fc.boolean(),
}).map(({ lead, sizes: [rows, columns, depth], turned, chains, behind, isReadTwice }) => {
  const network = new Network(3);
  const factor = (name: string, shape: Shape, chain: readonly Maker[]): Ref => {
    const moves: Move[] = [];
    for (const maker of chain) moves.push(maker(moves.at(-1)?.from ?? shape));
    const leaf = network.random(moves.at(-1)?.from ?? shape, name);
    return moves.reduceRight((x, { apply }) => apply(network, x), network.sin(leaf));
  };
  const left = factor('a', [...lead, ...(turned[0] ? [depth, rows] : [rows, depth])], chains[0]);
  const right = factor('b', [...lead, ...(turned[1] ? [columns, depth] : [depth, columns])], chains[1]);
  const product = network.matrixProduct(left, right, ...turned);
  const rest = network.shape(product).map((_, axis) => axis);
  const permutation = network.shape(product).map((_, i) => rest.splice(behind[i]! % rest.length, 1)[0]!);
  const moved = network.transpose(product, permutation);
  const end = network.sin(moved);
  return { network, products: [product, moved], large: network.sin(network.random([5000], 'large')), output: isReadTwice ? network.add(end, network.transpose(network.sin(product), permutation)) : end };
});

describe.each(implementations)('products of views by %s', (implementation) => {
  it('are those of tensors whose entries were moved', () => {
    fc.assert(fc.property(cases, ({ network: { program, leaves }, output, products, large }) => {
      for (const wanted of [[output], [output, ...products]]) {
        const expected = run(program, leaves, wanted, { implementation: 'reference', kernels: plain });
        const found = run(program, leaves, [...wanted, large], { implementation });
        expected.forEach((values, i) => values.forEach((value, place) => expect(found[i]![place]).toBeCloseTo(value, 10)));
      }
    }), { numRuns: 200 });
  });

  it('are those along a line, too', () => {
    fc.assert(fc.property(cases, ({ network, output, large }) => {
      const weights = network.random(network.shape(output), 'weights');
      const { program, leaves } = network;
      const loss = network.add(network.sum(network.multiply(output, weights)), network.sum(large));
      const evaluation = new Evaluation(program, loss, leaves, { implementation });
      const track = evaluation.track([...leaves.keys()]);
      const direction = randomDirection(track, 1, 1);
      const changed = new Map([...leaves].map(([leaf, values]) => {
        const moved = values.slice();
        moveAlong(moved, direction.get(leaf)!, 0.01 * direction.get(leaf)!.scale);
        return [leaf, moved];
      }));
      const [expected] = run(program, changed, [loss], { implementation: 'reference', kernels: plain });
      expect(onLine(track, direction, (line) => line(0.01).loss)).toBeCloseTo(expected![0]!, 8);
    }), { numRuns: 200 });
  });
});

describe('a product of views', () => {
  it('takes the place of the heads of an attention being moved there and back', () => {
    const network = new Network(1);
    const [batch, length, heads, depth] = [2, 6, 3, 4];
    const joint = network.sin(network.random([batch, length, 3 * heads * depth], 'joint'));
    const [q, k] = [0, 1].map((part) => network.sliceGrid(joint, { starts: [0, 0, part * heads * depth], steps: [1, 1, 1], shape: [batch, length, heads * depth] }));
    const headsOf = (x: Ref): Ref => network.transpose(network.reshape(x, [batch, length, heads, depth]), [0, 2, 1, 3]);
    const scores = network.matmul(headsOf(q!), network.transpose(headsOf(k!), [0, 1, 3, 2]));
    const mixed = network.transpose(network.matmul(scores, headsOf(q!)), [0, 2, 1, 3]);
    const { program } = network;
    const refs = program.instructions.map((_, ref) => ref);
    const found = viewedProducts(program, refs, () => true, new Set([mixed]));
    expect([...found].map(([ref, { reads }]) => [ref, reads])).toEqual([[scores, [joint, joint]], [mixed, [scores, joint]]]);
    const names = (prepareExecution(program, [mixed]) as unknown as { plan: { items: readonly { ref?: Ref }[] } }).plan.items.map(({ ref }) => (ref === undefined ? 'nest' : program.instructions[ref]!.primitive));
    expect(names).toEqual(['leaf', 'sin', 'matmul', 'transpose']);
  });

  it('is not made where neither rows nor columns of a factor would be neighbours', () => {
    const network = new Network(1);
    const x = network.random([4, 3, 6], 'x');
    const product = network.matrixProduct(network.transpose(x, [2, 0, 1]), network.random([6, 3, 5], 'y'), false, false);
    const { program } = network;
    expect(viewedProducts(program, program.instructions.map((_, ref) => ref), () => true, new Set([product])).size).toBe(0);
  });
});
