// What needs the host's exponential and logarithm.

@external("env", "exp")
declare function exponential(x: f64): f64;
@external("env", "log")
declare function logarithm(x: f64): f64;

/** ln Σ exp(x), shifted by the maximum, over `length` entries `inner` apart. */
export function logSumExp(output: usize, x: usize, outer: i32, length: i32, inner: i32): void {
  const step = <usize>inner << 3;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = x + (<usize>(o * length * inner + i) << 3);
      let shift = -Infinity;
      for (let k = 0, at = start; k < length; k++, at += step) shift = max(shift, load<f64>(at));
      let total: f64 = 0;
      for (let k = 0, at = start; k < length; k++, at += step) total += exponential(load<f64>(at) - shift);
      store<f64>(output, shift - shift == 0 ? shift + logarithm(total) : shift);
      output += 8;
    }
  }
}
