// Changes of one place of a written derivative that would make it right: a wrong sign of one term, an operand that stands for another one,
// a factor that is missing within a product, a matrix that is to be transposed.

import type { Ref } from '../engine/builder';
import { sameShape, sizeOf } from '../engine/shape';
import type { Derivatives } from '../semantics/derivative/derive';
import { printExpression } from '../semantics/derivative/print';
import type { AnyNode, Graph, GraphNode, Tensor } from '../semantics/graph';
import { fits, type NamedRef } from './candidates';
import { type Lowering, ofOneExample } from './lower';

/** A change, in words that continue "the right side …", and what that side would be then. */
export interface Repair {
  readonly text: string;
  readonly ref: () => Ref | undefined;
}

/** What the change is made from: the written side, and the nodes of which it is made. */
export interface Written {
  readonly graph: Graph;
  readonly side: Tensor;
  readonly nodes: readonly GraphNode[];
  readonly lowering: Lowering;
  readonly derivatives: Derivatives;
  textOf(tensor: Tensor): string | undefined;
}

/** The nodes that only the written side needs, in their order: what the derived scalar is made of is given. */
export function writtenNodes(graph: Graph, side: Tensor, scalar: Tensor | undefined): readonly GraphNode[] {
  const given = new Set<AnyNode>(scalar === undefined ? graph.nodes.slice(0, graph.bodyNodes) : ancestorsOf(scalar));
  const own = [...ancestorsOf(side)].filter((node): node is GraphNode => node.kind === 'operation' && !given.has(node));
  return own.sort((a, b) => a.id - b.id);
}

function ancestorsOf(tensor: Tensor): ReadonlySet<AnyNode> {
  const found = new Set<AnyNode>();
  const pending = [tensor];
  while (pending.length > 0) {
    const { source } = pending.pop()!;
    if (source.kind !== 'node' || found.has(source.node)) continue;
    found.add(source.node);
    pending.push(...source.node.inputs);
  }
  return found;
}

const longestOperand = 40;

/** What an operand is called: as an expression, or as it is written. */
export function operandText(derivatives: Derivatives, tensor: Tensor, written: string): string | undefined {
  const expression = derivatives.value(tensor);
  const text = expression === undefined ? written : printExpression(expression);
  return text.length <= longestOperand ? text : undefined;
}

const repeating: ReadonlySet<string> = new Set(['add', 'subtract', 'multiply', 'divide']);
const sums: ReadonlySet<string> = new Set(['add', 'subtract']);
/** What a term is to be multiplied by, and how that is said. */
const termFactors: readonly (readonly [factor: number, says: (term: string) => string])[] = [
  [-1, (term) => `has the term ${term} with the wrong sign`],
  [2, (term) => `lacks a factor 2 of the term ${term}`],
  [1 / 2, (term) => `has a factor 2 too much of the term ${term}`],
  [-2, (term) => `lacks a factor −2 of the term ${term}`],
];

/** Terms with another factor or too much, factors too much, matrices to be transposed. */
export function* slips(written: Written, counts: readonly number[]): Iterable<Repair> {
  const { lowering: { builder }, textOf } = written;
  for (const [node, position, operand, text] of operandsOf(written)) {
    const { name } = node.operation;
    if (sums.has(name)) {
      for (const [factor, says] of termFactors) yield change(written, node, operand, says(text), (x) => builder.multiply(x, builder.scalar(factor)));
      yield change(written, node, operand, `has the term ${text} too much`, (x) => builder.multiply(x, builder.scalar(0)));
      if (operand.source.kind === 'constant') for (const count of counts) yield change(written, node, operand, `has ${text} where ${String(Number((operand.source.value * count).toPrecision(6)))} belongs`, (x) => builder.multiply(x, builder.scalar(count)));
    }
    const whole = node.operation.pointwise === true ? textOf(node.outputs[0]!) : undefined;
    if (whole !== undefined) yield { text: `has ${whole} where ${bracketed(text)} belongs`, ref: () => withoutFunction(written, node, operand) };
    const ones = (x: Ref): Ref => builder.constant(1, builder.shape(x));
    const product = operand.source.kind === 'constant' ? textOf(node.outputs[0]!) : undefined;
    if (name === 'multiply') yield change(written, node, operand, `has the factor ${text}${product === undefined ? '' : ` of ${product}`} too much`, ones);
    if (name === 'divide' && position === 1) yield change(written, node, operand, `is divided by ${text} too much`, ones);
    if (name === 'matmul' && isSquare(operand)) yield change(written, node, operand, `has ${text} where its transpose belongs`, (x) => builder.transpose(x, [1, 0]));
  }
}

