// The ways in which an expression can be written, and the one that reads best.

import { factorOf, negate, power, product, scaleOf, sum } from './algebra';
import { applied, broadcast, constant, type Expression, sameShape, type Shape } from './expression';
import { axesIn, drawn, gathered, splitScalars, sumAlong } from './matrix';
import { printExpression } from './print';
import type { Factor } from './simplify';

/** With what all terms of a sum have in common drawn out of it; undefined where that is nothing. */
export function factored(expression: Expression): Expression | undefined {
  if (expression.kind === 'product') {
    const parts = expression.factors.map((factor) => (factor.kind === 'sum' ? (factored(factor) ?? factor) : factor));
    return parts.some((part, index) => part !== expression.factors[index]) ? product(parts) : undefined;
  }
  if (expression.kind !== 'sum') return undefined;
  const factorsOf = (term: Expression): readonly Factor[] => (term.kind === 'product' ? term.factors : [term]).filter(({ kind }) => kind !== 'number').map(factorOf);
  const terms = withEqualSigns(expression.terms);
  const [first, ...others] = terms.map(factorsOf);
  const common = first!.flatMap(({ base, exponent }): Factor[] => {
    const exponents = [exponent, ...others.map((factors) => factors.find((factor) => factor.base.key === base.key)?.exponent ?? 0)];
    // x of x²·a + x·b, but nothing of a/x² + b/x, which would become fractions of fractions.
    const least = exponents.every((each) => each > 0) ? Math.min(...exponents) : exponents.every((each) => each === exponent) ? exponent : 0;
    return least === 0 ? [] : [{ base, exponent: least }];
  });
  const [scale, ...scales] = terms.map((term) => scaleOf(term)[0]);
  const isCommon = scales.every(({ value, below }) => Math.abs(value) === Math.abs(scale!.value) && below === scale!.below);
  const number = constant(isCommon ? Math.abs(scale!.value) : 1, isCommon ? scale!.below : 1);
  if (common.length === 0 && number.key === '1') return undefined;
  const divisor = [power(number, constant(-1)), ...common.map(({ base, exponent }) => power(base, constant(-exponent)))];
  return product([number, ...common.map(({ base, exponent }) => power(base, constant(exponent))), sum(terms.map((term) => product([term, ...divisor])))]);
}

