// The tile of registers whose rows are read where they lie: entry k of a row stands at the sum of the row's address and of the k-th distance in a table.

import { COLUMNS, panelSize, rightPanel, ROWS } from './panels';
import { spill, spilled } from './spill';
import { multiplyAdd } from './vector';

/** A column of zeros, for a product that is added to nothing. */
const nothing = memory.data(6 * 8, 16);

// @ts-ignore: decorator
@inline
function rowAt(rows: usize, i: i32, count: i32): usize {
  return load<usize>(rows + (<usize>min(i, count - 1) << 2));
}

/** Adds two neighbours in each of the four columns. */
// @ts-ignore: decorator
@inline
function putPair(c: usize, source: usize, column: usize, from: usize, at: usize, row0: v128, row1: v128, next0: v128, next1: v128): void {
  v128.store(c + at, f64x2.add(v128.load(source + at), v128.shuffle<f64>(row0, next0, 0, 2)));
  v128.store(c + column + at, f64x2.add(v128.load(source + from + at), v128.shuffle<f64>(row0, next0, 1, 3)));
  v128.store(c + 2 * column + at, f64x2.add(v128.load(source + 2 * from + at), v128.shuffle<f64>(row1, next1, 0, 2)));
  v128.store(c + 3 * column + at, f64x2.add(v128.load(source + 3 * from + at), v128.shuffle<f64>(row1, next1, 1, 3)));
}

/** c = source + rows × right panel; columns lie some bytes apart, those of the source 0 where it is nothing, rows are neighbours. */
// @ts-ignore: decorator
@inline
function multiply(size: i32, c: usize, column: usize, source: usize, from: usize, rows: usize, table: usize, b: usize, depth: i32, count: i32, columns: i32): void {
  const r0 = rowAt(rows, 0, count), r1 = rowAt(rows, 1, count), r2 = rowAt(rows, 2, count), r3 = rowAt(rows, 3, count);
  const r4 = size == 6 ? rowAt(rows, 4, count) : 0, r5 = size == 6 ? rowAt(rows, 5, count) : 0;
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  let c40 = f64x2.splat(0), c41 = f64x2.splat(0);
  let c50 = f64x2.splat(0), c51 = f64x2.splat(0);
  const end = table + (<usize>depth << 2);
  while (table != end) {
    const at = load<usize>(table);
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load64_splat(r0 + at);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load64_splat(r1 + at);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load64_splat(r2 + at);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load64_splat(r3 + at);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    if (size == 6) {
      x = v128.load64_splat(r4 + at);
      c40 = multiplyAdd(x, b0, c40);
      c41 = multiplyAdd(x, b1, c41);
      x = v128.load64_splat(r5 + at);
      c50 = multiplyAdd(x, b0, c50);
      c51 = multiplyAdd(x, b1, c51);
    }
    table += 4;
    b += COLUMNS * 8;
  }
  spill(size, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51);
  if (count == size && columns == COLUMNS) {
    putPair(c, source, column, from, 0, v128.load(spilled), v128.load(spilled, 16), v128.load(spilled, 32), v128.load(spilled, 48));
    putPair(c, source, column, from, 16, v128.load(spilled, 64), v128.load(spilled, 80), v128.load(spilled, 96), v128.load(spilled, 112));
    if (size == 6) putPair(c, source, column, from, 32, v128.load(spilled, 128), v128.load(spilled, 144), v128.load(spilled, 160), v128.load(spilled, 176));
    return;
  }
  for (let j = 0; j < columns; j++, c += column, source += from) {
    for (let i: usize = 0; i < <usize>count; i++) {
      const value = load<f64>(spilled + ((i * COLUMNS + <usize>j) << 3));
      store<f64>(c + (i << 3), load<f64>(source + (i << 3)) + value);
    }
  }
}

/**
 * The same for four rows of which each two are neighbours where they lie: they are the vectors then, which takes fewer steps. It pays where a product and a sum
 * are two instructions, which leave little room for others; fused, six rows at a time are faster.
 */
