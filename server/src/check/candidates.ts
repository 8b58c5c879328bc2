// What may have been forgotten or mistaken in an assert: the tensors of its model and the slopes of its activations, by short names.

import type { Ref } from '../engine/builder';
import type { Shape } from '../engine/shape';
import type { Derivatives } from '../semantics/derivative/derive';
import { applied, entry, type Expression } from '../semantics/derivative/expression';
import { printExpression } from '../semantics/derivative/print';
import type { EvaluatedModel } from '../semantics/model';
import { type Lowering, ofOneExample } from './lower';

/** Larger graphs and tensors have too much in them that could explain anything. */
const mostNodes = 80;
/** What has no short name explains nothing. */
const longestText = 24;

/** A value of one example, with what the text calls it. */
export interface NamedRef {
  readonly text: string;
  readonly ref: Ref;
  /** Of an activation. */
  readonly isSlope: boolean;
}

/** Whether the text has a name for it. */
export function isNamed({ text }: { readonly text: string }): boolean {
  return /^[\p{L}_][\w.]*$/u.test(text);
}

/** Slopes of activations first, then all tensors with a short name or expression. */
export function candidatesOf({ graph }: EvaluatedModel, lowering: Lowering, derivatives: Derivatives): readonly NamedRef[] {
  const { builder } = lowering;
  const nodes = graph.nodes.slice(0, graph.bodyNodes).slice(0, mostNodes);
  const found = new Map<string, NamedRef>();
  const add = (expression: Expression | undefined, isSlope: boolean, ref: () => Ref): void => {
    const text = expression === undefined || expression.kind === 'number' ? undefined : printExpression(expression);
    if (text !== undefined && text.length <= longestText && !found.has(text)) found.set(text, { text, ref: ref(), isSlope });
  };
  for (const node of nodes) {
    add(derivatives.slope(node), true, () => {
      const [x, y] = [lowering.ref(node.inputs[0]!), lowering.ref(node.outputs[0]!)];
      const [slope] = builder.gradient(builder.sum(y), [x]);
      return node.inputs[0]!.batched ? builder.reshape(slope!, builder.shape(slope!).slice(1)) : slope!;
    });
  }
  for (const tensor of [...graph.inputs, ...graph.targets, ...graph.parameters, ...nodes.flatMap((node) => node.outputs)]) {
    if (tensor.type.element === 'float') add(derivatives.value(tensor), false, () => ofOneExample(lowering, tensor));
  }
  // What losses of logits make of them.
  for (const node of nodes) {
    if (node.kind === 'gradient') continue;
    const [scores, labels] = node.inputs;
    const value = scores && derivatives.value(scores);
    if (value === undefined) continue;
    if (node.operation.name === 'binary_cross_entropy_with_logits') add(entry('sigmoid', value), false, () => builder.sigmoid(ofOneExample(lowering, scores!)));
    if (node.operation.name !== 'cross_entropy' || labels?.type.element !== 'int' || scores!.type.shape.length !== labels.type.shape.length + 1) continue;
    add(applied('softmax', [value], scores!.type.shape), false, () => builder.softmax(ofOneExample(lowering, scores!), scores!.type.shape.length - 1));
    const label = derivatives.value(labels);
    add(label && applied('onehot', [label], scores!.type.shape), false, () => {
      const classes = builder.shape(ofOneExample(lowering, scores!)).at(-1)!;
      const single = ofOneExample(lowering, labels);
      return builder.equal(builder.reshape(single, [...builder.shape(single), 1]), builder.constant(Array.from({ length: classes }, (_, c) => c), [classes]));
    });
  }
  return [...found.values()];
}

/** Whether a value can be repeated to a shape. */
export function fits(own: Shape, shape: Shape): boolean {
  return own.length <= shape.length && own.every((size, axis) => size === 1 || size === shape[axis + shape.length - own.length]);
}
