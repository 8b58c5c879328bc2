// What is certain of the values of an expression: between which bounds they lie.

import type { Expression } from './expression';

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
      if (expression.name === 'where') return union(rangeOf(expression.operands[1]!), rangeOf(expression.operands[2]!));
      if (expression.name === 'clamp') return clamped(expression.operands);
      if (['maximum', 'minimum'].includes(expression.name)) return extreme(expression.name, rangeOf(expression.operands[0]!), rangeOf(expression.operands[1]!));
      return expression.operands.length === 1 ? appliedRange(expression.name, rangeOf(expression.operands[0]!)) : everything;
  }
}

/** Of one or the other. */
function union(a: Interval, b: Interval): Interval {
  const [low, high] = [Math.min(a.low, b.low), Math.max(a.high, b.high)];
  return { low, high, lowClosed: (a.low === low && a.lowClosed) || (b.low === low && b.lowClosed), highClosed: (a.high === high && a.highClosed) || (b.high === high && b.highClosed) };
}

/** Between two numbers. */
function clamped([x, low, high]: readonly Expression[]): Interval {
  if (low?.kind !== 'number' || high?.kind !== 'number') return everything;
  const from = rangeOf(x!);
  return from.high < low.value || from.low > high.value ? closed(low.value, high.value) : intersection(from, closed(low.value, high.value));
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

/** Whether a value lies between the bounds. */
export function holds({ low, high, lowClosed, highClosed }: Interval, value: number): boolean {
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
  const spell = (value: number, outwards: -1 | 1): string => (value === Infinity ? '∞' : value === -Infinity ? '−∞' : value === 1 / 4 ? '1/4' : String(rounded(value, outwards)).replace('-', '−'));
  if (low === high) return `{${spell(low, -1)}}`;
  return `${lowClosed ? '[' : '('}${spell(low, -1)}, ${spell(high, 1)}${highClosed ? ']' : ')'}`;
}

/** In six digits, so that the bound still holds. */
function rounded(value: number, outwards: -1 | 1): number {
  const near = Number(value.toPrecision(6));
  if (Math.abs(near - value) <= 1e-14 * Math.abs(value) || (near - value) * outwards > 0) return near;
  const digit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 5);
  return Number((near + outwards * digit).toPrecision(6));
}
