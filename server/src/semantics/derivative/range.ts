// What is certain of a function of one number: between which bounds its values lie, where it is defined, where it is zero.

import { subtract } from './algebra';
import { constant, type Expression } from './expression';
import { printExpression } from './print';
import { valueAt } from './value';

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
      return expression.name === 'π' ? closed(Math.PI, Math.PI) : everything;
    case 'sum':
      return expression.terms.map(rangeOf).reduce((a, b) => ({ low: a.low + b.low, high: a.high + b.high, lowClosed: a.lowClosed && b.lowClosed, highClosed: a.highClosed && b.highClosed }));
    case 'product':
      return complementRange(expression.factors) ?? expression.factors.map(rangeOf).reduce(multiplied);
    case 'power':
      return expression.exponent.kind === 'number' ? raised(rangeOf(expression.base), expression.exponent.value) : everything;
    case 'applied':
      if (['between', 'within', 'greater', 'exceeds', 'atMost'].includes(expression.name)) return closed(0, 1);
      if (['maximum', 'minimum'].includes(expression.name)) return extreme(expression.name, rangeOf(expression.operands[0]!), rangeOf(expression.operands[1]!));
      return expression.operands.length === 1 ? appliedRange(expression.name, rangeOf(expression.operands[0]!)) : everything;
  }
}

/** What two bounds of the same say together. */
export function intersection(a: Interval, b: Interval): Interval {
  const [low, lowClosed] = a.low > b.low || (a.low === b.low && !a.lowClosed) ? [a.low, a.lowClosed] : [b.low, b.lowClosed];
  const [high, highClosed] = a.high < b.high || (a.high === b.high && !a.highClosed) ? [a.high, a.highClosed] : [b.high, b.highClosed];
  return { low, high, lowClosed, highClosed };
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

/** Of a maximum both lower bounds hold, of a minimum both upper ones. */
function extreme(name: string, a: Interval, b: Interval): Interval {
  const higher = (x: Interval, y: Interval): Interval => (x.high > y.high || (x.high === y.high && x.highClosed) ? x : y);
  const lower = (x: Interval, y: Interval): Interval => (x.low < y.low || (x.low === y.low && x.lowClosed) ? x : y);
  const least = name === 'minimum' ? lower(a, b) : a.low > b.low || (a.low === b.low && !a.lowClosed) ? a : b;
  const most = name === 'maximum' ? higher(a, b) : a.high < b.high || (a.high === b.high && !a.highClosed) ? a : b;
  return { low: least.low, lowClosed: least.lowClosed, high: most.high, highClosed: most.highClosed };
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
  elu: open(-1, Infinity),
  celu: open(-1, Infinity),
  // Of these, the least values lie within the last digit above.
  selu: open(-1.7581, Infinity),
  hardswish: closed(-3 / 8, Infinity),
  silu: open(-0.27847, Infinity),
  gelu: open(-0.16998, Infinity),
  mish: open(-0.30885, Infinity),
  'elu′': { low: 0, high: 1, lowClosed: false, highClosed: true },
  'celu′': { low: 0, high: 1, lowClosed: false, highClosed: true },
  'selu′': open(0, 1.7581),
  'hardswish′': closed(-1 / 2, 3 / 2),
  'gelu′': open(-0.12891, 1.12891),
  'mish′': open(-0.11253, 1.0885),
};

/** Where these have zeros, beside those of their operand. */
const zeroWhere: Readonly<Record<string, (x: string) => string>> = {
  relu6: (x) => `${x} ≤ 0`,
  hardsigmoid: (x) => `${x} ≤ −3`,
  hardshrink: (x) => `|${x}| ≤ 0.5`,
  softshrink: (x) => `|${x}| ≤ 0.5`,
};

/** Where these have kinks or jumps, for the numbers that they have where none are given. */
const kinksOf: Readonly<Record<string, readonly number[]>> = {
  relu6: [0, 6],
  hardtanh: [-1, 1],
  hardsigmoid: [-3, 3],
  hardswish: [-3, 3],
  hardshrink: [-0.5, 0.5],
  softshrink: [-0.5, 0.5],
  selu: [0],
  leaky_relu: [0],
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
    case 'hardtanh':
      return closed(-1, 1);
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
      const [operand] = each.operands;
      if (each.name === 'log' && rangeOf(operand!).low < 0) found.add(`${printExpression(operand!)} > 0`);
      else if (each.name === 'log' && holds(rangeOf(operand!), 0)) found.add(notZero(operand!));
    } else if (each.kind === 'power') {
      visit(each.base);
      if (each.exponent.kind !== 'number') {
        if (rangeOf(each.base).low < 0) found.add(`${printExpression(each.base)} > 0`);
        return;
      }
      const { value } = each.exponent;
      const base = rangeOf(each.base);
      if (!Number.isInteger(value) && base.low < 0) found.add(`${printExpression(each.base)} ${value < 0 ? '>' : '≥'} 0`);
      else if (value < 0 && holds(base, 0)) found.add(notZero(each.base));
    }
  };
  visit(expression);
  const positive = (condition: string): boolean => found.has(condition.replace(/ [≠≥] 0$/, ' > 0'));
  return [...found].filter((condition) => / > 0$/.test(condition) || !positive(condition));
}

