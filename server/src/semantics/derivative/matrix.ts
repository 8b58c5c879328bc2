// Sums over entries, and products of vectors and matrices.

import { multiply } from '../../symbolic/dimension';
import { power, product, sum } from './algebra';
import { applied, constant, type Expression, isApplied, one, sameShape, type Shape, two } from './expression';

/** The factors of an expression that are single numbers, and the rest of it. */
export function splitScalars(expression: Expression): readonly [scalars: readonly Expression[], rest: Expression] {
  if (expression.kind !== 'product') return expression.shape.length === 0 ? [[expression], one] : [[], expression];
  const scalars = expression.factors.filter(({ shape }) => shape.length === 0);
  return [scalars, product(expression.factors.filter(({ shape }) => shape.length > 0))];
}

// ── Along axes ───────────────────────────────────────────────────────────────

/** `dim = 1, keepdim = true`; undefined where all axes go. */
export function dimOptions(axes: readonly number[], rank: number, keep: boolean): string | undefined {
  if (axes.length === rank && !keep) return undefined;
  const dim = axes.length === rank ? '' : `dim = ${axes.length === 1 ? String(axes[0]) : `[${axes.join(', ')}]`}`;
  return [dim, keep ? 'keepdim = true' : ''].filter((part) => part !== '').join(', ');
}

/** The axes and whether they are kept, of what `dimOptions` says. */
export function axesIn(options: string | undefined, rank: number): { readonly axes: readonly number[]; readonly keep: boolean } {
  const dim = /\bdim = \[?([\d, ]+)/.exec(options ?? '')?.[1];
  return { axes: dim === undefined ? Array.from({ length: rank }, (_, axis) => axis) : dim.split(', ').filter((part) => part !== '').map(Number), keep: options?.includes('keepdim') === true };
}

/** The shape without some axes, or with 1 in their place. */
export function shapeWithout(shape: Shape, axes: readonly number[], keep: boolean): Shape {
  return keep ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) : shape.filter((_, axis) => !axes.includes(axis));
}

/** Σ over axes of what the expression stands for, a tensor of the given shape. Undefined where it cannot be written well. */
export function sumAlong(expression: Expression, shape: Shape, axes: readonly number[], keep = false): Expression | undefined {
  if (axes.length === shape.length && !keep) return total(expression, shape);
  const [scalars, rest] = splitScalars(expression);
  const missing = shape.length - rest.shape.length;
  const varies = (axis: number): boolean => axis >= missing && rest.shape[axis - missing] !== 1;
  if (!axes.some((axis) => varies(axis) || shape[axis] === 1)) {
    // The same everywhere along them.
    const count = multiply(...axes.map((axis) => shape[axis]!));
    const stays = keep || rest.shape.length <= shape.length - axes.length;
    return typeof count === 'number' && stays && (keep || axes.every((axis, index) => axis === index)) ? product([constant(count), ...scalars, rest]) : undefined;
  }
  if (!sameShape(rest.shape, shape)) return undefined;
  const result = shapeWithout(shape, axes, keep);
  // What is the same along them stands in front: Σ s·x = s·Σ x.
  const factors = rest.kind === 'product' ? rest.factors : [rest];
  const isSame = (factor: Expression): boolean =>
    factor.shape.length <= result.length && axes.every((axis) => axis < shape.length - factor.shape.length || (keep && factor.shape[axis - shape.length + factor.shape.length] === 1)) && (keep || axes.every((axis, index) => axis === index));
  const summed = product(factors.filter((factor) => !isSame(factor)));
  const front = sameShape(summed.shape, shape) ? factors.filter(isSame) : [];
  const inner = front.length === 0 ? rest : summed;
  if (axes.length === 1 && axes[0] === shape.length - 1 && sumsToOne(inner)) return product([...scalars, ...front]);
  return product([...scalars, ...front, applied('sum', [inner], result, dimOptions(axes, shape.length, keep))]);
}

/** Whether an expression holds probabilities along its last axis. */
function sumsToOne(expression: Expression): boolean {
  return expression.kind === 'symbol' ? expression.sumsToOne === true : isApplied(expression, 'softmax', 'onehot') && expression.options === undefined;
}

/** Σ of all entries of what the expression stands for, a tensor of the given shape. Undefined where it cannot be written well. */
export function total(expression: Expression, shape: Shape): Expression | undefined {
  const [scalars, rest] = splitScalars(expression);
  if (rest.shape.length === 0) {
    const count = multiply(...shape);
    return typeof count === 'number' ? product([constant(count), ...scalars, rest]) : undefined;
  }
  if (!sameShape(rest.shape, shape)) return undefined;
  if (sumsToOne(rest)) {
    const rows = multiply(...shape.slice(0, -1));
    return typeof rows === 'number' ? product([constant(rows), ...scalars]) : undefined;
  }
  return product([...scalars, totalOfTensor(rest)]);
}

function totalOfTensor(tensor: Expression): Expression {
  const factors = tensor.kind === 'product' ? tensor.factors : [tensor];
  const [a, b] = factors;
  if (factors.length === 1 && a!.kind === 'power' && a!.exponent.key === '2' && tensor.shape.length === 1) return power(applied('norm', [a!.base], []), two);
  if (tensor.shape.length === 1 && factors.length === 2 && sameShape(a!.shape, b!.shape)) return applied('dot', [a!, b!], []);
  return applied('sum', [tensor], []);
}

