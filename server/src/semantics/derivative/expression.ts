// Expressions as people write derivatives: sums, products, powers and functions of named tensors, simplified as they are made.

import { type Dimension, identical, multiply } from '../../symbolic/dimension';
import { type Factor, simplifiedFactors } from './simplify';

export type Shape = readonly Dimension[];

/** Entry by entry with NumPy's broadcasting; an expression may have a smaller shape than what it stands for. */
export type Expression = { readonly shape: Shape; /** Equal for equal expressions. */ readonly key: string } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'sum'; readonly terms: readonly Expression[] }
  | { readonly kind: 'product'; readonly factors: readonly Expression[] }
  | { readonly kind: 'power'; readonly base: Expression; readonly exponent: Expression }
  | { readonly kind: 'applied'; readonly name: string; readonly operands: readonly Expression[] }
);

export function constant(value: number): Expression {
  return { kind: 'number', value, shape: [], key: String(value) };
}

export const zero = constant(0);
export const one = constant(1);

export function symbol(name: string, shape: Shape): Expression {
  return { kind: 'symbol', name, shape, key: name };
}

/** A function of operands, by its name; `matmul`, `outer`, `transpose`, `dot`, `norm`, `sum` are not entry by entry. */
export function applied(name: string, operands: readonly Expression[], shape: Shape): Expression {
  const [first] = operands;
  if (name === 'transpose' && first?.kind === 'applied' && first.name === 'transpose') return first.operands[0]!;
  if (first?.kind === 'applied' && ((name === 'log' && first.name === 'exp') || (name === 'exp' && first.name === 'log'))) return first.operands[0]!;
  return { kind: 'applied', name, operands, shape, key: `${name}(${operands.map(({ key }) => key).join(',')})` };
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

// ── Sums ─────────────────────────────────────────────────────────────────────

/** A term as a number and what it multiplies. */
export function coefficientOf(term: Expression): readonly [number, Expression] {
  if (term.kind === 'number') return [term.value, one];
  const [first, ...rest] = term.kind === 'product' ? term.factors : [];
  return first?.kind === 'number' ? [first.value, product(rest)] : [1, term];
}

/** Like terms are put together, and terms of a sum within become terms of this one. */
export function sum(terms: readonly Expression[]): Expression {
  const collected = new Map<string, { coefficient: number; rest: Expression }>();
  const collect = (term: Expression, scale: number): void => {
    const [coefficient, rest] = coefficientOf(term);
    if (rest.kind === 'sum') {
      for (const each of rest.terms) collect(each, scale * coefficient);
      return;
    }
    const known = collected.get(rest.key);
    if (known === undefined) collected.set(rest.key, { coefficient: scale * coefficient, rest });
    else known.coefficient += scale * coefficient;
  };
  for (const term of terms) collect(term, 1);
  const kept = [...collected.values()].filter(({ coefficient }) => coefficient !== 0).map(({ coefficient, rest }) => product([constant(coefficient), rest]));
  if (kept.length < 2) return kept[0] ?? zero;
  // What is subtracted stands behind what is added.
  const isSubtracted = (term: Expression): number => Number(coefficientOf(term)[0] < 0);
  kept.sort((a, b) => isSubtracted(a) - isSubtracted(b));
  return { kind: 'sum', terms: kept, shape: broadcast(kept.map(({ shape }) => shape)), key: `(${kept.map(({ key }) => key).sort().join('+')})` };
}

export function negate(term: Expression): Expression {
  return product([constant(-1), term]);
}

export function subtract(a: Expression, b: Expression): Expression {
  return sum([a, negate(b)]);
}

// ── Products ─────────────────────────────────────────────────────────────────

function factorOf(factor: Expression): Factor {
  return factor.kind === 'power' && factor.exponent.kind === 'number' ? { base: factor.base, exponent: factor.exponent.value } : { base: factor, exponent: 1 };
}

/** Equal factors become powers, numbers one coefficient in front. */
export function product(factors: readonly Expression[]): Expression {
  let coefficient = 1;
  const collected: Factor[] = [];
  const collect = (factor: Expression): void => {
    if (factor.kind === 'number') coefficient *= factor.value;
    else if (factor.kind === 'product') factor.factors.forEach(collect);
    else {
      const { base, exponent } = factorOf(factor);
      const known = collected.find((each) => each.base.key === base.key);
      if (known === undefined) collected.push({ base, exponent });
      else known.exponent += exponent;
    }
  };
  factors.forEach(collect);
  if (coefficient === 0) return zero;
  const kept = simplifiedFactors(collected).filter(({ exponent }) => exponent !== 0).map(({ base, exponent }) => power(base, constant(exponent)));
  if (kept.length === 0) return constant(coefficient);
  if (kept.length === 1 && coefficient === 1) return kept[0]!;
  const all = coefficient === 1 ? kept : [constant(coefficient), ...kept];
  return { kind: 'product', factors: all, shape: broadcast(all.map(({ shape }) => shape)), key: `[${all.map(({ key }) => key).sort().join('*')}]` };
}

export function power(base: Expression, exponent: Expression): Expression {
  if (exponent.kind === 'number') {
    const { value } = exponent;
    if (value === 0) return one;
    if (value === 1) return base;
    if (base.kind === 'number' && Number.isFinite(base.value ** value)) return constant(base.value ** value);
    // (xᵖ)ⁿ = xᵖⁿ only holds for whole n.
    if (Number.isInteger(value)) {
      if (base.kind === 'power') return power(base.base, product([base.exponent, exponent]));
      if (base.kind === 'product') return product(base.factors.map((factor) => power(factor, exponent)));
      if (value % 2 === 0 && base.kind === 'applied' && base.name === 'abs') return power(base.operands[0]!, exponent);
    } else if (base.kind === 'power' && base.exponent.kind === 'number' && base.exponent.value % 2 === 0) {
      // (x²)ᵖ = |x|²ᵖ
      return power(magnitude(base.base), constant(base.exponent.value * value));
    }
  }
  return { kind: 'power', base, exponent, shape: broadcast([base.shape, exponent.shape]), key: `${base.key}^${exponent.key}` };
}

function magnitude(x: Expression): Expression {
  return x.kind === 'applied' && ['abs', 'norm'].includes(x.name) ? x : applied('abs', [x], x.shape);
}

/** With what all terms of a sum have in common drawn out of it; undefined where that is nothing. */
export function factored(expression: Expression): Expression | undefined {
  if (expression.kind === 'product') {
    const parts = expression.factors.map((factor) => (factor.kind === 'sum' ? (factored(factor) ?? factor) : factor));
    return parts.some((part, index) => part !== expression.factors[index]) ? product(parts) : undefined;
  }
  if (expression.kind !== 'sum') return undefined;
  const factorsOf = (term: Expression): readonly Factor[] => (term.kind === 'product' ? term.factors : [term]).filter(({ kind }) => kind !== 'number').map(factorOf);
  const [first, ...others] = expression.terms.map(factorsOf);
  const common = first!.flatMap(({ base, exponent }): Factor[] => {
    const exponents = [exponent, ...others.map((factors) => factors.find((factor) => factor.base.key === base.key)?.exponent ?? 0)];
    // x of x²·a + x·b, but nothing of a/x² + b/x, which would become fractions of fractions.
    const least = exponents.every((each) => each > 0) ? Math.min(...exponents) : exponents.every((each) => each === exponent) ? exponent : 0;
    return least === 0 ? [] : [{ base, exponent: least }];
  });
  const [coefficient, ...coefficients] = expression.terms.map((term) => Math.abs(coefficientOf(term)[0]));
  const scale = coefficients.every((each) => each === coefficient) ? coefficient! : 1;
  if (common.length === 0 && scale === 1) return undefined;
  const divisor = [constant(1 / scale), ...common.map(({ base, exponent }) => power(base, constant(-exponent)))];
  return product([constant(scale), ...common.map(({ base, exponent }) => power(base, constant(exponent))), sum(expression.terms.map((term) => product([term, ...divisor])))]);
}

/** The ways in which an expression is known: as it was found, with factors drawn out, multiplied out, and both. */
export function formsOf(expression: Expression): readonly Expression[] {
  const whole = expanded(expression);
  return [expression, factored(expression), whole && factored(whole), whole].filter((form) => form !== undefined);
}

/** With products distributed over sums, which is shorter where terms cancel. Undefined where it grows beyond measure. */
export function expanded(expression: Expression): Expression | undefined {
  const terms: Expression[] = [];
  const pending: Expression[] = [expression];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (pending.length + terms.length > mostTerms) return undefined;
    const factors: readonly Expression[] = next.kind === 'product' ? next.factors : [next];
    // One sum at a time, so that the other factors can cancel against its terms.
    const first = factors.find((factor) => factor.kind === 'sum');
    if (first?.kind !== 'sum') terms.push(next);
    else pending.push(...first.terms.map((term) => product([...factors.filter((factor) => factor !== first), term])));
  }
  return sum(terms.reverse());
}

