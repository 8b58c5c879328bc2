// Matrix products of strided matrices: packed panels and a 4×4 register tile.

/** A matrix inside a buffer: entry (i, j) lies at offset + i·row + j·column. */
export interface Matrix {
  readonly values: Float64Array;
  readonly offset: number;
  readonly row: number;
  readonly column: number;
}

// Blocks of a size that stays in the first and second cache level.
const DEPTH_BLOCK = 256;
const COLUMN_BLOCK = 512;
const TILE = 4;

let leftPanel = new Float64Array(0);
let rightPanels = new Float64Array(0);

/** Copies `count` ≤ 4 lines of the matrix, zero-padded to 4, so that the tile reads them one after the other. */
function packPanel(
  target: Float64Array,
  at: number,
  source: Float64Array,
  start: number,
  count: number,
  lineStride: number,
  depth: number,
  depthStride: number,
): void {
  if (count === TILE) {
    let a = start;
    let b = a + lineStride;
    let c = b + lineStride;
    let d = c + lineStride;
    for (let k = 0, p = at; k < depth; k++, p += TILE) {
      target[p] = source[a]!;
      target[p + 1] = source[b]!;
      target[p + 2] = source[c]!;
      target[p + 3] = source[d]!;
      a += depthStride;
      b += depthStride;
      c += depthStride;
      d += depthStride;
    }
    return;
  }
  for (let k = 0; k < depth; k++) {
    for (let line = 0; line < TILE; line++) {
      target[at + k * TILE + line] = line < count ? source[start + line * lineStride + k * depthStride]! : 0;
    }
  }
}

/** c (rows × columns) += left panel × right panel over the depth. */
function multiplyTile(
  c: Float64Array,
  cStart: number,
  cRow: number,
  cColumn: number,
  a: Float64Array,
  b: Float64Array,
  bStart: number,
  depth: number,
  rows: number,
  columns: number,
): void {
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0;
  let c10 = 0, c11 = 0, c12 = 0, c13 = 0;
  let c20 = 0, c21 = 0, c22 = 0, c23 = 0;
  let c30 = 0, c31 = 0, c32 = 0, c33 = 0;
  for (let p = 0, q = bStart, end = depth * TILE; p < end; p += TILE, q += TILE) {
    const b0 = b[q]!, b1 = b[q + 1]!, b2 = b[q + 2]!, b3 = b[q + 3]!;
    let x = a[p]!;
    c00 += x * b0; c01 += x * b1; c02 += x * b2; c03 += x * b3;
    x = a[p + 1]!;
    c10 += x * b0; c11 += x * b1; c12 += x * b2; c13 += x * b3;
    x = a[p + 2]!;
    c20 += x * b0; c21 += x * b1; c22 += x * b2; c23 += x * b3;
    x = a[p + 3]!;
    c30 += x * b0; c31 += x * b1; c32 += x * b2; c33 += x * b3;
  }
  addRow(c, cStart, cColumn, columns, c00, c01, c02, c03);
  if (rows > 1) addRow(c, cStart + cRow, cColumn, columns, c10, c11, c12, c13);
  if (rows > 2) addRow(c, cStart + 2 * cRow, cColumn, columns, c20, c21, c22, c23);
  if (rows > 3) addRow(c, cStart + 3 * cRow, cColumn, columns, c30, c31, c32, c33);
}

function addRow(c: Float64Array, start: number, stride: number, columns: number, v0: number, v1: number, v2: number, v3: number): void {
  c[start]! += v0;
  if (columns > 1) c[start + stride]! += v1;
  if (columns > 2) c[start + 2 * stride]! += v2;
  if (columns > 3) c[start + 3 * stride]! += v3;
}

/** One row times a matrix: too thin for tiles. */
function addRowProduct(c: Matrix, cStart: number, a: Matrix, aStart: number, b: Matrix, columns: number, depth: number): void {
  const { values: cv, column: cColumn } = c;
  const { values: av, column: aColumn } = a;
  const { values: bv, row: bRow, column: bColumn, offset } = b;
  if (bRow < bColumn) {
    for (let j = 0; j < columns; j++) {
      let total = 0;
      for (let k = 0, p = aStart, q = offset + j * bColumn; k < depth; k++, p += aColumn, q += bRow) total += av[p]! * bv[q]!;
      cv[cStart + j * cColumn]! += total;
    }
    return;
  }
  for (let k = 0; k < depth; k++) {
    const x = av[aStart + k * aColumn]!;
    for (let j = 0, q = offset + k * bRow, p = cStart; j < columns; j++, q += bColumn, p += cColumn) cv[p]! += x * bv[q]!;
  }
}

