// The exponential of two numbers at a time.

const LOG2_E: f64 = 1.44269504088896338700;
/** ln 2 in two parts, of which the first times a whole number of up to 11 bits is exact. */
const LN2_HIGH: f64 = 6.93147180369123816490e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** 2ᵏ for small whole numbers k in two of four lanes. */
// @ts-ignore: decorator
@inline
export function powerOfTwo(k: v128): v128 {
  return i64x2.shl(i64x2.add(i64x2.extend_low_i32x4_s(k), i64x2.splat(1023)), 52);
}

/**
 * eˣ by the steps of FDLIBM's e_exp.c (Sun Microsystems, 1993), with an error below one unit in the last place: x = k·ln 2 + r with |r| ≤ ½ ln 2, and
 * eʳ = 1 + r + r·c/(2 − c), c = r − r²·(P1 + r²·(P2 + …)). Products and sums stay apart, so that every build gives the same numbers.
 */
// @ts-ignore: decorator
@inline
export function exponential(argument: v128): v128 {
  // Beyond these, it is 0 or infinite; what is no number stays.
  const x = f64x2.pmin(f64x2.pmax(argument, f64x2.splat(-746)), f64x2.splat(710));
  const half = v128.bitselect(x, f64x2.splat(0.5), f64x2.splat(-0.0));
  const k = i32x4.trunc_sat_f64x2_s_zero(f64x2.add(f64x2.mul(x, f64x2.splat(LOG2_E)), half));
  const whole = f64x2.convert_low_i32x4_s(k);
  const high = f64x2.sub(x, f64x2.mul(whole, f64x2.splat(LN2_HIGH)));
  const low = f64x2.mul(whole, f64x2.splat(LN2_LOW));
  const r = f64x2.sub(high, low);
  const t = f64x2.mul(r, r);
  let p = f64x2.add(f64x2.splat(-1.65339022054652515390e-6), f64x2.mul(t, f64x2.splat(4.13813679705723846039e-8)));
  p = f64x2.add(f64x2.splat(6.61375632143793436117e-5), f64x2.mul(t, p));
  p = f64x2.add(f64x2.splat(-2.77777777770155933842e-3), f64x2.mul(t, p));
  p = f64x2.add(f64x2.splat(1.66666666666666019037e-1), f64x2.mul(t, p));
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(f64x2.splat(2), c));
  const y = f64x2.sub(f64x2.splat(1), f64x2.sub(f64x2.sub(low, quotient), high));
  // In two steps, as 2ᵏ itself may be out of range.
  const first = i32x4.shr_s(k, 1);
  return f64x2.mul(f64x2.mul(y, powerOfTwo(first)), powerOfTwo(i32x4.sub(k, first)));
}
