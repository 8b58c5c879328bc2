// Whether an assert on a derivative would hold if a matrix in one of its products were transposed: the mistake that square matrices allow.

import { Builder, type Ref } from '../engine/builder';
import { printExpression } from '../semantics/derivative/print';
import type { AnyNode, Graph, Judgement, Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import { Lowering, ofOneExample } from './lower';
import { derivativesOf } from './wording';

const tolerance = 1e-8;

/**
 * Says which matrix of the right side is to be transposed; undefined where no single one would do.
 * @param valuesAt The values of some refs of a lowering, at several points.
 */
export function transposedOperand(
  model: EvaluatedModel,
  names: ReadonlyMap<Tensor, string>,
  { left, right }: NonNullable<Judgement['comparisons']>[number],
  valuesAt: (refs: readonly Ref[], from: Lowering) => readonly (readonly Float64Array[])[],
): string | undefined {
  for (const node of productsOf(model.graph, right)) {
    for (const operand of node.inputs.filter(isSquare)) {
      const lowering = new Lowering(1, names, new Builder());
      const side = ofOneExample(lowering, left);
      for (const input of node.inputs) lowering.ref(input);
      lowerWithTransposed(lowering, node, operand);
      const other = ofOneExample(lowering, right);
      if (!valuesAt([side, other], lowering).every(([a, b]) => agree(a!, b!))) continue;
      const text = printExpression(derivativesOf(model).value(operand)!);
      return `the right side has ${text} where its transpose belongs`;
    }
  }
  return undefined;
}

/** The matrix products that an assert adds to the body of its model. */
function productsOf(graph: Graph, side: Tensor): AnyNode[] {
  const found = new Set<AnyNode>();
  const pending = [side];
  while (pending.length > 0) {
    const { source } = pending.pop()!;
    if (source.kind !== 'node' || source.node.id < graph.bodyNodes || found.has(source.node)) continue;
    found.add(source.node);
    pending.push(...source.node.inputs);
  }
  return [...found].filter((node) => node.kind === 'operation' && node.operation.name === 'matmul');
}

function isSquare({ type: { shape } }: Tensor): boolean {
  return shape.length === 2 && shape[0] === shape[1];
}

/** Lowers one node as if one of its operands were transposed; others read that operand as it is. */
function lowerWithTransposed(lowering: Lowering, node: AnyNode, operand: Tensor): void {
  const { builder } = lowering;
  const matrix = lowering.ref(operand);
  lowering.feed(operand, builder.transpose(matrix, operand.batched ? [0, 2, 1] : [1, 0]));
  lowering.ref(node.outputs[0]!);
  lowering.feed(operand, matrix);
}

function agree(a: Float64Array, b: Float64Array): boolean {
  const scale = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) <= tolerance * scale);
}