const mostTerms = 16;

export function divide(a: Expression, b: Expression): Expression {
  return product([a, power(b, constant(-1))]);
}

export function squareRoot(x: Expression): Expression {
  return power(x, constant(1 / 2));
}

// ── Reductions and matrix products ───────────────────────────────────────────

/** The factors of an expression that are single numbers, and the rest of it. */
function splitScalars(expression: Expression): readonly [scalars: readonly Expression[], rest: Expression] {
  if (expression.kind !== 'product') return expression.shape.length === 0 ? [[expression], one] : [[], expression];
  const scalars = expression.factors.filter(({ shape }) => shape.length === 0);
  return [scalars, product(expression.factors.filter(({ shape }) => shape.length > 0))];
}

/** Σ of all entries of what the expression stands for, a tensor of the given shape. Undefined where it cannot be written well. */
export function total(expression: Expression, shape: Shape): Expression | undefined {
  const [scalars, rest] = splitScalars(expression);
  if (rest.shape.length === 0) {
    const count = multiply(...shape);
    return typeof count === 'number' ? product([constant(count), ...scalars, rest]) : undefined;
  }
  if (!sameShape(rest.shape, shape)) return undefined;
  return product([...scalars, totalOfTensor(rest)]);
}

function totalOfTensor(tensor: Expression): Expression {
  const factors = tensor.kind === 'product' ? tensor.factors : [tensor];
  const [a, b] = factors;
  if (tensor.shape.length === 1 && factors.length === 1 && a!.kind === 'power' && a!.exponent.key === '2') return power(applied('norm', [a!.base], []), a!.exponent);
  if (tensor.shape.length === 1 && factors.length === 2 && sameShape(a!.shape, b!.shape)) return applied('dot', [a!, b!], []);
  // Of one label.
  if (factors.length === 1 && a!.kind === 'applied' && a!.name === 'onehot') return one;
  return applied('sum', [tensor], []);
}

