// Changes of a written derivative beyond one operand: matrices in another order, sums for means, one tensor for another throughout,
// the wrong derivative of an activation.

import type { Builder, Ref } from '../engine/builder';
import { sameShape, type Shape, sizeOf } from '../engine/shape';
import { product, square, subtract, sum } from '../semantics/derivative/algebra';
import { constant, type Expression, sameShape as sameDimensions } from '../semantics/derivative/expression';
import { printExpression } from '../semantics/derivative/print';
import type { GraphNode, Tensor } from '../semantics/graph';
import { fits, type NamedRef } from './candidates';
import { ofOneExample } from './lower';
import { bracketed, change, operandsOf, type Repair, tensorsBehind, type Written } from './repairs';

/** The written side with another result of one node; undefined where nothing can read that. */
function withResult(written: Written, node: GraphNode, result: Ref): Ref {
  const { lowering, side } = written;
  const branch = lowering.without(tensorsBehind(node.outputs, written.nodes));
  branch.feed(node.outputs[0]!, node.outputs[0]!.batched ? lowering.builder.reshape(result, [1, ...lowering.builder.shape(result)]) : result);
  return ofOneExample(branch, side);
}

// ── Matrices ─────────────────────────────────────────────────────────────────

/** Two matrices in the other order, as they are or transposed. */
export function* orders(written: Written): Iterable<Repair> {
  const { lowering, textOf } = written;
  const { builder } = lowering;
  for (const node of [...written.nodes].reverse()) {
    const [a, b] = node.inputs as [Tensor, Tensor];
    if (node.operation.name !== 'matmul' || a.type.shape.length !== 2 || b.type.shape.length !== 2) continue;
    const [left, right] = [textOf(a), textOf(b)];
    if (left === undefined || right === undefined) continue;
    const matrices = [a, b].flatMap((tensor, index) => {
      const ref = ofOneExample(lowering, tensor);
      const own = [left, right][index]!;
      const text = /^[\d./]+·/.test(own) ? `(${own})` : bracketed(own);
      return [{ index, text, ref }, { index, text: text.endsWith('ᵀ') ? text.slice(0, -1) : `${text}ᵀ`, ref: builder.transpose(ref, [1, 0]) }];
    });
    for (const first of matrices) {
      for (const second of matrices) {
        const [shape, other] = [builder.shape(first.ref), builder.shape(second.ref)];
        if (first.index === second.index || shape[1] !== other[0] || !sameDimensions([shape[0]!, other[1]!], node.outputs[0]!.type.shape)) continue;
        yield { text: `has ${bracketed(left)}·${bracketed(right)} where ${first.text}·${second.text} belongs`, ref: () => withResult(written, node, builder.matmul(first.ref, second.ref)) };
      }
    }
  }
}

// ── Sums and means ───────────────────────────────────────────────────────────

/** Sums where means belong, means where sums do, and those of another dimension. */
export function* reductions(written: Written): Iterable<Repair> {
  const { lowering, textOf } = written;
  const { builder } = lowering;
  const nodes = written.nodes.filter(({ operation: { name } }) => name === 'sum' || name === 'mean');
  const turned = (node: GraphNode): Ref => {
    const [x, y] = [node.inputs[0]!, node.outputs[0]!].map((tensor) => ofOneExample(lowering, tensor)) as [Ref, Ref];
    const count = sizeOf(builder.shape(x)) / sizeOf(builder.shape(y));
    return builder.multiply(y, builder.scalar(node.operation.name === 'sum' ? 1 / count : count));
  };
  const belongs = (node: GraphNode): string => (node.operation.name === 'sum' ? 'a mean' : 'a sum');
  for (const node of nodes) {
    const text = textOf(node.outputs[0]!);
    if (text !== undefined) yield { text: `has ${text} where ${belongs(node)} belongs`, ref: () => withResult(written, node, turned(node)) };
  }
  if (nodes.length > 1 && new Set(nodes.map(({ operation }) => operation.name)).size === 1) {
    const what = nodes[0]!.operation.name === 'sum' ? 'sums where means belong' : 'means where sums belong';
    yield { text: `has ${what}`, ref: () => withAll(written, nodes.map((node) => [node.outputs[0]!, turned(node)])) };
  }
  for (const node of nodes) {
    const { dim } = node.arguments as { dim: readonly number[] | null };
    const { shape } = node.inputs[0]!.type;
    const text = textOf(node.outputs[0]!);
    if (text === undefined || dim?.length !== 1 || shape.length !== 2) continue;
    const other = 1 - (dim[0]! < 0 ? dim[0]! + 2 : dim[0]!);
    for (const keep of [true, false]) {
      const ref = (): Ref | undefined => {
        const x = ofOneExample(lowering, node.inputs[0]!);
        const made = node.operation.name === 'sum' ? builder.sum(x, [other], keep) : builder.mean(x, [other], keep);
        return isRepeated(written, node, builder.shape(made)) ? withResult(written, node, made) : undefined;
      };
      yield { text: `has ${text}, which goes over dimension ${String(1 - other)} where dimension ${String(other)}${keep ? ', kept,' : ''} belongs`, ref };
    }
  }
}

/** Whether all that read a result repeat it, if it has another shape. */
function isRepeated({ nodes, side, lowering }: Written, { outputs: [output] }: GraphNode, shape: Shape): boolean {
  const readers = nodes.filter(({ inputs }) => inputs.includes(output!));
  return output !== side && readers.every((reader) => ['add', 'subtract', 'multiply', 'divide'].includes(reader.operation.name) && fits(shape, lowering.builder.shape(ofOneExample(lowering, reader.outputs[0]!))));
}

