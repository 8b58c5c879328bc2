// What the kernels share.

// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f64>(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** y = source + factor · x over `count` entries. */
export function setScaled(y: usize, source: usize, x: usize, factor: f64, count: i32): void {
  const f = f64x2.splat(factor);
  const end = y + (<usize>(count & ~1) << 3);
  while (y != end) {
    v128.store(y, multiplyAdd(f, v128.load(x), v128.load(source)));
    y += 16;
    source += 16;
    x += 16;
  }
  if (count & 1) store<f64>(y, load<f64>(source) + factor * load<f64>(x));
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

/** The sum of a − b over `count` neighbouring entries. */
function sumDifference(a: usize, b: usize, count: i32): f64 {
  let first = f64x2.splat(0);
  let second = f64x2.splat(0);
  const end = a + (<usize>(count & ~3) << 3);
  while (a != end) {
    first = f64x2.add(first, f64x2.sub(v128.load(a), v128.load(b)));
    second = f64x2.add(second, f64x2.sub(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  first = f64x2.add(first, second);
  let total = f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1);
  for (let i: usize = 0, rest = <usize>(count & 3) << 3; i < rest; i += 8) total += load<f64>(a + i) - load<f64>(b + i);
  return total;
}

/** The sums of a − b over runs of `count` entries; runs come in blocks, one after the other, blocks some entries apart. */
export function sumDifferences(output: usize, a: usize, b: usize, blocks: i32, apart: i32, runs: i32, count: i32): void {
  for (let block = 0; block < blocks; block++) {
    for (let run = 0; run < runs; run++) {
      const at = <usize>(block * apart + run * count) << 3;
      store<f64>(output, sumDifference(a + at, b + at, count));
      output += 8;
    }
  }
}

/** y = 0 */
export function clear(y: usize, count: i32): void {
  memory.fill(y, 0, <usize>count << 3);
}
