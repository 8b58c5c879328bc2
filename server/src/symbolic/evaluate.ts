// What a size is worth where all free dimensions are numbers.

import type { Atom, Dimension, FreeSymbol } from './dimension';

/** The value at numbers for all symbols; NaN where a divisor becomes zero. Unlike `substitute` it builds nothing. */
export function evaluateAt(dimension: Dimension, valueOf: (symbol: FreeSymbol) => number): number {
  if (typeof dimension === 'number') return dimension;
  let total = 0;
  for (const { coefficient, atoms } of dimension.terms) {
    let product = coefficient;
    for (const atom of atoms) product *= evaluateAtomAt(atom, valueOf);
    total += product;
  }
  return total;
}

function evaluateAtomAt(atom: Atom, valueOf: (symbol: FreeSymbol) => number): number {
  if (atom.kind === 'symbol') return valueOf(atom);
  if (atom.kind === 'floor') {
    const divisor = evaluateAt(atom.denominator, valueOf);
    return divisor === 0 ? NaN : Math.floor(evaluateAt(atom.numerator, valueOf) / divisor);
  }
  return (atom.kind === 'min' ? Math.min : Math.max)(evaluateAt(atom.left, valueOf), evaluateAt(atom.right, valueOf));
}
