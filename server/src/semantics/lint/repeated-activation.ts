// The same activation twice in a row, and one that gets nothing from the other which it would change.

import type { GraphNode } from '../graph';
import { elementwiseLayers } from './activations';
import type { Lint } from './lint';
import { removal } from './edits';
import { everywhere, kindOf, kindOfOperation, makerOf } from './network';

/** Those that change nothing the second time. */
const idempotent = new Set(['relu', 'relu6', 'hardtanh', 'sign', 'step', 'abs', 'threshold', 'hardshrink']);

/** Those that give nothing below 0, and those that keep what is not below 0 as it is. */
const nonNegative = new Set(['relu', 'relu6', 'sigmoid', 'hardsigmoid', 'softplus', 'abs']);
const keepsPositive = new Set(['relu', 'leakyrelu', 'prelu', 'rrelu', 'elu', 'celu']);

export const repeatedActivation: Lint = (model, report) => {
  const found = everywhere(
    model.graph,
    (node) => {
      const before = makerOf(node.inputs[0]);
      if (before === undefined) return undefined;
      const isIdle = nonNegative.has(kindOf(before)) && keepsPositive.has(kindOf(node));
      return isIdle || kindOf(before) === kindOf(node) ? { node, before } : undefined;
    },
    (operation) => elementwiseLayers.has(kindOfOperation(operation)),
  );
  for (const { node, before } of found) {
    const name = node.operation.name;
    report({
      code: 'repeated-activation',
      severity: 'warning',
      place: node.place,
      message: `${describe(node, before)}; a layer with weights belongs between them`,
      related: [{ message: `the first ${before.operation.name}`, place: before.place }],
      fixes: removal(model, node.place, `Remove this ${name}`),
    });
  }
};

function describe(node: GraphNode, before: GraphNode): string {
  const name = node.operation.name;
  if (kindOf(node) !== kindOf(before)) return `${before.operation.name} gives nothing below 0, so that ${name} behind it changes nothing${node.parameters.length > 0 ? ', and its slopes learn nothing' : ''}`;
  return `${name} comes twice in a row: ${idempotent.has(kindOf(node)) ? 'the second changes nothing' : 'the second only squashes what the first has squashed'}`;
}
