// Decides equalities and inequalities of sizes for all admissible values of the free dimensions.
//
// Why one period is enough. Let f(n) be a sum of integer multiples of n and of floors ⌊N(n)/k⌋, where N is again such
// a sum. By induction there is a period P(f) with f(n + P) = f(n) + c for one constant c and all n: for N/k take
// P = k · P(N); then N grows by k · c(N), a whole multiple of k, and the floor by exactly c(N). For a sum take the
// least common multiple. So on each residue class n = r + t·P the function is linear in t: its value at two members
// decides equality and sign on all of them.

import { add, type Atom, type Dimension, Expression, type FreeSymbol, multiply, symbolsOf } from './dimension';
import { evaluateAt } from './evaluate';
import {
  finiteRange,
  coarsest,
  type Domain,
  intersect,
  largestModulus,
  leastCommonMultiple,
  rangeOf,
  type Requirement,
  smallestFrom,
  type SymbolRange,
} from './domain';
import { asDimension, decideByParts } from './extremes';

/** A size for each free dimension, by its name, in the order of the symbols. */
export type Assignment = readonly (readonly [symbol: FreeSymbol, value: number])[];

export interface Verdict {
  /** `sometimes`: refuted by the counterexample. `unknown`: neither proven nor refuted; no wrong answer, but none. */
  readonly holds: 'always' | 'never' | 'sometimes' | 'unknown';
  /** What exactly it takes, where one free dimension decides. */
  readonly requirement?: Requirement;
  /** Admissible sizes at which it does not hold. */
  readonly counterexample?: Assignment;
}

const always: Verdict = { holds: 'always' };

/** Whether a = b for all sizes in the domain. `difference` is a − b. */
export function decideZero(difference: Dimension, domain: Domain): Verdict {
  return decide(difference, domain, 'zero');
}

/** Whether the value is at least 0 for all sizes in the domain. */
export function decideNonNegative(value: Dimension, domain: Domain): Verdict {
  return decide(value, domain, 'nonnegative');
}

/** Whether a size is 0, or at least 0. */
export type Question = 'zero' | 'nonnegative';

function satisfies(value: number, question: Question): boolean {
  return question === 'zero' ? value === 0 : value >= 0;
}

/** Parts of expressions that one decision evaluates, at all members of a period. */
const mostParts = 4_000_000;

function decide(value: Dimension, domain: Domain, question: Question): Verdict {
  if (typeof value === 'number') return satisfies(value, question) ? always : { holds: 'never', counterexample: [] };
  const byParts = decideByParts(value, question, (part, asked) => decide(part, domain, asked));
  if (byParts !== undefined) return byParts;
  const reduced = withoutCommonFactors(value);
  const symbols = symbolsOf(reduced);
  const [only] = symbols;
  if (symbols.length === 1 && only !== undefined) {
    const period = periodOf(reduced);
    if (period !== undefined && period * reduced.weight <= mostParts) return decideOnPeriod(reduced, only, rangeOf(domain, only.key), period, question);
  }
  return decideBySummands(reduced, symbols, domain, question);
}

/** Free dimensions are positive, so a factor that is one of them changes neither sign nor zeros. */
function withoutCommonFactors(expression: Expression): Expression {
  if (expression.terms.length === 1) return expression;
  const [first, ...others] = expression.terms;
  const shared = first!.atoms.find(
    (atom) => atom.kind === 'symbol' && others.every((term) => term.atoms.some((other) => other.key === atom.key)),
  );
  if (shared === undefined) return expression;
  const divided = add(
    ...expression.terms.map((term) => {
      const rest = [...term.atoms];
      rest.splice(rest.findIndex((atom) => atom.key === shared.key), 1);
      return multiply(term.coefficient, ...rest.map(asDimension));
    }),
  );
  return typeof divided === 'number' ? expression : withoutCommonFactors(divided);
}

