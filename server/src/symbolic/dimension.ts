// Sizes that are known or symbolic: integer polynomials over free dimensions and their floor quotients.
//
// A canonical form makes equal expressions equal in most cases (what it leaves open, solve.ts decides):
//   ⌊(k·a + b)/k⌋ = a + ⌊b/k⌋               whole multiples leave the floor
//   ⌊(g·a + r)/(g·k)⌋ = ⌊(a + ⌊r/g⌋)/k⌋     a common factor of the terms and the divisor cancels
//   ⌊(⌊a/m⌋ + b)/k⌋ = ⌊(a + m·b)/(m·k)⌋     nested floors become one
// (Graham, Knuth, Patashnik, Concrete Mathematics, §3.2.)

import { printTerms } from './spell';

/** A size: a plain number where it is known, else an expression over free dimensions. */
export type Dimension = number | Expression;

/** A free dimension, bound by an input's type. Two symbols of the same name are different ones if their ids differ. */
export interface FreeSymbol {
  readonly kind: 'symbol';
  readonly name: string;
  readonly key: string;
}

/** ⌊numerator / denominator⌋ that no rule simplifies further; the denominator may be symbolic, too. */
export interface Floor {
  readonly kind: 'floor';
  readonly numerator: Expression;
  readonly denominator: Dimension;
  readonly key: string;
}

/** The smaller or the larger of two sizes. */
export interface Extreme {
  readonly kind: 'min' | 'max';
  readonly left: Dimension;
  readonly right: Dimension;
  readonly key: string;
}

export type Atom = FreeSymbol | Floor | Extreme;

export interface Term {
  readonly coefficient: number;
  /** Sorted by key; an atom's power is its number of occurrences. Empty for the constant. */
  readonly atoms: readonly Atom[];
  readonly key: string;
}

/** A sum of integer multiples of products of atoms, with at least one atom; immutable. */
export class Expression {
  readonly key: string;
  /** How many parts it has, those inside of floors and extremes included, and how deep they stand inside each other. */
  readonly weight: number;
  readonly depth: number;
  private printed: string | undefined;

  constructor(readonly terms: readonly Term[]) {
    let weight = terms.length;
    let depth = 0;
    let key = '';
    const count = (part: Dimension): void => {
      if (typeof part === 'number') return;
      weight += part.weight;
      depth = Math.max(depth, part.depth + 1);
    };
    for (const next of terms) {
      key += `${key === '' ? '' : '+'}${String(next.coefficient)}${next.key}`;
      for (const atom of next.atoms) {
        weight++;
        if (atom.kind === 'symbol') continue;
        count(atom.kind === 'floor' ? atom.numerator : atom.left);
        count(atom.kind === 'floor' ? atom.denominator : atom.right);
      }
    }
    this.key = key;
    this.weight = weight;
    this.depth = depth;
  }

  /** As people write it; spelled once, since shapes are printed again and again. */
  toString(): string {
    return (this.printed ??= printTerms(this.terms));
  }
}

/** A new free dimension; `scope` tells apart equal names of different inputs' owners. */
export function freeSymbol(name: string, scope = ''): Expression {
  const atom: FreeSymbol = { kind: 'symbol', name, key: `${name}${scope === '' ? '' : `@${scope}`}` };
  return new Expression([term(1, [atom])]);
}

function term(coefficient: number, atoms: readonly Atom[]): Term {
  return { coefficient, atoms, key: atoms.map((atom) => `·${atom.key}`).join('') };
}

function termsOf(dimension: Dimension): readonly Term[] {
  if (typeof dimension !== 'number') return dimension.terms;
  return dimension === 0 ? [] : [constant(dimension)];
}

/** Sums of up to this many terms are put in order one by one, without a table. */
const fewTerms = 12;

