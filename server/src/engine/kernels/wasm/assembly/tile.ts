// The heart of all products: a tile of registers, over the left panel and one right panel.

import { COLUMNS, DEPTH, evenParts, leftPanel, packColumns, packLeft, panelSize, rightPanel, rightPanels, ROWS, WIDTH } from './panels';
import { spill, spilled } from './spill';
import { multiplyAdd } from './vector';

/** A row of zeros, for a product that is added to nothing. */
const nothing = memory.data(COLUMNS * 8, 16);

/** y += factor · a row of a tile */
// @ts-ignore: decorator
@inline
function addRow(y: usize, factor: v128, left: v128, right: v128): void {
  v128.store(y, multiplyAdd(factor, left, v128.load(y)));
  v128.store(y, multiplyAdd(factor, right, v128.load(y, 16)), 16);
}

/**
 * c (rows × columns) = source + left panel × right panel, where a left panel has `size` lines, 4 or 6. Strides are in bytes; those of the source are 0 where it
 * is nothing. Where it `isTwofold`, the tile is whole, and is added some bytes further on, too, times a factor.
 */
// @ts-ignore: decorator
@inline
function multiply(
  size: i32, isTwofold: bool, c: usize, cRow: usize, cColumn: usize, source: usize, row: usize, column: usize, a: usize, b: usize, depth: i32, rows: i32, columns: i32,
  further: usize, factor: i32,
): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  let c40 = f64x2.splat(0), c41 = f64x2.splat(0);
  let c50 = f64x2.splat(0), c51 = f64x2.splat(0);
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
  // Six rows leave no registers for a second place.
  if (isTwofold && size == 6) {
    spill(size, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51);
    const f = f64x2.splat(<f64>factor);
    for (let from = spilled, end = from + (<usize>size << 5), y = c + further; from != end; from += 32, y += cRow, c += cRow, source += row) {
      const left = v128.load(from), right = v128.load(from, 16);
      const first = f64x2.add(v128.load(source), left), second = f64x2.add(v128.load(source, 16), right);
      addRow(y, f, left, right);
      v128.store(c, first);
      v128.store(c, second, 16);
    }
    return;
  }
  if (isTwofold) {
    const f = f64x2.splat(<f64>factor), second = c + further;
    addRow(second, f, c00, c01);
    addRow(second + cRow, f, c10, c11);
    addRow(second + 2 * cRow, f, c20, c21);
    addRow(second + 3 * cRow, f, c30, c31);
  }
  if (isTwofold || (rows == size && columns == COLUMNS && cColumn == 8)) {
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

/** The same with right panels one after the other, for all of the columns. */
function multiplyFour(c: usize, cRow: usize, cColumn: usize, source: usize, row: usize, column: usize, a: usize, b: usize, depth: i32, rows: i32, columns: i32): void {
  for (; columns > 0; columns -= COLUMNS, c += <usize>COLUMNS * cColumn, source += <usize>COLUMNS * column, b += <usize>(depth * COLUMNS) << 3) {
    multiply(4, false, c, cRow, cColumn, source, row, column, a, b, depth, rows, min(COLUMNS, columns), 0, 0);
  }
}

function multiplyFourTwice(c: usize, cRow: usize, source: usize, row: usize, column: usize, a: usize, b: usize, depth: i32, columns: i32, further: usize, factor: i32): void {
  for (; columns > 0; columns -= COLUMNS, c += 8 * COLUMNS, source += <usize>COLUMNS * column, b += <usize>(depth * COLUMNS) << 3) {
    multiply(4, true, c, cRow, 8, source, row, column, a, b, depth, 4, COLUMNS, further, factor);
  }
}

// Six rows take all registers: in a loop over panels, V8 would keep some of them in memory.
function multiplySix(c: usize, cRow: usize, cColumn: usize, source: usize, row: usize, column: usize, a: usize, b: usize, depth: i32, rows: i32, columns: i32): void {
  multiply(6, false, c, cRow, cColumn, source, row, column, a, b, depth, rows, columns, 0, 0);
}

function multiplySixTwice(c: usize, cRow: usize, source: usize, row: usize, a: usize, b: usize, depth: i32, further: usize, factor: i32): void {
  multiply(6, true, c, cRow, 8, source, row, 0, a, b, depth, 6, COLUMNS, further, factor);
}

/** c (size × columns) = source + left panel · right panels; and some bytes further on, if that is not 0, the product is added times a factor. */
export function multiplyPanel(size: i32, c: usize, source: usize, cRow: i32, a: usize, b: usize, depth: i32, columns: i32, further: usize, factor: i32): void {
  const toRow = <usize>cRow << 3, fromRow = source ? toRow : 0, fromColumn = source ? 8 : 0;
  if (!source) source = nothing;
  if (ROWS == 6 && size == 6) {
    for (let j = 0; j < columns; j += COLUMNS, c += 8 * COLUMNS, source += <usize>COLUMNS * fromColumn, b += <usize>(depth * COLUMNS) << 3) {
      if (further) multiplySixTwice(c, toRow, source, fromRow, a, b, depth, further, factor);
      else multiplySix(c, toRow, 8, source, fromRow, fromColumn, a, b, depth, 6, COLUMNS);
    }
  } else if (further) multiplyFourTwice(c, toRow, source, fromRow, fromColumn, a, b, depth, columns, further, factor);
  else multiplyFour(c, toRow, 8, source, fromRow, fromColumn, a, b, depth, 4, columns);
}

/** c (rows × columns) = source + a · right panels, which hold all of the depth; the source lies as c does, may be c, and is nothing if it is 0. */
export function multiplyPanels(c: usize, source: usize, cRow: i32, cColumn: i32, a: usize, aRow: i32, aColumn: i32, rows: i32, columns: i32, depth: i32): void {
  const toRow = <usize>cRow << 3, toColumn = <usize>cColumn << 3;
  const fromRow = source ? toRow : 0, fromColumn = source ? toColumn : 0;
  if (!source) source = nothing;
  for (let i = 0; i < rows;) {
    const size = panelSize(rows - i);
    const here = min(size, rows - i);
    packLeft(leftPanel, size, a + (<usize>(i * aRow) << 3), here, aRow, depth, aColumn);
    let to = c + <usize>i * toRow, from = source + <usize>i * fromRow;
    if (ROWS == 6 && size == 6) {
      for (let j = 0; j < columns; j += COLUMNS, to += <usize>COLUMNS * toColumn, from += <usize>COLUMNS * fromColumn) {
        multiplySix(to, toRow, toColumn, from, fromRow, fromColumn, leftPanel, rightPanel(j, depth), depth, here, min(COLUMNS, columns - j));
      }
    } else multiplyFour(to, toRow, toColumn, from, fromRow, fromColumn, leftPanel, rightPanels, depth, here, columns);
    i += here;
  }
}

/** c (rows × columns) = source + a · b, each with a stride between rows and between columns; the source as above. */
export function addPlainProduct(
  c: usize, source: usize, cRow: i32, cColumn: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32, rows: i32, columns: i32, depth: i32,
): void {
  const deep = evenParts(depth, DEPTH);
  for (let k = 0; k < depth; k += deep) {
    const depthHere = min(deep, depth - k);
    for (let j = 0; j < columns; j += WIDTH) {
      const columnsHere = min(WIDTH, columns - j);
      const first = b + (<usize>(k * bRow + j * bColumn) << 3);
      packColumns(rightPanels, first, columnsHere, bColumn, depthHere, bRow);
      const at = <usize>(j * cColumn) << 3;
      const from = k > 0 ? c + at : source ? source + at : 0;
      multiplyPanels(c + at, from, cRow, cColumn, a + (<usize>(k * aColumn) << 3), aRow, aColumn, rows, columnsHere, depthHere);
    }
  }
}
