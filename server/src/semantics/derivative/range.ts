// What is certain of a function of one number: between which bounds its values lie, where it is defined, where it is zero.

import type { Expression } from './expression';
import { printExpression } from './print';

/** All values lie between the ends; a closed end may be reached. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

export const everything: Interval = open(-Infinity, Infinity);

function open(low: number, high: number): Interval {
  return { low, high, lowClosed: false, highClosed: false };
}

function closed(low: number, high: number): Interval {
  return { low, high, lowClosed: Number.isFinite(low), highClosed: Number.isFinite(high) };
}

/** Bounds of the expression where every symbol may be any number; they hold, but need not be the closest. */
export function rangeOf(expression: Expression): Interval {
  switch (expression.kind) {
    case 'number':
      return closed(expression.value, expression.value);
    case 'symbol':
      return everything;
    case 'sum':
      return expression.terms.map(rangeOf).reduce((a, b) => ({ low: a.low + b.low, high: a.high + b.high, lowClosed: a.lowClosed && b.lowClosed, highClosed: a.highClosed && b.highClosed }));
    case 'product':
      return complementRange(expression.factors) ?? expression.factors.map(rangeOf).reduce(multiplied);
    case 'power':
      return expression.exponent.kind === 'number' ? raised(rangeOf(expression.base), expression.exponent.value) : everything;
    case 'applied':
      return expression.operands.length === 1 ? appliedRange(expression.name, rangeOf(expression.operands[0]!)) : everything;
  }
}

/** t·(1 − t) is at most 1/4, which the factors alone do not tell. */
function complementRange(factors: readonly Expression[]): Interval | undefined {
  if (factors.length !== 2) return undefined;
  const [t, rest] = factors as [Expression, Expression];
  const isComplement = (a: Expression, b: Expression): boolean =>
    b.kind === 'sum' && b.terms.length === 2 && b.terms.some(({ key }) => key === '1') && b.terms.some((term) => term.kind === 'product' && term.factors.length === 2 && term.factors.some(({ key }) => key === '-1') && term.factors.some(({ key }) => key === a.key));
  if (!isComplement(t, rest) && !isComplement(rest, t)) return undefined;
  const { low, high } = rangeOf(isComplement(t, rest) ? t : rest);
  return low >= 0 && high <= 1 ? { low: 0, high: 1 / 4, lowClosed: false, highClosed: true } : undefined;
}

function multiplied(a: Interval, b: Interval): Interval {
  const ends = [
    [a.low, a.lowClosed, b.low, b.lowClosed],
    [a.low, a.lowClosed, b.high, b.highClosed],
    [a.high, a.highClosed, b.low, b.lowClosed],
    [a.high, a.highClosed, b.high, b.highClosed],
  ] as const;
  // 0·∞ is 0 at the ends of ranges. A zero that is reached makes the product zero, whatever the other factor is.
  const products = ends.map(([x, xClosed, y, yClosed]) => {
    const isZero = x === 0 || y === 0;
    return { value: isZero ? 0 : x * y, reached: isZero ? (x === 0 && xClosed) || (y === 0 && yClosed) : xClosed && yClosed };
  });
  const low = Math.min(...products.map(({ value }) => value));
  const high = Math.max(...products.map(({ value }) => value));
  const reaches = (bound: number): boolean => products.some(({ value, reached }) => value === bound && reached) || (bound === 0 && (holds(a, 0) || holds(b, 0)));
  return { low, high, lowClosed: reaches(low), highClosed: reaches(high) };
}

function holds({ low, high, lowClosed, highClosed }: Interval, value: number): boolean {
  return (value > low || (value === low && lowClosed)) && (value < high || (value === high && highClosed));
}

/** Where f rises. */
function risen({ low, high, lowClosed, highClosed }: Interval, f: (x: number) => number): Interval {
  return { low: f(low), high: f(high), lowClosed: lowClosed && Number.isFinite(f(low)), highClosed: highClosed && Number.isFinite(f(high)) };
}

