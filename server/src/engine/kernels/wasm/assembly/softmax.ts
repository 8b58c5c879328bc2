// Softmax, and the logarithm of its denominator, along `length` entries that lie `inner` apart. Terms are added in their order, as the reference does.

import { exponential } from './exponential';

@external("env", "log")
declare function logarithm(x: f64): f64;

/** Two neighbours; where there is only one, that one twice. */
// @ts-ignore: decorator
@inline
function take(at: usize, isPair: bool): v128 {
  return isPair ? v128.load(at) : v128.load64_splat(at);
}

// @ts-ignore: decorator
@inline
function put(at: usize, x: v128, isPair: bool): void {
  if (isPair) v128.store(at, x);
  else v128.store64_lane(at, x, 0);
}

/** The greatest of a row; where it is finite, what is no number is passed over, as it shows in the sum. */
function greatestOfRow(x: usize, length: i32): f64 {
  let best = f64x2.splat(-Infinity);
  for (let k = 0, at = x; k < length; k += 2, at += 16) best = f64x2.pmax(best, take(at, k + 1 < length));
  const greatest = max(f64x2.extract_lane(best, 0), f64x2.extract_lane(best, 1));
  if (greatest - greatest == 0) return greatest;
  for (let k = 0; k < length; k += 2, x += 16) best = f64x2.max(best, take(x, k + 1 < length));
  return max(f64x2.extract_lane(best, 0), f64x2.extract_lane(best, 1));
}

/** Σ exp(x − shift) over a row; the terms are stored if that is asked. */
// @ts-ignore: decorator
@inline
function sumOfRow(stores: bool, output: usize, x: usize, length: i32, shift: f64): f64 {
  let total: f64 = 0;
  for (let k = 0; k < length; k += 2, x += 16, output += 16) {
    const isPair = k + 1 < length;
    const y = exponential(f64x2.sub(take(x, isPair), f64x2.splat(shift)));
    if (stores) put(output, y, isPair);
    total += f64x2.extract_lane(y, 0);
    if (isPair) total += f64x2.extract_lane(y, 1);
  }
  return total;
}

/** The greatest of each of two columns. */
function greatestOfColumns(x: usize, length: i32, step: usize, isPair: bool): v128 {
  let best = f64x2.splat(-Infinity);
  for (let k = 0; k < length; k++, x += step) best = f64x2.max(best, take(x, isPair));
  return best;
}

/** The same sums over two columns. */
// @ts-ignore: decorator
@inline
function sumOfColumns(stores: bool, output: usize, x: usize, length: i32, step: usize, isPair: bool, shift: v128): v128 {
  let total = f64x2.splat(0);
  for (let k = 0; k < length; k++, x += step, output += step) {
    const y = exponential(f64x2.sub(take(x, isPair), shift));
    if (stores) put(output, y, isPair);
    total = f64x2.add(total, y);
  }
  return total;
}

/** y = exp(x) / Σ exp(x), shifted by the maximum. */
export function softmax(output: usize, x: usize, outer: i32, length: i32, inner: i32): void {
  const step = <usize>inner << 3;
  for (let o = 0; o < outer; o++, output += <usize>length * step, x += <usize>length * step) {
    if (inner == 1) {
      const total = f64x2.splat(sumOfRow(true, output, x, length, greatestOfRow(x, length)));
      for (let k = 0, at = output; k < length; k += 2, at += 16) put(at, f64x2.div(take(at, k + 1 < length), total), k + 1 < length);
      continue;
    }
    for (let i = 0; i < inner; i += 2) {
      const isPair = i + 1 < inner;
      const start = <usize>i << 3;
      const total = sumOfColumns(true, output + start, x + start, length, step, isPair, greatestOfColumns(x + start, length, step, isPair));
      for (let k = 0, at = output + start; k < length; k++, at += step) put(at, f64x2.div(take(at, isPair), total), isPair);
    }
  }
}

// @ts-ignore: decorator
@inline
function shifted(shift: f64, total: f64): f64 {
  return shift - shift == 0 ? shift + logarithm(total) : shift;
}

/** ln Σ exp(x), shifted by the maximum. */
export function logSumExp(output: usize, x: usize, outer: i32, length: i32, inner: i32): void {
  const step = <usize>inner << 3;
  for (let o = 0; o < outer; o++, output += step, x += <usize>length * step) {
    if (inner == 1) {
      const shift = greatestOfRow(x, length);
      store<f64>(output, shifted(shift, sumOfRow(false, 0, x, length, shift)));
      continue;
    }
    for (let i = 0; i < inner; i += 2) {
      const isPair = i + 1 < inner;
      const start = <usize>i << 3;
      const shift = greatestOfColumns(x + start, length, step, isPair);
      const total = sumOfColumns(false, 0, x + start, length, step, isPair, shift);
      store<f64>(output + start, shifted(f64x2.extract_lane(shift, 0), f64x2.extract_lane(total, 0)));
      if (isPair) store<f64>(output + start, shifted(f64x2.extract_lane(shift, 1), f64x2.extract_lane(total, 1)), 8);
    }
  }
}
