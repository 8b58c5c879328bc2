// The engine's heavy kernels in AssemblyScript, for 128-bit SIMD. Addresses are in bytes, strides and counts in entries.
// Built twice from this source: with multiply and add, and with relaxed fused multiply-add where the host has it.

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

// @ts-ignore: decorator
@inline
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f64>(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

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
function addRow(c: usize, low: v128, high: v128): void {
  v128.store(c, f64x2.add(v128.load(c), low));
  v128.store(c, f64x2.add(v128.load(c, 16), high), 16);
}

/** c (rows × columns) += left panel × right panel. */
function multiplyTile(c: usize, cRow: i32, cColumn: i32, b: usize, depth: i32, rows: i32, columns: i32): void {
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
    addRow(c, c00, c01);
    addRow(c + row, c10, c11);
    addRow(c + 2 * row, c20, c21);
    addRow(c + 3 * row, c30, c31);
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
      const at = c + <usize>i * row + (<usize>(j * cColumn) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(tile + (<usize>(i * TILE + j) << 3)));
    }
  }
}

/** The same for a few outer products, which need no packing. */
function addShallowProduct(c: usize, cRow: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, rows: i32, columns: i32, depth: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < depth; k++) {
      addScaled(c + (<usize>(i * cRow) << 3), b + (<usize>(k * bRow) << 3), load<f64>(a + (<usize>(i * aRow + k * aColumn) << 3)), columns);
    }
  }
}

/** c (rows × columns) += a (rows × depth) · b (depth × columns), each with a stride between rows and between columns. */
export function addMatrixProduct(
  c: usize, cRow: i32, cColumn: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  rows: i32, columns: i32, depth: i32,
): void {
  if (depth <= SHALLOW && cColumn == 1 && bColumn == 1) {
    addShallowProduct(c, cRow, a, aRow, aColumn, b, bRow, rows, columns, depth);
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
          const to = c + (<usize>(i * cRow + (j + jj) * cColumn) << 3);
          multiplyTile(to, cRow, cColumn, rightPanels + (<usize>(jj * depthHere) << 3), depthHere, rowsHere, min(TILE, columnsHere - jj));
        }
      }
    }
  }
}

/** y += factor · x over `count` entries. */
export function addScaled(y: usize, x: usize, factor: f64, count: i32): void {
  const f = f64x2.splat(factor);
  const end = y + (<usize>(count & ~1) << 3);
  while (y != end) {
    v128.store(y, multiplyAdd(f, v128.load(x), v128.load(y)));
    y += 16;
    x += 16;
  }
  if (count & 1) store<f64>(y, load<f64>(y) + factor * load<f64>(x));
}

/** The sum of `count` neighbouring entries. */
export function sum(x: usize, count: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  const end = x + (<usize>(count & ~3) << 3);
  while (x != end) {
    a = f64x2.add(a, v128.load(x));
    b = f64x2.add(b, v128.load(x, 16));
    x += 32;
  }
  a = f64x2.add(a, b);
  let total = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
  for (let i = 0; i < (count & 3); i++) total += load<f64>(x + (<usize>i << 3));
  return total;
}

// Entry by entry; an odd last entry is computed in a lane of its own.

