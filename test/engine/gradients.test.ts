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
