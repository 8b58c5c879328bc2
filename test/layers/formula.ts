// The numbers that recorded cases are made of: the same formula as in test/oracle/layers/record.py.

/** Numbers in [−1, 1): MurmurHash3's finalizer of a counter. */
export function uniform(seed: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => {
    let h = (Math.imul(index + 1, 0x9e3779b1) + Math.imul(seed, 0x85ebca77)) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
    h = (h ^ (h >>> 16)) >>> 0;
    return h / 2 ** 31 - 1;
  });
}
