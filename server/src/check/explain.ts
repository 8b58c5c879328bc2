// Why two sides of an equation differ: a factor, a term or a transposition, named by what the text calls it.

/** A value that may have been forgotten, at every entry of every point. */
export interface Candidate {
  readonly text: string;
  readonly values: Float64Array;
}

const tolerance = 1e-8;
/** Numbers that people forget or write too much. */
const simple = [1, -1, 2, -2, 1 / 2, -1 / 2, 3, -3, 4, -4, 1 / 3, 1 / 4];

/**
 * How the right side would become the left one, in words; undefined where nothing simple would do it.
 * @param left All entries of all points, one after the other, as those of `right` and of the candidates are.
 * @param shape Of one point.
 */
export function explainDifference(left: Float64Array, right: Float64Array, candidates: readonly Candidate[], shape: readonly number[]): string | undefined {
  const scale = Math.max(greatest(left), greatest(right));
  const isZero = (values: Float64Array): boolean => greatest(values) <= 1e-12 * scale;
  if (isZero(right)) return 'the right side is zero';
  if (isZero(left)) return 'the left side is zero';
  const useful = candidates.filter(({ values }) => values.every(Number.isFinite) && greatest(values) > 0 && !values.every((value) => value === 1));
  return constantFactor(left, right, shape) ?? transposition(left, right, shape) ?? missingFactor(left, right, useful) ?? missingTerm(left, right, useful)
    ?? exchangedFactors(left, right, useful) ?? missingProduct(left, right, useful) ?? parallelDifference(left, right, useful, shape);
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

function constantFactor(left: Float64Array, right: Float64Array, shape: readonly number[]): string | undefined {
  const factor = ratio(left, (i) => right[i]!);
  if (factor === undefined) return undefined;
  if (Math.abs(factor + 1) < 1e-6) return 'the sign is turned round';
  const [whole, inverse] = [Math.round(factor), Math.round(1 / factor)];
  const count = shape.reduce((a, b) => a * b, 1);
  const meaning = (number: number): string => (number > 2 && number === count ? `, the number of entries` : '');
  if (whole !== 0 && Math.abs(factor - whole) < 1e-6 * Math.abs(whole)) return `the left side is ${String(whole)} times the right side everywhere${meaning(whole)}`;
  if (inverse !== 0 && Math.abs(1 / factor - inverse) < 1e-6 * Math.abs(inverse)) return `the right side is ${String(inverse)} times the left side everywhere${meaning(inverse)}`;
  return `the left side is ${String(Number(factor.toPrecision(6)))} times the right side everywhere`;
}

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

function missingFactor(left: Float64Array, right: Float64Array, candidates: readonly Candidate[]): string | undefined {
  for (const exponent of [1, -1, 2, -2, 3, -3]) {
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
    const factor = simpleRatio(difference, (i) => values[i]!);
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
      if (factor === 1) return `the right side has the factor ${bracketed(wrong.text)} where ${bracketed(right_.text)} belongs`;
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
  const size = shape.reduce((a, b) => a * b, 1);
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

function* pairs(candidates: readonly Candidate[]): Iterable<readonly [Candidate, Candidate]> {
  for (const [index, a] of candidates.entries()) for (const b of candidates.slice(index)) yield [a, b];
}

function bracketed(text: string): string {
  return / [+−] /.test(text) ? `(${text})` : text;
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
  const text = Number.isInteger(factor) ? String(factor) : `1/${String(Math.round(inverse))}`;
  return text.replace('-', '−').replace('1/−', '−1/');
}
