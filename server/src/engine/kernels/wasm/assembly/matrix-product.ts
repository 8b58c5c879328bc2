// The matrix product: packed panels and a tile of registers.

import { addScaled, multiplyAdd, setScaled } from './vector';

// Loops are not unrolled by hand: V8 then runs out of registers. A tile of 4×4 is the largest that fits, and of 6×4 where a product needs no register.
const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
const COLUMNS: i32 = 4;
const DEPTH_BLOCK: i32 = 256;
const COLUMN_BLOCK: i32 = 512;
const SHALLOW: i32 = 2;

const leftPanel: usize = (__heap_base + 15) & ~15;
const rightPanels: usize = leftPanel + DEPTH_BLOCK * ROWS * 8;
const tile: usize = rightPanels + DEPTH_BLOCK * (COLUMN_BLOCK + COLUMNS) * 8;
/** Where the caller's memory begins. */
export const freeMemory: usize = tile + ROWS * COLUMNS * 8;

/** Copies `count` ≤ `lines` lines, zero-padded, so that the tile reads them one after the other. */
// @ts-ignore: decorator
@inline
function packPanel(target: usize, source: usize, count: i32, lines: i32, lineStride: i32, depth: i32, depthStride: i32): void {
  const line: usize = <usize>lineStride << 3;
  const step: usize = <usize>depthStride << 3;
  if (count == lines) {
    if (lineStride == 1) {
      for (let k = 0; k < depth; k++) {
        v128.store(target, v128.load(source));
        v128.store(target, v128.load(source, 16), 16);
        if (lines == 6) v128.store(target, v128.load(source, 32), 32);
        target += <usize>lines << 3;
        source += step;
      }
      return;
    }
    for (let k = 0; k < depth; k++) {
      store<f64>(target, load<f64>(source));
      store<f64>(target, load<f64>(source + line), 8);
      store<f64>(target, load<f64>(source + 2 * line), 16);
      store<f64>(target, load<f64>(source + 3 * line), 24);
      if (lines == 6) {
        store<f64>(target, load<f64>(source + 4 * line), 32);
        store<f64>(target, load<f64>(source + 5 * line), 40);
      }
      target += <usize>lines << 3;
      source += step;
    }
    return;
  }
  for (let k = 0; k < depth; k++) {
    for (let i = 0; i < lines; i++) {
      store<f64>(target + (<usize>i << 3), i < count ? load<f64>(source + <usize>i * line) : 0.0);
    }
    target += <usize>lines << 3;
    source += step;
  }
}

function packLeft(source: usize, count: i32, lineStride: i32, depth: i32, depthStride: i32): void {
  packPanel(leftPanel, source, count, ROWS, lineStride, depth, depthStride);
}

function packRight(target: usize, source: usize, count: i32, lineStride: i32, depth: i32, depthStride: i32): void {
  packPanel(target, source, count, COLUMNS, lineStride, depth, depthStride);
}

