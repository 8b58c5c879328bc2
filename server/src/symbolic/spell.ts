// Sizes as people write them.

import type { Atom, Dimension, Term } from './dimension';

/** A sum as people write it: as a product where that is shorter, `864*(H - 2)*(W - 2)`. */
export function printTerms(terms: readonly Term[]): string {
  const sum = printSum(terms);
  if (terms.length < 2) return sum;
  const product = printProduct(terms);
  return product !== undefined && product.length < sum.length ? product : sum;
}

/** As a product of factors `a + n` and what remains; undefined where there is none. */
function printProduct(terms: readonly Term[]): string | undefined {
  const factors: string[] = [];
  let rest = terms;
  for (const atom of new Set(terms.flatMap(({ atoms }) => atoms))) {
    const divided = dividedBy(rest, atom);
    if (divided === undefined) continue;
    factors.push(`(${printSum([{ coefficient: 1, atoms: [atom], key: '' }, { coefficient: divided.plus, atoms: [], key: '' }])})`);
    rest = divided.quotient;
  }
  if (factors.length === 0) return undefined;
  const first = rest.length === 1 ? printSum(rest) : `(${printSum(rest)})`;
  const product = [...(first === '1' || first === '-1' ? [] : [first]), ...factors].join('*');
  return first === '-1' ? `-${product}` : product;
}

/** sum = (atom + plus) · quotient, for a whole number `plus` other than 0; undefined where it is not of that form. */
function dividedBy(sum: readonly Term[], atom: Atom): { readonly plus: number; readonly quotient: readonly Term[] } | undefined {
  const quotient = sum.filter(({ atoms }) => atoms.some(({ key }) => key === atom.key)).map((term) => without(term, atom));
  const others = new Map(sum.filter(({ atoms }) => atoms.every(({ key }) => key !== atom.key)).map((term) => [atomsKey(term), term.coefficient]));
  if (quotient.length === 0 || others.size !== quotient.length) return undefined;
  const plus = others.get(atomsKey(quotient[0]!))! / quotient[0]!.coefficient;
  const divides = Number.isInteger(plus) && quotient.every((term) => !term.atoms.some(({ key }) => key === atom.key) && others.get(atomsKey(term)) === plus * term.coefficient);
  return divides ? { plus, quotient } : undefined;
}

/** A term divided by one of its atoms. */
function without({ coefficient, atoms, key }: Term, atom: Atom): Term {
  const at = atoms.findIndex((other) => other.key === atom.key);
  return { coefficient, atoms: atoms.filter((_, index) => index !== at), key };
}

function atomsKey({ atoms }: Term): string {
  return atoms.map(({ key }) => key).join('·');
}

function printSum(terms: readonly Term[]): string {
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
