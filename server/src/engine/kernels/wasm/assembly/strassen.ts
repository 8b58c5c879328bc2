// Products of large matrices by V. Strassen's algorithm, with 7 products of blocks instead of 8: Gaussian elimination is not optimal, Numerische Mathematik 13,
// 1969. As in J. Huang, T. M. Smith, G. M. Henry and R. A. van de Geijn, Strassen's algorithm reloaded, SC 2016, blocks are added as panels, and products are
// added from registers to the blocks of c that they belong to: nothing of the size of a matrix is put down in between.

import { HALF, LARGEST, leftBlocks, leftPanel, evenParts, packColumns, packLeft, panelSize, rightBlocks, rightPanels } from './panels';
import { areAlike, clearSizes, LEFT_SIZES, match, measurePanel, RIGHT_SIZES } from './sizes';
import { addPlainProduct, multiplyPanel } from './tile';

/**
 * Of each product, by which factor each block occurs in it, of a and of b, and by which factor it occurs in each block of c: 11, 12, 21, 22. In such an order
 * that the first product of a block of c is one of these that are added to no other block before.
 */
const factors = memory.data<i8>([
  -1, 0, 1, 0, /**/ 1, 1, 0, 0, /**/ 0, 0, 0, 1,
  0, 1, 0, -1, /**/ 0, 0, 1, 1, /**/ 1, 0, 0, 0,
  0, 0, 1, 1, /**/ 1, 0, 0, 0, /**/ 0, 0, 1, -1,
  1, 0, 0, 0, /**/ 0, 1, 0, -1, /**/ 0, 1, 0, 1,
  1, 0, 0, 1, /**/ 1, 0, 0, 1, /**/ 1, 0, 0, 1,
  0, 0, 0, 1, /**/ -1, 0, 1, 0, /**/ 1, 0, 1, 0,
  1, 1, 0, 0, /**/ 0, 0, 0, 1, /**/ -1, 1, 0, 0,
]);
const PRODUCTS = 7, LEFT: usize = 0, RIGHT: usize = 4, TARGET: usize = 8;
/** Each of the first products is the first one of a block of c. */
const FIRST_PRODUCTS = 4;

// @ts-ignore: decorator
@inline
function factorOf(product: i32, what: usize, block: i32): i32 {
  return load<i8>(factors + <usize>(product * 12 + block) + what);
}

/** The one or two blocks that occur in a product, of which what is subtracted comes last; −1 if there is no second. */
function blockOf(product: i32, what: usize, isSecond: bool): i32 {
  let first = -1, second = -1;
  for (let block = 0; block < 4; block++) {
    if (factorOf(product, what, block) == 0) continue;
    if (first == -1) first = block;
    else second = block;
  }
  return isSecond == (factorOf(product, what, first) == -1) ? first : second;
}

// @ts-ignore: decorator
@inline
function putCombined(to: usize, x: usize, y: usize, isDifference: bool): void {
  v128.store(to, isDifference ? f64x2.sub(v128.load(x), v128.load(y)) : f64x2.add(v128.load(x), v128.load(y)));
}

/** Puts down x + y, or x − y, over so many bytes. */
// @ts-ignore: decorator
@inline
function combine(to: usize, x: usize, y: usize, isDifference: bool, bytes: usize): void {
  const end = to + bytes, most = to + (bytes & ~63);
  for (; to != most; to += 64, x += 64, y += 64) {
    putCombined(to, x, y, isDifference);
    putCombined(to + 16, x + 16, y + 16, isDifference);
    putCombined(to + 32, x + 32, y + 32, isDifference);
    putCombined(to + 48, x + 48, y + 48, isDifference);
  }
  for (; to != end; to += 16, x += 16, y += 16) putCombined(to, x, y, isDifference);
}

/** The panels of a factor as a product takes them: those of one block, where they lie, or the sum of two, put down at `target`. */
function combined(target: usize, blocks: usize, apart: usize, product: i32, what: usize, bytes: usize): usize {
  const first = blocks + <usize>blockOf(product, what, false) * apart, other = blockOf(product, what, true);
  if (other == -1) return first;
  const second = blocks + <usize>other * apart;
  if (factorOf(product, what, other) == -1) combine(target, first, second, true, bytes);
  else combine(target, first, second, false, bytes);
  return target;
}

/** Packs four blocks of the left factor; false if they differ so much in size that they are not to be added. */
function packLeftBlocks(a: usize, aRow: i32, aColumn: i32, high: i32, deep: i32, apart: usize): bool {
  clearSizes(LEFT_SIZES);
  for (let block = 0; block < 4; block++) {
    const from = a + (<usize>((block >> 1) * high * aRow + (block & 1) * deep * aColumn) << 3);
    let panel = leftBlocks + <usize>block * apart;
    for (let row = 0; row < high;) {
      const size = panelSize(high - row);
      packLeft(panel, size, from + (<usize>(row * aRow) << 3), size, aRow, deep, aColumn);
      measurePanel(LEFT_SIZES, panel, size, block * high + row, (block & 1) * deep, deep);
      panel += <usize>(size * deep) << 3;
      row += size;
    }
  }
  return areAlike(LEFT_SIZES, 4 * high);
}

