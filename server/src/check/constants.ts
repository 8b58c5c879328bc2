// What a written derivative takes for a constant though it depends on what is derived by: a mean, a norm, an earlier state.

import type { Ref } from '../engine/builder';
import type { AnyNode, GradientNode, Tensor } from '../semantics/graph';
import { printExpression } from '../semantics/derivative/print';
import { applied } from '../semantics/derivative/expression';
import { readBy, type Repair, tensorsBehind, type Written } from './repairs';

const mostHeld = 8;
const longestText = 24;

/** The derivative with one or two tensors on the way held fixed. @param instead Of what is derived then, the right side's difference from it beside the truth. */
export function* heldConstant(written: Written, gradient: GradientNode, instead: (slope: Ref) => Ref): Iterable<Repair> {
  const { graph, lowering, derivatives } = written;
  const { builder } = lowering;
  const [scalar, by] = gradient.inputs;
  const nodes = graph.nodes.slice(0, graph.bodyNodes);
  // Beside another way back: of |w| in a sum of its own, the whole way would be missing.
  const isBeside = (tensor: Tensor): boolean => nodes.some((node) => !isSumOfNumbers(node) && readBy(node).includes(tensor) && readBy(node).some((other) => other !== tensor && dependsOn(other, by)));
  const between = nodes.flatMap(({ outputs }) => outputs).filter((tensor) => tensor !== scalar && tensor !== by && dependsOn(tensor, by) && dependsOn(scalar, tensor) && isBeside(tensor));
  const named = between.flatMap((tensor) => {
    const value = derivatives.value(tensor);
    const text = value === undefined ? undefined : printExpression(value);
    return text === undefined || text.length > longestText ? [] : [{ tensor, text }];
  });
  const short = [...named].sort((a, b) => a.text.length - b.text.length).slice(0, mostHeld);
  const way = by.source.kind === 'node' ? 'what is derived by' : printExpression(derivatives.value(by) ?? applied('it', [], []));
  for (const held of [...short.map((each) => [each]), ...short.flatMap((a, index) => short.slice(index + 1).map((b) => [a, b]))]) {
    const text = held.length === 1 ? `takes ${held[0]!.text} for a constant, but it depends on ${way}` : `takes ${held[0]!.text} and ${held[1]!.text} for constants, but they depend on ${way}`;
    yield {
      text,
      ref: () => {
        const fixed = new Set(held.map(({ tensor }) => tensor));
        const branch = lowering.without(tensorsBehind(fixed, nodes));
        for (const tensor of fixed) branch.feed(tensor, builder.detach(lowering.ref(tensor)));
        const [slope] = builder.gradient(builder.sum(branch.ref(scalar)), [lowering.ref(by)]);
        return slope && instead(by.batched ? builder.reshape(slope, builder.shape(slope).slice(1)) : slope);
      },
    };
  }
}

/** The softmax led back entry by entry, as if each depended on its own logit alone. */
export function* onlyDiagonal(written: Written, gradient: GradientNode, instead: (slope: Ref) => Ref): Iterable<Repair> {
  const { graph, lowering, derivatives } = written;
  const { builder } = lowering;
  const [scalar, by] = gradient.inputs;
  for (const node of graph.nodes.slice(0, graph.bodyNodes)) {
    if (node.kind === 'gradient' || node.inputs[0] !== by || !['softmax', 'Softmax'].includes(node.operation.name)) continue;
    const p = lowering.ref(node.outputs[0]!);
    const logits = derivatives.value(by);
    const text = `leads only the diagonal of the Jacobian of softmax back: each probability depends on all of ${logits === undefined ? 'its logits' : printExpression(logits)}`;
    yield {
      text,
      ref: () => {
        const [back] = builder.gradient(builder.sum(lowering.ref(scalar)), [p]);
        const slope = back && builder.multiply(back, builder.multiply(p, builder.subtract(builder.scalar(1), p)));
        return slope && instead(by.batched ? builder.reshape(slope, builder.shape(slope).slice(1)) : slope);
      },
    };
  }
}

/** Of terms of a loss, the whole derivative of one would be missing. */
function isSumOfNumbers(node: AnyNode): boolean {
  return node.kind === 'operation' && ['add', 'subtract'].includes(node.operation.name) && node.outputs[0]!.type.shape.length === 0;
}

/** Whether a tensor is made of another one. */
export function dependsOn(tensor: Tensor, other: Tensor): boolean {
  const seen = new Set<AnyNode>();
  const pending = [tensor];
  while (pending.length > 0) {
    const next = pending.pop()!;
    if (next === other) return true;
    const { source } = next;
    if (source.kind !== 'node' || seen.has(source.node)) continue;
    seen.add(source.node);
    pending.push(...readBy(source.node));
  }
  return false;
}
