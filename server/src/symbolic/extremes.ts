// Sizes with a minimum or maximum in them, decided by their parts.
//
// With p > 0, p·min(a, b) + r is the smaller one of p·a + r and p·b + r, so it is at least 0 where both are; p·max(a, b) + r is
// the larger one, so it is at least 0 where one of them is. With p < 0 the two change places. And p·min(a, b) − p·a is 0
// exactly where b − a is at least 0. Nothing is estimated: each question becomes equal questions without that extreme.

import { add, type Atom, type Dimension, Expression, type Extreme, multiply } from './dimension';
import { intersect } from './domain';
import type { Question, Verdict } from './solve';

/** Each one doubles the questions. */
const mostExtremes = 6;

/** The verdict by parts; undefined where there is no such part, or where the parts leave it open. */
export function decideByParts(value: Expression, question: Question, decide: (value: Dimension, question: Question) => Verdict): Verdict | undefined {
  const found = signedExtreme(value);
  if (found === undefined) return undefined;
  const { extreme, sign } = found;
  const [left, right] = [replaced(value, extreme, extreme.left), replaced(value, extreme, extreme.right)];
  const isSmaller = (extreme.kind === 'min') === sign > 0;
  if (question === 'zero') {
    // The whole is ±(extreme − one part): that part is the extreme one.
    const other = left === 0 ? right : right === 0 ? left : undefined;
    return other === undefined ? undefined : decide(isSmaller ? other : multiply(-1, other), 'nonnegative');
  }
  const verdicts = [decide(left, question), decide(right, question)] as const;
  return isSmaller ? both(...verdicts) : either(...verdicts);
}

/** An extreme that only positive factors, or only negative ones, stand at. */
function signedExtreme({ terms }: Expression): { readonly extreme: Extreme; readonly sign: number } | undefined {
  if (!terms.some(({ atoms }) => atoms.some(isExtreme))) return undefined;
  const extremes = new Map<string, Extreme>();
  for (const { atoms } of terms) for (const atom of atoms) if (isExtreme(atom)) extremes.set(atom.key, atom);
  if (extremes.size > mostExtremes) return undefined;
  for (const extreme of extremes.values()) {
    const places = terms.filter(({ atoms }) => atoms.some(({ key }) => key === extreme.key));
    const isFactor = places.every(({ atoms }) => atoms.every((atom) => atom.kind === 'symbol' || atom.key === extreme.key) && atoms.filter(({ key }) => key === extreme.key).length === 1);
    const signs = new Set(places.map(({ coefficient }) => Math.sign(coefficient)));
    if (isFactor && signs.size === 1) return { extreme, sign: [...signs][0]! };
  }
  return undefined;
}

function both(a: Verdict, b: Verdict): Verdict {
  if (a.holds === 'always') return b;
  if (b.holds === 'always') return a;
  if (a.holds === 'never' || b.holds === 'never') return a.holds === 'never' ? a : b;
  const refuted = a.holds === 'sometimes' ? a : b;
  const [first, second] = [a.requirement, b.requirement];
  if (refuted.holds !== 'sometimes' || first === undefined || second === undefined || first.symbol.key !== second.symbol.key) {
    return { holds: refuted.holds, counterexample: refuted.counterexample };
  }
  const range = intersect(first.range, second.range);
  return range === undefined ? { holds: 'never', counterexample: refuted.counterexample } : { ...refuted, requirement: { symbol: first.symbol, range } };
}

function either(a: Verdict, b: Verdict): Verdict | undefined {
  if (a.holds === 'always' || b.holds === 'always') return { holds: 'always' };
  if (a.holds === 'never') return b;
  return b.holds === 'never' ? a : undefined;
}

export function isExtreme(atom: Atom): atom is Extreme {
  return atom.kind === 'min' || atom.kind === 'max';
}

/** The expression with another size in the place of an atom. */
export function replaced(dimension: Dimension, wanted: Atom, by: Dimension): Dimension {
  if (typeof dimension === 'number') return dimension;
  return add(...dimension.terms.map(({ coefficient, atoms }) => multiply(coefficient, ...atoms.map((atom) => (atom.key === wanted.key ? by : asDimension(atom))))));
}

/** An atom as a size. */
export function asDimension(atom: Atom): Expression {
  return new Expression([{ coefficient: 1, atoms: [atom], key: `·${atom.key}` }]);
}
