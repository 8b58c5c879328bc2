// The same activation twice in a row.

import { elementwiseLayers } from './activations';
import type { Lint } from './lint';
import { removal } from './edits';
import { everywhere, kindOf, kindOfOperation, makerOf } from './network';

/** Those that change nothing the second time. */
const idempotent = new Set(['relu', 'relu6', 'hardtanh', 'sign', 'step', 'abs', 'threshold', 'hardshrink']);

export const repeatedActivation: Lint = (model, report) => {
  const found = everywhere(
    model.graph,
    (node) => {
      const before = makerOf(node.inputs[0]);
      return before !== undefined && kindOf(before) === kindOf(node) ? { node, before } : undefined;
    },
    (operation) => elementwiseLayers.has(kindOfOperation(operation)),
  );
  for (const { node, before } of found) {
    const name = node.operation.name;
    report({
      code: 'repeated-activation',
      severity: 'warning',
      place: node.place,
      message: `${name} comes twice in a row: ${idempotent.has(kindOf(node)) ? 'the second changes nothing' : 'the second only squashes what the first has squashed'}; a layer with weights belongs between them`,
      related: [{ message: `the first ${name}`, place: before.place }],
      fixes: removal(model, node.place, `Remove this ${name}`),
    });
  }
};
