// Why two sides of an equation differ: a factor, a term or a transposition, named by what the text calls it.

import { sizeOf, unravel } from '../engine/shape';
import { isNamed } from './candidates';
import { bracketed } from './repairs';

/** A value that may have been forgotten, at every entry of every point. */
export interface Candidate {
  readonly text: string;
  readonly values: Float64Array;
}

/** Two sides that differ, at every entry of every point. */
export interface Difference {
  readonly left: Float64Array;
  readonly right: Float64Array;
  /** Of one point. */
  readonly shape: readonly number[];
  readonly candidates: readonly Candidate[];
  /** What numbers that a mean may divide by stand for in the model. */
  readonly counts: ReadonlyMap<number, string>;
}

const tolerance = 1e-8;
/** Numbers that people forget or write too much. */
const simple = [1, -1, 2, -2, 1 / 2, -1 / 2, 3, -3, 4, -4, 1 / 3, 1 / 4];

/** Whether a value agrees with the right one, as far as explanations need it. */
export function agree(left: Float64Array, right: Float64Array): boolean {
  const bound = tolerance * greatest(left);
  return left.length === right.length && left.every((value, i) => Math.abs(value - right[i]!) <= bound);
}

/** One side is zero, a multiple of the other, or its transpose. */
export function wholeDifference({ left, right, shape, counts }: Difference): string | undefined {
  const scale = Math.max(greatest(left), greatest(right));
  const isZero = (values: Float64Array): boolean => greatest(values) <= 1e-12 * scale;
  if (isZero(right)) return 'the right side is zero';
  if (isZero(left)) return 'the left side is zero';
  return constantFactor(left, right, shape, counts) ?? transposition(left, right, shape) ?? rearrangement(left, right, shape);
}

/** One value of the model is missing as a factor. */
export function missingFactor({ left, right, candidates }: Difference): string | undefined {
  const found = factorWith([1, 2, 3], left, right, useful(candidates));
  return found === undefined || found.startsWith('the right side lacks') ? found : (plainDivisor(left, right, useful(candidates)) ?? found);
}

/** Something is missing or too much that values of the model make up. */
export function otherDifference(difference: Difference): string | undefined {
  const { left, right } = difference;
  const candidates = useful(difference.candidates);
  return factorWith([-1, -2, -3], left, right, candidates) ?? missingTerm(left, right, candidates) ?? exchangedFactors(left, right, candidates) ?? missingProduct(left, right, candidates);
}

/** In which direction the sides differ, or where only. */
export function partialDifference(difference: Difference): string | undefined {
  const { left, right, shape } = difference;
  const candidates = useful(difference.candidates);
  return parallelDifference(left, right, candidates, shape) ?? differingPart(left, right, candidates, shape);
}

/** Ones and infinities explain nothing. */
function useful(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ values }) => values.every(Number.isFinite) && greatest(values) > 0 && !values.every((value) => value === 1));
}

function greatest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** c with left = c·other everywhere. */
function ratio(left: Float64Array, other: (index: number) => number): number | undefined {
  let [factor, most] = [NaN, 0];
  for (let i = 0; i < left.length; i++) {
    const size = Math.abs(other(i));
    if (size > most) [factor, most] = [left[i]! / other(i), size];
  }
  if (!Number.isFinite(factor) || factor === 0) return undefined;
  const bound = tolerance * greatest(left);
  for (let i = 0; i < left.length; i++) if (!(Math.abs(left[i]! - factor * other(i)) <= bound)) return undefined;
  return factor;
}

/** The same among the simple numbers. */
function simpleRatio(left: Float64Array, other: (index: number) => number): number | undefined {
  const factor = ratio(left, other);
  return factor === undefined ? undefined : simple.find((each) => Math.abs(each - factor) < 1e-6 * Math.abs(each));
}

/** Numerators, and denominators that stand for no count. */
const mostOfFraction = 12;