/** (a − b)·x − (a − b)·y for (a − b)·x + (b − a)·y. */
function withEqualSigns([first, ...others]: readonly Expression[]): readonly Expression[] {
  const sums = new Set((first!.kind === 'product' ? first!.factors : []).filter(({ kind }) => kind === 'sum').map(({ key }) => key));
  const turn = (factor: Expression): readonly Expression[] => (factor.kind === 'sum' && !sums.has(factor.key) && sums.has(negate(factor).key) ? [constant(-1), negate(factor)] : [factor]);
  return [first!, ...others.map((term) => (sums.size > 0 && term.kind === 'product' ? product(term.factors.flatMap(turn)) : term))];
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

/** The ways in which an expression is known: as it was found, with factors drawn out, multiplied out, and both. */
export function formsOf(expression: Expression): readonly Expression[] {
  const whole = expanded(expression);
  const joined = expression.kind === 'sum' ? gathered(expression.terms) : undefined;
  return [expression, factored(expression), whole && factored(whole), whole, joined, joined && factored(joined), overOne(expression)].filter((form) => form !== undefined).map(turned);
}

/** 2/(x + 1)² for 1/(x + 1) + (1 − x)/(x + 1)²: above one stroke, terms may cancel. */
function overOne(expression: Expression): Expression | undefined {
  if (expression.kind !== 'sum') return undefined;
  const below = new Map<string, Factor>();
  for (const factor of expression.terms.flatMap((term) => (term.kind === 'product' ? term.factors : [term]).map(factorOf))) {
    if (factor.base.kind === 'sum' && factor.exponent < 0 && factor.exponent < (below.get(factor.base.key)?.exponent ?? 0)) below.set(factor.base.key, factor);
  }
  if (below.size === 0) return undefined;
  const denominator = [...below.values()].map(({ base, exponent }) => power(base, constant(-exponent)));
  const above = expanded(sum(expression.terms.map((term) => product([term, ...denominator]))));
  return above && product([factored(above) ?? above, ...denominator.map((factor) => power(factor, constant(-1)))]);
}

/** 2·(b − a) for −2·(a − b). */
function turned(expression: Expression): Expression {
  const [number, rest] = scaleOf(expression);
  const factors = rest.kind === 'product' ? rest.factors : [rest];
  const at = factors.findIndex((factor) => factor.kind === 'sum' && factor.terms.some((term) => scaleOf(term)[0].value < 0));
  if (number.value >= 0 || at < 0) return expression;
  return product([negate(number), ...factors.map((factor, index) => (index === at && factor.kind === 'sum' ? sum(factor.terms.map(negate)) : factor))]);
}

/** The form that reads best, of the whole and of all its parts. */
export function shortest(expression: Expression): Expression {
  const whole = withShortParts(expression);
  const own = symbolsIn(whole);
  // What is multiplied out without losing anything hides what it comes from: h·(1 − h²) rather than h − h³.
  const found = bestOf(formsOf(whole).filter((form, index) => index === 0 || symbolsIn(form) < own || isFactored(form)));
  // What was put together may itself be shortened.
  return found !== expression && symbolsIn(found) < symbolsIn(expression) ? shortest(found) : found;
}

/** The form with the fewest names, and of those the one that is read most quickly. */
function bestOf(forms: readonly Expression[]): Expression {
  return forms.map((form) => ({ form, weight: weightOf(form) })).sort((a, b) => a.weight - b.weight)[0]!.form;
}

const signsOfName = 3;
/** So many signs more are read gladly where factors stand in front of a sum: σ(x)·(1 − σ(x)). */
const signsOfFactor = 3;

export function weightOf(form: Expression): number {
  return printExpression(form).length + signsOfName * symbolsIn(form) - (isFactored(form) ? signsOfFactor : 0);
}

function isFactored(form: Expression): boolean {
  return form.kind === 'product' && form.factors.some(({ kind }) => kind === 'sum');
}

/** How many names are to be read. */
export function symbolsIn(expression: Expression): number {
  const count = (parts: readonly Expression[]): number => parts.reduce((total, part) => total + symbolsIn(part), 0);
  switch (expression.kind) {
    case 'number':
      return 0;
    case 'symbol':
      return 1;
    case 'sum':
      return count(expression.terms);
    case 'product':
      return count(expression.factors);
    case 'power':
      return count([expression.base, expression.exponent]);
    case 'applied':
      return count(expression.operands);
  }
}

/** Functions that numbers can be drawn out of, by the operands in which they are linear. */
const linear: ReadonlySet<string> = new Set(['matmul', 'outer', 'transpose', 'unsqueeze', 'reshape', 'slice']);

function withShortParts(expression: Expression): Expression {
  switch (expression.kind) {
    case 'number':
    case 'symbol':
      return expression;
    case 'sum':
      return sum(expression.terms.map(shortest));
    case 'product':
      return product(expression.factors.map((factor) => (factor.kind === 'sum' ? sum(factor.terms.map(withShortParts)) : withShortParts(factor))));
    case 'power':
      return power(shortest(expression.base), expression.exponent);
    case 'applied': {
      const { name, shape, options, operands: before } = expression;
      if (name === 'sum' || name === 'dot') return shortSum(shortest(product(before)), broadcast(before.map((each) => each.shape)), options) ?? expression;
      const operands = before.map(shortest);
      if (operands.every((operand, index) => operand === before[index])) return expression;
      const isWhole = operands.every((operand, index) => sameShape(splitScalars(operand)[1].shape, before[index]!.shape));
      return linear.has(name) ? (isWhole ? drawn(name, operands, shape, options) : expression) : applied(name, operands, shape, options);
    }
  }
}

/** Σ of a tensor, or of each of its terms, some of which may cancel. */
function shortSum(tensor: Expression, shape: Shape, options: string | undefined): Expression | undefined {
  const { axes, keep } = axesIn(options, shape.length);
  const sumOf = (each: Expression): Expression | undefined => sumAlong(each, shape, axes, keep);
  const whole = sumOf(tensor);
  const terms = tensor.kind === 'sum' ? tensor.terms.map(sumOf) : [undefined];
  if (whole === undefined || terms.includes(undefined)) return whole;
  const apart = sum(terms as Expression[]);
  return symbolsIn(apart) < symbolsIn(whole) ? apart : whole;
}
