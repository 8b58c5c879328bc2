// The heart of all products: a tile of registers, over the left panel and one right panel.

import { COLUMNS, leftPanel, packLeft, panelSize, rightPanel, ROWS } from './panels';
import { spill, spilled } from './spill';
import { multiplyAdd } from './vector';

/** A row of zeros, for a product that is added to nothing. */
const nothing = memory.data(COLUMNS * 8, 16);

/** c (rows × columns) = source + left panel × right panel, where a left panel has `size` lines, 4 or 6. Strides are in bytes; those of the source are 0 where it is nothing. */
// @ts-ignore: decorator
@inline
function multiply(size: i32, c: usize, cRow: usize, cColumn: usize, source: usize, row: usize, column: usize, b: usize, depth: i32, rows: i32, columns: i32): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  let c40 = f64x2.splat(0), c41 = f64x2.splat(0);
  let c50 = f64x2.splat(0), c51 = f64x2.splat(0);
  let a = leftPanel;
  const end = a + <usize>(depth * size * 8);
  // Not unrolled by hand: V8 would run out of registers.
  while (a != end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load64_splat(a);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load64_splat(a, 8);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load64_splat(a, 16);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load64_splat(a, 24);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    if (size == 6) {
      x = v128.load64_splat(a, 32);
      c40 = multiplyAdd(x, b0, c40);
      c41 = multiplyAdd(x, b1, c41);
      x = v128.load64_splat(a, 40);
      c50 = multiplyAdd(x, b0, c50);
      c51 = multiplyAdd(x, b1, c51);
    }
    a += size * 8;
    b += COLUMNS * 8;
  }
  if (rows == size && columns == COLUMNS && cColumn == 8) {
    // All is read before anything is written: a write would hold up the reads of addresses that lie a multiple of 4096 bytes away.
    c00 = f64x2.add(v128.load(source), c00);
    c01 = f64x2.add(v128.load(source, 16), c01);
    c10 = f64x2.add(v128.load(source + row), c10);
    c11 = f64x2.add(v128.load(source + row, 16), c11);
    c20 = f64x2.add(v128.load(source + 2 * row), c20);
    c21 = f64x2.add(v128.load(source + 2 * row, 16), c21);
    c30 = f64x2.add(v128.load(source + 3 * row), c30);
    c31 = f64x2.add(v128.load(source + 3 * row, 16), c31);
    if (size == 6) {
      c40 = f64x2.add(v128.load(source + 4 * row), c40);
      c41 = f64x2.add(v128.load(source + 4 * row, 16), c41);
      c50 = f64x2.add(v128.load(source + 5 * row), c50);
      c51 = f64x2.add(v128.load(source + 5 * row, 16), c51);
    }
    v128.store(c, c00);
    v128.store(c, c01, 16);
    v128.store(c + cRow, c10);
    v128.store(c + cRow, c11, 16);
    v128.store(c + 2 * cRow, c20);
    v128.store(c + 2 * cRow, c21, 16);
    v128.store(c + 3 * cRow, c30);
    v128.store(c + 3 * cRow, c31, 16);
    if (size == 6) {
      v128.store(c + 4 * cRow, c40);
      v128.store(c + 4 * cRow, c41, 16);
      v128.store(c + 5 * cRow, c50);
      v128.store(c + 5 * cRow, c51, 16);
    }
    return;
  }
  spill(size, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51);
  for (let i = 0, from = spilled; i < rows; i++, from += COLUMNS << 3, c += cRow, source += row) {
    if (columns == COLUMNS && cColumn == 8) {
      v128.store(c, f64x2.add(v128.load(source), v128.load(from)));
      v128.store(c, f64x2.add(v128.load(source, 16), v128.load(from, 16)), 16);
    } else {
      for (let j = 0; j < columns; j++) store<f64>(c + <usize>j * cColumn, load<f64>(source + <usize>j * column) + load<f64>(from + (<usize>j << 3)));
    }
  }
}

function multiplyFour(c: usize, cRow: usize, cColumn: usize, source: usize, row: usize, column: usize, b: usize, depth: i32, rows: i32, columns: i32): void {
  multiply(4, c, cRow, cColumn, source, row, column, b, depth, rows, columns);
}

function multiplySix(c: usize, cRow: usize, cColumn: usize, source: usize, row: usize, column: usize, b: usize, depth: i32, rows: i32, columns: i32): void {
  multiply(6, c, cRow, cColumn, source, row, column, b, depth, rows, columns);
}

/** c (rows × columns) = source + a · right panels, which hold all of the depth; the source lies as c does, may be c, and is nothing if it is 0. */
export function multiplyPanels(c: usize, source: usize, cRow: i32, cColumn: i32, a: usize, aRow: i32, aColumn: i32, rows: i32, columns: i32, depth: i32): void {
  const toRow = <usize>cRow << 3, toColumn = <usize>cColumn << 3;
  const fromRow = source ? toRow : 0, fromColumn = source ? toColumn : 0;
  if (!source) source = nothing;
  for (let i = 0; i < rows;) {
    const size = panelSize(rows - i);
    const here = min(size, rows - i);
    packLeft(size, a + (<usize>(i * aRow) << 3), here, aRow, depth, aColumn);
    let to = c + <usize>i * toRow, from = source + <usize>i * fromRow;
    for (let j = 0; j < columns; j += COLUMNS, to += <usize>COLUMNS * toColumn, from += <usize>COLUMNS * fromColumn) {
      const b = rightPanel(j, depth);
      if (ROWS == 6 && size == 6) multiplySix(to, toRow, toColumn, from, fromRow, fromColumn, b, depth, here, min(COLUMNS, columns - j));
      else multiplyFour(to, toRow, toColumn, from, fromRow, fromColumn, b, depth, here, min(COLUMNS, columns - j));
    }
    i += here;
  }
}