function raised(base: Interval, exponent: number): Interval {
  if (exponent < 0) {
    const below = raised(base, -exponent);
    if (below.low >= 0) return { low: below.high === Infinity ? 0 : 1 / below.high, high: below.low === 0 ? Infinity : 1 / below.low, lowClosed: below.highClosed, highClosed: below.lowClosed && below.low > 0 };
    if (below.high <= 0) return everything;
    return everything;
  }
  if (exponent === 1) return base;
  if (Number.isInteger(exponent) && exponent % 2 === 0) {
    const size = magnitude(base);
    return risen(size, (x) => x ** exponent);
  }
  if (Number.isInteger(exponent)) return risen(base, (x) => x ** exponent);
  const from = base.low >= 0 ? base : { ...base, low: 0, lowClosed: true };
  return base.high < 0 ? everything : risen(from, (x) => x ** exponent);
}

function magnitude(x: Interval): Interval {
  if (x.low >= 0) return x;
  if (x.high <= 0) return { low: -x.high, high: -x.low, lowClosed: x.highClosed, highClosed: x.lowClosed };
  const high = Math.max(-x.low, x.high);
  return { low: 0, high, lowClosed: true, highClosed: (high === -x.low && x.lowClosed) || (high === x.high && x.highClosed) };
}

/** Functions that rise everywhere, by name; at infinity their limits. */
const rising: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => (x === Infinity ? Infinity : Math.log1p(Math.exp(x))),
  logsigmoid: (x) => (x === -Infinity ? -Infinity : -Math.log1p(Math.exp(-x))),
};

/** Functions with bounds of their own, whatever they are applied to. */
const bounded: Readonly<Record<string, Interval>> = {
  sin: closed(-1, 1),
  cos: closed(-1, 1),
  erf: open(-1, 1),
  hardsigmoid: closed(0, 1),
  softsign: open(-1, 1),
  relu6: closed(0, 6),
  hardtanh: closed(-1, 1),
};

function appliedRange(name: string, x: Interval): Interval {
  const rises = rising[name];
  if (rises !== undefined) return risen(x, rises);
  switch (name) {
    case 'abs':
      return magnitude(x);
    case 'relu':
      return { low: Math.max(0, x.low), high: Math.max(0, x.high), lowClosed: x.low <= 0 || x.lowClosed, highClosed: x.high <= 0 || x.highClosed };
    case 'step':
      return x.low >= 0 && !holds(x, 0) ? closed(1, 1) : x.high <= 0 ? closed(0, 0) : closed(0, 1);
    case 'sign':
      return closed(x.low > 0 ? 1 : x.low === 0 && !x.lowClosed ? 1 : holds(x, 0) && x.low === 0 ? 0 : -1, x.high < 0 ? -1 : x.high === 0 && !x.highClosed ? -1 : x.high === 0 ? 0 : 1);
    case 'log': {
      const from = x.low > 0 ? x : { ...x, low: 0, lowClosed: false };
      return x.high <= 0 ? everything : risen(from, Math.log);
    }
    default:
      return bounded[name] ?? everything;
  }
}

/** `(0, 1/4]`; undefined for all numbers. */
export function printInterval({ low, high, lowClosed, highClosed }: Interval): string | undefined {
  if (low === -Infinity && high === Infinity) return undefined;
  if (Number.isNaN(low) || Number.isNaN(high)) return undefined;
  const spell = (value: number): string => (value === Infinity ? '∞' : value === -Infinity ? '−∞' : value === 1 / 4 ? '1/4' : String(Number(value.toPrecision(6))).replace('-', '−'));
  if (low === high) return `{${spell(low)}}`;
  return `${lowClosed ? '[' : '('}${spell(low)}, ${spell(high)}${highClosed ? ']' : ')'}`;
}

// ── Where it is defined, and where it is zero ────────────────────────────────

/** The conditions that must hold for the expression to have a value, as far as bounds do not already say so. */
export function domainOf(expression: Expression): readonly string[] {
  const found = new Set<string>();
  const visit = (each: Expression): void => {
    if (each.kind === 'sum') each.terms.forEach(visit);
    else if (each.kind === 'product') each.factors.forEach(visit);
    else if (each.kind === 'applied') {
      each.operands.forEach(visit);
      if (each.name === 'log' && rangeOf(each.operands[0]!).low < 0) found.add(`${printExpression(each.operands[0]!)} > 0`);
      else if (each.name === 'log' && holds(rangeOf(each.operands[0]!), 0)) found.add(`${printExpression(each.operands[0]!)} ≠ 0`);
    } else if (each.kind === 'power') {
      visit(each.base);
      if (each.exponent.kind !== 'number') {
        if (rangeOf(each.base).low < 0) found.add(`${printExpression(each.base)} > 0`);
        return;
      }
      const { value } = each.exponent;
      const base = rangeOf(each.base);
      if (!Number.isInteger(value) && base.low < 0) found.add(`${printExpression(each.base)} ${value < 0 ? '>' : '≥'} 0`);
      else if (value < 0 && holds(base, 0)) found.add(`${printExpression(each.base)} ≠ 0`);
    }
  };
  visit(expression);
  return [...found];
}

