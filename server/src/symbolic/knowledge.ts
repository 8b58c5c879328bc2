// What is known of free dimensions besides the range of each: relations between them, and sizes simplified under all of it.
//
// Everything that makes a size simpler is a change of variables. Where `s % m == r` is known, s = m·t + r for a free t; so
// ⌊(s + 3)/4⌋ becomes an expression without a floor if 4 divides m, and what is left of t is written in s again:
// t·g = ⌊s/(m/g)⌋ − ⌊r/(m/g)⌋ for each divisor g of m. The same holds for a divisor that is a free dimension itself.

import {
  add,
  type Atom,
  type Dimension,
  Expression,
  type Floor,
  floorDivide,
  type FreeSymbol,
  freeSymbol,
  greatestCommonDivisor,
  identical,
  maximum,
  minimum,
  modulo,
  multiply,
  print,
  substitute,
  subtract,
  symbolsOf,
} from './dimension';
import { type Domain, largestModulus, leastCommonMultiple, rangeOf } from './domain';
import { asDimension, isExtreme, replaced } from './extremes';
import { decideNonNegative, decideZero, type Verdict } from './solve';

/** One symbol is worth an expression in the others: T == S. */
interface Elimination {
  readonly kind: 'elimination';
  readonly symbol: FreeSymbol;
  readonly by: Dimension;
}

/** symbol = divisor·quotient + remainder, with a positive quotient that is free. */
interface Division {
  readonly kind: 'division';
  readonly symbol: FreeSymbol;
  readonly divisor: Dimension;
  readonly remainder: number;
  readonly quotient: FreeSymbol;
}

/** A size that is at least 0. */
interface Bound {
  readonly kind: 'bound';
  readonly value: Dimension;
}

/** A size that is not 0. */
interface Difference {
  readonly kind: 'difference';
  readonly value: Dimension;
}

/** A relation between free dimensions that is assumed or required. */
export type Relation = Elimination | Division | Bound | Difference;

/** A condition on sizes: that one is 0, that it is not, or that it is at least 0. */
export interface SizeCondition {
  readonly kind: 'zero' | 'nonzero' | 'nonnegative';
  readonly value: Dimension;
}

/** All that is known of free dimensions. */
export interface Knowledge {
  readonly domain: Domain;
  readonly relations: readonly Relation[];
}

/** What a relation says of a size. */
export function conditionOf(relation: Relation): SizeCondition {
  switch (relation.kind) {
    case 'elimination':
      return { kind: 'zero', value: subtract(asDimension(relation.symbol), relation.by) };
    case 'division': {
      const symbol = asDimension(relation.symbol);
      return { kind: 'zero', value: subtract(modulo(symbol, relation.divisor)!, relation.remainder) };
    }
    case 'bound':
      return { kind: 'nonnegative', value: relation.value };
    case 'difference':
      return { kind: 'nonzero', value: relation.value };
  }
}

/** Whether a condition holds for a value. */
export function holdsAt({ kind }: SizeCondition, value: number): boolean {
  return kind === 'nonnegative' ? value >= 0 : (value === 0) === (kind === 'zero');
}

/** What follows from a difference of sizes being 0; undefined where it says nothing that could be used. */
export function relationOfZero(difference: Dimension, known: Knowledge, order: (symbol: FreeSymbol) => number): Relation | undefined {
  const value = eliminated(difference, known.relations);
  if (typeof value === 'number') return undefined;
  for (const floor of floorsOf(value)) {
    const symbol = asSymbol(floor.numerator);
    if (symbol === undefined || typeof floor.denominator === 'number') continue;
    const rest = subtract(floor.numerator, multiply(floor.denominator, asDimension(floor)));
    if (!identical(value, rest) && !identical(value, multiply(-1, rest))) continue;
    return { kind: 'division', symbol, divisor: floor.denominator, remainder: 0, quotient: quotientOf(symbol, floor.denominator) };
  }
  // The symbol that is declared last is the one to be replaced.
  const candidates = value.terms
    .filter(({ coefficient, atoms }) => Math.abs(coefficient) === 1 && atoms.length === 1 && atoms[0]!.kind === 'symbol')
    .map(({ coefficient, atoms }) => ({ symbol: atoms[0] as FreeSymbol, coefficient }))
    .sort((a, b) => order(b.symbol) - order(a.symbol));
  for (const { symbol, coefficient } of candidates) {
    const rest = subtract(value, multiply(coefficient, asDimension(symbol)));
    if (symbolsOf(rest).some(({ key }) => key === symbol.key)) continue;
    return { kind: 'elimination', symbol, by: multiply(-coefficient, rest) };
  }
  return undefined;
}

