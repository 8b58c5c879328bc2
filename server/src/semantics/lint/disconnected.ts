// Parameters that neither the loss nor any output depends on.

import type { AnyNode, Graph, GraphNode, Tensor } from '../graph';
import type { Lint } from './lint';
import { ByTensor, PlaceKeys, TensorSet, bodyOf } from './network';

/** Everything that the losses and outputs depend on. */
function connected(graph: Graph, ends: readonly Tensor[]): TensorSet {
  const seen = new TensorSet(graph);
  const pending: Tensor[] = [];
  const see = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    // Parameters come from nowhere.
    if (tensor.source.kind === 'node') pending.push(tensor);
  };
  ends.forEach(see);
  while (pending.length > 0) {
    const node = nodeOf(pending.pop()!)!;
    // All outputs of a node lead on to the same.
    node.inputs.forEach(see);
    if (node.kind === 'operation') node.parameters.forEach(see);
  }
  return seen;
}

function nodeOf({ source }: Tensor): AnyNode | undefined {
  return source.kind === 'node' ? source.node : undefined;
}

export const disconnected: Lint = ({ graph, run, complete }, report) => {
  // What an error hides may well use them, and a model that is about its asserts has no end.
  if (!complete || run.errors > 0 || graph.parameters.length === 0) return;
  const ends = [...graph.losses, ...graph.outputs.flatMap(({ tensors }) => tensors)];
  if (ends.length === 0) return;
  const reached = connected(graph, ends);
  if (graph.parameters.every((parameter) => reached.has(parameter))) return;
  const users = new ByTensor<GraphNode>(graph);
  for (const node of bodyOf(graph)) {
    if (node.kind === 'operation') for (const parameter of node.parameters) if (users.get(parameter) === undefined) users.set(parameter, node);
  }
  // The last round of a loop may well leave unused what all others need.
  const keys = new PlaceKeys();
  const used = new Set<string>();
  const loose = new Map<string, { readonly parameter: Tensor; readonly node: GraphNode | undefined }>();
  for (const parameter of graph.parameters) {
    const node = users.get(parameter);
    const key = keys.of((node ?? parameter).place);
    if (reached.has(parameter)) used.add(key);
    else if (!loose.has(key)) loose.set(key, { parameter, node });
  }
  for (const [key, { parameter, node }] of loose) {
    if (used.has(key) || parameter.source.kind !== 'parameter') continue;
    const { place } = node ?? parameter;
    const what = node === undefined ? `the parameter ${parameter.source.name}` : `the parameters of this ${node.operation.name}`;
    report({
      code: 'disconnected-parameter',
      severity: 'warning',
      place,
      message: `neither the loss nor an output depends on ${what}: no gradient reaches ${node === undefined ? 'it, so that it' : 'them, so that they'} cannot learn; ${node === undefined ? 'use it, or take it away' : 'use the result, or take the layer away'}`,
    });
  }
};
