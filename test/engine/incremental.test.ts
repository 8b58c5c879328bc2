// Updating only what a change can reach, against computing everything anew.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupInstructions } from '../../server/src/engine/fusion/group';
import type { NestItem } from '../../server/src/engine/fusion/group';
import { nestModule } from '../../server/src/engine/fusion/nest';
import { Evaluation } from '../../server/src/engine/gradient-check/evaluation';
import { run } from '../../server/src/engine/execute';
import { boxShape, reshapeBox, runsOf } from '../../server/src/engine/incremental/box';
import type { Box } from '../../server/src/engine/incremental/box';
import { Arena } from '../../server/src/engine/kernels/wasm/arena';
import { planUpdate } from '../../server/src/engine/incremental/plan';
import type { Plan } from '../../server/src/engine/incremental/plan';
import type { PrimitiveName, Ref } from '../../server/src/engine/program';
import { sizeOf, unravel } from '../../server/src/engine/shape';
import type { Shape } from '../../server/src/engine/shape';
import { curvedLoss, hosts } from './support/hosts';
import { examNetwork, Network } from './support/networks';

function expectClose(actual: Float64Array, expected: Float64Array): void {
  const isFar = (value: number, i: number): boolean => !(Math.abs(actual[i]! - value) < 1e-11 * (1 + Math.abs(value)));
  if (expected.some(isFar)) expect(actual).toEqual(expected);
}

/**
 * Changes a box of a leaf, updates by plan, and compares every tensor, or those wanted, with a run from scratch; with an arena, in loop nests where they fit.
 * Then the same with the plan moved elsewhere, if it can be; says whether it could.
 */
function compareUpdate(network: Network, leaf: Ref, box: Box, arena = new Arena(0, 'reference'), elsewhere?: Box, wanted?: readonly Ref[]): boolean {
  const { program } = network;
  const refs = program.instructions.map((_, ref) => ref);
  const base = run(program, network.leaves, refs).map((values) => arena.copy(values));
  const current = base.map((values) => arena.copy(values));
  program.instructions.forEach(({ primitive, inputs }, ref) => {
    if (primitive !== 'reshape') return;
    base[ref] = base[inputs[0]!]!;
    current[ref] = current[inputs[0]!]!;
  });
  const scratch = { take: (size: number) => arena.allocate(size), reset: () => undefined };
  const detached = program.instructions.some(({ primitive, inputs }) => primitive === 'detach' && inputs.includes(leaf));
  const compare = (plan: Plan, changed: Box): void => {
    const { starts, length } = runsOf(changed, program.instructions[leaf]!.shape);
    for (const start of starts) for (let i = start; i < start + length; i++) current[leaf]![i]! += 0.1 * Math.sin(i + 1);
    plan.run();
    const anew = run(program, new Map(network.leaves).set(leaf, current[leaf]!), refs);
    if (detached) expect(current.at(-1)).toEqual(base.at(-1));
    else for (const ref of wanted ?? refs) expectClose(current[ref]!, anew[ref]!);
    const outside = base.map((values) => new Set(values.keys()));
    for (const [ref, reached] of plan.boxes) {
      const runs = runsOf(reached, program.instructions[ref]!.shape);
      for (const start of runs.starts) for (let i = start; i < start + runs.length; i++) outside[ref]!.delete(i);
    }
    expect(refs.filter((ref) => [...outside[ref]!].some((i) => !Object.is(current[ref]![i], base[ref]![i])))).toEqual([]);
    current.forEach((values, ref) => values.set(base[ref]!));
  };
  const plan = planUpdate(program, refs, new Map([[leaf, box]]), { base: (ref) => base[ref]!, unchanged: (ref) => base[ref]!, current: (ref) => current[ref]!, scratch }, { wanted });
  compare(plan, box);
  const moved = elsewhere && plan.moved(new Map([[leaf, elsewhere]]));
  if (moved) compare(moved, elsewhere);
  if (moved) compare(plan, box);
  return moved !== undefined;
}

