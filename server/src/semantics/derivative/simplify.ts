// What factors of one product do to each other: e⁻ˣ/(1 + e⁻ˣ)² = σ(x)·(1 − σ(x)), step(z)·relu(z) = relu(z), sign(z)·|z| = z.

import { entry, type Expression, isApplied, one } from './expression';

/** A factor with its power. */
export interface Factor {
  readonly base: Expression;
  exponent: number;
}

/** What these rules make anew; they are made by products, which ask for these rules. */
export interface Algebra {
  negate(term: Expression): Expression;
  subtract(a: Expression, b: Expression): Expression;
}

/** The factors of a product, each once. */
export function simplifiedFactors(factors: readonly Factor[], algebra: Algebra): readonly Factor[] {
  return withSteps(withSigmoids(withoutOpposites(factors, algebra), algebra));
}

/** eᵘ·e⁻ᵘ = 1. */
function withoutOpposites(factors: readonly Factor[], { negate }: Algebra): readonly Factor[] {
  const kept = factors.map(({ base, exponent }) => ({ base, exponent }));
  for (const factor of kept) {
    if (!isApplied(factor.base, 'exp')) continue;
    const opposite = negate(factor.base.operands[0]!).key;
    const other = kept.find(({ base }) => isApplied(base, 'exp') && base.operands[0]!.key === opposite);
    if (other === undefined || factor.exponent * other.exponent <= 0) continue;
    const pairs = Math.sign(factor.exponent) * Math.min(Math.abs(factor.exponent), Math.abs(other.exponent));
    factor.exponent -= pairs;
    other.exponent -= pairs;
  }
  return kept.filter(({ exponent }) => exponent !== 0);
}

/** u where the expression is 1 + eᵘ. */
function exponentBeyondOne(expression: Expression): Expression | undefined {
  if (expression.kind !== 'sum' || expression.terms.length !== 2 || !expression.terms.some(({ key }) => key === '1')) return undefined;
  const other = expression.terms.find(({ key }) => key !== '1');
  return other?.kind === 'applied' && other.name === 'exp' ? other.operands[0] : undefined;
}

function sigmoid(u: Expression): Expression {
  return entry('sigmoid', u);
}

/** (1 + eᵘ)⁻ⁿ = σ(−u)ⁿ, σ(−u)·eᵘ = (1 − σ(u))·eᵘ = σ(u), and σ(u)·σ(−u) = σ(u)·(1 − σ(u)). */
function withSigmoids(factors: readonly Factor[], { negate, subtract }: Algebra): Factor[] {
  const kept: Factor[] = [];
  const add = (base: Expression, exponent: number): void => {
    const same = kept.find((each) => each.base.key === base.key);
    if (same === undefined) kept.push({ base, exponent });
    else same.exponent += exponent;
  };
  for (const { base, exponent } of factors) {
    const u = exponent < 0 && Number.isInteger(exponent) ? exponentBeyondOne(base) : undefined;
    if (u === undefined) add(base, exponent);
    else add(sigmoid(negate(u)), -exponent);
  }
  for (const factor of [...kept]) {
    if (!isApplied(factor.base, 'exp') || factor.exponent < 1) continue;
    const u = factor.base.operands[0]!;
    const complements = [sigmoid(negate(u)).key, subtract(one, sigmoid(u)).key];
    const partner = kept.find(({ base, exponent }) => exponent >= 1 && complements.includes(base.key));
    if (partner === undefined) continue;
    const pairs = Math.min(factor.exponent, partner.exponent);
    factor.exponent -= pairs;
    partner.exponent -= pairs;
    add(sigmoid(u), pairs);
  }
  for (const factor of [...kept]) {
    const { base } = factor;
    if (!isApplied(base, 'sigmoid') || factor.exponent < 1 || isNegated(base.operands[0]!)) continue;
    const partner = kept.find((other) => other.exponent >= 1 && isApplied(other.base, 'sigmoid') && other.base.operands[0]!.key === negate(base.operands[0]!).key);
    if (partner === undefined) continue;
    add(subtract(one, base), partner.exponent);
    partner.exponent = 0;
  }
  return kept.filter(({ exponent }) => exponent !== 0);
}

function isNegated(expression: Expression): boolean {
  return expression.kind === 'product' && expression.factors[0]?.kind === 'number' && expression.factors[0].value < 0;
}

/** step(z)ⁿ = step(z), step(z)·relu(z) = relu(z), sign(z)·z = |z|, sign(z)·|z|ⁿ = zⁿ for odd n. */
function withSteps(factors: readonly Factor[]): readonly Factor[] {
  const kept = [...factors];
  const find = (name: string, operand: Expression): Factor | undefined => kept.find(({ base }) => isApplied(base, name) && base.operands[0]!.key === operand.key);
  for (const factor of [...kept]) {
    const { base, exponent } = factor;
    if (base.kind !== 'applied' || exponent < 1) continue;
    const operand = base.operands[0]!;
    if (base.name === 'step') {
      factor.exponent = 1;
      if ((find('relu', operand)?.exponent ?? 0) > 0) kept.splice(kept.indexOf(factor), 1);
    }
    if (base.name !== 'sign' || exponent !== 1) continue;
    const itself = kept.find((each) => each.base.key === operand.key);
    if (itself?.exponent === 1) {
      kept.splice(kept.indexOf(itself), 1);
      kept[kept.indexOf(factor)] = { base: entry('abs', operand), exponent: 1 };
      continue;
    }
    const size = find('abs', operand);
    if (size === undefined || !Number.isInteger(size.exponent) || size.exponent % 2 === 0) continue;
    kept.splice(kept.indexOf(size), 1);
    kept[kept.indexOf(factor)] = { base: operand, exponent: size.exponent };
  }
  return kept;
}