export function add(y: usize, a: usize, b: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, f64x2.add(v128.load(a + i), v128.load(b + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    store<f64>(y + i, load<f64>(a + i) + load<f64>(b + i));
  }
}

export function subtract(y: usize, a: usize, b: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, f64x2.sub(v128.load(a + i), v128.load(b + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    store<f64>(y + i, load<f64>(a + i) - load<f64>(b + i));
  }
}

export function multiply(y: usize, a: usize, b: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, f64x2.mul(v128.load(a + i), v128.load(b + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    store<f64>(y + i, load<f64>(a + i) * load<f64>(b + i));
  }
}

export function divide(y: usize, a: usize, b: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, f64x2.div(v128.load(a + i), v128.load(b + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    store<f64>(y + i, load<f64>(a + i) / load<f64>(b + i));
  }
}

export function negate(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, f64x2.neg(v128.load(x + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    store<f64>(y + i, -load<f64>(x + i));
  }
}

export function sqrt(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, f64x2.sqrt(v128.load(x + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    store<f64>(y + i, NativeMath.sqrt(load<f64>(x + i)));
  }
}

/** 0 where x ≤ 0, else x, also where x is not a number. */
export function relu(y: usize, x: usize, count: i32): void {
  const zero = f64x2.splat(0);
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) {
    const value = v128.load(x + i);
    v128.store(y + i, v128.andnot(value, f64x2.le(value, zero)));
  }
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    const value = load<f64>(x + i);
    store<f64>(y + i, value <= 0 ? 0 : value);
  }
}

export function step(y: usize, x: usize, count: i32): void {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) {
    v128.store(y + i, v128.and(one, f64x2.gt(v128.load(x + i), zero)));
  }
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    store<f64>(y + i, load<f64>(x + i) > 0 ? 1 : 0);
  }
}

/** Whether any two entries differ. */
export function differ(a: usize, b: usize, count: i32): bool {
  let changed = f64x2.splat(0);
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) {
    changed = v128.or(changed, f64x2.ne(v128.load(a + i), v128.load(b + i)));
  }
  if (v128.any_true(changed)) return true;
  const last = <usize>(count - 1) << 3;
  return (count & 1) != 0 && load<f64>(a + last) != load<f64>(b + last);
}

/** Whether any two entries differ in sign: negative, zero or positive. */
export function signsDiffer(a: usize, b: usize, count: i32): bool {
  const zero = f64x2.splat(0);
  let changed = zero;
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) {
    const x = v128.load(a + i);
    const y = v128.load(b + i);
    const above = v128.xor(f64x2.gt(x, zero), f64x2.gt(y, zero));
    const below = v128.xor(f64x2.lt(x, zero), f64x2.lt(y, zero));
    changed = v128.or(changed, v128.or(above, below));
  }
  if (v128.any_true(changed)) return true;
  if ((count & 1) == 0) return false;
  const x = load<f64>(a + (<usize>(count - 1) << 3));
  const y = load<f64>(b + (<usize>(count - 1) << 3));
  return x > 0 != y > 0 || x < 0 != y < 0;
}

// Windows over the last three axes. The table holds, per axis, the number of windows, their step, their starts and their stops, as 32-bit numbers.

// @ts-ignore: decorator
@inline
function startOf(axis: usize, window: i32): i32 {
  return load<i32>(axis + (<usize>(2 + window) << 2));
}

// @ts-ignore: decorator
@inline
function stopOf(axis: usize, window: i32): i32 {
  return load<i32>(axis + (<usize>(2 + load<i32>(axis) + window) << 2));
}

// @ts-ignore: decorator
@inline
function nextAxis(axis: usize): usize {
  return axis + (<usize>(2 + 2 * load<i32>(axis)) << 2);
}

// @ts-ignore: decorator
@inline
function twoEntries(x: usize, apart: i32): v128 {
  return v128.load64_lane(x + (<usize>apart << 3), v128.load64_zero(x), 1);
}