function randomBox(shape: Shape): fc.Arbitrary<Box> {
  return fc.tuple(...shape.map((length) => fc.tuple(fc.nat(length - 1), fc.nat(length - 1)).map(([a, b]) => ({ start: Math.min(a, b), stop: Math.max(a, b) + 1 }))));
}

/** A box, and one as large that may lie elsewhere. */
function randomMove(shape: Shape): fc.Arbitrary<[Box, Box]> {
  return fc.tuple(randomBox(shape), fc.infiniteStream(fc.nat())).map(([box, random]) => [
    box,
    box.map(({ start, stop }, axis) => {
      const moved = random.next().value % (shape[axis]! - (stop - start) + 1);
      return { start: moved, stop: moved + stop - start };
    }),
  ]);
}

describe.each(Object.keys(hosts) as PrimitiveName[])('an update through %s', (name) => {
  it('gives what a run from scratch gives, and leaves the rest alone', () => {
    const network = new Network(5);
    curvedLoss(network, hosts[name](network));
    for (const leaf of network.leaves.keys()) {
      fc.assert(fc.property(randomBox(network.shape(leaf)), (box) => void compareUpdate(network, leaf, box)), { numRuns: 15 });
    }
  });
});

describe.each(Object.keys(hosts) as PrimitiveName[])('an update in loop nests through %s', (name) => {
  it('gives what a run from scratch gives', () => {
    const network = new Network(6);
    curvedLoss(network, hosts[name](network));
    const entries = network.program.instructions.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    for (const leaf of network.leaves.keys()) {
      const arena = new Arena(8 * entries);
      fc.assert(fc.property(randomBox(network.shape(leaf)), (box) => void compareUpdate(network, leaf, box, arena)), { numRuns: 4 });
    }
  });

  it('gives the same where its plan is that of a change elsewhere', () => {
    const network = new Network(6);
    const loss = curvedLoss(network, hosts[name](network));
    const entries = network.program.instructions.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    for (const leaf of network.leaves.keys()) {
      fc.assert(fc.property(randomMove(network.shape(leaf)), fc.constantFrom(undefined, [loss]), ([box, elsewhere], wanted) => {
        compareUpdate(network, leaf, box, new Arena(8 * entries), elsewhere, wanted);
      }), { numRuns: 6 });
    }
  });
});