/** The written side with other values of several tensors. */
function withAll(written: Written, values: readonly (readonly [Tensor, Ref])[]): Ref {
  const { lowering, side, nodes } = written;
  const { builder } = lowering;
  const branch = lowering.without(tensorsBehind(values.map(([tensor]) => tensor), nodes));
  for (const [tensor, ref] of values) branch.feed(tensor, builder.reshape(ref, builder.shape(lowering.ref(tensor))));
  return ofOneExample(branch, side);
}

// ── One for another throughout ───────────────────────────────────────────────

/** An operand that stands several times for another one. */
export function* replacements(written: Written, candidates: readonly NamedRef[]): Iterable<Repair> {
  const { lowering } = written;
  const { builder } = lowering;
  const counts = new Map<Tensor, number>();
  const texts = new Map<Tensor, string>();
  for (const [, , operand, text] of operandsOf(written)) {
    counts.set(operand, (counts.get(operand) ?? 0) + 1);
    texts.set(operand, text);
  }
  for (const [operand, count] of counts) {
    if (count < 2 || operand.source.kind === 'constant') continue;
    const shape = builder.shape(ofOneExample(lowering, operand));
    for (const { text, ref } of candidates) {
      if (text === texts.get(operand) || !sameShape(builder.shape(ref), shape)) continue;
      yield { text: `has ${bracketed(texts.get(operand)!)} where ${bracketed(text)} belongs, each time`, ref: () => withAll(written, [[operand, ref]]) };
    }
  }
}

// ── Derivatives of activations ───────────────────────────────────────────────

/** What computes, with expressions to be read or with numbers. */
interface Algebra<Value> {
  readonly number: (value: number) => Value;
  readonly add: (a: Value, b: Value) => Value;
  readonly subtract: (a: Value, b: Value) => Value;
  readonly multiply: (a: Value, b: Value) => Value;
  readonly square: (x: Value) => Value;
}

const expressions: Algebra<Expression> = { number: (value) => constant(value), add: (a, b) => sum([a, b]), subtract, multiply: (a, b) => product([a, b]), square };

type Mistaken = <Value>(algebra: Algebra<Value>, x: Value, y: Value) => Value;

/** What is taken for the derivative of an activation y = f(x). */
const mistaken: Readonly<Record<string, readonly Mistaken[]>> = {
  sigmoid: [
    (_, _x, y) => y,
    (a, x) => a.multiply(x, a.subtract(a.number(1), x)),
    (a, _, y) => a.subtract(a.number(1), a.square(y)),
    (a, _, y) => a.subtract(a.number(1), y),
    (a, _, y) => a.square(a.subtract(a.number(1), y)),
  ],
  tanh: [
    (a, _, y) => a.subtract(a.number(1), y),
    (a, _, y) => a.multiply(y, a.subtract(a.number(1), y)),
    (a, _, y) => a.square(a.subtract(a.number(1), y)),
    (a, x) => a.subtract(a.number(1), a.square(x)),
    (a, _, y) => a.add(a.number(1), a.square(y)),
    (a, _, y) => a.subtract(a.number(2), a.square(y)),
  ],
  relu: [(_, _x, y) => y, (_, x) => x],
};

/** The derivative of an activation in place of what is taken for it, wherever that is a factor. */
export function* activations(written: Written): Iterable<Repair> {
  const { graph, lowering, derivatives } = written;
  const { builder } = lowering;
  for (const node of graph.nodes.slice(0, graph.bodyNodes)) {
    if (node.kind === 'gradient') continue;
    const name = node.operation.name.toLowerCase();
    const [x, y] = [node.inputs[0], node.outputs[0]].map((tensor) => tensor && derivatives.value(tensor));
    const slope = derivatives.slope(node);
    if (x === undefined || y === undefined || slope === undefined) continue;
    const [xRef, yRef] = [node.inputs[0]!, node.outputs[0]!].map((tensor) => ofOneExample(lowering, tensor)) as [Ref, Ref];
    const right = slopeRef(written, node);
    const numbers = algebraOf(builder);
    for (const wrong of mistaken[name] ?? []) {
      const ratio = builder.divide(right, wrong(numbers, xRef, yRef));
      const text = `has ${printExpression(wrong(expressions, x, y))} where ${printExpression(slope)} belongs, the derivative of ${printExpression(y) === `${name}(${printExpression(x)})` ? '' : `${printExpression(y)} = `}${name}(${printExpression(x)})`;
      for (const [parent, , operand] of operandsOf(written)) {
        yield change(written, parent, operand, text, (value) => (fits(builder.shape(ratio), builder.shape(value)) ? builder.multiply(value, ratio) : undefined));
      }
      yield { text, ref: () => (fits(builder.shape(ratio), builder.shape(ofOneExample(lowering, written.side))) ? builder.multiply(ofOneExample(lowering, written.side), ratio) : undefined) };
    }
  }
}

function slopeRef({ lowering }: Written, node: GraphNode): Ref {
  const { builder } = lowering;
  const [x, y] = [lowering.ref(node.inputs[0]!), lowering.ref(node.outputs[0]!)];
  const [slope] = builder.gradient(builder.sum(y), [x]);
  return node.inputs[0]!.batched ? builder.reshape(slope!, builder.shape(slope!).slice(1)) : slope!;
}

function algebraOf(builder: Builder): Algebra<Ref> {
  return {
    number: (value) => builder.scalar(value),
    add: (a, b) => builder.add(a, b),
    subtract: (a, b) => builder.subtract(a, b),
    multiply: (a, b) => builder.multiply(a, b),
    square: (x) => builder.square(x),
  };
}