/** The same for the right factor. */
function packRightBlocks(b: usize, bRow: i32, bColumn: i32, wide: i32, deep: i32, apart: usize): bool {
  clearSizes(RIGHT_SIZES);
  for (let block = 0; block < 4; block++) {
    const from = b + (<usize>((block >> 1) * deep * bRow + (block & 1) * wide * bColumn) << 3);
    let panel = rightBlocks + <usize>block * apart;
    for (let column = 0; column < wide; column += 8) {
      const here = min(8, wide - column);
      packColumns(panel, from + (<usize>(column * bColumn) << 3), here, bColumn, deep, bRow);
      for (let i = 0; i < here; i += 4, panel += <usize>(4 * deep) << 3) measurePanel(RIGHT_SIZES, panel, 4, block * wide + column + i, (block >> 1) * deep, deep);
    }
  }
  return areAlike(RIGHT_SIZES, 4 * wide);
}

/** Where a block of c begins, in bytes. */
// @ts-ignore: decorator
@inline
function placeOf(block: i32, high: i32, wide: i32, cRow: i32): usize {
  return <usize>((block >> 1) * high * cRow + (block & 1) * wide) << 3;
}

/** c = source + the seven products of blocks that are packed. */
function addProducts(c: usize, source: usize, cRow: i32, high: i32, wide: i32, deep: i32, leftApart: usize, rightApart: usize): void {
  for (let product = 0; product < PRODUCTS; product++) {
    const right = combined(rightPanels, rightBlocks, rightApart, product, RIGHT, <usize>(wide * deep) << 3);
    const block = blockOf(product, TARGET, false), other = blockOf(product, TARGET, true);
    const from = product < FIRST_PRODUCTS ? source : c;
    let at = placeOf(block, high, wide, cRow);
    const further: usize = other == -1 ? 0 : placeOf(other, high, wide, cRow) - at;
    const factor = other == -1 ? 0 : factorOf(product, TARGET, other);
    for (let row = 0; row < high;) {
      const size = panelSize(high - row);
      const left = combined(leftPanel, leftBlocks + (<usize>(row * deep) << 3), leftApart, product, LEFT, <usize>(size * deep) << 3);
      multiplyPanel(size, c + at, from ? from + at : 0, cRow, left, right, deep, wide, further, factor);
      row += size;
      at += <usize>(size * cRow) << 3;
    }
  }
}

/** The length of parts of a side that is a multiple of a number. */
function partOf(length: i32, most: i32, multiple: i32): i32 {
  return evenParts(length / multiple, most / multiple) * multiple;
}

/** c = source + a · b, where rows and columns can be halved into whole panels, and the depth can be halved. Entries of a row of c are neighbours. */
export function addStrassenProduct(
  c: usize, source: usize, cRow: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32, rows: i32, columns: i32, depth: i32,
): void {
  const mostRows = partOf(rows, LARGEST, 8), mostColumns = partOf(columns, LARGEST, 8), mostDepth = partOf(depth, 2 * HALF, 2);
  for (let i = 0; i < rows; i += mostRows) {
    const high = min(mostRows, rows - i) >> 1;
    for (let k = 0; k < depth; k += mostDepth) {
      const deep = min(mostDepth, depth - k) >> 1;
      // A bit apart from each other: not at one place of the cache.
      const leftApart = <usize>(high * deep + 8) << 3;
      const left = a + (<usize>(i * aRow + k * aColumn) << 3);
      const isLeftAlike = packLeftBlocks(left, aRow, aColumn, high, deep, leftApart);
      for (let j = 0; j < columns; j += mostColumns) {
        const wide = min(mostColumns, columns - j) >> 1;
        const rightApart = <usize>(wide * deep + 8) << 3;
        const right = b + (<usize>(k * bRow + j * bColumn) << 3);
        const to = c + (<usize>(i * cRow + j) << 3), from = k > 0 ? to : source ? source + (to - c) : 0;
        if (isLeftAlike && packRightBlocks(right, bRow, bColumn, wide, deep, rightApart) && match(2 * deep)) addProducts(to, from, cRow, high, wide, deep, leftApart, rightApart);
        else addPlainProduct(to, from, cRow, 1, left, aRow, aColumn, right, bRow, bColumn, 2 * high, 2 * wide, 2 * deep);
      }
    }
  }
}
