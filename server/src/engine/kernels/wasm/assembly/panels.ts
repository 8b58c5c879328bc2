// Panels: the factors of a product as the tile of registers reads them, a few lines side by side, place after place along the depth.

/** The most along the depth, and the most columns, that are packed at a time; a right panel stays in the first cache level, all of them in the second. */
export const DEPTH: i32 = 256;
export const WIDTH: i32 = 512;

/** Lines in the panels of the two factors: the largest tiles that V8 keeps in registers, of which fused multiply-add needs one less. */
export const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
export const COLUMNS: i32 = 4;

export const leftPanel: usize = (__heap_base + 15) & ~15;
export const rightPanels: usize = leftPanel + DEPTH * ROWS * 8;
/** Some lines of up to `WIDTH` entries, or of `DEPTH`, which lie a bit more than that apart: not at one place of the cache. */
export const lines: usize = rightPanels + DEPTH * (WIDTH + COLUMNS) * 8;
export const LINE: i32 = WIDTH + 8;
/** Up to `WIDTH` places, up to `DEPTH` taps, and a part of an input; see band.ts. */
export const places: usize = lines + LINE * ROWS * 8;
export const taps: usize = places + WIDTH * 4;
export const band: usize = taps + DEPTH * 4;
export const BAND: i32 = 1 << 16;
/** Three times sixteen square matrices, each a bit apart from the next, not at one place of the cache; where a band would be. See winograd.ts. */
export const transformed: usize = band;
export const SIDE: i32 = 64;
export const MATRIX: i32 = SIDE * SIDE + 8;
/** Four blocks of each factor, as panels, again where a band would be, and what is noted of them. See strassen.ts, and sizes.ts. */
export const LARGEST: i32 = 512;
export const HALF: i32 = 128;
const BLOCKS: i32 = 2 * HALF * LARGEST + 4 * 8;
export const leftBlocks: usize = transformed;
export const rightBlocks: usize = leftBlocks + BLOCKS * 8;
export const sizes: usize = rightBlocks + BLOCKS * 8;
/** Where the caller's memory begins. */
export const freeMemory: usize = sizes + 2 * (2 * LARGEST * 8 + 2 * HALF * 16);

/** The largest equal parts of a length that are at most so long. */
// @ts-ignore: decorator
@inline
export function evenParts(length: i32, most: i32): i32 {
  const parts = (length + most - 1) / most;
  return parts <= 1 ? length : (length + parts - 1) / parts;
}

/** How many rows the next tile has of those that are left, so that few are empty. */
// @ts-ignore: decorator
@inline
export function panelSize(rows: i32): i32 {
  return ROWS == 4 || rows <= 4 || rows == 7 || rows == 8 ? 4 : 6;
}

/** Two entries of two lines side by side, one below the other. */
// @ts-ignore: decorator
@inline
function interleave(target: usize, next: usize, above: usize, below: usize): void {
  const a = v128.load(above), b = v128.load(below);
  v128.store(target, v128.shuffle<f64>(a, b, 0, 2));
  v128.store(next, v128.shuffle<f64>(a, b, 1, 3));
}

/** Packs `count` ≤ `size` lines, zero-padded to `size`, which is 4 or 6. */
// @ts-ignore: decorator
@inline
function packPanel(target: usize, size: i32, source: usize, count: i32, lineStride: i32, depth: i32, depthStride: i32): void {
  const line: usize = <usize>lineStride << 3;
  const step: usize = <usize>depthStride << 3;
  const bytes: usize = <usize>size << 3;
  const end = target + <usize>depth * bytes;
  if (count != size) {
    for (; target != end; target += bytes, source += step) {
      for (let i = 0; i < size; i++) store<f64>(target + (<usize>i << 3), i < count ? load<f64>(source + <usize>i * line) : 0.0);
    }
    return;
  }
  if (lineStride == 1) {
    for (; target != end; target += bytes, source += step) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
      if (size == 6) v128.store(target, v128.load(source, 32), 32);
    }
    return;
  }
  if (depthStride == 1) {
    for (const pairs = target + <usize>(depth & ~1) * bytes; target != pairs; target += 2 * bytes, source += 16) {
      interleave(target, target + bytes, source, source + line);
      interleave(target + 16, target + bytes + 16, source + 2 * line, source + 3 * line);
      if (size == 6) interleave(target + 32, target + bytes + 32, source + 4 * line, source + 5 * line);
    }
  }
  for (; target != end; target += bytes, source += step) {
    store<f64>(target, load<f64>(source));
    store<f64>(target, load<f64>(source + line), 8);
    store<f64>(target, load<f64>(source + 2 * line), 16);
    store<f64>(target, load<f64>(source + 3 * line), 24);
    if (size == 6) {
      store<f64>(target, load<f64>(source + 4 * line), 32);
      store<f64>(target, load<f64>(source + 5 * line), 40);
    }
  }
}

/** Packs a left panel with up to `size` lines. */
export function packLeft(target: usize, size: i32, source: usize, count: i32, lineStride: i32, depth: i32, depthStride: i32): void {
  if (ROWS == 6 && size == 6) packPanel(target, 6, source, count, lineStride, depth, depthStride);
  else packPanel(target, 4, source, count, lineStride, depth, depthStride);
}

/** Where the right panel begins that holds a column, of those that reach so far along the depth. */
// @ts-ignore: decorator
@inline
export function rightPanel(column: i32, depth: i32): usize {
  return rightPanels + (<usize>(column * depth) << 3);
}

/** Packs the right panel that begins with a column. */
export function packRight(column: i32, source: usize, count: i32, lineStride: i32, depth: i32, depthStride: i32): void {
  packPanel(rightPanel(column, depth), COLUMNS, source, count, lineStride, depth, depthStride);
}

/** Packs columns into right panels, one after the other. */
export function packColumns(panels: usize, source: usize, columns: i32, columnStride: i32, depth: i32, depthStride: i32): void {
  const step = <usize>depthStride << 3, panel = <usize>(depth * COLUMNS) << 3;
  let j = 0;
  // Those that are neighbours two panels at a time: together they are a line of the cache, which is read once.
  for (; columnStride == 1 && j + 2 * COLUMNS <= columns; j += 2 * COLUMNS) {
    let target = panels + (<usize>(j * depth) << 3), from = source + (<usize>j << 3);
    for (const end = target + panel; target != end; target += COLUMNS << 3, from += step) {
      v128.store(target, v128.load(from));
      v128.store(target, v128.load(from, 16), 16);
      v128.store(target + panel, v128.load(from, 32));
      v128.store(target + panel, v128.load(from, 48), 16);
    }
  }
  for (; j < columns; j += COLUMNS) packPanel(panels + (<usize>(j * depth) << 3), COLUMNS, source + (<usize>(j * columnStride) << 3), min(COLUMNS, columns - j), columnStride, depth, depthStride);
}

/** Packs `part` places from `k` on along the depth of such a panel. */
export function packRightPart(column: i32, depth: i32, k: i32, source: usize, count: i32, lineStride: i32, part: i32, depthStride: i32): void {
  packPanel(rightPanel(column, depth) + (<usize>(k * COLUMNS) << 3), COLUMNS, source, count, lineStride, part, depthStride);
}
