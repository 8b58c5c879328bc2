// Parameters that neither the loss nor any output depends on.

import type { AnyNode, GraphNode, Tensor } from '../graph';
import type { Lint } from './lint';
import { bodyOf } from './network';

/** Everything that the losses and outputs depend on. */
function connected(ends: readonly Tensor[]): ReadonlySet<Tensor> {
  const seen = new Set<Tensor>(ends);
  const entered = new Set<AnyNode>();
  const pending = [...ends];
  while (pending.length > 0) {
    const { source } = pending.pop()!;
    if (source.kind !== 'node' || entered.has(source.node)) continue;
    entered.add(source.node);
    const { node } = source;
    for (const tensor of node.kind === 'operation' ? [...node.inputs, ...node.parameters] : node.inputs) {
      if (seen.has(tensor)) continue;
      seen.add(tensor);
      pending.push(tensor);
    }
  }
  return seen;
}

export const disconnected: Lint = ({ graph, run, complete }, report) => {
  // What an error hides may well use them, and a model that is about its asserts has no end.
  if (!complete || run.errors > 0 || graph.parameters.length === 0) return;
  const ends = [...graph.losses, ...graph.outputs.flatMap(({ tensors }) => tensors)];
  if (ends.length === 0) return;
  const reached = connected(ends);
  const users = new Map<Tensor, GraphNode>();
  for (const node of bodyOf(graph)) {
    if (node.kind === 'operation') for (const parameter of node.parameters) if (!users.has(parameter)) users.set(parameter, node);
  }
  // The last round of a loop may well leave unused what all others need.
  const used = new Set<string>();
  const loose = new Map<string, { readonly parameter: Tensor; readonly node: GraphNode | undefined }>();
  for (const parameter of graph.parameters) {
    const node = users.get(parameter);
    const { file, span } = (node ?? parameter).place;
    const key = `${String(span.start)}:${String(span.end)}:${file}`;
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
      message: `neither the loss nor an output depends on ${what}: no gradient reaches ${node === undefined ? 'it, so that it' : 'them, so that they'} cannot learn; use the result, or take the layer away`,
    });
  }
};