describe('loop nests', () => {
  /** Chains with sums in between, broadcasts along any axes, odd and short rows. */
  const chains: readonly (readonly [string, (n: Network) => Ref])[] = [
    ['normalize channels', (n) => n.relu(n.batchNorm(n.random([3, 4, 3, 5], 'x'), 'norm'))],
    ['normalize rows', (n) => {
      const x = n.random([6, 9], 'x');
      const centred = n.subtract(x, n.mean(x, [1], true));
      return n.multiply(n.divide(centred, n.sqrt(n.add(n.mean(n.square(centred), [1], true), n.scalar(1e-3)))), n.random([9], 'w'));
    }],
    ['normalize groups', (n) => {
      const x = n.reshape(n.random([2, 6, 3, 3], 'x'), [2, 3, 18]);
      const centred = n.subtract(x, n.mean(x, [2], true));
      return n.multiply(n.reshape(centred, [2, 6, 3, 3]), n.random([6, 1, 1], 'w'));
    }],
    ['average planes', (n) => n.adaptiveAveragePool(n.add(n.random([2, 5, 4, 3], 'x'), n.random([5, 1, 1], 'b')), [1, 1])],
    ['average a pointwise convolution', (n) => {
      const x = n.relu(n.convolutionLayer(n.random([2, 3, 5, 4], 'image'), 'first', 4, 3, 1));
      return n.adaptiveAveragePool(n.convolutionLayer(x, 'last', 6, 1, 0), [1, 1]);
    }],
    ['use sums on both sides', (n) => {
      const x = n.random([4, 7], 'x');
      const total = n.sum(x, [1], true);
      return n.multiply(n.abs(n.subtract(x, total)), n.add(n.negate(total), n.reciprocal(n.add(n.square(x), n.scalar(1)))));
    }],
    ['choose', (n) => {
      const [x, y] = [n.random([5, 6], 'x'), n.random([5, 6], 'y')];
      return n.select(n.less(x, y), n.multiply(x, n.scalar(3)), n.add(n.step(x), n.lessEqual(y, n.scalar(0.1))));
    }],
  ];

  it.each(chains)('that %s give what a run from scratch gives', (_, build) => {
    const network = new Network(7);
    const loss = curvedLoss(network, build(network));
    const entries = network.program.instructions.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    for (const leaf of network.leaves.keys()) {
      fc.assert(fc.property(randomMove(network.shape(leaf)), fc.constantFrom(undefined, [loss]), ([box, elsewhere], wanted) => {
        compareUpdate(network, leaf, box, new Arena(8 * entries), elsewhere, wanted);
      }), { numRuns: 10 });
    }
  });

  it('run where there is SIMD, and share their code among sizes and places', () => {
    const network = new Network(8);
    const x = network.random([2, 40, 9, 9], 'x');
    network.sum(network.relu(network.batchNorm(x, 'norm')));
    const { program } = network;
    const refs = program.instructions.map((_, ref) => ref).filter((ref) => !network.leaves.has(ref) && program.instructions[ref]!.primitive !== 'constant');
    const nestsOf = (box: Box): NestItem[] => {
      const parts = new Map(program.instructions.map((_, ref) => [ref, program.instructions[ref]!.shape.map((length, axis) => (length === 40 ? box[1]! : { start: 0, stop: length, axis }))]));
      const items = groupInstructions({ program, refs, boxOf: (ref) => parts.get(ref)!, branches: 'watched', mayFuse: () => true, wanted: new Set([refs.at(-1)!]) });
      return items.filter((item) => item.kind === 'nest');
    };
    const [one, two] = [3, 5].map((channel) => nestsOf([{ start: 0, stop: 2 }, { start: channel, stop: channel + 1 }, { start: 0, stop: 9 }, { start: 0, stop: 9 }]));
    expect(one).toHaveLength(1);
    expect(two![0]!.nest.nodes).toEqual(one![0]!.nest.nodes);
    const [first, second] = [one, two].map((items) => nestModule(items![0]!.nest.nodes, items![0]!.nest.operands.length));
    expect(second).toBe(first);
  });
});

describe('a plan', () => {
  it('for one channel is moved to another, in all parts of a network', () => {
    const network = new Network(2);
    const geometry = { stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 2 };
    const grouped = network.convolution(network.random([2, 4, 16, 16], 'image'), network.random([8, 2, 3, 3], 'grouped'), geometry);
    const first = network.maxPool2(network.relu(network.batchNorm(grouped, 'norm')), 'pool');
    const second = network.relu(network.convolutionLayer(first, 'second', 6, 3, 1));
    const third = network.adaptiveAveragePool(network.convolutionLayer(second, 'third', 5, 1, 0), [1, 1]);
    const loss = network.crossEntropy(network.linear(network.reshape(third, [2, 5]), 'head', 4));
    const entries = network.program.instructions.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    for (const leaf of network.leaves.keys()) {
      const shape = network.shape(leaf);
      const { name } = network.program.instructions[leaf]!.attributes as { name: string };
      // Of weights, plans are moved where one entry changes; and a column of four is too little for a loop.
      if ((shape.length > 1 && name !== 'image') || name === 'head.bias') continue;
      const channel = shape.length === 1 ? 0 : 1;
      const at = (index: number): Box => shape.map((length, axis) => (axis === channel ? { start: index, stop: index + 1 } : { start: 0, stop: length }));
      for (const [from, to] of [[0, shape[channel]! - 1], [2, 1], [1, 2]] as const) {
        expect([name, from, to, compareUpdate(network, leaf, at(from), new Arena(20 * entries), at(to), [loss])]).toEqual([name, from, to, true]);
      }
    }
  });
});