/** Operands that stand for others of the same shape. @param first Whole operands, or those that they are made of. */
export function* exchanges(written: Written, candidates: readonly NamedRef[], first: 'outer' | 'inner'): Iterable<Repair> {
  const { lowering: { builder } } = written;
  const operands = [...operandsOf(written)];
  for (const [node, , operand, text] of first === 'outer' ? operands : operands.reverse()) {
    const what = node.operation.name === 'multiply' ? 'the factor ' : '';
    for (const { text: other, ref } of candidates) {
      if (other === text || other.includes('/')) continue;
      yield change(written, node, operand, `has ${what}${bracketed(text)} where ${bracketed(other)} belongs`, (x) => (sameShape(builder.shape(x), builder.shape(ref)) ? ref : undefined));
    }
  }
}

/** Factors and terms that are missing within a product. */
export function* omissions(written: Written, candidates: readonly NamedRef[]): Iterable<Repair> {
  const { lowering: { builder } } = written;
  const repeated = (x: Ref, ref: Ref): Ref | undefined => (fits(builder.shape(ref), builder.shape(x)) ? builder.broadcastTo(ref, builder.shape(x)) : undefined);
  const combined = (x: Ref, ref: Ref, join: (a: Ref, b: Ref) => Ref): Ref | undefined => {
    const other = repeated(x, ref);
    return other !== undefined ? join(x, other) : fits(builder.shape(x), builder.shape(ref)) ? join(x, ref) : undefined;
  };
  for (const [node, , operand, text] of operandsOf(written)) {
    for (const { text: other, ref } of candidates) {
      if (other === text) continue;
      yield change(written, node, operand, `lacks the factor ${bracketed(other)} at ${text}`, (x) => combined(x, ref, (a, b) => builder.multiply(a, b)));
      if (other.includes('·') || other.includes('⊙') || other.includes('²')) yield change(written, node, operand, `has the factor ${other} too much`, (x) => combined(x, ref, (a, b) => builder.divide(a, b)));
      yield change(written, node, operand, `lacks the term −${bracketed(other)} at ${text}`, (x) => combined(x, ref, (a, b) => builder.subtract(a, b)));
      yield change(written, node, operand, `lacks the term ${bracketed(other)} at ${text}`, (x) => combined(x, ref, (a, b) => builder.add(a, b)));
    }
  }
}

/** Every operand of every written node that can be named, the last node first. */
export function* operandsOf({ nodes, textOf }: Written): Iterable<readonly [node: GraphNode, position: number, operand: Tensor, text: string]> {
  for (const node of [...nodes].reverse()) {
    for (const [position, operand] of node.inputs.entries()) {
      if (operand.type.element !== 'float' && operand.source.kind !== 'constant') continue;
      const text = textOf(operand);
      if (text !== undefined) yield [node, position, operand, text];
    }
  }
}

/** The written side with one operand of one node changed. @param edit Of its value for one example; undefined where that cannot be. */
export function change(written: Written, node: GraphNode, operand: Tensor, text: string, edit: (x: Ref) => Ref | undefined): Repair {
  return {
    text,
    ref: () => {
      const { lowering, side } = written;
      const { builder } = lowering;
      const whole = lowering.ref(operand);
      const edited = edit(ofOneExample(lowering, operand));
      if (edited === undefined) return undefined;
      const branch = lowering.without(tensorsBehind(node.outputs, written.nodes));
      // What is repeated for its neighbour may grow to the shape of the result.
      const isSame = sizeOf(builder.shape(edited)) === sizeOf(builder.shape(whole));
      if (!isSame && !(repeating.has(node.operation.name) && sameShape(builder.shape(edited), builder.shape(ofOneExample(lowering, node.outputs[0]!))))) return undefined;
      branch.feed(operand, builder.reshape(edited, isSame ? builder.shape(whole) : operand.batched ? [1, ...builder.shape(edited)] : builder.shape(edited)));
      branch.ref(node.outputs[0]!);
      // Others read that operand as it is.
      branch.feed(operand, whole);
      return ofOneExample(branch, side);
    },
  };
}

/** The written side with a function of one tensor left out. */
function withoutFunction(written: Written, node: GraphNode, operand: Tensor): Ref {
  const { lowering, side } = written;
  const branch = lowering.without(tensorsBehind(node.outputs, written.nodes));
  branch.feed(node.outputs[0]!, lowering.ref(operand));
  return ofOneExample(branch, side);
}

/** Some tensors, and all that is made of them by some nodes, which stand in their order. */
export function tensorsBehind(tensors: Iterable<Tensor>, nodes: readonly AnyNode[]): ReadonlySet<Tensor> {
  const behind = new Set(tensors);
  for (const node of nodes) if (readBy(node).some((each) => behind.has(each))) for (const output of node.outputs) behind.add(output);
  return behind;
}

/** What a node reads, the parameters of a layer among it. */
export function readBy(node: AnyNode): readonly Tensor[] {
  return node.kind === 'operation' ? [...node.inputs, ...node.parameters] : node.inputs;
}

function isSquare({ type: { shape } }: Tensor): boolean {
  return shape.length === 2 && shape[0] === shape[1];
}

export function bracketed(text: string): string {
  return / [+−] /.test(text) ? `(${text})` : text;
}
