// The sizes that a free dimension may have: bounds and residue classes, as assumptions and requirements leave them.

/** All n with minimum ≤ n ≤ maximum and n mod modulus in residues (sorted, each in 0 … modulus − 1). */
export interface SymbolRange {
  readonly minimum: number;
  readonly maximum: number;
  readonly modulus: number;
  readonly residues: readonly number[];
}

/** What is known of each free dimension, by its key; one that is missing is any positive integer. */
export type Domain = ReadonlyMap<string, SymbolRange>;

/** A restriction of one free dimension. */
export interface Requirement {
  readonly symbol: { readonly name: string; readonly key: string };
  readonly range: SymbolRange;
}

export const anyPositive: SymbolRange = { minimum: 1, maximum: Infinity, modulus: 1, residues: [0] };

/** Residue classes finer than this are given up. */
export const largestModulus = 1 << 16;

export function rangeOf(domain: Domain, key: string): SymbolRange {
  return domain.get(key) ?? anyPositive;
}

/** Least common multiple of two positive integers. */
export function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** Sets of sizes whose first and last are further apart are not kept. */
const widestSet = 1024;

/** Some sizes and no others: residue classes that are as far apart as the first and the last; undefined where that is too far. */
export function finiteRange(sizes: readonly number[]): SymbolRange | undefined {
  const [minimum, maximum] = [Math.min(...sizes), Math.max(...sizes)];
  const modulus = maximum - minimum + 1;
  if (modulus > widestSet) return undefined;
  return { minimum, maximum, ...coarsest(modulus, [...new Set(sizes.map((size) => size % modulus))].sort((a, b) => a - b)) };
}

/** The sizes of a range, if they are a few that no bounds describe. */
function setOf(range: SymbolRange): readonly number[] | undefined {
  if (range.modulus === 1 || range.maximum - range.minimum >= widestSet) return undefined;
  const sizes = sizesIn(range);
  return sizes.length <= 4 ? sizes : undefined;
}

/** Both restrictions at once; undefined where no size satisfies both, or the classes become too many to list. */
export function intersect(a: SymbolRange, b: SymbolRange): SymbolRange | undefined {
  const modulus = leastCommonMultiple(a.modulus, b.modulus);
  if (modulus > largestModulus) return undefined;
  const inB = new Set(b.residues);
  const residues: number[] = [];
  for (const residue of a.residues) {
    for (let next = residue; next < modulus; next += a.modulus) {
      if (inB.has(next % b.modulus)) residues.push(next);
    }
  }
  const range = tighten({
    minimum: Math.max(a.minimum, b.minimum),
    maximum: Math.min(a.maximum, b.maximum),
    ...coarsest(modulus, residues.sort((x, y) => x - y)),
  });
  if (range.residues.length === 0 || range.minimum > range.maximum) return undefined;
  // Classes that are further apart than the bounds tell nothing more, and would only become more with each restriction.
  return range.maximum - range.minimum + 1 < range.modulus ? (finiteRange(sizesIn(range)) ?? range) : range;
}

/** All sizes that are in one of two ranges or the other; undefined where no single range has just those. */
export function union(a: SymbolRange, b: SymbolRange): SymbolRange | undefined {
  if (Math.max(a.maximum - a.minimum, b.maximum - b.minimum) < widestSet) return finiteRange([...sizesIn(a), ...sizesIn(b)]);
  const modulus = leastCommonMultiple(a.modulus, b.modulus);
  if (a.minimum !== b.minimum || a.maximum !== b.maximum || modulus > largestModulus) return undefined;
  const members = [a, b].map((range) => new Set(range.residues));
  const residues = Array.from({ length: modulus }, (_, residue) => residue).filter((residue) => members[0]!.has(residue % a.modulus) || members[1]!.has(residue % b.modulus));
  return { minimum: a.minimum, maximum: a.maximum, ...coarsest(modulus, residues) };
}

/** Whether a size is in a range. */
export function includes({ minimum, maximum, modulus, residues }: SymbolRange, size: number): boolean {
  return size >= minimum && size <= maximum && residues.includes(size % modulus);
}