function multiplyPairs(c: usize, column: usize, source: usize, from: usize, first: usize, second: usize, table: usize, b: usize, depth: i32, columns: i32): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  const end = table + (<usize>depth << 2);
  while (table != end) {
    const at = load<usize>(table);
    const b0 = v128.load(first + at);
    const b1 = v128.load(second + at);
    let x = v128.load64_splat(b);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load64_splat(b, 8);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load64_splat(b, 16);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load64_splat(b, 24);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    table += 4;
    b += COLUMNS * 8;
  }
  c00 = f64x2.add(v128.load(source), c00);
  c01 = f64x2.add(v128.load(source, 16), c01);
  v128.store(c, c00);
  v128.store(c, c01, 16);
  if (columns < 2) return;
  c10 = f64x2.add(v128.load(source + from), c10);
  c11 = f64x2.add(v128.load(source + from, 16), c11);
  v128.store(c + column, c10);
  v128.store(c + column, c11, 16);
  if (columns < 3) return;
  c20 = f64x2.add(v128.load(source + 2 * from), c20);
  c21 = f64x2.add(v128.load(source + 2 * from, 16), c21);
  v128.store(c + 2 * column, c20);
  v128.store(c + 2 * column, c21, 16);
  if (columns < 4) return;
  c30 = f64x2.add(v128.load(source + 3 * from), c30);
  c31 = f64x2.add(v128.load(source + 3 * from, 16), c31);
  v128.store(c + 3 * column, c30);
  v128.store(c + 3 * column, c31, 16);
}

function multiplyFour(c: usize, column: usize, source: usize, from: usize, rows: usize, table: usize, b: usize, depth: i32, count: i32, columns: i32): void {
  multiply(4, c, column, source, from, rows, table, b, depth, count, columns);
}

function multiplySix(c: usize, column: usize, source: usize, from: usize, rows: usize, table: usize, b: usize, depth: i32, count: i32, columns: i32): void {
  multiply(6, c, column, source, from, rows, table, b, depth, count, columns);
}

// @ts-ignore: decorator
@inline
function arePairs(row: usize): bool {
  return load<usize>(row, 4) == load<usize>(row) + 8 && load<usize>(row, 12) == load<usize>(row, 8) + 8;
}

/** Packs the transpose of gathered rows into right panels, for what multiplies them so often that this pays. */
export function packGathered(rows: usize, count: i32, table: usize, depth: i32): void {
  const end = table + (<usize>depth << 2);
  for (let i = 0; i < count; i += COLUMNS, rows += COLUMNS << 2) {
    let target = rightPanel(i, depth);
    const here = count - i;
    const r0 = rowAt(rows, 0, here), r1 = rowAt(rows, 1, here), r2 = rowAt(rows, 2, here), r3 = rowAt(rows, 3, here);
    const isPair = r1 == r0 + 8 && r3 == r2 + 8;
    for (let at = table; at != end; at += 4, target += COLUMNS << 3) {
      const distance = load<usize>(at);
      if (isPair) {
        v128.store(target, v128.load(r0 + distance));
        v128.store(target, v128.load(r2 + distance), 16);
      } else {
        store<f64>(target, load<f64>(r0 + distance));
        store<f64>(target, load<f64>(r1 + distance), 8);
        store<f64>(target, load<f64>(r2 + distance), 16);
        store<f64>(target, load<f64>(r3 + distance), 24);
      }
    }
  }
}

/**
 * c (rows × columns) = source + rows × right panels, which hold all of the depth; rows and the distances along the depth stand in two tables. Columns of c lie
 * some entries apart, its rows are neighbours; the source lies as c does, may be c, and is nothing if it is 0.
 */
export function multiplyGathered(c: usize, source: usize, cColumn: i32, rows: usize, count: i32, table: usize, depth: i32, columns: i32): void {
  const column = <usize>cColumn << 3;
  for (let j = 0; j < columns; j += COLUMNS) {
    const b = rightPanel(j, depth);
    const columnsHere = min(COLUMNS, columns - j);
    const at = <usize>j * column;
    for (let i = 0; i < count;) {
      const size = panelSize(count - i);
      const here = min(size, count - i);
      const skip = at + (<usize>i << 3);
      const from = source ? source + skip : nothing, fromColumn = source ? column : 0;
      const row = rows + (<usize>i << 2);
      if (ROWS == 4 && here == 4 && arePairs(row)) multiplyPairs(c + skip, column, from, fromColumn, load<usize>(row), load<usize>(row, 8), table, b, depth, columnsHere);
      else if (ROWS == 6 && size == 6) multiplySix(c + skip, column, from, fromColumn, row, table, b, depth, here, columnsHere);
      else multiplyFour(c + skip, column, from, fromColumn, row, table, b, depth, here, columnsHere);
      i += here;
    }
  }
}