/** What flows into an operand of shape `to` that was stretched to `from`: the sum over what it was repeated along. */
export function reduceTo(expression: Expression, from: Shape, to: Shape): Expression | undefined {
  if (sameShape(from, to)) return expression;
  if (to.length === 0) return total(expression, from);
  // Only leading axes can be summed without a word on how the others are kept.
  const leading = from.length - to.length;
  if (!sameShape(from.slice(leading), to)) return undefined;
  const [scalars, rest] = splitScalars(expression);
  if (rest.shape.length <= to.length) {
    const count = multiply(...from.slice(0, leading));
    return typeof count === 'number' ? product([constant(count), ...scalars, rest]) : undefined;
  }
  if (leading !== 1 || !sameShape(rest.shape, from)) return undefined;
  return product([...scalars, applied('sum₀', [rest], to)]);
}

/** The expression as a tensor of just this shape. */
function filled(expression: Expression, shape: Shape): Expression | undefined {
  if (sameShape(expression.shape, shape)) return expression;
  return expression.shape.length === 0 ? product([expression, applied('ones', [], shape)]) : undefined;
}

/** `matmul` or `outer` of two operands of known shapes; numbers are drawn out of it. */
export function matrixProduct(name: 'matmul' | 'outer', operands: readonly (readonly [Expression, Shape])[], shape: Shape): Expression | undefined {
  const whole = operands.map(([operand, its]) => filled(operand, its));
  if (whole.some((operand) => operand === undefined)) return undefined;
  const split = (whole as Expression[]).map(splitScalars);
  return product([...split.flatMap(([scalars]) => scalars), applied(name, split.map(([, rest]) => rest), shape)]);
}

export function transpose(matrix: Expression, [rows, columns]: Shape): Expression {
  const [scalars, rest] = splitScalars(matrix);
  return product([...scalars, transposed(rest, [columns!, rows!])]);
}

/** (A·B)ᵀ = Bᵀ·Aᵀ, (u·vᵀ)ᵀ = v·uᵀ. */
function transposed(matrix: Expression, shape: Shape): Expression {
  if (matrix.kind === 'applied' && matrix.name === 'outer') return applied('outer', [...matrix.operands].reverse(), shape);
  if (matrix.kind === 'applied' && matrix.name === 'matmul' && matrix.operands.every((operand) => operand.shape.length === 2)) {
    return applied('matmul', [...matrix.operands].reverse().map((operand) => transpose(operand, operand.shape)), shape);
  }
  return applied('transpose', [matrix], shape);
}