function sizesIn({ minimum, maximum, modulus, residues }: SymbolRange): readonly number[] {
  const members = new Set(residues);
  return Array.from({ length: maximum - minimum + 1 }, (_, distance) => minimum + distance).filter((size) => members.has(size % modulus));
}

/** The same classes with the smallest modulus that tells them apart from the others. */
export function coarsest(modulus: number, residues: readonly number[]): { modulus: number; residues: readonly number[] } {
  const members = new Set(residues);
  for (let smaller = 1; smaller < modulus; smaller++) {
    if (modulus % smaller !== 0) continue;
    const classes = [...new Set(residues.map((residue) => residue % smaller))];
    if (classes.length * (modulus / smaller) !== members.size) continue;
    return { modulus: smaller, residues: classes.sort((x, y) => x - y) };
  }
  return { modulus, residues };
}

/** Moves the bounds to sizes that are in the classes. */
function tighten(range: SymbolRange): SymbolRange {
  if (range.residues.length === 0) return range;
  const members = new Set(range.residues);
  let { minimum, maximum } = range;
  while (!members.has(((minimum % range.modulus) + range.modulus) % range.modulus)) minimum++;
  while (Number.isFinite(maximum) && maximum >= minimum && !members.has(maximum % range.modulus)) maximum--;
  return { ...range, minimum, maximum };
}

/** The smallest size in the range that is at least `from`; undefined beyond the maximum. */
export function smallestFrom(range: SymbolRange, from: number): number | undefined {
  const members = new Set(range.residues);
  for (let n = Math.max(from, range.minimum), last = n + range.modulus; n < last; n++) {
    if (n > range.maximum) return undefined;
    if (members.has(n % range.modulus)) return n;
  }
  return undefined;
}

/** The domain with one more restriction; undefined where nothing is left. */
export function restrict(domain: Domain, requirement: Requirement): Domain | undefined {
  const range = intersect(rangeOf(domain, requirement.symbol.key), requirement.range);
  return range === undefined ? undefined : new Map(domain).set(requirement.symbol.key, range);
}

/** The restriction as conditions in the language: `H % 16 == 0`, `H >= 33`, `H == 224`; empty for any positive size. */
export function conditions(name: string, range: SymbolRange): readonly string[] {
  if (range.minimum === range.maximum) return [`${name} == ${String(range.minimum)}`];
  const some = setOf(range);
  if (some !== undefined) return [`(${some.map((size) => `${name} == ${String(size)}`).join(' or ')})`];
  const found: string[] = [];
  if (range.modulus > 1) {
    found.push(residueCondition(`${name} % ${String(range.modulus)}`, range));
  }
  const implied = smallestFrom({ ...range, minimum: 1, maximum: Infinity }, 1) ?? 1;
  if (range.minimum > implied) found.push(`${name} >= ${String(range.minimum)}`);
  if (Number.isFinite(range.maximum)) found.push(`${name} <= ${String(range.maximum)}`);
  return found;
}

/** `H % 4 == 0`, `H % 4 <= 1`, `H % 4 != 3`, or alternatives: `(H % 32 == 0 or H % 32 >= 29)`. */
function residueCondition(remainder: string, { modulus, residues }: SymbolRange): string {
  const runs = runsOf(residues);
  const [only] = runs;
  if (runs.length > 1 && residues.length === modulus - 1) return `${remainder} != ${String(only!.last + 1)}`;
  const texts = runs.map(({ first, last }) => {
    if (first === last) return `${remainder} == ${String(first)}`;
    if (first === 0) return `${remainder} <= ${String(last)}`;
    return last === modulus - 1 ? `${remainder} >= ${String(first)}` : `${String(first)} <= ${remainder} <= ${String(last)}`;
  });
  return texts.length === 1 ? texts[0]! : `(${texts.join(' or ')})`;
}

/** Neighbours among sorted numbers, taken together. */
function runsOf(numbers: readonly number[]): readonly { readonly first: number; readonly last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run?.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs;
}