function collect(terms: readonly Term[]): Dimension {
  if (terms.length <= fewTerms) {
    const sorted: Term[] = [];
    for (const next of terms) insert(sorted, next);
    return inOrder(sorted);
  }
  const sums = new Map<string, Term>();
  for (const next of terms) {
    const before = sums.get(next.key);
    sums.set(next.key, before === undefined ? next : withCoefficient(next, before.coefficient + next.coefficient));
  }
  return inOrder([...sums.values()].filter((next) => next.coefficient !== 0).sort(compare));
}

/** Adds a term to a sum in order. */
function insert(sorted: Term[], next: Term): void {
  for (let at = 0; at < sorted.length; at++) {
    const other = sorted[at]!;
    if (other.key === next.key) {
      const coefficient = other.coefficient + next.coefficient;
      if (coefficient === 0) sorted.splice(at, 1);
      else sorted[at] = withCoefficient(next, coefficient);
      return;
    }
    if (compare(next, other) < 0) {
      sorted.splice(at, 0, next);
      return;
    }
  }
  sorted.push(next);
}

/** Higher degrees first, plain dimensions before quotients, the constant last, as people write polynomials. */
function compare(a: Term, b: Term): number {
  return b.atoms.length - a.atoms.length || Number(isPlain(b)) - Number(isPlain(a)) || (a.key < b.key ? -1 : 1);
}

function isPlain({ atoms }: Term): boolean {
  for (const { kind } of atoms) if (kind !== 'symbol') return false;
  return true;
}

/** The sum of terms that are in order, each with a key of its own. */
function inOrder(terms: readonly Term[]): Dimension {
  if (terms.length === 0) return 0;
  const [first] = terms;
  return terms.length === 1 && first!.atoms.length === 0 ? first!.coefficient : new Expression(terms);
}

function withCoefficient({ atoms, key }: Term, coefficient: number): Term {
  return { coefficient, atoms, key };
}

function constant(coefficient: number): Term {
  return { coefficient, atoms: [], key: '' };
}

/** a + n: the constant of a sum stands last. */
function plusNumber({ terms }: Expression, n: number): Dimension {
  const last = terms.at(-1)!;
  const rest = last.atoms.length === 0 ? terms.slice(0, -1) : terms;
  const total = n + (last.atoms.length === 0 ? last.coefficient : 0);
  return inOrder(total === 0 ? rest : [...rest, constant(total)]);
}

/** n · a */
function timesNumber(a: Expression, n: number): Dimension {
  if (n === 1) return a;
  return n === 0 ? 0 : inOrder(a.terms.map((next) => withCoefficient(next, n * next.coefficient)));
}

/** a + b + … */
export function add(...summands: readonly Dimension[]): Dimension {
  return summands.length === 2 ? addTwo(summands[0]!, summands[1]!) : sum(summands);
}

function addTwo(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number') return typeof b === 'number' ? a + b : a === 0 ? b : plusNumber(b, a);
  if (typeof b === 'number') return b === 0 ? a : plusNumber(a, b);
  return collect([...a.terms, ...b.terms]);
}

/** The sum of any number of sizes. */
export function sum(summands: Iterable<Dimension>): Dimension {
  let known = 0;
  const terms: Term[] = [];
  for (const summand of summands) {
    if (typeof summand === 'number') known += summand;
    else for (const next of summand.terms) terms.push(next);
  }
  if (terms.length === 0) return known;
  if (known !== 0) terms.push(constant(known));
  return collect(terms);
}

/** a − b */
export function subtract(a: Dimension, b: Dimension): Dimension {
  if (typeof b === 'number') return addTwo(a, -b);
  return a === b ? 0 : addTwo(a, timesNumber(b, -1));
}

/** a · b · … */
export function multiply(...factors: readonly Dimension[]): Dimension {
  return factors.reduce(multiplyTwo, 1);
}

