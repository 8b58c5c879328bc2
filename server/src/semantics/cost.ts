// Totals over parts of a graph: parameters, buffers, multiply-accumulates.

import type { Layer, Memory, Value } from './values';
import { elements } from '../layers/tensor';
import { add, type Dimension, multiply, sum } from '../symbolic/dimension';
import type { AnyNode, Graph, Tensor } from './graph';

/** The number of entries of all parameters; each tensor counts once. */
export function countParameters(parameters: Iterable<Tensor>): Dimension {
  return sum([...new Set(parameters)].map((parameter) => elements(parameter.type.shape)));
}


/** Multiply-accumulates of convolutions and matrix products, for one example. */
export function countMacs(nodes: Iterable<AnyNode>): Dimension {
  return sum([...nodes].map((node) => (node.kind === 'operation' ? node.macs : 0)));
}

/** Floating-point operations of a forward pass, for one example: two for each multiply-accumulate, and the elementwise work. */
export function countFlops(nodes: Iterable<AnyNode>): Dimension {
  return sum([...nodes].map((node) => (node.kind === 'operation' ? add(multiply(2, node.macs), node.effect.elementwise()) : 0)));
}

/** Entries of the buffers of some nodes; those of a layer that is applied twice count once. */
export function countBuffersOf(nodes: Iterable<AnyNode>): Dimension {
  const seen = new Set<object>();
  const sizes: Dimension[] = [];
  for (const node of nodes) {
    if (node.kind !== 'operation' || seen.has(node.layer ?? node)) continue;
    seen.add(node.layer ?? node);
    for (const buffer of node.effect.buffers ?? []) sizes.push(elements(buffer.shape));
  }
  return sum(sizes);
}

/** The parameters that some nodes use, each once, in order of first use. */
export function parametersOf(nodes: Iterable<AnyNode>): readonly Tensor[] {
  const found = new Set<Tensor>();
  for (const node of nodes) {
    if (node.kind !== 'operation') continue;
    for (const parameter of node.parameters) found.add(parameter);
    for (const operand of node.inputs) if (operand.source.kind === 'parameter') found.add(operand);
  }
  return [...found];
}

/** The nodes that a tensor is computed by, in their order. */
export function ancestorsOf(graph: Graph, tensor: Tensor): readonly AnyNode[] {
  const needed = new Set<AnyNode>();
  const pending: Tensor[] = [tensor];
  while (pending.length > 0) {
    const { source } = pending.pop()!;
    if (source.kind !== 'node' || needed.has(source.node)) continue;
    needed.add(source.node);
    for (const input of source.node.inputs) pending.push(input);
  }
  return graph.nodes.filter((node) => needed.has(node));
}

/** The parameters of a layer as far as it was applied; undefined for one that never was and would have some. */
export function parametersOfLayer(layer: Layer): readonly Tensor[] | undefined {
  switch (layer.kind) {
    case 'catalog':
      return layer.parameters;
    case 'function':
      return [];
    case 'composition': {
      const [first, second] = [parametersOfLayer(layer.first), parametersOfLayer(layer.second)];
      return first === undefined || second === undefined ? undefined : [...first, ...second];
    }
    case 'body':
      return layer.memory.size === 0 ? undefined : parametersInMemory(layer.memory);
  }
}

function parametersInMemory(memory: Memory): readonly Tensor[] {
  return [...memory.values()].flat().flatMap((made): readonly Tensor[] => {
    const each = made as Value | Tensor | { readonly memory: Memory };
    if ('memory' in each) return parametersInMemory(each.memory);
    if ('source' in each) return [each];
    return each.kind === 'layer' ? (parametersOfLayer(each.layer) ?? []) : [];
  });
}