/** A P with f(n + P) = f(n) + c for one c and all n; undefined where the expression is not floor-linear. */
function periodOf(dimension: Dimension): number | undefined {
  if (typeof dimension === 'number') return 1;
  let period = 1;
  for (const term of dimension.terms) {
    const [atom, second] = term.atoms;
    if (second !== undefined) return undefined;
    if (atom === undefined || atom.kind === 'symbol') continue;
    if (atom.kind !== 'floor' || typeof atom.denominator !== 'number') return undefined;
    const inner = periodOf(atom.numerator);
    if (inner === undefined) return undefined;
    period = leastCommonMultiple(period, inner * atom.denominator);
    if (period > largestModulus) return undefined;
  }
  return period;
}


function decideOnPeriod(
  expression: Expression,
  symbol: FreeSymbol,
  range: SymbolRange,
  periodOfExpression: number,
  question: Question,
): Verdict {
  const period = leastCommonMultiple(periodOfExpression, range.modulus);
  if (period > largestModulus) return { holds: 'unknown' };
  const members = new Set(range.residues);
  let size = 0;
  const sizeOf = (): number => size;
  const valueAt = (n: number): number => {
    size = n;
    return evaluateAt(expression, sizeOf);
  };
  const wholeClasses: number[] = [];
  const isolated: number[] = [];
  let counterexample: number | undefined;
  let anyClass = false;
  // Where the value grows or falls without end on a class, an inequality turns over at one member.
  let from = range.minimum;
  let upTo = range.maximum;
  let oneSided = true;

  for (let n = range.minimum; n < range.minimum + period && n <= range.maximum; n++) {
    if (!members.has(n % range.modulus)) continue;
    anyClass = true;
    const value = valueAt(n);
    const slope = valueAt(n + period) - value;
    const last = Number.isFinite(range.maximum) ? n + Math.floor((range.maximum - n) / period) * period : Infinity;
    const atLast = last === Infinity ? Math.sign(slope) * Infinity : value + slope * ((last - n) / period);
    const firstHolds = satisfies(value, question);
    const lastHolds = slope === 0 ? firstHolds : question === 'zero' ? atLast === 0 : atLast >= 0;

    if (slope === 0 || (n === last) || (question === 'nonnegative' && firstHolds && lastHolds)) {
      if (firstHolds) wholeClasses.push(n % period);
      else counterexample = Math.min(counterexample ?? n, n);
      if (!firstHolds) oneSided = false;
      continue;
    }
    if (question === 'zero') {
      const steps = -value / slope;
      const root = n + steps * period;
      if (Number.isInteger(steps) && steps >= 0 && root <= range.maximum) isolated.push(root);
      const failing = firstHolds ? n + period : n;
      counterexample = Math.min(counterexample ?? failing, failing);
      continue;
    }
    // A sign change on this class (or none, if it never holds): the members on the good side of it.
    if (!firstHolds && !lastHolds) {
      oneSided = false;
      counterexample = Math.min(counterexample ?? n, n);
    } else if (!firstHolds) {
      const turn = n + Math.ceil(-value / slope) * period;
      from = Math.max(from, turn - period + 1);
      counterexample = Math.min(counterexample ?? n, n);
      isolated.push(turn);
    } else {
      const turn = n + Math.floor(value / -slope) * period;
      upTo = Math.min(upTo, turn + period - 1);
      counterexample = Math.min(counterexample ?? turn + period, turn + period);
      isolated.push(turn);
    }
  }
  if (!anyClass || counterexample === undefined) return always;
  const witness: Assignment = [[symbol, counterexample]];
  if (wholeClasses.length === 0 && isolated.length === 0) return { holds: 'never', counterexample: witness };

  const requirement = requirementOf();
  return { holds: 'sometimes', counterexample: witness, requirement };

  function requirementOf(): Requirement | undefined {
    const base = { minimum: range.minimum, maximum: range.maximum };
    if (isolated.length === 0) {
      const classes = coarsest(period, wholeClasses.sort((a, b) => a - b));
      return { symbol, range: { ...base, ...classes } };
    }
    if (question === 'zero') {
      const some = wholeClasses.length > 0 ? undefined : finiteRange(isolated);
      return some && { symbol, range: some };
    }
    if (!oneSided) return undefined;
    const bounds = intersect(range, { minimum: from, maximum: upTo, modulus: 1, residues: [0] });
    // The bounds are exact only if everything within holds and everything without fails.
    if (bounds === undefined || !boundsAreExact(bounds)) return undefined;
    return { symbol, range: bounds };
  }

  function boundsAreExact(bounds: SymbolRange): boolean {
    const probe = (n: number | undefined, expected: boolean): boolean =>
      n === undefined || !Number.isFinite(n) || satisfies(valueAt(n), 'nonnegative') === expected;
    for (let offset = 0; offset < period; offset++) {
      const low = bounds.minimum + offset;
      const high = bounds.maximum - offset;
      if (low <= bounds.maximum && members.has(low % range.modulus) && !probe(low, true)) return false;
      if (Number.isFinite(high) && high >= bounds.minimum && members.has(high % range.modulus) && !probe(high, true)) return false;
      const below = bounds.minimum - 1 - offset;
      const above = bounds.maximum + 1 + offset;
      if (below >= range.minimum && members.has(below % range.modulus) && !probe(below, false)) return false;
      if (above <= range.maximum && members.has(above % range.modulus) && !probe(above, false)) return false;
    }
    return true;
  }
}

