// How attention projects its inputs.

import { expect, it } from 'vitest';
import { run } from '../../server/src/engine/execute';
import type { Ref } from '../../server/src/engine/program';
import { attend } from '../../server/src/layers/attention';
import { Network } from '../engine/support/networks';

/** Attention with one matrix for all projections, and with its three parts; all reading some of two inputs. */
function attention(inputs: readonly [number, number, number]): { network: Network; joint: Ref; separate: Ref; products: number } {
  const network = new Network(3);
  const given = [network.random([2, 5, 8], 'x'), network.random([2, 5, 8], 'memory')];
  const [matrix, bias, out] = [network.random([24, 8], 'matrix'), network.random([24], 'bias'), network.random([8, 8], 'out')];
  const parts = [0, 1, 2].map((i) => network.sliceGrid(matrix, { starts: [8 * i, 0], steps: [1, 1], shape: [8, 8] })) as [Ref, Ref, Ref];
  const refs = inputs.map((i) => given[i]!) as [Ref, Ref, Ref];
  const options = { heads: 2, causal: false, dropout: 0, key: 'attention' };
  const { output: joint } = attend(network, refs, { joint: matrix, bias, out }, options);
  const products = network.program.instructions.filter(({ primitive, shape }) => primitive === 'matmul' && shape.length === 2).length;
  const { output: separate } = attend(network, refs, { separate: parts, bias, out }, options);
  return { network, joint, separate, products };
}

it.each([
  ['all three where a sequence looks at itself', [0, 0, 0], 2],
  ['keys and values where it looks at another', [0, 1, 1], 3],
  ['none where all differ from their neighbour', [0, 1, 0], 4],
] as const)('one product projects %s', (_, inputs, products) => {
  const found = attention(inputs);
  expect(found.products).toBe(products);
  const [joint, separate] = run(found.network.program, found.network.leaves, [found.joint, found.separate]);
  joint!.forEach((value, i) => expect(value).toBeCloseTo(separate![i]!, 12));
});
