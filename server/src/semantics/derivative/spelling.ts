// Long expressions with names for their parts: "G·K/2, where G = A ⊙ (D − …)".

import { scaleOf } from './algebra';
import { childrenOf, everyPart, type Expression, symbol } from './expression';
import { shortest } from './forms';
import { legendOf } from './legend';
import { printExpression } from './print';
import { refolded } from './refold';

export interface Spelled {
  readonly text: string;
  /** Names of parts, each with what it stands for; later ones are read first in none before. */
  readonly where: readonly (readonly [name: string, text: string])[];
  /** What functions stand for whose names alone do not say it. */
  readonly legend: readonly string[];
}

/** Longer expressions help nobody. */
const longest = 100;
/** Of shorter ones, repeated parts are read at a glance. */
const longestPlain = 60;
const mostNames = 3;
const leastNamed = 10;

/** The shortest way in which an expression can be written; undefined where all are too long to read. @param isTaken Names that stand for something else. */
export function spell(expression: Expression, isTaken: (name: string) => boolean = () => false): Spelled | undefined {
  const best = shortest(expression);
  const legend = legendOf(best);
  let whole = best;
  const parts: (readonly [name: string, part: Expression])[] = [];
  const taken = namesIn(best);
  const isFree = (name: string): boolean => !taken.has(name) && !isTaken(name);
  while (parts.length < mostNames && printExpression(whole).length > (parts.length === 0 ? longestPlain : longest)) {
    const part = worthNaming(whole, printExpression(whole).length > longest);
    if (part === undefined) break;
    const name = freeName(part, isFree);
    taken.add(name);
    const named = symbol(name, part.shape);
    parts.push([name, part]);
    whole = refolded(whole, part, named);
  }
  // A name for what stands within another named part.
  const texts = parts.map(([name, part], index) => [name, printExpression(parts.slice(0, index).reduce((text, [other, of]) => refolded(text, of, symbol(other, of.shape)), part))] as const);
  const text = printExpression(whole);
  const fits = [text, ...texts.map(([, each]) => each)].every((each) => each.length <= longest);
  return fits ? { text, where: texts, legend } : undefined;
}

/** The part whose name saves most: one that is there several times; or, where that is not enough, a long one. */
function worthNaming(expression: Expression, isTooLong: boolean): Expression | undefined {
  const found = new Map<string, { part: Expression; count: number }>();
  for (const part of partsOf(expression)) {
    const known = found.get(part.key);
    if (known === undefined) found.set(part.key, { part, count: 1 });
    else known.count++;
  }
  const whole = printExpression(expression).length;
  const weighed = [...found.values()].map(({ part, count }) => ({ part, count, length: printExpression(part).length }));
  const repeated = weighed.filter(({ count, length }) => count > 1 && length >= leastNamed).sort((a, b) => (b.count - 1) * b.length - (a.count - 1) * a.length)[0];
  if (repeated !== undefined) return repeated.part;
  if (!isTooLong) return undefined;
  return weighed.filter(({ part, length }) => part.kind !== 'number' && length <= longest && length >= leastNamed && whole - length <= longest).sort((a, b) => b.length - a.length)[0]?.part;
}

/** All parts within that may get a name, each as often as it is there; exponents get none. */
function* partsOf(expression: Expression): Iterable<Expression> {
  for (const child of expression.kind === 'power' ? [expression.base] : childrenOf(expression)) {
    const [, part] = scaleOf(child);
    if (part.kind !== 'number' && part.kind !== 'symbol') yield part;
    yield* partsOf(part);
  }
}

function namesIn(expression: Expression): Set<string> {
  const names = new Set<string>();
  for (const part of everyPart(expression)) if (part.kind === 'symbol') names.add(part.name);
  return names;
}

/** What mathematicians call such a thing, if the text does not. */
function freeName(part: Expression, isFree: (name: string) => boolean): string {
  const usual = part.kind === 'applied' && ['softmax', 'sigmoid'].includes(part.name) ? ['p', 'q', 's'] : part.shape.length === 2 ? ['G', 'D', 'E', 'M'] : part.shape.length === 0 ? ['c', 'a', 'k'] : ['g', 'd', 'e', 'u'];
  const numbered = ['₁', '₂', '₃', '₄', '₅'].map((digit) => `${usual[0]!}${digit}`);
  return [...usual, ...numbered].find(isFree) ?? `${usual[0]!}′`;
}