/** Several free dimensions: bounds of the value prove, admissible sizes refute; what neither settles stays unknown. */
function decideBySummands(
  expression: Expression,
  symbols: readonly FreeSymbol[],
  domain: Domain,
  question: Question,
): Verdict {
  const [low, high] = boundsOf(expression, domain);
  if (question === 'zero' ? low === 0 && high === 0 : low >= 0) return always;
  const impossible = question === 'zero' ? low > 0 || high < 0 : high < 0;

  const separated = symbols.length > 1 ? oneVaryingSymbol(expression, symbols, domain) : undefined;
  if (separated !== undefined) return decide(separated, domain, question);

  let counterexample: Assignment | undefined;
  let holdsSomewhere = false;
  let isUnknownSomewhere = false;
  const few = allOf(symbols, domain, mostSamples / expression.weight);
  for (const assignment of samples(symbols, few ?? symbols.map((symbol) => typicalOf(rangeOf(domain, symbol.key))))) {
    const values = new Map(assignment.map(([symbol, value]) => [symbol.key, value]));
    const value = evaluateAt(expression, (symbol) => values.get(symbol.key)!);
    if (Number.isNaN(value)) isUnknownSomewhere = true;
    else if (satisfies(value, question)) holdsSomewhere = true;
    else counterexample ??= assignment;
  }
  const isDecided = few !== undefined && !isUnknownSomewhere;
  if (impossible || (isDecided && !holdsSomewhere)) return { holds: 'never', counterexample };
  if (isDecided && counterexample === undefined) return always;
  return { holds: counterexample === undefined ? 'unknown' : 'sometimes', counterexample };
}

/** Where all summands but those of one symbol are constant on the domain: the expression in that symbol alone. */
function oneVaryingSymbol(
  expression: Expression,
  symbols: readonly FreeSymbol[],
  domain: Domain,
): Dimension | undefined {
  const bySymbol = new Map<string, Dimension>();
  let constant: Dimension = 0;
  for (const term of expression.terms) {
    const value = multiply(term.coefficient, ...term.atoms.map(asDimension));
    const inTerm = symbolsOf(value);
    if (inTerm.length > 1) return undefined;
    const key = inTerm[0]?.key;
    if (key === undefined) constant = add(constant, value);
    else bySymbol.set(key, add(bySymbol.get(key) ?? 0, value));
  }
  const varying: Dimension[] = [];
  for (const symbol of symbols) {
    const part = bySymbol.get(symbol.key);
    if (part === undefined) continue;
    const first = smallestFrom(rangeOf(domain, symbol.key), 1);
    if (first === undefined) return undefined;
    const value = evaluateAt(part, () => first);
    if (decideZero(add(part, -value), domain).holds === 'always') constant = add(constant, value);
    else varying.push(part);
  }
  return varying.length <= 1 ? add(constant, ...varying) : undefined;
}