/** Whether a = b, given as a − b, for all sizes that are known to be possible. */
export function knownZero(difference: Dimension, known: Knowledge): Verdict {
  const value = settledExtremes(eliminated(difference, known.relations), known);
  const verdict = decideZero(value, known.domain);
  if (verdict.holds === 'always' || known.relations.length === 0) return verdict;
  const ruledOut = known.relations.some((relation) => relation.kind === 'difference' && [relation.value, multiply(-1, relation.value)].some((each) => identical(eliminated(each, known.relations), value)));
  if (ruledOut) return { holds: 'never' };
  const other = decideZero(divided(value, divisionsOf(known.relations)), known.domain);
  if (other.holds === 'always' || other.holds === 'never') return { holds: other.holds };
  return verdict;
}

/** Whether the value is at least 0 for all sizes that are known to be possible. */
export function knownNonNegative(value: Dimension, known: Knowledge): Verdict {
  const reduced = settledExtremes(eliminated(value, known.relations), known);
  const verdict = decideNonNegative(reduced, known.domain);
  if (verdict.holds === 'always' || known.relations.length === 0) return verdict;
  const divisions = divisionsOf(known.relations);
  const inQuotients = divided(reduced, divisions);
  if (decideNonNegative(inQuotients, known.domain).holds === 'always') return { holds: 'always' };
  for (const relation of known.relations) {
    if (relation.kind !== 'bound') continue;
    const bound = divided(eliminated(relation.value, known.relations), divisions);
    if (decideNonNegative(subtract(inQuotients, bound), known.domain).holds === 'always') return { holds: 'always' };
  }
  return verdict;
}

/** The same size at all that are possible, as simple as it can be written. */
export function simplify(dimension: Dimension, known: Knowledge): Dimension {
  if (typeof dimension === 'number') return dimension;
  const value = settledExtremes(withFixedSizes(eliminated(dimension, known.relations), known.domain), known);
  if (typeof value === 'number') return value;
  const divisions = [...divisionsOf(known.relations), ...divisionsInDomain(value, known.domain)];
  if (divisions.length === 0) return value;
  const other = restored(divided(value, divisions), new Map(divisions.map((division) => [division.quotient.key, division])));
  return complexity(other) < complexity(value) ? other : value;
}

// ── Changes of variables ─────────────────────────────────────────────────────

function eliminated(dimension: Dimension, relations: readonly Relation[]): Dimension {
  let value = dimension;
  for (const relation of relations) {
    if (relation.kind === 'elimination') value = put(value, relation.symbol, relation.by);
  }
  return value;
}

function withFixedSizes(dimension: Dimension, domain: Domain): Dimension {
  let value = dimension;
  for (const symbol of symbolsOf(dimension)) {
    const { minimum: least, maximum: most } = rangeOf(domain, symbol.key);
    if (least === most) value = put(value, symbol, least);
  }
  return value;
}

function divided(dimension: Dimension, divisions: readonly Division[]): Dimension {
  let value = dimension;
  for (const { symbol, divisor, quotient, remainder } of divisions) {
    value = put(value, symbol, add(multiply(divisor, asDimension(quotient)), remainder));
  }
  return value;
}

function put(dimension: Dimension, symbol: FreeSymbol, by: Dimension): Dimension {
  return substitute(dimension, ({ key }) => (key === symbol.key ? by : undefined)) ?? dimension;
}

function divisionsOf(relations: readonly Relation[]): readonly Division[] {
  return relations.filter((relation) => relation.kind === 'division');
}

/** The residue classes of the domain, as far as the floors of an expression care. */
function divisionsInDomain(value: Expression, domain: Domain): readonly Division[] {
  if (domain.size === 0) return [];
  const found: Division[] = [];
  for (const symbol of symbolsOf(value)) {
    const { modulus, residues } = rangeOf(domain, symbol.key);
    if (modulus === 1) continue;
    const divisor = greatestCommonDivisor(modulus, denominatorAround(value, symbol));
    const remainders = new Set(residues.map((residue) => residue % divisor));
    const [remainder] = remainders;
    if (divisor === 1 || remainders.size !== 1) continue;
    found.push({ kind: 'division', symbol, divisor, remainder: remainder!, quotient: quotientOf(symbol, divisor) });
  }
  return found;
}

/** The least common multiple of the divisors that a symbol stands over. */
function denominatorAround(dimension: Dimension, symbol: FreeSymbol): number {
  let found = 1;
  for (const { numerator, denominator } of floorsOf(dimension)) {
    if (typeof denominator !== 'number' || !symbolsOf(numerator).some(({ key }) => key === symbol.key)) continue;
    const next = leastCommonMultiple(found, denominator * denominatorAround(numerator, symbol));
    if (next <= largestModulus) found = next;
  }
  return found;
}