/** The same among numbers of few digits. */
function shortRatio(left: Float64Array, other: (index: number) => number): number | undefined {
  const factor = ratio(left, other);
  const short = factor === undefined ? NaN : Number(factor.toPrecision(3));
  return Math.abs(short - factor!) < 1e-7 * Math.abs(short) ? short : undefined;
}

function constantFactor(left: Float64Array, right: Float64Array, shape: readonly number[], counts: ReadonlyMap<number, string>): string | undefined {
  const factor = ratio(left, (i) => right[i]!);
  if (factor === undefined) return undefined;
  if (Math.abs(factor + 1) < 1e-6) return 'the sign is turned round';
  const count = sizeOf(shape);
  const meaning = (number: number): string => {
    const text = number === count ? 'the number of entries' : counts.get(number);
    return number > 2 && text !== undefined ? `, ${text}` : '';
  };
  const isNear = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6 * Math.abs(b);
  const [whole, inverse] = [Math.round(factor), Math.round(1 / factor)];
  if (whole !== 0 && isNear(factor, whole)) return `the left side is ${String(whole)} times the right side everywhere${meaning(whole)}`;
  if (inverse !== 0 && isNear(1 / factor, inverse)) return `the right side is ${String(inverse)} times the left side everywhere${meaning(inverse)}`;
  const denominators = [...Array.from({ length: mostOfFraction - 1 }, (_, i) => i + 2), count, ...[...counts.keys()].sort((a, b) => a - b)];
  for (const below of denominators) {
    const above = Math.round(factor * below);
    if (above !== 0 && Math.abs(above) <= mostOfFraction && isNear(factor, above / below)) return `the left side is ${String(above)}/${String(below)} times the right side everywhere${below > mostOfFraction || counts.has(below) ? meaning(below).replace(', ', `; ${String(below)} is `) : ''}`;
  }
  const constant = constants.find(([value]) => isNear(factor, value));
  return `the left side is ${String(Number(factor.toPrecision(6)))} times the right side everywhere${constant === undefined ? '' : `, which is ${constant[1]}`}`;
}

/** Numbers that stand for something. */
const constants: readonly (readonly [value: number, text: string])[] = ([
  [Math.LN2, 'log(2)'], [Math.LN10, 'log(10)'], [Math.LN2 ** 2, 'log(2)²'], [Math.PI, 'π'], [2 * Math.PI, '2·π'], [Math.SQRT2, '√2'], [Math.sqrt(Math.PI), '√π'], [Math.sqrt(2 * Math.PI), '√(2·π)'], [Math.E, 'e'],
] as const).flatMap(([value, text]) => [[value, text], [1 / value, `1/${text.includes('·') && !text.startsWith('√') ? `(${text})` : text}`]] as const);

function transposition(left: Float64Array, right: Float64Array, shape: readonly number[]): string | undefined {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows !== columns) return undefined;
  const transposed = (i: number): number => {
    const size = rows! * columns!;
    const within = i % size;
    return right[i - within + (within % rows!) * columns! + Math.floor(within / rows!)]!;
  };
  const factor = simpleRatio(left, transposed);
  if (factor === undefined) return undefined;
  return factor === 1 ? 'the right side is transposed' : `the left side is ${String(factor)} times the transposed right side`;
}

/** The entries of the right side are those of the left one, in the opposite order along one dimension or off by one. */
function rearrangement(left: Float64Array, right: Float64Array, shape: readonly number[]): string | undefined {
  const size = sizeOf(shape);
  const comesFrom = (axis: number, other: (at: number, length: number) => number): boolean => {
    const moved = Float64Array.from(left, (_, i) => {
      const index = [...unravel(i % size, shape)];
      const stride = sizeOf(shape.slice(axis + 1));
      return right[i + (other(index[axis]!, shape[axis]!) - index[axis]!) * stride]!;
    });
    return agree(left, moved);
  };
  for (const [axis, length] of shape.entries()) {
    if (length < 2) continue;
    const along = shape.length === 1 ? '' : ` along dimension ${String(axis)}`;
    if (comesFrom(axis, (at) => length - 1 - at)) return `the entries of the right side stand in the opposite order${along}`;
    for (const by of [1, -1]) if (length > 2 && comesFrom(axis, (at) => (at + by + length) % length)) return `the entries of the right side are off by one${along}`;
  }
  return undefined;
}

