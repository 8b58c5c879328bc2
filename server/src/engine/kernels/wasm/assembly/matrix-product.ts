// The matrix product: packed panels and a 4×4 tile of registers.

import { addScaled, multiplyAdd, setScaled } from './vector';

// Loops are not unrolled by hand: V8 then runs out of registers. A 4×4 tile is the largest that fits.
const TILE: i32 = 4;
const DEPTH_BLOCK: i32 = 256;
const COLUMN_BLOCK: i32 = 512;
const SHALLOW: i32 = 2;

const leftPanel: usize = (__heap_base + 15) & ~15;
const rightPanels: usize = leftPanel + DEPTH_BLOCK * TILE * 8;
const tile: usize = rightPanels + DEPTH_BLOCK * (COLUMN_BLOCK + TILE) * 8;
/** Where the caller's memory begins. */
export const freeMemory: usize = tile + TILE * TILE * 8;

/** Copies `count` ≤ 4 lines, zero-padded to 4, so that the tile reads them one after the other. */
function packPanel(target: usize, source: usize, count: i32, lineStride: i32, depth: i32, depthStride: i32): void {
  const line: usize = <usize>lineStride << 3;
  const step: usize = <usize>depthStride << 3;
  if (count == TILE) {
    if (lineStride == 1) {
      for (let k = 0; k < depth; k++) {
        v128.store(target, v128.load(source));
        v128.store(target, v128.load(source, 16), 16);
        target += TILE * 8;
        source += step;
      }
      return;
    }
    for (let k = 0; k < depth; k++) {
      store<f64>(target, load<f64>(source));
      store<f64>(target, load<f64>(source + line), 8);
      store<f64>(target, load<f64>(source + 2 * line), 16);
      store<f64>(target, load<f64>(source + 3 * line), 24);
      target += TILE * 8;
      source += step;
    }
    return;
  }
  for (let k = 0; k < depth; k++) {
    for (let i = 0; i < TILE; i++) {
      store<f64>(target + (<usize>i << 3), i < count ? load<f64>(source + <usize>i * line) : 0.0);
    }
    target += TILE * 8;
    source += step;
  }
}

// @ts-ignore: decorator
@inline
function addRow(c: usize, source: usize, low: v128, high: v128): void {
  v128.store(c, f64x2.add(v128.load(source), low));
  v128.store(c, f64x2.add(v128.load(source, 16), high), 16);
}

/** c (rows × columns) = source + left panel × right panel. */
function multiplyTile(c: usize, source: usize, cRow: i32, cColumn: i32, b: usize, depth: i32, rows: i32, columns: i32): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  let a = leftPanel;
  const end = a + (<usize>depth << 5);
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
    a += 32;
    b += 32;
  }
  const row: usize = <usize>cRow << 3;
  if (rows == TILE && columns == TILE && cColumn == 1) {
    addRow(c, source, c00, c01);
    addRow(c + row, source + row, c10, c11);
    addRow(c + 2 * row, source + 2 * row, c20, c21);
    addRow(c + 3 * row, source + 3 * row, c30, c31);
    return;
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>i * row + (<usize>(j * cColumn) << 3);
      store<f64>(c + at, load<f64>(source + at) + load<f64>(tile + (<usize>(i * TILE + j) << 3)));
    }
  }
}

/** The same for a few outer products, which need no packing. */
function addShallowProduct(c: usize, source: usize, cRow: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, rows: i32, columns: i32, depth: i32): void {
  for (let i = 0; i < rows; i++) {
    const at = <usize>(i * cRow) << 3;
    setScaled(c + at, source + at, b, load<f64>(a + (<usize>(i * aRow) << 3)), columns);
    for (let k = 1; k < depth; k++) addScaled(c + at, b + (<usize>(k * bRow) << 3), load<f64>(a + (<usize>(i * aRow + k * aColumn) << 3)), columns);
  }
}

/** c (rows × columns) = source + a (rows × depth) · b (depth × columns), each with a stride between rows and between columns; the source lies as c does, and may be c. */
export function addMatrixProduct(
  c: usize, source: usize, cRow: i32, cColumn: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  rows: i32, columns: i32, depth: i32,
): void {
  if (depth <= SHALLOW && cColumn == 1 && bColumn == 1) {
    addShallowProduct(c, source, cRow, a, aRow, aColumn, b, bRow, rows, columns, depth);
    return;
  }
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const depthHere = min(DEPTH_BLOCK, depth - k);
    for (let j = 0; j < columns; j += COLUMN_BLOCK) {
      const columnsHere = min(COLUMN_BLOCK, columns - j);
      for (let jj = 0; jj < columnsHere; jj += TILE) {
        const from = b + (<usize>(k * bRow + (j + jj) * bColumn) << 3);
        packPanel(rightPanels + (<usize>(jj * depthHere) << 3), from, min(TILE, columnsHere - jj), bColumn, depthHere, bRow);
      }
      for (let i = 0; i < rows; i += TILE) {
        const rowsHere = min(TILE, rows - i);
        packPanel(leftPanel, a + (<usize>(i * aRow + k * aColumn) << 3), rowsHere, aRow, depthHere, aColumn);
        for (let jj = 0; jj < columnsHere; jj += TILE) {
          const at = <usize>(i * cRow + (j + jj) * cColumn) << 3;
          multiplyTile(c + at, (k == 0 ? source : c) + at, cRow, cColumn, rightPanels + (<usize>(jj * depthHere) << 3), depthHere, rowsHere, min(TILE, columnsHere - jj));
        }
      }
    }
  }
}
