// The same norm of the channels twice in a row: the second takes away what the first has learned.

import { removal } from './edits';
import type { Lint } from './lint';
import { everywhere, makerOf, named, readersOf } from './network';

/** Norms that give each channel mean 0 and variance 1, whatever its scale and shift were; those that mix channels do not. */
const isNorm = named(/^(?:Batch|Instance)Norm[123]d$/);

export const repeatedNorm: Lint = (model, report) => {
  const { graph } = model;
  const outputs = new Set(graph.outputs.flatMap(({ tensors }) => tensors));
  const found = everywhere(
    graph,
    (node) => {
      const [input] = node.inputs;
      const before = makerOf(input);
      if (before === undefined || before.operation.name !== node.operation.name || outputs.has(input!) || readersOf(graph, input!).length > 1) return undefined;
      return { node, before };
    },
    isNorm,
  );
  for (const { node, before } of found) {
    const { name } = node.operation;
    report({
      code: 'repeated-norm',
      severity: 'warning',
      place: node.place,
      message: `${name} comes twice in a row: the second gives each channel mean 0 and variance 1 again, ${before.parameters.length > 0 ? 'so that the weight and bias of the first do nothing' : 'which it has already'}; a layer with weights belongs between them`,
      related: [{ message: `the first ${name}`, place: before.place }],
      fixes: removal(model, node.place, `Remove this ${name}`),
    });
  }
};