function multiplyTwo(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number') return typeof b === 'number' ? a * b : timesNumber(b, a);
  if (typeof b === 'number') return timesNumber(a, b);
  const products: Term[] = [];
  for (const left of termsOf(a)) {
    for (const right of termsOf(b)) {
      products.push(term(left.coefficient * right.coefficient, merged(left.atoms, right.atoms)));
    }
  }
  return collect(products);
}

/** All atoms of two products, sorted by key as theirs are. */
function merged(a: readonly Atom[], b: readonly Atom[]): readonly Atom[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const all: Atom[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) all.push(j >= b.length || (i < a.length && a[i]!.key <= b[j]!.key) ? a[i++]! : b[j++]!);
  return all;
}

/** Of two integers; that of n and 0 is |n|. */
export function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** ⌊a / b⌋, as Python's `//`. A divisor of zero has no result. */
export function floorDivide(a: Dimension, b: Dimension): Dimension | undefined {
  if (b === 0) return undefined;
  if (typeof a === 'number' && typeof b === 'number') return Math.floor(a / b);
  if (typeof b !== 'number') return floorBySymbolic(a, b);
  if (b < 0) return floorDivide(multiply(-1, a), -b);
  if (b === 1) return a;

  const whole: Term[] = [];
  const rest: Term[] = [];
  for (const next of termsOf(a)) {
    const quotient = Math.floor(next.coefficient / b);
    if (quotient !== 0) whole.push(withCoefficient(next, quotient));
    const remainder = next.coefficient - quotient * b;
    if (remainder !== 0) rest.push(withCoefficient(next, remainder));
  }
  return addTwo(inOrder(whole), floorOfRest(inOrder(rest), b));
}

/** ⌊rest / b⌋ for a rest whose coefficients are all in 1 … b − 1. */
function floorOfRest(rest: Dimension, b: number): Dimension {
  if (typeof rest === 'number') return Math.floor(rest / b);

  const symbolic = rest.terms.filter((next) => next.atoms.length > 0);
  const offset = rest.terms.find((next) => next.atoms.length === 0)?.coefficient ?? 0;
  const common = symbolic.reduce((divisor, next) => greatestCommonDivisor(divisor, next.coefficient), b);
  if (common > 1) {
    const reduced = inOrder(symbolic.map((next) => withCoefficient(next, next.coefficient / common)));
    return floorDivide(addTwo(reduced, Math.floor(offset / common)), b / common)!;
  }

  const nested = symbolic.filter((next) => next.coefficient === 1 && next.atoms.length === 1 && next.atoms[0]!.kind === 'floor');
  const inner = nested.length === 1 ? (nested[0]!.atoms[0] as Floor) : undefined;
  if (inner !== undefined && typeof inner.denominator === 'number') {
    const others = inOrder(rest.terms.filter((next) => next !== nested[0]));
    return floorDivide(add(inner.numerator, multiply(inner.denominator, others)), inner.denominator * b)!;
  }
  const atom: Floor = { kind: 'floor', numerator: rest, denominator: b, key: `(${rest.key})//${String(b)}` };
  return new Expression([term(1, [atom])]);
}

/** ⌊a / b⌋ for a symbolic b: exact multiples cancel, anything else stays as it is. */
function floorBySymbolic(a: Dimension, b: Expression): Dimension {
  if (a === 0) return 0;
  if (typeof a !== 'number') {
    if (a.key === b.key) return 1;
    const [divisor] = b.terms;
    if (b.terms.length === 1 && divisor !== undefined) {
      const quotients = a.terms.map((next) => quotientOfTerms(next, divisor));
      if (quotients.every((next) => next !== undefined)) return collect(quotients);
    }
  }
  const numerator = typeof a === 'number' ? new Expression(termsOf(a)) : a;
  const atom: Floor = { kind: 'floor', numerator, denominator: b, key: `(${numerator.key})//(${b.key})` };
  return new Expression([term(1, [atom])]);
}