describe('an evaluation', () => {
  it('of one changed entry gives the loss of a run from scratch, whatever came before', () => {
    const { network, loss, parameters } = examNetwork(3, 8, [3, 4, 5]);
    const leaves = [...network.leaves.keys()];
    const evaluation = new Evaluation(network.program, loss, network.leaves);
    const tracks = new Map(leaves.map((ref) => [ref, evaluation.entryTrack(ref)]));
    const all = evaluation.track(parameters);
    fc.assert(fc.property(fc.constantFrom(...leaves), fc.nat(), fc.boolean(), (leaf, pick, first) => {
      if (first) {
        all.begin();
        const moved = all.leaves.get(parameters[0]!)!;
        moved.values.fill(3);
        all.probe();
        moved.restore();
      }
      const values = network.leaves.get(leaf)!.slice();
      const place = pick % values.length;
      values[place]! += 0.01;
      const [expected] = run(network.program, new Map(network.leaves).set(leaf, values), [loss]);
      expect(tracks.get(leaf)!.probe(place, values[place]!).loss).toBeCloseTo(expected![0]!, 11);
    }), { numRuns: 150 });
  });

  it.each([[false, false], [false, true], [true, false], [true, true]])('of one changed entry of a factor does so, too (transposed: %s, %s)', (transposeLeft, transposeRight) => {
    const network = new Network(4);
    const [a, b] = [network.random(transposeLeft ? [50, 40] : [40, 50], 'a'), network.random(transposeRight ? [45, 50] : [50, 45], 'b')];
    const loss = curvedLoss(network, network.matrixProduct(a, b, transposeLeft, transposeRight));
    const evaluation = new Evaluation(network.program, loss, network.leaves);
    const tracks = new Map([a, b].map((ref) => [ref, evaluation.entryTrack(ref)]));
    fc.assert(fc.property(fc.constantFrom(a, b), fc.nat(), (leaf, pick) => {
      const values = network.leaves.get(leaf)!.slice();
      const place = pick % values.length;
      values[place]! += 0.01;
      const [expected] = run(network.program, new Map(network.leaves).set(leaf, values), [loss]);
      expect(tracks.get(leaf)!.probe(place, values[place]!).loss).toBeCloseTo(expected![0]!, 10);
    }), { numRuns: 60 });
  });

  it('notices a changed branch in the part that it computes', () => {
    const network = new Network(1);
    const x = network.random([2, 3], 'x');
    network.leaves.set(x, Float64Array.of(1, -1, 1, 1, -1, 1));
    const evaluation = new Evaluation(network.program, network.sum(network.relu(x)), network.leaves);
    const track = evaluation.entryTrack(x);
    expect(track.probe(1, -0.5)).toEqual({ loss: 4, branched: false });
    expect(track.probe(1, 0.5)).toEqual({ loss: 4.5, branched: true });
    expect(track.probe(4, -0.5)).toEqual({ loss: 4, branched: false });
  });
});

describe('a box', () => {
  it('reshaped contains every entry that it contained', () => {
    const shapes: [Shape, Shape][] = [[[2, 3, 4], [6, 4]], [[2, 12], [2, 3, 4]], [[4, 1, 6], [4, 6]], [[6], [1, 2, 3, 1]], [[2, 3, 4], [4, 3, 2]], [[1, 1], []]];
    for (const [from, to] of shapes) {
      fc.assert(fc.property(randomBox(from), (box) => {
        const target = reshapeBox(box, from, to);
        const { starts, length } = runsOf(box, from);
        expect(target.length).toBe(to.length);
        for (const start of starts) {
          for (let place = start; place < start + length; place++) {
            unravel(place, to).forEach((i, axis) => expect(i >= target[axis]!.start && i < target[axis]!.stop).toBe(true));
          }
        }
      }));
    }
  });

  it('stays small when channels are reshaped', () => {
    const channel = [{ start: 0, stop: 2 }, { start: 1, stop: 2 }, { start: 0, stop: 4 }];
    expect(boxShape(reshapeBox(channel, [2, 3, 4], [2, 12]))).toEqual([2, 4]);
    expect(sizeOf(boxShape(reshapeBox([{ start: 1, stop: 2 }], [3], [1, 3, 1, 1])))).toBe(1);
  });
});