/** Writes quotients in their symbols again. */
function restored(dimension: Dimension, divisions: ReadonlyMap<string, Division>): Dimension {
  if (typeof dimension === 'number') return dimension;
  return add(
    ...dimension.terms.map(({ coefficient, atoms }) => {
      let rest = coefficient;
      const left = [...atoms];
      // A product of quotients becomes one of symbols as a whole or not at all: nobody writes 36*(H//2)*(W//16)^2*H.
      const numbers = left.flatMap(({ key }) => divisions.get(key)?.divisor ?? []).filter((divisor) => typeof divisor === 'number');
      const isCancelled = numbers.length < 2 || rest % numbers.reduce((a, b) => a * b, 1) === 0;
      const factors: Dimension[] = [];
      for (;;) {
        const index = left.findIndex((atom) => divisions.has(atom.key));
        if (index < 0) break;
        const division = divisions.get(left[index]!.key)!;
        left.splice(index, 1);
        const symbol = asDimension(division.symbol);
        if (typeof division.divisor === 'number') {
          const taken = isCancelled ? greatestCommonDivisor(Math.abs(rest), division.divisor) : 1;
          rest /= taken;
          const divisor = division.divisor / taken;
          factors.push(subtract(floorDivide(symbol, divisor)!, Math.floor(division.remainder / divisor)));
          continue;
        }
        const [term] = division.divisor instanceof Expression && division.divisor.terms.length === 1 ? division.divisor.terms : [];
        const places = term === undefined ? undefined : placesOf(term.atoms, left);
        if (term === undefined || places === undefined || rest % term.coefficient !== 0) {
          factors.push(floorDivide(symbol, division.divisor)!);
          continue;
        }
        rest /= term.coefficient;
        for (const place of places) left.splice(place, 1);
        factors.push(symbol);
      }
      return multiply(rest, ...factors, ...left.map((atom) => restoredAtom(atom, divisions)));
    }),
  );
}

function restoredAtom(atom: Atom, divisions: ReadonlyMap<string, Division>): Dimension {
  if (atom.kind === 'symbol') return asDimension(atom);
  if (atom.kind === 'floor') return floorDivide(restored(atom.numerator, divisions), restored(atom.denominator, divisions)) ?? asDimension(atom);
  return (atom.kind === 'min' ? minimum : maximum)(restored(atom.left, divisions), restored(atom.right, divisions));
}

/** Where each of the wanted atoms stands, the last place first, so that they can be taken out; undefined where one is missing. */
function placesOf(wanted: readonly Atom[], atoms: readonly Atom[]): readonly number[] | undefined {
  const places: number[] = [];
  for (const { key } of wanted) {
    const place = atoms.findIndex((atom, index) => atom.key === key && !places.includes(index));
    if (place < 0) return undefined;
    places.push(place);
  }
  return places.sort((a, b) => b - a);
}

/** Whether the smaller or larger of two sizes stands in it, which may be the same one for all. */
export function hasExtremes({ terms }: Expression): boolean {
  return terms.some(({ atoms }) => atoms.some(isExtreme));
}

/** `min(T, 1024)` is T where T <= 1024 is known. */
function settledExtremes(dimension: Dimension, known: Knowledge): Dimension {
  if (typeof dimension === 'number') return dimension;
  let value: Dimension = dimension;
  for (const { atoms } of dimension.terms) {
    for (const atom of atoms) {
      if (!isExtreme(atom)) continue;
      const leftIsLess = knownNonNegative(subtract(atom.right, atom.left), known).holds === 'always';
      const rightIsLess = knownNonNegative(subtract(atom.left, atom.right), known).holds === 'always';
      if (!leftIsLess && !rightIsLess) continue;
      value = replaced(value, atom, leftIsLess === (atom.kind === 'min') ? atom.left : atom.right);
    }
  }
  return value;
}

// ── Parts of expressions ─────────────────────────────────────────────────────

/** A name that no text can declare. */
function quotientOf(symbol: FreeSymbol, divisor: Dimension): FreeSymbol {
  const made = freeSymbol(`${symbol.name}/${print(divisor)}`, `${symbol.key}/${String(divisor)}`);
  return made.terms[0]!.atoms[0] as FreeSymbol;
}

/** The free dimension that a size is; undefined for any other size. */
export function asSymbol(dimension: Dimension): FreeSymbol | undefined {
  if (typeof dimension === 'number' || dimension.terms.length !== 1) return undefined;
  const { coefficient, atoms } = dimension.terms[0]!;
  const [atom] = atoms;
  return coefficient === 1 && atoms.length === 1 && atom?.kind === 'symbol' ? atom : undefined;
}

function floorsOf(dimension: Dimension): readonly Floor[] {
  return typeof dimension === 'number' ? [] : dimension.terms.flatMap(({ atoms }) => atoms.filter((atom) => atom.kind === 'floor'));
}

/** Floors count most, then summands, then letters. */
function complexity(dimension: Dimension): number {
  if (typeof dimension === 'number') return 0;
  let total = 0;
  for (const { atoms } of dimension.terms) {
    total += 1_000;
    for (const atom of atoms) {
      if (atom.kind === 'floor') total += 100_000 + complexity(atom.numerator) + complexity(atom.denominator);
      else if (atom.kind !== 'symbol') total += 100_000 + complexity(atom.left) + complexity(atom.right);
    }
  }
  return total + print(dimension).length;
}