/** c (rows × columns) = source + a (rows × depth) · b (depth × columns); the source lies in its array as c does in its own, and may be nothing. */
export function addMatrixProduct(c: Matrix, a: Matrix, b: Matrix, rows: number, columns: number, depth: number, source: Float64Array | null = c.values): void {
  if (source !== c.values) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0, at = c.offset + i * c.row; j < columns; j++, at += c.column) c.values[at] = source === null ? 0 : source[at]!;
    }
  }
  if (rows < 3) {
    for (let i = 0; i < rows; i++) addRowProduct(c, c.offset + i * c.row, a, a.offset + i * a.row, b, columns, depth);
    return;
  }
  if (columns < 3) {
    addMatrixProduct(transposed(c), transposed(b), transposed(a), columns, rows, depth);
    return;
  }
  const blockDepth = Math.min(depth, DEPTH_BLOCK);
  const blockColumns = Math.min(columns, COLUMN_BLOCK);
  if (leftPanel.length < blockDepth * TILE) leftPanel = new Float64Array(DEPTH_BLOCK * TILE);
  if (rightPanels.length < blockDepth * (blockColumns + TILE)) rightPanels = new Float64Array(DEPTH_BLOCK * (COLUMN_BLOCK + TILE));
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const depthHere = Math.min(DEPTH_BLOCK, depth - k);
    for (let j = 0; j < columns; j += COLUMN_BLOCK) {
      const columnsHere = Math.min(COLUMN_BLOCK, columns - j);
      for (let jj = 0; jj < columnsHere; jj += TILE) {
        const start = b.offset + k * b.row + (j + jj) * b.column;
        packPanel(rightPanels, jj * depthHere, b.values, start, Math.min(TILE, columnsHere - jj), b.column, depthHere, b.row);
      }
      for (let i = 0; i < rows; i += TILE) {
        const rowsHere = Math.min(TILE, rows - i);
        packPanel(leftPanel, 0, a.values, a.offset + i * a.row + k * a.column, rowsHere, a.row, depthHere, a.column);
        for (let jj = 0; jj < columnsHere; jj += TILE) {
          const cStart = c.offset + i * c.row + (j + jj) * c.column;
          multiplyTile(c.values, cStart, c.row, c.column, leftPanel, rightPanels, jj * depthHere, depthHere, rowsHere, Math.min(TILE, columnsHere - jj));
        }
      }
    }
  }
}

/** The part of a product that one entry of a factor can change. */
export interface FactorMove {
  /** The product, with a row for each line of the factor; the rows that are to be brought up to date, and their length. */
  readonly product: Matrix;
  readonly first: number;
  readonly lines: number;
  readonly length: number;
  /** The other factor, with a row for each place along the depth. */
  readonly other: Matrix;
  /** Of the factor as it is stored, and whether these, not its rows, are its lines. */
  readonly columns: number;
  readonly isTurned: boolean;
}

/** product = base + what one entry of a factor adds; `change` says which one, counted in storage order, and by how much it differs. */
export function moveFactor({ product, first, lines, length, other, columns, isTurned }: FactorMove, base: Float64Array, change: Float64Array): void {
  const [number, delta] = change as unknown as [number, number];
  const [row, column] = [Math.floor(number / columns), number % columns];
  const [moved, depth] = isTurned ? [column, row] : [row, column];
  for (let line = first; line < first + lines; line++) {
    for (let i = 0; i < length; i++) {
      const at = product.offset + line * product.row + i * product.column;
      product.values[at] = line === moved ? base[at]! + delta * other.values[other.offset + depth * other.row + i * other.column]! : base[at]!;
    }
  }
}

/** The same entries with rows and columns exchanged. */
export function transposed(m: Matrix): Matrix {
  return { values: m.values, offset: m.offset, row: m.column, column: m.row };
}

/** A dense row-major matrix that starts at an offset of a buffer. */
export function denseMatrix(values: Float64Array, offset: number, columns: number): Matrix {
  return { values, offset, row: columns, column: 1 };
}
