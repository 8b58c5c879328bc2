// Rows picked by number.

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