/** A named value by which the right side is to be divided, without a number beside it. */
function plainDivisor(left: Float64Array, right: Float64Array, candidates: readonly Candidate[]): string | undefined {
  const found = candidates.filter(isNamed).find(({ values }) => simpleRatio(left, (i) => right[i]! / values[i]!) === 1);
  return found && `the right side must be divided by ${found.text}`;
}

function factorWith(exponents: readonly number[], left: Float64Array, right: Float64Array, candidates: readonly Candidate[]): string | undefined {
  for (const exponent of exponents) {
    for (const { text, values } of candidates) {
      const factor = simpleRatio(left, (i) => right[i]! * values[i]! ** exponent);
      if (factor === undefined) continue;
      const name = spellPower(text, Math.abs(exponent));
      if (exponent < 0) return factor === 1 ? `the right side must be divided by ${name}` : `the left side is ${spellFactor(factor)} times the right side, divided by ${name}`;
      return factor === 1 ? `the right side lacks the factor ${name}` : `the left side is ${times(factor, name)} times the right side`;
    }
  }
  return undefined;
}

function missingTerm(left: Float64Array, right: Float64Array, candidates: readonly Candidate[]): string | undefined {
  const difference = left.map((value, i) => value - right[i]!);
  for (const { text, values } of candidates) {
    const factor = simpleRatio(difference, (i) => values[i]!) ?? shortRatio(difference, (i) => values[i]!);
    if (factor !== undefined) return `the right side lacks the term ${times(factor, bracketed(text))}`;
  }
  for (const [a, b] of pairs(candidates)) {
    const factor = simpleRatio(difference, (i) => a.values[i]! * b.values[i]!);
    if (factor !== undefined) return `the right side lacks the term ${times(factor, `${bracketed(a.text)}·${bracketed(b.text)}`)}`;
  }
  return undefined;
}

function exchangedFactors(left: Float64Array, right: Float64Array, candidates: readonly Candidate[]): string | undefined {
  for (const right_ of candidates) {
    for (const wrong of candidates) {
      if (right_ === wrong) continue;
      const factor = simpleRatio(left, (i) => (right[i]! * right_.values[i]!) / wrong.values[i]!);
      if (factor === 1) return isNamed(wrong) ? `the right side has the factor ${wrong.text} where ${bracketed(right_.text)} belongs` : `the left side is ${bracketed(right_.text)}/${bracketed(wrong.text)} times the right side`;
    }
  }
  return undefined;
}

function missingProduct(left: Float64Array, right: Float64Array, candidates: readonly Candidate[]): string | undefined {
  for (const [a, b] of pairs(candidates)) {
    const factor = simpleRatio(left, (i) => right[i]! * a.values[i]! * b.values[i]!);
    if (factor === undefined) continue;
    return factor === 1 ? `the right side lacks the factors ${a.text} and ${b.text}` : `the left side is ${times(factor, `${bracketed(a.text)}·${bracketed(b.text)}`)} times the right side`;
  }
  return undefined;
}

/** At each point a multiple of one vector: a term in its direction is missing. */
function parallelDifference(left: Float64Array, right: Float64Array, candidates: readonly Candidate[], shape: readonly number[]): string | undefined {
  const size = sizeOf(shape);
  if (size < 3) return undefined;
  const difference = left.map((value, i) => value - right[i]!);
  const found = candidates.find(({ values }) => {
    for (let start = 0; start < left.length; start += size) {
      const part = values.subarray(start, start + size);
      if (part.every((value) => value === part[0]) || ratio(difference.subarray(start, start + size), (i) => part[i]!) === undefined) return false;
    }
    return true;
  });
  return found && `the two sides differ by a multiple of ${found.text}: a term along it is wrong or missing`;
}

