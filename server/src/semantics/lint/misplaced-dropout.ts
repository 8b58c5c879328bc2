// Dropouts where they do harm or nothing: right before a batch norm, right before a loss, one behind another, or of everything.
// Before a norm: Li, Chen, Hu and Yang, "Understanding the Disharmony Between Dropout and Batch Normalization by Variance Shift", CVPR 2019.

import type { Graph, GraphNode, Tensor } from '../graph';
import type { Lint } from './lint';
import { removal } from './edits';
import { everywhere, layerOf, makerOf, named, readersOf } from './network';

const isDropout = named(/^(?:Alpha|FeatureAlpha)?Dropout[123]?d?$/);
/** Of these, only what drops everything is misplaced. */
const drops = named(/^(?:(?:Alpha|FeatureAlpha)?Dropout[123]?d?|DropPath)$/);
const isBatchNorm = named(/^BatchNorm[123]d$/);

interface Misplaced {
  readonly node: GraphNode;
  readonly why: string;
  readonly other?: { readonly message: string; readonly node: GraphNode };
}

function misplaced(graph: Graph, losses: ReadonlySet<Tensor>, node: GraphNode): Misplaced | undefined {
  const share = layerOf(node)?.arguments.p;
  if (share === 1) return { node, why: 'drops everything: what is behind it sees zeros, and no gradient passes; p is the share that is dropped' };
  if (!isDropout(node.operation)) return undefined;
  const before = makerOf(node.inputs[0]);
  if (before !== undefined && isDropout(before.operation)) {
    const [p, q] = [layerOf(before)?.arguments.p, share];
    const together = typeof p === 'number' && typeof q === 'number' ? ` with p = ${String(Number((1 - (1 - p) * (1 - q)).toFixed(6)))}` : '';
    return { node, why: `follows another one: the two act as one${together}`, other: { message: 'the first', node: before } };
  }
  const readers = readersOf(graph, node.outputs[0]!).filter((reader): reader is GraphNode => reader.kind === 'operation');
  const norm = readers.find(({ operation }) => isBatchNorm(operation));
  if (norm !== undefined && readers.length === 1) {
    return { node, why: `stands before ${norm.operation.name}, which learns the variance that it has in training, larger by 1/(1 − p) than the one in use; behind the norm it does no harm`, other: { message: 'the norm', node: norm } };
  }
  const loss = readers.find(({ inputs, outputs }) => inputs[0] === node.outputs[0] && outputs.some((output) => losses.has(output)));
  return loss && { node, why: `drops parts of the prediction itself right before ${loss.operation.name}; in front of the last layer with weights it does what is meant`, other: { message: 'the loss', node: loss } };
}

export const misplacedDropout: Lint = (model, report) => {
  const { graph } = model;
  const losses = new Set(graph.losses);
  for (const { node, why, other } of everywhere(graph, (each) => misplaced(graph, losses, each), drops)) {
    report({
      code: 'misplaced-dropout',
      severity: 'warning',
      place: node.place,
      message: `this ${node.operation.name} ${why}`,
      related: other && [{ message: other.message, place: other.node.place }],
      fixes: removal(model, node.place, `Remove this ${node.operation.name}`),
    });
  }
};
