// Sizes as people write them.

import type { Atom, Dimension, Term } from './dimension';

/** A sum as people write it. */
export function printTerms(terms: readonly Term[]): string {
  // A sum that has a positive term begins with one: `H//8 - 2*(H//16)`.
  const first = terms[0]!.coefficient < 0 ? terms.find(({ coefficient }) => coefficient > 0) : undefined;
  return (first === undefined ? terms : [first, ...terms.filter((term) => term !== first)])
    .map((next, index) => {
      const magnitude = Math.abs(next.coefficient);
      const sign = next.coefficient < 0 ? (index === 0 ? '-' : ' - ') : index === 0 ? '' : ' + ';
      const powers = new Map<Atom['key'], { atom: Atom; power: number }>();
      for (const atom of next.atoms) powers.set(atom.key, { atom, power: (powers.get(atom.key)?.power ?? 0) + 1 });
      const factors = [...powers.values()].map(
        ({ atom, power }) => printAtom(atom, magnitude !== 1 || next.atoms.length > 1) + (power === 1 ? '' : `^${String(power)}`),
      );
      // By their symbols: `(H//2)*W`, `H*((W + 1)//2)`.
      const letters = (text: string): string => text.replace(/^\W+/, '');
      factors.sort((a, b) => (letters(a) < letters(b) ? -1 : 1));
      if (magnitude !== 1 || factors.length === 0) factors.unshift(String(magnitude));
      return sign + factors.join('*');
    })
    .join('');
}

function printAtom(atom: Atom, inProduct: boolean): string {
  if (atom.kind === 'symbol') return atom.name;
  if (atom.kind !== 'floor') return `${atom.kind}(${String(atom.left)}, ${String(atom.right)})`;
  const quotient = `${printOperand(atom.numerator)}//${printOperand(atom.denominator)}`;
  return inProduct ? `(${quotient})` : quotient;
}

function printOperand(dimension: Dimension): string {
  const single =
    typeof dimension === 'number' ||
    (dimension.terms.length === 1 && dimension.terms[0]!.coefficient === 1 && dimension.terms[0]!.atoms.length === 1 && dimension.terms[0]!.atoms[0]!.kind !== 'floor');
  return single ? String(dimension) : `(${String(dimension)})`;
}
