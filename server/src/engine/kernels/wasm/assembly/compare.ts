// Comparisons of two arrays, and of one with what is finite.

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

/** Whether of any two entries only one is positive. */
export function signsDiffer(a: usize, b: usize, count: i32): bool {
  const zero = f64x2.splat(0);
  let changed = zero;
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) {
    const x = v128.load(a + i);
    const y = v128.load(b + i);
    changed = v128.or(changed, v128.xor(f64x2.gt(x, zero), f64x2.gt(y, zero)));
  }
  if (v128.any_true(changed)) return true;
  if ((count & 1) == 0) return false;
  const x = load<f64>(a + (<usize>(count - 1) << 3));
  const y = load<f64>(b + (<usize>(count - 1) << 3));
  return x > 0 != y > 0;
}

/** Whether all entries are numbers, none of them infinite. */
export function areFinite(x: usize, count: i32): bool {
  let found = f64x2.splat(0);
  for (const end = x + (<usize>(count & ~1) << 3); x != end; x += 16) {
    const value = v128.load(x);
    // A difference that is not 0 is none.
    found = v128.or(found, f64x2.sub(value, value));
  }
  if (count & 1) found = v128.or(found, f64x2(load<f64>(x) - load<f64>(x), 0));
  return !v128.any_true(found);
}