const conditions: readonly (readonly [says: string, holds: (value: number) => boolean])[] = [['> 0', (value) => value > 0], ['< 0', (value) => value < 0], ['= 0', (value) => value === 0], ['= 1', (value) => value === 1], ['≠ 0', (value) => value !== 0]];
/** Of fewer entries, too many values of a model have the same signs by chance. */
const leastEntries = 15;
const leastOfEach = 3;

/** The sides are equal at some entries: those where a value of the model is of one sign or within bounds, or those at some places. */
function differingPart(left: Float64Array, right: Float64Array, candidates: readonly Candidate[], shape: readonly number[]): string | undefined {
  const bound = tolerance * Math.max(greatest(left), greatest(right));
  const differs = Array.from(left, (value, i) => !(Math.abs(value - right[i]!) <= bound));
  const count = differs.filter(Boolean).length;
  if (count === differs.length) return undefined;
  if (differs.length >= leastEntries && Math.min(count, differs.length - count) >= leastOfEach) {
    for (const { text, values } of [...candidates].sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)))) {
      const condition = conditions.find(([, holds]) => differs.every((wrong, i) => wrong === holds(values[i]!)));
      if (condition !== undefined) return `the two sides differ only where ${text} ${condition[0]}`;
      const limit = limitOf(differs, values);
      if (limit !== undefined) return `the two sides differ only where |${text}| ${limit}`;
    }
  }
  const size = sizeOf(shape);
  if (size === 1 || !differs.every((wrong, i) => wrong === differs[i % size])) return undefined;
  const place = placesWhere(differs.slice(0, size), shape);
  return place && `the two sides differ only ${place}`;
}

/** `> 1` where the magnitude tells entries that differ from those that do not. */
function limitOf(differs: readonly boolean[], values: Float64Array): string | undefined {
  const range = (which: boolean): readonly [number, number] => {
    const sizes = [...values].filter((_, i) => differs[i] === which).map(Math.abs);
    return [Math.min(...sizes), Math.max(...sizes)];
  };
  const [[leastWrong, mostWrong], [leastRight, mostRight]] = [range(true), range(false)];
  const [sign, low, high] = leastWrong > mostRight ? ['>', mostRight, leastWrong] : mostWrong < leastRight ? ['<', mostWrong, leastRight] : ['', NaN, NaN];
  // The shortest number between the two.
  const short = [1, 2, 3].map((digits) => Number(((low + high) / 2).toPrecision(digits))).find((number) => number > low && number < high);
  return short === undefined ? undefined : `${sign} ${String(short)}`;
}

/** What the places have in common at which something is wrong. */
function placesWhere(wrong: readonly boolean[], shape: readonly number[]): string | undefined {
  const indices = wrong.map((_, place) => unravel(place, shape));
  for (const [axis, length] of shape.entries()) {
    for (let at = 0; at < length; at++) if (indices.every((index, place) => wrong[place] === (index[axis] === at))) return `at index ${String(at)} of dimension ${String(axis)}`;
  }
  if (shape.length !== 2) return undefined;
  if (indices.every(([row, column], place) => wrong[place] === (row === column))) return 'on the diagonal';
  return indices.every(([row, column], place) => wrong[place] === (row !== column)) ? 'off the diagonal' : undefined;
}

function* pairs(candidates: readonly Candidate[]): Iterable<readonly [Candidate, Candidate]> {
  for (const [index, a] of candidates.entries()) for (const b of candidates.slice(index)) yield [a, b];
}

function spellPower(text: string, exponent: number): string {
  return exponent === 1 ? text : `${bracketed(text)}${exponent === 2 ? '²' : '³'}`;
}

function times(factor: number, text: string): string {
  if (factor === 1) return text;
  return factor === -1 ? `−${text}` : `${spellFactor(factor)}·${text}`;
}

function spellFactor(factor: number): string {
  const inverse = 1 / factor;
  const isInverse = Math.abs(inverse) < 5 && Math.abs(inverse - Math.round(inverse)) < 1e-6;
  const text = isInverse && !Number.isInteger(factor) ? `1/${String(Math.round(inverse))}` : String(factor);
  return text.replace('-', '−').replace('1/−', '−1/');
}