/** `x ≠ 0` for |x| ≠ 0. */
function notZero(expression: Expression): string {
  const [zero, ...others] = candidateZeros(expression) ?? [];
  return zero?.includes(' = ') === true && others.length === 0 ? zero.replace(' = ', ' ≠ ') : `${printExpression(expression)} ≠ 0`;
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
      if (['maximum', 'minimum'].includes(each.name)) found.add(meeting(a!, b!));
      for (const place of kinksIn(each.name, each.operands.slice(1))) found.add(`${printExpression(a!)} = ${printExpression(constant(place))}`);
    }
  };
  visit(expression);
  return [...found].filter((condition) => condition !== '');
}

/** Where two sides are equal. */
function meeting(a: Expression, b: Expression): string {
  return zerosOfLine(subtract(a, b))?.[0] ?? `${printExpression(a)} = ${printExpression(b)}`;
}

/** The places of a function's kinks, by the numbers that it was given. */
function kinksIn(name: string, given: readonly Expression[]): readonly number[] {
  const numbers = given.flatMap((each) => (each.kind === 'number' ? [each.value] : []));
  if (name === 'clamp') return numbers;
  if (numbers.length === 0 || name === 'leaky_relu') return kinksOf[name] ?? [];
  return name === 'hardtanh' ? numbers : ['hardshrink', 'softshrink'].includes(name) ? numbers.flatMap((width) => [-width, width]) : [];
}

/** Where it is zero: conditions of which one must hold; none: it never is. Undefined where that is not known. */
export function zerosOf(expression: Expression): readonly string[] | undefined {
  const found = candidateZeros(expression);
  // A factor may be 0 where another one has no value.
  return found?.every((condition) => placeOf(condition) !== undefined || condition === 'everywhere' || !/[≤≥]/.test(condition) || domainOf(expression).length === 0) === true
    ? found.filter((condition) => isDefinedAt(expression, condition))
    : undefined;
}

/** The place that a condition `x = 2` names. */
function placeOf(condition: string): number | undefined {
  const match = /^\S+ = (−?[\d.]+)$/.exec(condition);
  return match === null ? undefined : Number(match[1]!.replace('−', '-'));
}

/** Whether there is a value where a condition holds, as far as that is known. */
export function isDefinedAt(expression: Expression, condition: string): boolean {
  const place = placeOf(condition);
  const value = place === undefined ? 0 : (valueAt(expression, place) ?? 0);
  return Number.isFinite(value);
}

function candidateZeros(expression: Expression): readonly string[] | undefined {
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
      const where = zeroWhere[expression.name];
      if (where !== undefined) return expression.operands.length === 1 && operand!.kind === 'symbol' ? [where(printExpression(operand!))] : undefined;
      return ['abs', 'sign', 'tanh', 'erf', 'softsign', 'tanhshrink', 'gelu', 'silu', 'mish', 'elu', 'selu', 'celu', 'leaky_relu', 'hardtanh'].includes(expression.name) ? zerosOf(operand!) : undefined;
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
