// Expressions as people write derivatives: numbers, named tensors, and sums, products, powers and functions of them.

import { type Dimension, identical } from '../../symbolic/dimension';

export type Shape = readonly Dimension[];

/** Entry by entry with NumPy's broadcasting; an expression may have a smaller shape than what it stands for. */
export type Expression = { readonly shape: Shape; /** Equal for equal expressions. */ readonly key: string } & (
  | {
      readonly kind: 'number';
      readonly value: number;
      /** A fraction's denominator, where the number is one: 1/5 of a mean over 5, unlike the 0.2 that somebody wrote. */
      readonly below: number;
    }
  | {
      readonly kind: 'symbol';
      readonly name: string;
      /** Probabilities: what is along the last axis sums to one. */
      readonly sumsToOne?: true;
    }
  | { readonly kind: 'sum'; readonly terms: readonly Expression[] }
  | { readonly kind: 'product'; readonly factors: readonly Expression[] }
  | { readonly kind: 'power'; readonly base: Expression; readonly exponent: Expression }
  | { readonly kind: 'applied'; readonly name: string; readonly operands: readonly Expression[]; /** How a function was called beside its operands: `dim = 1`. */ readonly options?: string }
);

export type Applied = Extract<Expression, { kind: 'applied' }>;
export type Numeral = Extract<Expression, { kind: 'number' }>;

/** A number; with a denominator, a fraction that is written as one. */
export function constant(value: number, below = 1): Expression {
  return { kind: 'number', value, below, shape: [], key: String(value) };
}

/** above/below of whole numbers. */
export function fraction(above: number, below: number): Expression {
  return constant(above / below, below);
}

export const zero = constant(0);
export const one = constant(1);
export const two = constant(2);

export function symbol(name: string, shape: Shape, sumsToOne?: true): Expression {
  return { kind: 'symbol', name, shape, key: name, ...(sumsToOne && { sumsToOne }) };
}

/** A function of operands, by its name; `matmul`, `outer`, `transpose`, `dot`, `norm`, `sum` are not entry by entry. */
export function applied(name: string, operands: readonly Expression[], shape: Shape, options?: string): Expression {
  const [first] = operands;
  if (name === 'transpose' && isApplied(first, 'transpose')) return first.operands[0]!;
  if ((name === 'log' && isApplied(first, 'exp')) || (name === 'exp' && isApplied(first, 'log'))) return first.operands[0]!;
  return { kind: 'applied', name, operands, shape, key: `${name}(${[...operands.map(({ key }) => key), ...(options === undefined ? [] : [options])].join(',')})`, ...(options !== undefined && { options }) };
}

/** A function of entries, by its name. */
export function entry(name: string, x: Expression): Expression {
  return applied(name, [x], x.shape);
}

export function isApplied(expression: Expression | undefined, ...names: readonly string[]): expression is Applied {
  return expression?.kind === 'applied' && names.includes(expression.name);
}

/** The shape of several operands together; they are known to fit. */
export function broadcast(shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => identical(size, b[axis]!));
}

/** What an expression is made of. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'sum':
      return expression.terms;
    case 'product':
      return expression.factors;
    case 'power':
      return [expression.base, expression.exponent];
    case 'applied':
      return expression.operands;
    default:
      return [];
  }
}

/** An expression and all that it is made of, innermost first. */
export function* everyPart(expression: Expression): Iterable<Expression> {
  for (const child of childrenOf(expression)) yield* everyPart(child);
  yield expression;
}
