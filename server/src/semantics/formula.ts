// Numbers that free dimensions decide and that are no sizes: `sqrt(D / heads)`, `1 / T`. They scale tensors; a quotient of
// sizes is kept exactly, so that it can be rounded and compared.

import type * as ast from '../../../grammar/ast';
import { shortened } from '../base/words';
import { add, type Dimension, floorDivide, identical, modulo, multiply, subtract } from '../symbolic/dimension';
import { knownNonNegative, knownZero } from '../symbolic/knowledge';
import { type Context } from './run';
import { describe, type FormulaValue, size, type Value } from './values';

type Quotient = readonly [numerator: Dimension, denominator: Dimension];

/** Whether a value is a number, known or not. */
export function isNumeric(value: Value): boolean {
  return value.kind === 'size' || value.kind === 'number' || value.kind === 'formula';
}

/** The result of an operator on numbers of which a free dimension decides one; a size where it is always one. */
export function formulaOf(context: Context, operator: Exclude<ast.BinaryOperator, '@'>, left: Value, right: Value): Value {
  const text = shortened(`${inProduct(left)} ${operator} ${inProduct(right)}`);
  const [a, b] = [quotientOf(left), quotientOf(right)];
  const quotient = a && b && quotientOfOperator(context, operator, a, b);
  if (quotient === undefined || quotient.some((part) => context.run.isTooComplex(part))) return { kind: 'formula', text };
  return asSize(context, quotient) ?? { kind: 'formula', text, quotient };
}

/** `sqrt(D)`: a function of numbers of which a free dimension decides one. */
export function formulaOfCall(name: string, values: readonly Value[]): FormulaValue {
  return { kind: 'formula', text: shortened(`${name}(${values.map(describe).join(', ')})`) };
}

/** ⌊x⌋ or ⌈x⌉; undefined where the formula is no quotient of sizes. */
export function roundedFormula({ quotient }: FormulaValue, direction: 'down' | 'up'): Value | undefined {
  if (quotient === undefined) return undefined;
  const [numerator, denominator] = quotient;
  const rounded = floorDivide(direction === 'down' ? numerator : add(numerator, denominator, -1), denominator);
  return rounded === undefined ? undefined : size(rounded);
}

/** Two sizes that compare as the two numbers do; undefined where one is no quotient of sizes. */
export function comparableSizes(left: Value, right: Value): readonly [Dimension, Dimension] | undefined {
  const [a, b] = [quotientOf(left), quotientOf(right)];
  return a && b && [multiply(a[0], b[1]), multiply(b[0], a[1])];
}

/** The denominator is positive. */
function quotientOf(value: Value): Quotient | undefined {
  if (value.kind === 'size') return [value.value, 1];
  if (value.kind === 'number') return Number.isSafeInteger(value.value) ? [value.value, 1] : undefined;
  return value.kind === 'formula' ? value.quotient : undefined;
}

function quotientOfOperator(context: Context, operator: Exclude<ast.BinaryOperator, '@'>, [a, b]: Quotient, [c, d]: Quotient): Quotient | undefined {
  switch (operator) {
    case '+':
      return [add(multiply(a, d), multiply(c, b)), multiply(b, d)];
    case '-':
      return [subtract(multiply(a, d), multiply(c, b)), multiply(b, d)];
    case '*':
      return [multiply(a, c), multiply(b, d)];
    case '/':
      return isPositive(context, c) ? [multiply(a, d), multiply(b, c)] : undefined;
    case '//': {
      const rounded = isPositive(context, c) ? floorDivide(multiply(a, d), multiply(b, c)) : undefined;
      return rounded === undefined ? undefined : [rounded, 1];
    }
    default:
      return undefined;
  }
}

function isPositive(context: Context, value: Dimension): boolean {
  return knownNonNegative(subtract(value, 1), context.run.graph).holds === 'always';
}

/** The quotient as a size, where the denominator always divides the numerator. */
function asSize(context: Context, [numerator, denominator]: Quotient): Value | undefined {
  const rest = modulo(numerator, denominator);
  if (rest === undefined || !(identical(rest, 0) || knownZero(rest, context.run.graph).holds === 'always')) return undefined;
  return size(context.run.simplified(floorDivide(numerator, denominator)!));
}

function inProduct(value: Value): string {
  const text = describe(value);
  return /^[\w.]+$|^\w+\([^()]*\)$/.test(text) ? text : `(${text})`;
}