function quotientOfTerms(dividend: Term, divisor: Term): Term | undefined {
  if (dividend.coefficient % divisor.coefficient !== 0) return undefined;
  const left = [...dividend.atoms];
  for (const atom of divisor.atoms) {
    const at = left.findIndex((other) => other.key === atom.key);
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  return term(dividend.coefficient / divisor.coefficient, left);
}

/** a mod b with the sign of b, as Python's `%`. */
export function modulo(a: Dimension, b: Dimension): Dimension | undefined {
  const quotient = floorDivide(a, b);
  return quotient === undefined ? undefined : subtract(a, multiply(b, quotient));
}

/** The smaller of two sizes. */
export function minimum(a: Dimension, b: Dimension): Dimension {
  return extreme('min', a, b);
}

/** The larger of two sizes. */
export function maximum(a: Dimension, b: Dimension): Dimension {
  return extreme('max', a, b);
}

function extreme(kind: 'min' | 'max', a: Dimension, b: Dimension): Dimension {
  const difference = subtract(a, b);
  if (typeof difference === 'number') return (kind === 'min') === difference < 0 ? a : b;
  const [left, right] = keyOf(a) < keyOf(b) ? [a, b] : [b, a];
  return new Expression([term(1, [{ kind, left, right, key: `${kind}(${keyOf(left)},${keyOf(right)})` }])]);
}

function keyOf(dimension: Dimension): string {
  return typeof dimension === 'number' ? String(dimension) : dimension.key;
}

/** Whether the two are the same expression. Different forms of one function are told by `solve`, not here. */
export function identical(a: Dimension, b: Dimension): boolean {
  return keyOf(a) === keyOf(b);
}

/** The free dimensions that occur, each once, in order of first occurrence. */
export function symbolsOf(dimension: Dimension): readonly FreeSymbol[] {
  const found = new Map<string, FreeSymbol>();
  visitSymbols(dimension, (symbol) => found.set(symbol.key, symbol));
  return [...found.values()];
}

function visitSymbols(dimension: Dimension, visit: (symbol: FreeSymbol) => void): void {
  if (typeof dimension === 'number') return;
  for (const next of dimension.terms) {
    for (const atom of next.atoms) {
      if (atom.kind === 'symbol') visit(atom);
      else if (atom.kind === 'floor') {
        visitSymbols(atom.numerator, visit);
        visitSymbols(atom.denominator, visit);
      } else {
        visitSymbols(atom.left, visit);
        visitSymbols(atom.right, visit);
      }
    }
  }
}

/** The expression with values put in for symbols; a symbol without a value stays. Undefined if a divisor becomes zero. */
export function substitute(
  dimension: Dimension,
  valueOf: (symbol: FreeSymbol) => Dimension | undefined,
): Dimension | undefined {
  if (typeof dimension === 'number') return dimension;
  const summands: Dimension[] = [];
  for (const next of dimension.terms) {
    const factors: Dimension[] = [next.coefficient];
    for (const atom of next.atoms) {
      const factor = substituteAtom(atom, valueOf);
      if (factor === undefined) return undefined;
      factors.push(factor);
    }
    summands.push(multiply(...factors));
  }
  return sum(summands);
}

function substituteAtom(atom: Atom, valueOf: (symbol: FreeSymbol) => Dimension | undefined): Dimension | undefined {
  if (atom.kind === 'symbol') return valueOf(atom) ?? new Expression([term(1, [atom])]);
  const [a, b] = atom.kind === 'floor' ? [atom.numerator, atom.denominator] : [atom.left, atom.right];
  const left = substitute(a, valueOf);
  const right = substitute(b, valueOf);
  if (left === undefined || right === undefined) return undefined;
  return atom.kind === 'floor' ? floorDivide(left, right) : extreme(atom.kind, left, right);
}

/** The size as people write it: `64`, `H//2`, `(H + 1)//2`, `2*(H//16)`, `64*H*W + 3`. */
export function print(dimension: Dimension): string {
  return String(dimension);
}
