// Arithmetic entry by entry; an odd last entry is computed in a lane of its own.

import { errorFunction } from './erf';
import { exponential } from './exponential';
import { hyperbolicTangent } from './tanh';

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

export function exp(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, exponential(v128.load(x + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    v128.store64_lane(y + i, exponential(v128.load64_splat(x + i)), 0);
  }
}

// @ts-ignore: decorator
@inline
function sigmoidOf(x: v128): v128 {
  const one = f64x2.splat(1);
  return f64x2.div(one, f64x2.add(one, exponential(f64x2.neg(x))));
}

/** 1 / (1 + e⁻ˣ) */
export function sigmoid(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, sigmoidOf(v128.load(x + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    v128.store64_lane(y + i, sigmoidOf(v128.load64_splat(x + i)), 0);
  }
}

export function erf(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, errorFunction(v128.load(x + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    v128.store64_lane(y + i, errorFunction(v128.load64_splat(x + i)), 0);
  }
}

export function tanh(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0, end = <usize>(count & ~1) << 3; i != end; i += 16) v128.store(y + i, hyperbolicTangent(v128.load(x + i)));
  if (count & 1) {
    const i = <usize>(count - 1) << 3;
    v128.store64_lane(y + i, hyperbolicTangent(v128.load64_splat(x + i)), 0);
  }
}
