// A bias that the norm behind it takes away again, since that subtracts the mean of each channel.

import type { GraphNode } from '../graph';
import type { Lint } from './lint';
import { argumentEdit } from './edits';
import { everywhere, layerOf, madeAt, named, readersOf } from './network';

const isConvolution = named(/^Conv(?:Transpose)?[123]d$/);
const isNorm = named(/^(?:Batch|Instance)Norm[123]d$/);

/** Whether the norm subtracts, for each entry of the layer's bias, a mean that contains it. */
function cancels(layer: GraphNode, reader: GraphNode): boolean {
  if (!isNorm(reader.operation)) return false;
  if (isConvolution(layer.operation)) return true;
  // Of [C] the features of a linear layer are the channels; of [T, D] they are not.
  return layer.operation.name === 'Linear' && reader.operation.name === 'BatchNorm1d' && layer.outputs[0]!.type.shape.length === 1;
}

export const biasBeforeNorm: Lint = ({ graph }, report) => {
  const outputs = new Set(graph.outputs.flatMap(({ tensors }) => tensors));
  const found = everywhere(
    graph,
    (node) => {
      const given = layerOf(node);
      const [output] = node.outputs;
      if (given === undefined || given.arguments.bias !== true || output === undefined || outputs.has(output)) return undefined;
      const readers = readersOf(graph, output);
      const all = readers.length > 0 && readers.every((reader) => reader.kind === 'operation' && cancels(node, reader));
      return all ? { node, reader: readers[0] as GraphNode } : undefined;
    },
    (operation) => operation.name === 'Linear' || isConvolution(operation),
    'made',
  );
  for (const { node, reader } of found) {
    const edit = argumentEdit(node, 'bias', 'false');
    const bias = node.effect.parameters?.find(({ name }) => name === 'bias')?.shape[0];
    report({
      code: 'bias-before-norm',
      severity: 'warning',
      place: madeAt(node),
      message: `${reader.operation.name} subtracts the mean of each channel, and with it the ${String(bias)} biases of this ${node.operation.name}, which therefore do nothing; \`bias = false\` leaves them out`,
      related: [{ message: `the mean is subtracted here`, place: reader.place }],
      fixes: edit && [{ title: 'Leave out the bias', edits: [edit] }],
    });
  }
};
