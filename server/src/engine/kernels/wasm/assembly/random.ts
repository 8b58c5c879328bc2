// Counter-based random numbers by the million; see base/random.ts, which draws the same ones.

// @ts-ignore: decorator
@inline
function mix(word: v128): v128 {
  let x = v128.xor(word, i32x4.shr_u(word, 16));
  x = i32x4.mul(x, i32x4.splat(0x7feb352d));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(<i32>0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** Four words. */
// @ts-ignore: decorator
@inline
function words(indices: v128, key0: v128, key1: v128): v128 {
  return mix(i32x4.add(mix(v128.xor(indices, key0)), key1));
}

// @ts-ignore: decorator
@inline
function lowHalf(word: v128): v128 {
  return f64x2.convert_low_i32x4_u(word);
}

// @ts-ignore: decorator
@inline
function highHalf(word: v128): v128 {
  return f64x2.convert_low_i32x4_u(v128.shuffle<i32>(word, word, 2, 3, 2, 3));
}

/** x = factor · u + shift for uniform numbers u in (0, 1) over `count` entries, a multiple of four. */
export function fillUniform(x: usize, count: i32, key0: i32, key1: i32, factor: f64, shift: f64): void {
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const scale = f64x2.splat(factor);
  const offset = f64x2.splat(shift);
  const half = f64x2.splat(0.5);
  const range = f64x2.splat(1.0 / 4294967296.0);
  let indices = i32x4(0, 1, 2, 3);
  for (const end = x + (<usize>count << 3); x != end; x += 32) {
    const word = words(indices, k0, k1);
    v128.store(x, f64x2.add(f64x2.mul(f64x2.mul(scale, f64x2.add(lowHalf(word), half)), range), offset));
    v128.store(x, f64x2.add(f64x2.mul(f64x2.mul(scale, f64x2.add(highHalf(word), half)), range), offset), 16);
    indices = i32x4.add(indices, i32x4.splat(4));
  }
}

/** x = factor · b + shift for sums b of three uniform numbers, of mean 0 and variance 1, over as many. */
export function fillBell(x: usize, count: i32, key0: i32, key1: i32, factor: f64, shift: f64): void {
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const scale = f64x2.splat(factor);
  const offset = f64x2.splat(shift);
  const middle = f64x2.splat(1.5);
  const range = f64x2.splat(1.0 / 2147483648.0);
  const three = f64x2.splat(3);
  let indices = i32x4(0, 3, 6, 9);
  for (const end = x + (<usize>count << 3); x != end; x += 32) {
    const a = words(indices, k0, k1);
    const b = words(i32x4.add(indices, i32x4.splat(1)), k0, k1);
    const c = words(i32x4.add(indices, i32x4.splat(2)), k0, k1);
    const low = f64x2.add(f64x2.add(f64x2.add(lowHalf(a), lowHalf(b)), lowHalf(c)), middle);
    const high = f64x2.add(f64x2.add(f64x2.add(highHalf(a), highHalf(b)), highHalf(c)), middle);
    v128.store(x, f64x2.add(f64x2.mul(scale, f64x2.sub(f64x2.mul(low, range), three)), offset));
    v128.store(x, f64x2.add(f64x2.mul(scale, f64x2.sub(f64x2.mul(high, range), three)), offset), 16);
    indices = i32x4.add(indices, i32x4.splat(12));
  }
}

const SIGNS: i32 = 32;

/** Sign bits of two numbers, for the two signs that a number below 4 stands for: set where the bit is not. */
const masks = memory.data<u64>([1 << 63, 1 << 63, 0, 1 << 63, 1 << 63, 0, 0, 0], 16);

/** Words of signs that are drawn at a time. */
const WORDS: i32 = 32;
const drawn = memory.data(WORDS * 4, 16);

function drawWords(block: i32, key0: i32, key1: i32): void {
  const k0 = i32x4.splat(key0), k1 = i32x4.splat(key1);
  let indices = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  for (let i: usize = 0; i != WORDS * 4; i += 16, indices = i32x4.add(indices, i32x4.splat(4))) v128.store(drawn + i, words(indices, k0, k1));
}

/** The signs from an entry on up to the next multiple of `SIGNS`, one of which is the first that is asked for or was asked for before. */
// @ts-ignore: decorator
@inline
function signsFrom(i: i32, isFirst: bool, key0: i32, key1: i32): u32 {
  const block = i / SIGNS, first = block & ~(WORDS - 1);
  if (isFirst || block == first) drawWords(first, key0, key1);
  return load<u32>(drawn + (<usize>(block - first) << 2)) >> (i % SIGNS);
}

/** Where the next two signs are −1, the sign bits of two numbers. Read from memory: the bits one by one would take twice as long. */
// @ts-ignore: decorator
@inline
function flips(signs: u32): v128 {
  return v128.load(masks + (<usize>(signs & 3) << 4));
}

/** Whether the next sign is +1. */
// @ts-ignore: decorator
@inline
function isPlus(signs: u32): bool {
  return (signs & 1) != 0;
}

/** y = x + factor · s from entry `start` up to `stop`, for random signs s; y may be x. */
// @ts-ignore: decorator
@inline
function addSigns(y: usize, x: usize, key0: i32, key1: i32, factor: f64, start: i32, stop: i32): void {
  const step = f64x2.splat(factor);
  const other = y - x;
  for (let i = start; i < stop; ) {
    let signs = signsFrom(i, i == start, key0, key1);
    let at = x + (<usize>i << 3);
    const next = min(stop, (i / SIGNS + 1) * SIGNS);
    for (const end = at + (<usize>((next - i) & ~1) << 3); at != end; at += 16, signs >>= 2) v128.store(at + other, f64x2.add(v128.load(at), v128.xor(step, flips(signs))));
    if ((next - i) & 1) store<f64>(at + other, load<f64>(at) + (isPlus(signs) ? factor : -factor));
    i = next;
  }
}

/** x += factor · s from entry `start` up to `stop`, for random signs s. */
export function moveAlong(x: usize, key0: i32, key1: i32, factor: f64, start: i32, stop: i32): void {
  addSigns(x, x, key0, key1, factor, start, stop);
}

/** y = x moved along random signs; at `shift` stand the factor, the two keys, and from which entry up to which. */
export function shiftAlong(y: usize, x: usize, count: i32, shift: usize): void {
  const start = load<i32>(shift, 16), stop = load<i32>(shift, 20);
  memory.copy(y, x, <usize>start << 3);
  addSigns(y, x, load<i32>(shift, 8), load<i32>(shift, 12), load<f64>(shift), start, stop);
  const rest = <usize>stop << 3;
  memory.copy(y + rest, x + rest, <usize>(count - stop) << 3);
}

/** x += factor · s · x: each entry in proportion to what it is. */
export function shakeAlong(x: usize, key0: i32, key1: i32, factor: f64, start: i32, stop: i32): void {
  const step = f64x2.splat(factor);
  for (let i = start; i < stop; ) {
    let signs = signsFrom(i, i == start, key0, key1);
    let at = x + (<usize>i << 3);
    const next = min(stop, (i / SIGNS + 1) * SIGNS);
    for (const end = at + (<usize>((next - i) & ~1) << 3); at != end; at += 16, signs >>= 2) {
      const value = v128.load(at);
      v128.store(at, f64x2.add(value, f64x2.mul(value, v128.xor(step, flips(signs)))));
    }
    if ((next - i) & 1) {
      const value = load<f64>(at);
      store<f64>(at, value + value * (isPlus(signs) ? factor : -factor));
    }
    i = next;
  }
}

/** Gives Σ s · g; writes Σ g² and the greatest |g|, of what is a number, to `more`. */
export function sumAlong(g: usize, key0: i32, key1: i32, start: i32, stop: i32, more: usize): f64 {
  let slope = f64x2.splat(0);
  let square = f64x2.splat(0);
  let greatest = f64x2.splat(0);
  for (let i = start; i < stop; ) {
    let signs = signsFrom(i, i == start, key0, key1);
    let at = g + (<usize>i << 3);
    const next = min(stop, (i / SIGNS + 1) * SIGNS);
    for (const end = at + (<usize>((next - i) & ~1) << 3); at != end; at += 16, signs >>= 2) {
      const value = v128.load(at);
      slope = f64x2.add(slope, v128.xor(value, flips(signs)));
      square = f64x2.add(square, f64x2.mul(value, value));
      greatest = f64x2.pmax(greatest, f64x2.abs(value));
    }
    if ((next - i) & 1) {
      const value = f64x2(load<f64>(at), 0);
      slope = f64x2.add(slope, v128.xor(value, flips(signs)));
      square = f64x2.add(square, f64x2.mul(value, value));
      greatest = f64x2.pmax(greatest, f64x2.abs(value));
    }
    i = next;
  }
  store<f64>(more, f64x2.extract_lane(square, 0) + f64x2.extract_lane(square, 1));
  store<f64>(more, max(f64x2.extract_lane(greatest, 0), f64x2.extract_lane(greatest, 1)), 8);
  return f64x2.extract_lane(slope, 0) + f64x2.extract_lane(slope, 1);
}
