// The error function of two numbers at a time, by the same steps as kernels/erf.ts, where its source is named.

import { exponential } from './exponential';

// @ts-ignore: decorator
@inline
function next(value: v128, x: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.mul(value, x), f64x2.splat(coefficient));
}

/** Below 0.84375: x + x·P(x²)/Q(x²). */
// @ts-ignore: decorator
@inline
function small(x: v128): v128 {
  const t = f64x2.mul(x, x);
  let p = next(f64x2.splat(-2.37630166566501626084e-5), t, -5.77027029648944159157e-3);
  p = next(next(next(p, t, -2.84817495755985104766e-2), t, -3.25042107247001499370e-1), t, 1.28379167095512558561e-1);
  let q = next(f64x2.splat(-3.96022827877536812320e-6), t, 1.32494738004321644526e-4);
  q = next(next(next(next(q, t, 5.08130628187576562776e-3), t, 6.50222499887672944485e-2), t, 3.97917223959155352819e-1), t, 1);
  return f64x2.add(x, f64x2.div(f64x2.mul(x, p), q));
}

/** From there to 1.25, of a magnitude: c + P(x − 1)/Q(x − 1). */
// @ts-ignore: decorator
@inline
function aroundOne(x: v128): v128 {
  const t = f64x2.sub(x, f64x2.splat(1));
  let p = next(next(f64x2.splat(-2.16637559486879084300e-3), t, 3.54783043256182359371e-2), t, -1.10894694282396677476e-1);
  p = next(next(next(next(p, t, 3.18346619901161753674e-1), t, -3.72207876035701323847e-1), t, 4.14856118683748331666e-1), t, -2.36211856075265944077e-3);
  let q = next(next(f64x2.splat(1.19844998467991074170e-2), t, 1.36370839120290507362e-2), t, 1.26171219808761642112e-1);
  q = next(next(next(next(q, t, 7.18286544141962662868e-2), t, 5.40397917702171048937e-1), t, 1.06420880400844228286e-1), t, 1);
  return f64x2.add(f64x2.splat(8.45062911510467529297e-1), f64x2.div(p, q));
}

/** R(1/x²)/S(1/x²) below 1/0.35. */
// @ts-ignore: decorator
@inline
function middleRatio(t: v128): v128 {
  let r = next(next(f64x2.splat(-9.81432934416914548592), t, -8.12874355063065934246e1), t, -1.84605092906711035994e2);
  r = next(next(next(r, t, -1.62396669462573470355e2), t, -6.23753324503260060396e1), t, -1.05586262253232909814e1);
  r = next(next(r, t, -6.93858572707181764372e-1), t, -9.86494403484714822705e-3);
  let s = next(next(f64x2.splat(-6.04244152148580987438e-2), t, 6.57024977031928170135), t, 1.08635005541779435134e2);
  s = next(next(next(s, t, 4.29008140027567833386e2), t, 6.45387271733267880336e2), t, 4.34565877475229228821e2);
  s = next(next(next(s, t, 1.37657754143519042600e2), t, 1.96512716674392571292e1), t, 1);
  return f64x2.div(r, s);
}

/** The same from there on. */
// @ts-ignore: decorator
@inline
function largeRatio(t: v128): v128 {
  let r = next(next(f64x2.splat(-4.83519191608651397019e2), t, -1.02509513161107724954e3), t, -6.37566443368389627722e2);
  r = next(next(next(next(r, t, -1.60636384855821916062e2), t, -1.77579549177547519889e1), t, -7.99283237680523006574e-1), t, -9.86494292470009928597e-3);
  let s = next(next(f64x2.splat(-2.24409524465858183362e1), t, 4.74528541206955367215e2), t, 2.55305040643316442583e3);
  s = next(next(next(s, t, 3.19985821950859553908e3), t, 1.53672958608443695994e3), t, 3.25792512996573918826e2);
  s = next(next(s, t, 3.03380607434824582924e1), t, 1);
  return f64x2.div(r, s);
}

/** From 1.25 on, of a magnitude: 1 − exp(−x² − 0.5625 + R/S)/x, where x² is taken apart so that nothing is lost. */
// @ts-ignore: decorator
@inline
function tail(magnitude: v128): v128 {
  // Beyond 6, it is 1.
  const x = f64x2.pmin(magnitude, f64x2.splat(6));
  const t = f64x2.div(f64x2.splat(1), f64x2.mul(x, x));
  const ratio = v128.bitselect(largeRatio(t), middleRatio(t), f64x2.ge(x, f64x2.splat(1 / 0.35)));
  const rounded = f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(x));
  const first = exponential(f64x2.sub(f64x2.mul(f64x2.neg(rounded), rounded), f64x2.splat(0.5625)));
  const second = exponential(f64x2.add(f64x2.mul(f64x2.sub(rounded, x), f64x2.add(rounded, x)), ratio));
  return f64x2.sub(f64x2.splat(1), f64x2.div(f64x2.mul(first, second), x));
}

/** erf(x) = 2/√π · ∫₀ˣ exp(−t²) dt. */
// @ts-ignore: decorator
@inline
export function errorFunction(x: v128): v128 {
  const magnitude = f64x2.abs(x);
  // What is no number is not small, and comes out as what it is.
  const isSmall = f64x2.lt(magnitude, f64x2.splat(0.84375));
  let y = small(x);
  if (i64x2.all_true(isSmall)) return y;
  const isTail = v128.not(f64x2.lt(magnitude, f64x2.splat(1.25)));
  let far = aroundOne(magnitude);
  if (v128.any_true(isTail)) far = v128.bitselect(tail(magnitude), far, isTail);
  y = v128.bitselect(y, v128.bitselect(x, far, f64x2.splat(-0.0)), isSmall);
  return y;
}
