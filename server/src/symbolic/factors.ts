// Equalities of products as equalities of their factors: what a reshape into windows needs reads `h % M == 0 and w % M == 0`.

import { type Atom, type Dimension, type Floor, identical, multiply, subtract, type Term } from './dimension';
import { asDimension } from './extremes';
import { asSymbol, type Knowledge, knownNonNegative } from './knowledge';

export type Equality = readonly [left: Dimension, right: Dimension];

/**
 * Equalities that hold together exactly where a size is 0, if it is the difference of two products; undefined where they would
 * be no simpler.
 */
export function equalitiesOfZero(difference: Dimension, known: Knowledge): readonly Equality[] | undefined {
  if (typeof difference === 'number' || difference.terms.length !== 2) return undefined;
  const [first, second] = difference.terms.toSorted((one, other) => other.coefficient - one.coefficient) as [Term, Term];
  if (first.coefficient < 0 || second.coefficient > 0) return undefined;
  const [left, right] = withoutCommon(first, second, known);
  const parts = divisions(left, right) ?? divisions(right, left);
  if (parts !== undefined && parts.length > 1) return parts;
  return left.atoms.length === first.atoms.length ? undefined : [[productOf(left), productOf(right)]];
}

interface Product {
  readonly coefficient: number;
  readonly atoms: readonly Atom[];
}

function productOf({ coefficient, atoms }: Product): Dimension {
  return multiply(coefficient, ...atoms.map(asDimension));
}

/** Without the factors that both have, as far as they are known to be positive. */
function withoutCommon(first: Term, second: Term, known: Knowledge): readonly [Product, Product] {
  const left: Atom[] = [];
  const right = [...second.atoms];
  for (const atom of first.atoms) {
    const at = right.findIndex(({ key }) => key === atom.key);
    if (at < 0 || !isPositive(atom, known)) left.push(atom);
    else right.splice(at, 1);
  }
  return [{ coefficient: Math.abs(first.coefficient), atoms: left }, { coefficient: Math.abs(second.coefficient), atoms: right }];
}

function isPositive(atom: Atom, known: Knowledge): boolean {
  return knownNonNegative(subtract(asDimension(atom), 1), known).holds === 'always';
}

/**
 * M²·⌊h/M⌋·⌊w/M⌋ = h·w. No factor M·⌊h/M⌋ is larger than its h, and all sizes are positive: where the products are equal, each
 * factor is equal to its own.
 */
function divisions(quotients: Product, symbols: Product): readonly Equality[] | undefined {
  if (symbols.coefficient !== 1 || symbols.atoms.length === 0 || symbols.atoms.some(({ kind }) => kind !== 'symbol')) return undefined;
  const floors = quotients.atoms.filter((atom): atom is Floor => atom.kind === 'floor');
  const left = symbols.atoms.map(({ key }) => key);
  for (const { numerator } of floors) {
    const at = left.indexOf(asSymbol(numerator)?.key ?? '');
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  const others = multiply(quotients.coefficient, ...quotients.atoms.filter(({ kind }) => kind !== 'floor').map(asDimension));
  if (left.length > 0 || !identical(others, multiply(1, ...floors.map(({ denominator }) => denominator)))) return undefined;
  return floors.map((floor) => [floor.numerator, multiply(floor.denominator, asDimension(floor))]);
}
