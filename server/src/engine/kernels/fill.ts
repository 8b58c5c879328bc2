// Filling arrays of any size.

/** Entries that are filled in one go. */
const PIECE = 1 << 20;

/** Fills an array in pieces, between which a host can end the thread: in memory that was never touched, a large array takes a second. */
export function fill(target: Float64Array, value: number): void {
  for (let start = 0; start < target.length; start += PIECE) target.fill(value, start, start + PIECE);
}