/** What flows into an operand of shape `to` that was stretched to `from`: the sum over what it was repeated along. */
export function reduceTo(expression: Expression, from: Shape, to: Shape): Expression | undefined {
  if (sameShape(from, to)) return expression;
  if (to.length === 0) return total(expression, from);
  const leading = from.length - to.length;
  const stretched = to.flatMap((size, axis) => (size === 1 && from[axis + leading] !== 1 ? [axis + leading] : []));
  if (leading === 0) return sumAlong(expression, from, stretched, true);
  // One word says whether summed axes are kept.
  return stretched.length > 0 ? undefined : sumAlong(expression, from, Array.from({ length: leading }, (_, axis) => axis));
}

/** What stands for one number along each axis that a reduction took away, laid along the axes that it had. Undefined where that takes words. */
export function laidAlong(expression: Expression, shape: Shape, axes: readonly number[], keep: boolean): Expression | undefined {
  const isLeading = axes.every((axis, index) => axis === index);
  const [scalars, rest] = splitScalars(expression);
  if (keep || isLeading || rest.shape.length === 0) return expression;
  if (!sameShape(rest.shape, shapeWithout(shape, axes, false))) return undefined;
  const places = shape.map((_, axis) => (axes.includes(axis) ? 'none' : ':'));
  return product([...scalars, applied('unsqueeze', [rest], shapeWithout(shape, axes, true), places.join(', '))]);
}

// ── Products ─────────────────────────────────────────────────────────────────

/** The expression as a tensor of just this shape. */
export function filled(expression: Expression, shape: Shape): Expression | undefined {
  if (sameShape(expression.shape, shape)) return expression;
  return expression.shape.length === 0 ? product([expression, applied('ones', [], shape)]) : undefined;
}

/** `matmul` or `outer` of two operands of known shapes; numbers are drawn out of it. */
export function matrixProduct(name: 'matmul' | 'outer', operands: readonly (readonly [Expression, Shape])[], shape: Shape): Expression | undefined {
  const whole = operands.map(([operand, its]) => filled(operand, its));
  if (whole.some((operand) => operand === undefined)) return undefined;
  return drawn(name, whole as Expression[], shape);
}

/** A function that is linear in each operand, with numbers drawn out of it. */
export function drawn(name: string, operands: readonly Expression[], shape: Shape, options?: string): Expression {
  const split = operands.map(splitScalars);
  return product([...split.flatMap(([scalars]) => scalars), applied(name, split.map(([, rest]) => rest), shape, options)]);
}

export function transpose(matrix: Expression, [rows, columns]: Shape): Expression {
  const [scalars, rest] = splitScalars(matrix);
  return product([...scalars, transposed(rest, [columns!, rows!])]);
}

/** (A·B)ᵀ = Bᵀ·Aᵀ, (u·vᵀ)ᵀ = v·uᵀ. */
function transposed(matrix: Expression, shape: Shape): Expression {
  if (matrix.kind === 'applied') {
    const { name, operands } = matrix;
    if (name === 'outer') return applied('outer', [...operands].reverse(), shape);
    if (name === 'matmul' && operands.every((operand) => operand.shape.length === 2)) return applied('matmul', [...operands].reverse().map((operand) => transpose(operand, operand.shape)), shape);
  }
  return applied('transpose', [matrix], shape);
}

// ── Sums of products ─────────────────────────────────────────────────────────

/** a·xᵀ + b·xᵀ = (a + b)·xᵀ, and Uᵀ·a + Uᵀ·b = Uᵀ·(a + b); undefined where no two terms share such a factor. */
export function gathered(terms: readonly Expression[]): Expression | undefined {
  const products = terms.map((term) => {
    const [scalars, rest] = splitScalars(term);
    return isApplied(rest, 'matmul', 'outer') ? { scalars, rest } : undefined;
  });
  for (const [index, first] of products.entries()) {
    if (first === undefined) continue;
    for (const side of [1, 0]) {
      const isAlike = (other: typeof first | undefined): other is typeof first =>
        other !== undefined && other.rest.name === first.rest.name && other.rest.operands[side]!.key === first.rest.operands[side]!.key && sameShape(other.rest.operands[1 - side]!.shape, first.rest.operands[1 - side]!.shape);
      const alike = products.filter(isAlike);
      if (alike.length < 2) continue;
      const joint = sum(alike.map(({ scalars, rest }) => product([...scalars, rest.operands[1 - side]!])));
      if (!sameShape(joint.shape, first.rest.operands[1 - side]!.shape)) continue;
      const operands = side === 1 ? [joint, first.rest.operands[1]!] : [first.rest.operands[0]!, joint];
      const others = terms.filter((_, at) => at > index && !isAlike(products[at]));
      const before = terms.slice(0, index);
      const whole = sum([...before, drawn(first.rest.name, operands, first.rest.shape), ...others]);
      return whole.kind === 'sum' ? (gathered(whole.terms) ?? whole) : whole;
    }
  }
  return undefined;
}