/** c (rows × columns) = source + left panel × right panel. */
function multiplyTile(c: usize, source: usize, cRow: i32, cColumn: i32, b: usize, depth: i32, rows: i32, columns: i32): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  let c40 = f64x2.splat(0), c41 = f64x2.splat(0);
  let c50 = f64x2.splat(0), c51 = f64x2.splat(0);
  let a = leftPanel;
  const end = a + <usize>(depth * ROWS * 8);
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
    if (ROWS == 6) {
      x = v128.load64_splat(a, 32);
      c40 = multiplyAdd(x, b0, c40);
      c41 = multiplyAdd(x, b1, c41);
      x = v128.load64_splat(a, 40);
      c50 = multiplyAdd(x, b0, c50);
      c51 = multiplyAdd(x, b1, c51);
    }
    a += ROWS * 8;
    b += COLUMNS * 8;
  }
  const row: usize = <usize>cRow << 3;
  if (rows == ROWS && columns == COLUMNS && cColumn == 1) {
    // All is read before anything is written: a write would hold up the reads of addresses that lie a multiple of 4096 bytes away.
    c00 = f64x2.add(v128.load(source), c00);
    c01 = f64x2.add(v128.load(source, 16), c01);
    c10 = f64x2.add(v128.load(source + row), c10);
    c11 = f64x2.add(v128.load(source + row, 16), c11);
    c20 = f64x2.add(v128.load(source + 2 * row), c20);
    c21 = f64x2.add(v128.load(source + 2 * row, 16), c21);
    c30 = f64x2.add(v128.load(source + 3 * row), c30);
    c31 = f64x2.add(v128.load(source + 3 * row, 16), c31);
    if (ROWS == 6) {
      c40 = f64x2.add(v128.load(source + 4 * row), c40);
      c41 = f64x2.add(v128.load(source + 4 * row, 16), c41);
      c50 = f64x2.add(v128.load(source + 5 * row), c50);
      c51 = f64x2.add(v128.load(source + 5 * row, 16), c51);
    }
    v128.store(c, c00);
    v128.store(c, c01, 16);
    v128.store(c + row, c10);
    v128.store(c + row, c11, 16);
    v128.store(c + 2 * row, c20);
    v128.store(c + 2 * row, c21, 16);
    v128.store(c + 3 * row, c30);
    v128.store(c + 3 * row, c31, 16);
    if (ROWS == 6) {
      v128.store(c + 4 * row, c40);
      v128.store(c + 4 * row, c41, 16);
      v128.store(c + 5 * row, c50);
      v128.store(c + 5 * row, c51, 16);
    }
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
  if (ROWS == 6) {
    v128.store(tile, c40, 128);
    v128.store(tile, c41, 144);
    v128.store(tile, c50, 160);
    v128.store(tile, c51, 176);
  }
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>i * row + (<usize>(j * cColumn) << 3);
      store<f64>(c + at, load<f64>(source + at) + load<f64>(tile + (<usize>(i * COLUMNS + j) << 3)));
    }
  }
}

/** The same for a few outer products, which need no packing. */
function addShallowProduct(
  c: usize, source: usize, cRow: i32, cColumn: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32, rows: i32, columns: i32, depth: i32,
): void {
  const isDense = cColumn == 1 && bColumn == 1;
  const step = <usize>cColumn << 3, bStep = <usize>bColumn << 3;
  for (let i = 0; i < rows; i++) {
    let from = source + (<usize>(i * cRow) << 3);
    const to = c + (<usize>(i * cRow) << 3);
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
    store<f64>(c, load<f64>(source) + first);
    if (rows == 2) store<f64>(c + row, load<f64>(source + row) + other);
    c += step;
    source += step;
    b += <usize>bColumn << 3;
  }
}

/** c (rows × columns) = source + a (rows × depth) · b (depth × columns), each with a stride between rows and between columns; the source lies as c does, and may be c. */
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
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const depthHere = min(DEPTH_BLOCK, depth - k);
    for (let j = 0; j < columns; j += COLUMN_BLOCK) {
      const columnsHere = min(COLUMN_BLOCK, columns - j);
      for (let jj = 0; jj < columnsHere; jj += COLUMNS) {
        const from = b + (<usize>(k * bRow + (j + jj) * bColumn) << 3);
        packRight(rightPanels + (<usize>(jj * depthHere) << 3), from, min(COLUMNS, columnsHere - jj), bColumn, depthHere, bRow);
      }
      for (let i = 0; i < rows; i += ROWS) {
        const rowsHere = min(ROWS, rows - i);
        packLeft(a + (<usize>(i * aRow + k * aColumn) << 3), rowsHere, aRow, depthHere, aColumn);
        for (let jj = 0; jj < columnsHere; jj += COLUMNS) {
          const at = <usize>(i * cRow + (j + jj) * cColumn) << 3;
          multiplyTile(c + at, (k == 0 ? source : c) + at, cRow, cColumn, rightPanels + (<usize>(jj * depthHere) << 3), depthHere, rowsHere, min(COLUMNS, columnsHere - jj));
        }
      }
    }
  }
}
