// The hyperbolic tangent of two numbers at a time.

import { exponential, powerOfTwo } from './exponential';

const LOG2_E: f64 = 1.44269504088896338700;
const LN2_HIGH: f64 = 6.93147180369123816490e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/**
 * eˣ − 1 for −1.1 ≤ x ≤ 0, exact near 0, by the steps of FDLIBM's s_expm1.c (Sun Microsystems, 1993): x = k·ln 2 + r, then eʳ − 1 as a rational
 * function of r, and 2ᵏ·(eʳ − 1) + (2ᵏ − 1).
 */
// @ts-ignore: decorator
@inline
function exponentialLessOne(x: v128): v128 {
  const one = f64x2.splat(1), half = f64x2.splat(0.5);
  const k = i32x4.trunc_sat_f64x2_s_zero(f64x2.sub(f64x2.mul(x, f64x2.splat(LOG2_E)), half));
  const whole = f64x2.convert_low_i32x4_s(k);
  const high = f64x2.sub(x, f64x2.mul(whole, f64x2.splat(LN2_HIGH)));
  const low = f64x2.mul(whole, f64x2.splat(LN2_LOW));
  const r = f64x2.sub(high, low);
  const lost = f64x2.sub(f64x2.sub(high, r), low);
  const halfR = f64x2.mul(half, r), squared = f64x2.mul(r, halfR);
  let p = f64x2.add(f64x2.splat(4.00821782732936239552e-6), f64x2.mul(squared, f64x2.splat(-2.01099218183624371326e-7)));
  p = f64x2.add(f64x2.splat(-7.93650757867487942473e-5), f64x2.mul(squared, p));
  p = f64x2.add(f64x2.splat(1.58730158725481460165e-3), f64x2.mul(squared, p));
  p = f64x2.add(f64x2.splat(-3.33333333333331316428e-2), f64x2.mul(squared, p));
  p = f64x2.add(one, f64x2.mul(squared, p));
  const t = f64x2.sub(f64x2.splat(3), f64x2.mul(p, halfR));
  const e = f64x2.mul(squared, f64x2.div(f64x2.sub(p, t), f64x2.sub(f64x2.splat(6), f64x2.mul(r, t))));
  const rest = f64x2.sub(f64x2.sub(f64x2.mul(r, f64x2.sub(e, lost)), lost), squared);
  const scale = powerOfTwo(k);
  return f64x2.add(f64x2.mul(f64x2.sub(r, rest), scale), f64x2.sub(scale, one));
}

/** Where tanh is ½: from there on, a difference from 1 loses nothing. */
const HALFWAY: f64 = 0.55;

/** tanh(x): for magnitudes from there on, 1 − 2/(e²ˣ + 1), below −t/(t + 2) with t = e⁻²ˣ − 1. */
// @ts-ignore: decorator
@inline
export function hyperbolicTangent(x: v128): v128 {
  const one = f64x2.splat(1), two = f64x2.splat(2);
  const magnitude = f64x2.abs(x);
  const isLarge = f64x2.ge(magnitude, f64x2.splat(HALFWAY));
  const t = exponentialLessOne(f64x2.mul(f64x2.splat(-2), f64x2.pmin(magnitude, f64x2.splat(HALFWAY))));
  let y = f64x2.div(f64x2.neg(t), f64x2.add(t, two));
  if (v128.any_true(isLarge)) y = v128.bitselect(f64x2.sub(one, f64x2.div(two, f64x2.add(exponential(f64x2.mul(two, magnitude)), one))), y, isLarge);
  return v128.bitselect(x, y, f64x2.splat(-0.0));
}
