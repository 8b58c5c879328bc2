// Many saturating activations one behind the other, with no norm or skip connection between them.

import { saturating } from './activations';
import type { AnyNode, GraphNode } from '../graph';
import { firstBeyond, gradientFlow } from './gradient-flow';
import type { Lint } from './lint';
import { ByTensor, applies, bodyOf, kindOf, kindOfOperation, named } from './network';

/** As many as this in a chain are too deep: each sigmoid divides the gradient by 4 or more, the others by little but always. */
function tooDeep(kind: string): number {
  return saturating.get(kind)! < 1 ? 5 : 8;
}

const isNorm = named(/norm/i);

interface Chain {
  readonly length: number;
  readonly first: GraphNode;
  readonly last: GraphNode;
}

export const saturatingChain: Lint = ({ graph }, report) => {
  if (!applies(graph, (operation) => saturating.has(kindOfOperation(operation)))) return;
  const chains = new ByTensor<Chain>(graph);
  let deepest: Chain | undefined;
  for (const node of bodyOf(graph)) {
    if (node.kind !== 'operation') continue;
    const before = chainInto(node, chains);
    const chain = saturating.has(kindOf(node)) ? { length: (before?.length ?? 0) + 1, first: before?.first ?? node, last: node } : before;
    if (chain === undefined) continue;
    for (const output of node.outputs) chains.set(output, chain);
    if (chain.last === node && chain.length >= tooDeep(kindOf(node)) && chain.length > (deepest?.length ?? 0)) deepest = chain;
  }
  // Where the whole gradient is known to vanish, that is said instead.
  if (deepest === undefined || firstBeyond(gradientFlow(graph).passed) !== undefined) return;
  const { length, first, last } = deepest;
  report({
    code: 'saturating-chain',
    severity: 'warning',
    place: last.place,
    message: `this ${last.operation.name} is number ${String(length)} of a chain of saturating activations with no norm and no skip connection between them: where they are flat, the gradient is lost; a norm layer, a residual block, or an activation such as ReLU or GELU keeps it`,
    related: first.place.span.start === last.place.span.start ? [] : [{ message: 'the chain begins here', place: first.place }],
  });
};

/** The chain that goes on through an operation: a norm ends it, and so does a way around it. */
function chainInto(node: AnyNode, chains: ByTensor<Chain>): Chain | undefined {
  if (node.kind !== 'operation' || isNorm(node.operation)) return undefined;
  const incoming = node.inputs.map((input) => chains.get(input));
  const batched = node.inputs.flatMap((input, index) => (input.batched ? [incoming[index]] : []));
  // Where branches meet, the shortest one is the gradient's way.
  if (batched.some((chain) => chain === undefined)) return undefined;
  return batched.reduce<Chain | undefined>((shortest, chain) => (shortest === undefined || chain!.length < shortest.length ? chain : shortest), undefined);
}