/** The place within its plane of the greatest entry of each window; the first of equals, or a number that is none. */
export function argmaxWindows(output: usize, x: usize, table: usize, planes: i32, height: i32, width: i32, volume: i32): void {
  const d = table;
  const h = nextAxis(d);
  const w = nextAxis(h);
  const depths = load<i32>(d), heights = load<i32>(h), widths = load<i32>(w);
  const depthStep = load<i32>(d, 4), heightStep = load<i32>(h, 4), widthStep = load<i32>(w, 4);
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < depths; i++) {
      for (let j = 0; j < heights; j++) {
        const firstRow = startOf(h, j), lastRow = stopOf(h, j);
        for (let k = 0; k < widths; k++) {
          const first = startOf(w, k), last = stopOf(w, k);
          // Two neighbours of one width side by side, so that their comparisons do not wait for each other.
          const apart = k + 1 < widths ? startOf(w, k + 1) - first : 0;
          if (k + 1 < widths && stopOf(w, k + 1) - last == apart) {
            const corner = (startOf(d, i) * height + firstRow) * width + first;
            let bests = f64x2.replace_lane(f64x2.splat(<f64>corner), 1, <f64>(corner + apart));
            let tops = twoEntries(x + (<usize>corner << 3), apart);
            for (let a = startOf(d, i), lastA = stopOf(d, i); a < lastA; a += depthStep) {
              for (let b = firstRow; b < lastRow; b += heightStep) {
                const row = (a * height + b) * width;
                for (let c = row + first; c < row + last; c += widthStep) {
                  const values = twoEntries(x + (<usize>c << 3), apart);
                  const win = v128.andnot(f64x2.eq(tops, tops), f64x2.le(values, tops));
                  const places = f64x2.replace_lane(f64x2.splat(<f64>c), 1, <f64>(c + apart));
                  bests = v128.bitselect(places, bests, win);
                  tops = v128.bitselect(values, tops, win);
                }
              }
            }
            v128.store(output, bests);
            output += 16;
            k++;
            continue;
          }
          let best = (startOf(d, i) * height + firstRow) * width + first;
          let greatest = load<f64>(x + (<usize>best << 3));
          for (let a = startOf(d, i), lastA = stopOf(d, i); a < lastA; a += depthStep) {
            for (let b = firstRow; b < lastRow; b += heightStep) {
              const row = (a * height + b) * width;
              for (let c = row + first; c < row + last; c += widthStep) {
                const value = load<f64>(x + (<usize>c << 3));
                // Not "greater or equal", and a NaN is neither: the first of equals stays, a NaN wins. No branch, which would be mispredicted.
                const wins = i32(!(value <= greatest)) & i32(greatest == greatest);
                best = select(c, best, wins);
                greatest = select(value, greatest, wins);
              }
            }
          }
          store<f64>(output, <f64>best);
          output += 8;
        }
      }
    }
    x += <usize>volume << 3;
  }
}

/** The sum of each window. */
export function sumWindows(output: usize, x: usize, table: usize, planes: i32, height: i32, width: i32, volume: i32): void {
  const d = table;
  const h = nextAxis(d);
  const w = nextAxis(h);
  const depths = load<i32>(d), heights = load<i32>(h), widths = load<i32>(w);
  const depthStep = load<i32>(d, 4), heightStep = load<i32>(h, 4), widthStep = load<i32>(w, 4);
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < depths; i++) {
      for (let j = 0; j < heights; j++) {
        for (let k = 0; k < widths; k++) {
          const first = startOf(w, k), last = stopOf(w, k);
          let total: f64 = 0;
          const wholeRows = last - first == width && widthStep == 1 && heightStep == 1;
          for (let a = startOf(d, i), lastA = stopOf(d, i); a < lastA; a += depthStep) {
            if (wholeRows) {
              total += sum(x + (<usize>((a * height + startOf(h, j)) * width) << 3), (stopOf(h, j) - startOf(h, j)) * width);
              continue;
            }
            for (let b = startOf(h, j), lastB = stopOf(h, j); b < lastB; b += heightStep) {
              const row = x + (<usize>((a * height + b) * width) << 3);
              for (let c = first; c < last; c += widthStep) total += load<f64>(row + (<usize>c << 3));
            }
          }
          store<f64>(output, total);
          output += 8;
        }
      }
    }
    x += <usize>volume << 3;
  }
}

/** output[b, i] = table[b, indices[b, i]]; gives the place of the first index that is no whole number below `rows`, or −1. */
export function pick(output: usize, table: usize, indices: usize, batch: i32, rows: i32, count: i32): i32 {
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < count; i++) {
      const index = load<f64>(indices);
      if (!(index >= 0 && index < <f64>rows)) return b * count + i;
      const row = <i32>index;
      if (<f64>row != index) return b * count + i;
      store<f64>(output, load<f64>(table + (<usize>row << 3)));
      indices += 8;
      output += 8;
    }
    table += <usize>rows << 3;
  }
  return -1;
}
