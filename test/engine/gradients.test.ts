// Every primitive's derivative against differences, first and second order.

import { describe, expect, it } from 'vitest';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import type { PrimitiveName, Ref } from '../../server/src/engine/program';
import { differentiable, curvedLoss, hosts } from './support/hosts';
import { Network } from './support/networks';

const names = Object.keys(hosts) as PrimitiveName[];

function check(network: Network, loss: Ref): ReturnType<typeof checkGradients> {
  return checkGradients({ program: network.program, loss, leaves: network.leaves, check: [...network.leaves.keys()], budget: { evaluations: 1e6 } });
}

describe.each(names)('the derivative of %s', (name) => {
  it('agrees with differences in every entry', () => {
    for (const seed of [1, 2, 3]) {
      const network = new Network(seed);
      const report = check(network, curvedLoss(network, hosts[name](network)));
      expect(report).toMatchObject({ ok: true });
      for (const { checked, entries, kinks, unresolved, worst } of report.tensors) {
        expect({ checked, kinks, unresolved }).toEqual({ checked: entries, kinks: 0, unresolved: 0 });
        expect(worst!.relativeError).toBeLessThan(1e-6);
      }
    }
  });

  it('has a derivative that agrees with differences', () => {
    const network = new Network(4);
    const leaves = [...network.leaves.keys()];
    const loss = curvedLoss(network, hosts[name](network));
    const first = network.gradient(loss, leaves.length > 0 ? leaves : [...network.leaves.keys()]);
    const second = first.map((gradient) => curvedLoss(network, gradient)).reduce((a, b) => network.add(a, b));
    expect(check(network, second)).toMatchObject({ ok: true, culprits: [] });
  });
});

describe('the set of primitives', () => {
  it('has a derivative for all but the sources and the piecewise constant ones', () => {
    const without = names.filter((name) => !differentiable.includes(name));
    expect(without.sort()).toEqual([
      'argmax', 'ceil', 'constant', 'detach', 'dropoutMask', 'equal', 'floor', 'leaf', 'less', 'lessEqual', 'round', 'sign', 'step', 'windowArgmax',
    ]);
  });
});

describe('the cotangents of slices of one tensor', () => {
  const width = 7;
  const sliced = (n: Network, cuts: readonly (readonly [start: number, length: number])[]): { loss: Ref; primitives: string[] } => {
    const x = n.random([3, width], 'x');
    const parts = cuts.map(([start, length], i) => n.multiply(n.sliceGrid(n.sin(x), { starts: [0, start], steps: [1, 1], shape: [3, length] }), n.scalar(i + 1)));
    const loss = parts.map((part) => n.sum(n.square(part))).reduce((a, b) => n.add(a, b));
    const before = n.program.instructions.length;
    const gradient = n.gradient(loss, [x])[0]!;
    const live = new Set([gradient]);
    for (let ref = gradient; ref >= before; ref--) if (live.has(ref)) n.instruction(ref).inputs.forEach((input) => live.add(input));
    return { loss, primitives: [...live].filter((ref) => ref >= before).map((ref) => n.instruction(ref).primitive) };
  };

  it.each([
    ['are joined where they lie side by side', [[0, 2], [2, 4], [6, 1]], 1, 0],
    ['are joined from either side', [[6, 1], [0, 2], [2, 4]], 1, 0],
    ['are joined and put between zeros where some of the tensor is left out', [[1, 2], [3, 2]], 1, 1],
    ['are added where there is something between', [[0, 2], [5, 2]], 0, 2],
    ['are added where they overlap', [[0, 4], [3, 4]], 0, 2],
  ] as const)('%s', (_, cuts, joins, embeds) => {
    const network = new Network(2);
    const { loss, primitives } = sliced(network, cuts);
    expect(primitives.filter((name) => name === 'concat')).toHaveLength(joins);
    expect(primitives.filter((name) => name === 'embed')).toHaveLength(embeds);
    expect(check(network, loss)).toMatchObject({ ok: true, culprits: [] });
  });
});