/** Where the expression takes another branch, as conditions of which one must hold. */
export function branchesOf(expression: Expression): readonly string[] {
  const found = new Set<string>();
  const visit = (each: Expression): void => {
    if (each.kind === 'sum') each.terms.forEach(visit);
    else if (each.kind === 'product') each.factors.forEach(visit);
    else if (each.kind === 'power') [each.base, each.exponent].forEach(visit);
    else if (each.kind === 'applied') {
      each.operands.forEach(visit);
      const [a, b] = each.operands;
      if (['relu', 'abs', 'sign', 'step'].includes(each.name) && holds(rangeOf(a!), 0)) found.add(zerosOf(a!)?.join(' or ') ?? `${printExpression(a!)} = 0`);
      if (['maximum', 'minimum'].includes(each.name)) found.add(`${printExpression(a!)} = ${printExpression(b!)}`);
    }
  };
  visit(expression);
  return [...found].filter((condition) => condition !== '');
}

/** Where it is zero: conditions of which one must hold; none: it never is. Undefined where that is not known. */
export function zerosOf(expression: Expression): readonly string[] | undefined {
  if (!holds(rangeOf(expression), 0)) return [];
  switch (expression.kind) {
    case 'number':
      return ['everywhere'];
    case 'symbol':
      return [`${printExpression(expression)} = 0`];
    case 'sum':
      return zerosOfLine(expression);
    case 'product': {
      const parts = expression.factors.map(zerosOf);
      return parts.includes(undefined) ? undefined : [...new Set(parts.flatMap((part) => part!))];
    }
    case 'power':
      return expression.exponent.kind === 'number' && expression.exponent.value > 0 ? zerosOf(expression.base) : undefined;
    case 'applied': {
      const [operand] = expression.operands;
      if (['relu', 'step'].includes(expression.name)) return [solved(operand!, '≤')];
      return ['abs', 'sign', 'tanh', 'erf', 'softsign', 'tanhshrink', 'gelu', 'silu', 'mish'].includes(expression.name) ? zerosOf(operand!) : undefined;
    }
  }
}

/** a·x + b with numbers a and b. */
function lineOf(expression: Expression): { readonly slope: number; readonly shift: number; readonly name: string } | undefined {
  const slopeOf = (term: Expression): readonly [number, string] | undefined => {
    if (term.kind === 'symbol') return [1, printExpression(term)];
    if (term.kind !== 'product' || term.factors.length !== 2) return undefined;
    const [a, x] = term.factors;
    return a!.kind === 'number' && x!.kind === 'symbol' ? [a!.value, printExpression(x!)] : undefined;
  };
  const terms: readonly Expression[] = expression.kind === 'sum' ? expression.terms : [expression];
  const numbers = terms.filter((term) => term.kind === 'number');
  const others = terms.filter((term) => term.kind !== 'number').map(slopeOf);
  const [line] = others;
  if (others.length !== 1 || line === undefined) return undefined;
  return { slope: line[0], shift: numbers.reduce((sum, term) => sum + (term as { value: number }).value, 0), name: line[1] };
}

function zerosOfLine(expression: Expression): readonly string[] | undefined {
  const line = lineOf(expression);
  return line && [`${line.name} = ${spellZero(line)}`];
}

function spellZero({ slope, shift }: { readonly slope: number; readonly shift: number }): string {
  return String(Number((-shift / slope).toPrecision(6)) + 0).replace('-', '−');
}

/** `x ≤ 1` for x − 1 ≤ 0. */
function solved(expression: Expression, relation: '≤'): string {
  const line = lineOf(expression);
  if (line === undefined) return `${printExpression(expression)} ${relation} 0`;
  return `${line.name} ${line.slope > 0 ? relation : '≥'} ${spellZero(line)}`;
}
