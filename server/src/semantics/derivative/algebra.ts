// Sums, products and powers, simplified as they are made.

import { broadcast, constant, entry, type Expression, fraction, isApplied, type Numeral, one, two, zero } from './expression';
import { type Factor, simplifiedFactors } from './simplify';

// ── Numbers ──────────────────────────────────────────────────────────────────

const largestDenominator = 1e6;

/** The same number with the least denominator, if any. */
function reduced(value: number, below: number): Expression {
  const above = Math.round(value * below);
  if (below === 1 || below > largestDenominator || Math.abs(above - value * below) > 1e-12 * Math.abs(above)) return constant(value);
  const common = greatestDivisor(Math.abs(above), below);
  return fraction(above / common, below / common);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function raisedNumber({ value, below }: Numeral, exponent: number): Expression {
  const raised = value ** exponent;
  if (!Number.isInteger(exponent)) return constant(raised);
  const above = Math.round(Math.abs(value * below));
  // 1/0.1 is a number like any other, 1/5 a fraction.
  const isWhole = above / below === Math.abs(value);
  return isWhole ? reduced(raised, (exponent > 0 ? below : above) ** Math.abs(exponent)) : constant(raised);
}

// ── Sums ─────────────────────────────────────────────────────────────────────

/** A term as a number and what it multiplies. */
export function coefficientOf(term: Expression): readonly [number, Expression] {
  const [scale, rest] = scaleOf(term);
  return [scale.value, rest];
}

/** The same with the number as an expression. */
export function scaleOf(term: Expression): readonly [Numeral, Expression] {
  if (term.kind === 'number') return [term, one];
  const [first, ...rest] = term.kind === 'product' ? term.factors : [];
  return first?.kind === 'number' ? [first, product(rest)] : [one as Numeral, term];
}

/** Like terms are put together, and terms of a sum within become terms of this one. */
export function sum(terms: readonly Expression[]): Expression {
  const collected = new Map<string, { coefficient: number; below: number; rest: Expression }>();
  const collect = (term: Expression, scale: number, below: number): void => {
    const [number, rest] = scaleOf(term);
    const [value, under] = [scale * number.value, below * number.below];
    if (rest.kind === 'sum') {
      for (const each of rest.terms) collect(each, value, under);
      return;
    }
    const known = collected.get(rest.key);
    if (known === undefined) collected.set(rest.key, { coefficient: value, below: under, rest });
    else {
      known.coefficient += value;
      known.below = (known.below * under) / greatestDivisor(known.below, under);
    }
  };
  for (const term of terms) collect(term, 1, 1);
  const kept = [...collected.values()].filter(({ coefficient }) => coefficient !== 0).map(({ coefficient, below, rest }) => product([reduced(coefficient, below), rest]));
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

export function factorOf(factor: Expression): Factor {
  return factor.kind === 'power' && factor.exponent.kind === 'number' ? { base: factor.base, exponent: factor.exponent.value } : { base: factor, exponent: 1 };
}

/** Equal factors become powers, numbers one coefficient in front. */
export function product(factors: readonly Expression[]): Expression {
  let [coefficient, below] = [1, 1];
  const collected: Factor[] = [];
  const collect = (factor: Expression): void => {
    if (factor.kind === 'number') [coefficient, below] = [coefficient * factor.value, below * factor.below];
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
  const number = reduced(coefficient, below);
  const kept = simplifiedFactors(withJointExponents(collected), { negate, subtract }).filter(({ exponent }) => exponent !== 0).map(({ base, exponent }) => power(base, constant(exponent)));
  if (kept.length === 0) return number;
  if (kept.length === 1 && coefficient === 1) return kept[0]!;
  // a − b is no longer than −(b − a).
  if (kept.length === 1 && coefficient === -1 && kept[0]!.kind === 'sum' && kept[0]!.terms.some((term) => coefficientOf(term)[0] < 0)) return sum(kept[0]!.terms.map(negate));
  const all = coefficient === 1 ? kept : [number, ...kept];
  return { kind: 'product', factors: all, shape: broadcast(all.map(({ shape }) => shape)), key: `[${all.map(({ key }) => key).sort().join('*')}]` };
}

/** pʸ·p⁻ʸ = 1: powers of one base whose exponents are no numbers. */
function withJointExponents(factors: readonly Factor[]): readonly Factor[] {
  const powers = factors.filter(({ base }) => base.kind === 'power');
  for (const { base: first } of powers) {
    if (first.kind !== 'power') continue;
    const alike = factors.filter(({ base }) => base.key === first.base.key || (base.kind === 'power' && base.base.key === first.base.key));
    if (alike.length < 2) continue;
    const exponent = sum(alike.map(({ base, exponent: times }) => product([constant(times), base.kind === 'power' && base.key !== first.base.key ? base.exponent : one])));
    const joint = exponent.kind === 'number' ? { base: first.base, exponent: exponent.value } : { base: power(first.base, exponent), exponent: 1 };
    return withJointExponents([...factors.filter((factor) => !alike.includes(factor)), joint]);
  }
  return factors;
}

export function power(base: Expression, exponent: Expression): Expression {
  if (exponent.kind === 'number') {
    const { value } = exponent;
    if (value === 0) return one;
    if (value === 1) return base;
    if (base.kind === 'number' && Number.isFinite(base.value ** value)) return raisedNumber(base, value);
    // (xᵖ)ⁿ = xᵖⁿ only holds for whole n.
    if (Number.isInteger(value)) {
      if (base.kind === 'power') return power(base.base, product([base.exponent, exponent]));
      if (base.kind === 'product') return product(base.factors.map((factor) => power(factor, exponent)));
      if (value % 2 === 0 && isApplied(base, 'abs')) return power(base.operands[0]!, exponent);
    } else if (base.kind === 'power' && base.exponent.kind === 'number' && base.exponent.value % 2 === 0) {
      // (x²)ᵖ = |x|²ᵖ
      return power(magnitude(base.base), constant(base.exponent.value * value));
    }
  }
  return { kind: 'power', base, exponent, shape: broadcast([base.shape, exponent.shape]), key: `${base.key}^${exponent.key}` };
}

function magnitude(x: Expression): Expression {
  return isApplied(x, 'abs', 'norm') ? x : entry('abs', x);
}

export function square(x: Expression): Expression {
  return power(x, two);
}

export function divide(a: Expression, b: Expression): Expression {
  return product([a, power(b, constant(-1))]);
}

export function squareRoot(x: Expression): Expression {
  return power(x, constant(1 / 2));
}
