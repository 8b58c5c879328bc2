// Two linear layers, or convolutions, with nothing between them: together they are one.

import type { Dimension } from '../../symbolic/dimension';
import type { GraphNode } from '../graph';
import type { Lint } from './lint';
import { everywhere, layerOf, makerOf, named, readersOf } from './network';

const isConvolution = named(/^Conv[123]d$/);

/** How many features come in and go out, where the layer mixes all of them. */
function widths(node: GraphNode): readonly [Dimension, Dimension] | undefined {
  const [input, output] = [node.inputs[0]!.type.shape, node.outputs[0]!.type.shape];
  if (node.operation.name === 'Linear') return [input.at(-1)!, output.at(-1)!];
  return isConvolution(node.operation) && layerOf(node)?.arguments.groups === 1 ? [input[0]!, output[0]!] : undefined;
}

function taps(node: GraphNode): number {
  return ((layerOf(node)?.arguments.kernel_size ?? [1]) as readonly number[]).reduce((a, b) => a * b, 1);
}

/** Whether the two are a product of small matrices or windows in place of a large one, on purpose. */
function isFactorization(first: GraphNode, second: GraphNode, [narrow, middle, wide]: readonly [Dimension, Dimension, Dimension]): boolean {
  if (typeof narrow === 'number' && typeof middle === 'number' && typeof wide === 'number' && middle < Math.min(narrow, wide)) return true;
  // [1, 7] behind [7, 1], and windows that do not add up to more than they cost together.
  return isConvolution(first.operation) && taps(first) > 1 && taps(second) > 1 && !sameSquare(first, second);
}

function sameSquare(first: GraphNode, second: GraphNode): boolean {
  const [a, b] = [first, second].map((node) => layerOf(node)!.arguments.kernel_size as readonly number[]);
  return [...a!, ...b!].every((size) => size > 1);
}

export const adjacentLinear: Lint = ({ graph }, report) => {
  const outputs = new Set(graph.outputs.flatMap(({ tensors }) => tensors));
  const found = everywhere(
    graph,
    (node) => {
      const before = makerOf(node.inputs[0]);
      if (before === undefined || (before.operation.name === 'Linear') !== (node.operation.name === 'Linear')) return undefined;
      const [first, second] = [widths(before), widths(node)];
      if (first === undefined || second === undefined || outputs.has(before.outputs[0]!)) return undefined;
      if (readersOf(graph, before.outputs[0]!).length !== 1) return undefined;
      return isFactorization(before, node, [first[0], first[1], second[1]]) ? undefined : { node, before };
    },
    (operation) => operation.name === 'Linear' || isConvolution(operation),
  );
  for (const { node, before } of found) {
    const { span } = node.place;
    const made = layerOf(node)!.origin.place;
    // `Linear(4)(x)` is no layer that something could be put before.
    const isLayer = made.file !== node.place.file || made.span.start !== span.start || made.span.end === span.end;
    report({
      code: 'adjacent-linear',
      severity: 'warning',
      place: node.place,
      message: `nothing stands between this ${node.operation.name} and the one before it, so that both together can only do what a single linear map can; an activation between them would make two layers of them`,
      related: [{ message: `the ${before.operation.name} before it`, place: before.place }],
      data: isLayer ? { names: ['ReLU'] } : undefined,
    });
  }
};