/** Bounds of an expression on the domain by interval arithmetic. */
export function boundsOf(dimension: Dimension, domain: Domain): readonly [low: number, high: number] {
  if (typeof dimension === 'number') return [dimension, dimension];
  let low = 0;
  let high = 0;
  for (const term of dimension.terms) {
    let bounds: readonly [number, number] = [term.coefficient, term.coefficient];
    for (const atom of term.atoms) bounds = product(bounds, boundsOfAtom(atom, domain));
    low += bounds[0];
    high += bounds[1];
  }
  return [Number.isNaN(low) ? -Infinity : low, Number.isNaN(high) ? Infinity : high];
}

function product(a: readonly [number, number], b: readonly [number, number]): readonly [number, number] {
  const corners = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]].map((corner) => (Number.isNaN(corner) ? 0 : corner));
  return [Math.min(...corners), Math.max(...corners)];
}

function boundsOfAtom(atom: Atom, domain: Domain): readonly [number, number] {
  if (atom.kind === 'symbol') {
    const range = rangeOf(domain, atom.key);
    return [range.minimum, range.maximum];
  }
  if (atom.kind === 'floor') {
    const [low, high] = boundsOf(atom.numerator, domain);
    const [least, most] = boundsOf(atom.denominator, domain);
    if (least <= 0) return [-Infinity, Infinity];
    const corners = [low / least, low / most, high / least, high / most].filter((corner) => !Number.isNaN(corner));
    return [Math.floor(Math.min(...corners)), Math.floor(Math.max(...corners))];
  }
  const [a, b] = [boundsOf(atom.left, domain), boundsOf(atom.right, domain)];
  const pick = atom.kind === 'min' ? Math.min : Math.max;
  return [pick(a[0], b[0]), pick(a[1], b[1])];
}

/** Parts of expressions that are evaluated where all sizes are tried, and assignments that are tried where not. */
const mostSamples = 200_000;
const mostAssignments = 4_096;
/** Products of larger sizes may be no longer exact. */
const largestTried = 4_096;

/** All admissible sizes of each symbol, if all of them together are not too many to try. */
function allOf(symbols: readonly FreeSymbol[], domain: Domain, most: number): readonly (readonly number[])[] | undefined {
  const all: number[][] = [];
  let count = 1;
  for (const symbol of symbols) {
    const { minimum, maximum, modulus, residues } = rangeOf(domain, symbol.key);
    if (maximum > largestTried) return undefined;
    count *= ((maximum - minimum + 1) / modulus) * residues.length;
    if (count > Math.min(most, mostAssignments)) return undefined;
    const members = new Set(residues);
    all.push(Array.from({ length: maximum - minimum + 1 }, (_, index) => minimum + index).filter((value) => members.has(value % modulus)));
  }
  return all;
}

/** Small admissible sizes, typical large ones, and the largest. */
function typicalOf(range: SymbolRange): readonly number[] {
  const found = new Set<number>();
  for (const from of [1, 2, 3, 5, 7, 16, 32, 33, 224, range.maximum]) {
    const value = from <= largestTried ? smallestFrom(range, from) : undefined;
    if (value !== undefined) found.add(value);
  }
  return [...found];
}

/** A bounded number of assignments: all, or a few of them that are evenly spread. */
function* samples(symbols: readonly FreeSymbol[], candidates: readonly (readonly number[])[]): Iterable<Assignment> {
  let count = 1;
  for (const values of candidates) count *= values.length;
  const stride = Math.max(1, Math.ceil(count / (2 * mostAssignments)));
  for (let index = 0; index < count; index += stride) {
    let rest = index;
    yield symbols.map((symbol, at) => {
      const values = candidates[at]!;
      const value = values[rest % values.length]!;
      rest = Math.floor(rest / values.length);
      return [symbol, value] as const;
    });
  }
}
