// Where a tile of registers is put down, four columns a row, when its entries are to be taken one by one.

import { COLUMNS } from './panels';

export const spilled = memory.data(6 * COLUMNS * 8, 16);

/** Puts down the rows of a tile, which has `size`, 4 or 6. */
// @ts-ignore: decorator
@inline
export function spill(
  size: i32, c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128, c40: v128, c41: v128, c50: v128, c51: v128,
): void {
  v128.store(spilled, c00);
  v128.store(spilled, c01, 16);
  v128.store(spilled, c10, 32);
  v128.store(spilled, c11, 48);
  v128.store(spilled, c20, 64);
  v128.store(spilled, c21, 80);
  v128.store(spilled, c30, 96);
  v128.store(spilled, c31, 112);
  if (size == 6) {
    v128.store(spilled, c40, 128);
    v128.store(spilled, c41, 144);
    v128.store(spilled, c50, 160);
    v128.store(spilled, c51, 176);
  }
}
