// Products of vectors and matrices as expressions, and the layers that are such products.

import type { GraphNode } from '../graph';
import { product, sum } from './algebra';
import { applied, type Expression, sameShape, type Shape } from './expression';
import { matrixProduct, reduceTo, total, transpose } from './matrix';
import { allUsual, type Rule, shapeOf, shapesOf } from './rule';

/** By the names of functions, and of layers in lower case. */
export const products = new Map<string, Rule>();

products.set('dot', {
  value: ({ node, inputs: [a, b] }) => (shapesOf(node)[0]!.length === 1 ? total(product([a!, b!]), shapesOf(node)[0]!) : undefined),
  flow: ({ node, inputs: [a, b] }, g) => (shapesOf(node)[0]!.length === 1 ? [product([g, b!]), product([g, a!])] : [undefined, undefined]),
});

products.set('matmul', {
  value: ({ node, inputs: [a, b] }) => {
    const [left, right] = shapesOf(node) as [Shape, Shape];
    if (left.length === 1 && right.length === 1) return total(product([a!, b!]), left);
    // A row times a matrix is written as the transposed matrix times a column.
    if (left.length === 1 && right.length === 2) return matrixProduct('matmul', [[transpose(b!, right), swapped(right)], [a!, left]], shapeOf(node));
    return left.length === 2 && right.length <= 2 ? matrixProduct('matmul', [[a!, left], [b!, right]], shapeOf(node)) : undefined;
  },
  flow: ({ node, inputs: [a, b] }, g) => {
    const [left, right] = shapesOf(node) as [Shape, Shape];
    const out = shapeOf(node);
    if (left.length === 1 && right.length === 1) return [product([g, b!]), product([g, a!])];
    if (left.length === 1 && right.length === 2) return [matrixProduct('matmul', [[b!, right], [g, out]], left), matrixProduct('outer', [[a!, left], [g, out]], right)];
    if (left.length === 2 && right.length === 1) return [matrixProduct('outer', [[g, out], [b!, right]], left), matrixProduct('matmul', [[transpose(a!, left), swapped(left)], [g, out]], right)];
    if (left.length !== 2 || right.length !== 2) return [undefined, undefined];
    return [matrixProduct('matmul', [[g, out], [transpose(b!, right), swapped(right)]], left), matrixProduct('matmul', [[transpose(a!, left), swapped(left)], [g, out]], right)];
  },
});

function swapped([rows, columns]: Shape): Shape {
  return [columns!, rows!];
}

products.set('transpose', {
  value: ({ node, inputs: [x] }) => (isPlainTranspose(node) ? transpose(x!, shapesOf(node)[0]!) : undefined),
  flow: ({ node }, g) => [!isPlainTranspose(node) ? undefined : sameShape(g.shape, shapeOf(node)) ? transpose(g, shapeOf(node)) : g.shape.length === 0 ? g : undefined],
});

function isPlainTranspose(node: GraphNode): boolean {
  return shapesOf(node)[0]!.length === 2 && allUsual(node);
}

// y = W·x + b for a vector; for rows of vectors y = x·Wᵀ + b.
products.set('linear', {
  value: ({ node, inputs: [x], weights }) => {
    const [weight, bias] = ['weight', 'bias'].map((name) => weights.get(name));
    const [input] = shapesOf(node) as [Shape];
    if (weight === undefined || input.length > 2) return undefined;
    const map = input.length === 1
      ? matrixProduct('matmul', [[weight, weight.shape], [x!, input]], shapeOf(node))
      : matrixProduct('matmul', [[x!, input], [transpose(weight, weight.shape), swapped(weight.shape)]], shapeOf(node));
    return map && (bias === undefined ? map : sum([map, bias]));
  },
  flow: ({ node, inputs: [x], weights }, g) => {
    const weight = weights.get('weight');
    const [input] = shapesOf(node) as [Shape];
    const out = shapeOf(node);
    const weightShape = node.parameters[0]!.type.shape;
    if (input.length > 2) return node.parameters.map(() => undefined);
    const isRow = input.length === 1;
    return [
      weight && (isRow ? matrixProduct('matmul', [[transpose(weight, weightShape), swapped(weightShape)], [g, out]], input) : matrixProduct('matmul', [[g, out], [weight, weightShape]], input)),
      isRow ? matrixProduct('outer', [[g, out], [x!, input]], weightShape) : sameShape(g.shape, out) ? matrixProduct('matmul', [[transpose(g, out), swapped(out)], [x!, input]], weightShape) : undefined,
      reduceTo(g, out, [out.at(-1)!]),
    ];
  },
});

// A row of the table: W[i]; of one row, only that one learns.
products.set('embedding', {
  value: ({ inputs: [index], weights, node }) => picked(weights.get('weight'), index!, shapeOf(node)),
  flow: ({ node, inputs: [index] }, g) => {
    const [rows, width] = node.parameters[0]!.type.shape as [number, number];
    const [own] = shapesOf(node) as [Shape];
    if (own.length > 0 || !allUsual(node, ['num_embeddings', 'embedding_dim'])) return ['zero', undefined];
    return ['zero', matrixProduct('outer', [[applied('onehot', [index!], [rows]), [rows]], [g, shapeOf(node)]], [rows, width])];
  },
});

function picked(table: Expression | undefined, index: Expression, shape: Shape): Expression | undefined {
  return table && applied('pick', [table, index], shape);
}
