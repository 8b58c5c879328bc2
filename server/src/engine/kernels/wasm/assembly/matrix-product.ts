// The product of matrices of any strides.

import { addStrassenProduct } from './strassen';
import { addPlainProduct } from './tile';
import { clear, multiplyAdd, setScaled } from './vector';

const SHALLOW: i32 = 2;
/** From so many rows, columns and places along the depth on, and so many multiply-adds, blocks of factors are added to save products of blocks. */
const LARGE: i32 = 96;
const MANY: i64 = ASC_FEATURE_RELAXED_SIMD ? 1 << 24 : 1 << 21;

/** The same for a few outer products, which need no packing. */
function addShallowProduct(
  c: usize, source: usize, cRow: i32, cColumn: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32, rows: i32, columns: i32, depth: i32,
): void {
  const isDense = cColumn == 1 && bColumn == 1;
  const step = <usize>cColumn << 3, bStep = <usize>bColumn << 3;
  for (let i = 0; i < rows; i++) {
    const to = c + (<usize>(i * cRow) << 3);
    let from = source + (<usize>(i * cRow) << 3);
    if (!source) {
      if (cColumn == 1) clear(to, columns);
      else for (let j = 0, at = to; j < columns; j++, at += step) store<f64>(at, 0);
      from = to;
    }
    for (let k = 0; k < depth; k++) {
      const factor = load<f64>(a + (<usize>(i * aRow + k * aColumn) << 3));
      const line = b + (<usize>(k * bRow) << 3);
      if (isDense) setScaled(to, from, line, factor, columns);
      else for (let j = 0, at: usize = 0, p = line; j < columns; j++, at += step, p += bStep) store<f64>(to + at, load<f64>(from + at) + factor * load<f64>(p));
      from = to;
    }
  }
}

// @ts-ignore: decorator
@inline
function total(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** The same for one or two rows, where the depth runs along neighbours in both factors: entry by entry, which needs no packing either. */
function addThinProduct(c: usize, source: usize, cRow: i32, cColumn: i32, a: usize, aRow: i32, b: usize, bColumn: i32, rows: i32, columns: i32, depth: i32): void {
  const second = rows == 2 ? <usize>aRow << 3 : 0;
  const length = <usize>(depth & ~3) << 3;
  const row = <usize>cRow << 3;
  const step = <usize>cColumn << 3;
  for (let j = 0; j < columns; j++) {
    // Two sums a row, which need not wait for each other.
    let above = f64x2.splat(0), below = above, aboveNext = above, belowNext = above;
    for (let at: usize = 0; at != length; at += 32) {
      const x = v128.load(b + at), next = v128.load(b + at, 16);
      above = multiplyAdd(v128.load(a + at), x, above);
      below = multiplyAdd(v128.load(a + second + at), x, below);
      aboveNext = multiplyAdd(v128.load(a + at, 16), next, aboveNext);
      belowNext = multiplyAdd(v128.load(a + second + at, 16), next, belowNext);
    }
    let first = total(f64x2.add(above, aboveNext)), other = total(f64x2.add(below, belowNext));
    for (let at = length, end = <usize>depth << 3; at != end; at += 8) {
      const x = load<f64>(b + at);
      first += load<f64>(a + at) * x;
      other += load<f64>(a + second + at) * x;
    }
    const at = <usize>j * step;
    store<f64>(c + at, source ? load<f64>(source + at) + first : first);
    if (rows == 2) store<f64>(c + row + at, source ? load<f64>(source + row + at) + other : other);
    b += <usize>bColumn << 3;
  }
}

/** The same in blocks, with plain products for what is left over beside them. Entries of a row of c are neighbours. */
function addLargeProduct(c: usize, source: usize, cRow: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32, rows: i32, columns: i32, depth: i32): void {
  const high = rows & ~7, wide = columns & ~7, deep = depth & ~1;
  addStrassenProduct(c, source, cRow, a, aRow, aColumn, b, bRow, bColumn, high, wide, deep);
  if (deep < depth) addMatrixProduct(c, c, cRow, 1, a + (<usize>(deep * aColumn) << 3), aRow, aColumn, b + (<usize>(deep * bRow) << 3), bRow, bColumn, high, wide, depth - deep);
  let at = <usize>wide << 3;
  if (wide < columns) addMatrixProduct(c + at, source ? source + at : 0, cRow, 1, a, aRow, aColumn, b + (<usize>(wide * bColumn) << 3), bRow, bColumn, high, columns - wide, depth);
  at = <usize>(high * cRow) << 3;
  if (high < rows) addMatrixProduct(c + at, source ? source + at : 0, cRow, 1, a + (<usize>(high * aRow) << 3), aRow, aColumn, b, bRow, bColumn, rows - high, columns, depth);
}

/**
 * c (rows × columns) = source + a (rows × depth) · b (depth × columns), each with a stride between rows and between columns; the source lies as c does, may
 * be c, and is nothing if it is 0.
 */
export function addMatrixProduct(
  c: usize, source: usize, cRow: i32, cColumn: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  rows: i32, columns: i32, depth: i32,
): void {
  if (depth <= SHALLOW) {
    addShallowProduct(c, source, cRow, cColumn, a, aRow, aColumn, b, bRow, bColumn, rows, columns, depth);
    return;
  }
  if (rows <= 2 && aColumn == 1 && bRow == 1) {
    addThinProduct(c, source, cRow, cColumn, a, aRow, b, bColumn, rows, columns, depth);
    return;
  }
  if (min(min(rows, columns), depth) >= LARGE && <i64>rows * columns * depth >= MANY && (cColumn == 1 || cRow == 1)) {
    if (cColumn == 1) addLargeProduct(c, source, cRow, a, aRow, aColumn, b, bRow, bColumn, rows, columns, depth);
    else addLargeProduct(c, source, cColumn, b, bColumn, bRow, a, aColumn, aRow, columns, rows, depth);
    return;
  }
  addPlainProduct(c, source, cRow, cColumn, a, aRow, aColumn, b, bRow, bColumn, rows, columns, depth);
}

/**
 * What changes of a product with one entry of a factor, that whose number, counted in storage order, and difference stand at `change`: of the lines of c that
 * its rows or columns are, one adds the difference times a line of the other factor to its base; the others are as their base. Lines, and entries
 * of a line, lie some entries apart. The factor has so many columns; its lines are rows, unless it is `turned`.
 */
export function moveFactor(
  c: usize, base: usize, cLine: i32, cStep: i32, first: i32, lines: i32, length: i32, other: usize, otherLine: i32, otherStep: i32, columns: i32, turned: i32, change: usize,
): void {
  const number = <i32>load<f64>(change), row = number / columns, column = number % columns;
  const moved = turned ? column : row;
  const from = other + (<usize>((turned ? row : column) * otherLine) << 3);
  const step = <usize>cStep << 3, otherBytes = <usize>otherStep << 3;
  const delta = load<f64>(change, 8);
  for (let line = first; line < first + lines; line++) {
    let at = <usize>(line * cLine) << 3;
    if (line == moved && cStep == 1 && otherStep == 1) {
      setScaled(c + at, base + at, from, delta, length);
      continue;
    }
    for (let i = 0, x = from; i < length; i++, at += step, x += otherBytes) store<f64>(c + at, line == moved ? load<f64>(base + at) + delta * load<f64>(x) : load<f64>(base + at));
  }
}
