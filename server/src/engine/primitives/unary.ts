// Primitives that map each entry of one input.

import { EngineError } from '../errors';
import { erf } from '../kernels/erf';
import type { Builder } from '../builder';
import { entrywise, outputsDiffer, signsDiffer } from '../primitive';
import type { Primitive, PrimitiveTable } from '../primitive';
import type { None, Ref } from '../program';
import type { Shape } from '../shape';

type UnaryNames =
  | 'negate' | 'abs' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'reciprocal' | 'sin' | 'cos' | 'tanh' | 'sigmoid'
  | 'softplus' | 'erf' | 'relu' | 'sign' | 'step' | 'floor' | 'ceil' | 'round' | 'detach';

function unaryShape(inputs: readonly Shape[]): Shape {
  if (inputs.length !== 1) throw new EngineError(`expects one input, not ${inputs.length}`);
  return inputs[0]!;
}

/** A smooth primitive: f, and g·f′ in terms of the input x and the output y. */
function smooth(
  f: (x: number) => number,
  derivative: (b: Builder, g: Ref, x: Ref, y: Ref) => Ref,
): Primitive<None> {
  return {
    shape: unaryShape,
    ...entrywise((output, [x], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = f(x![i]!);
    }),
    vjp: (builder, cotangent, [x], output) => [derivative(builder, cotangent, x!, output)],
  };
}

/** A piecewise constant primitive: its derivative is 0 wherever it has one. */
function piecewiseConstant(f: (x: number) => number): Primitive<None> {
  return {
    shape: unaryShape,
    ...entrywise((output, [x], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = f(x![i]!);
    }),
    vjp: 'zero',
    branchesDiffer: outputsDiffer,
  };
}

/** To the nearest whole number, halves to the even one, as IEEE 754, Python and PyTorch do. */
function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction !== 0.5) return fraction < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

export const unary: Pick<PrimitiveTable, UnaryNames> = {
  negate: smooth((x) => -x, (b, g) => b.negate(g)),

  // |x|′ = sign(x), 0 at 0
  abs: {
    ...smooth(Math.abs, (b, g, x) => b.multiply(g, b.sign(x))),
    branchesDiffer: signsDiffer,
    alongBranch: ({ inputs: [x], output }, { inputs: [base] }, start, stop) => {
      for (let i = start; i < stop; i++) output[i] = Math.sign(base![i]!) * x![i]!;
    },
  },

  exp: smooth(Math.exp, (b, g, _, y) => b.multiply(g, y)),

  // eˣ − 1, exact near 0
  expm1: smooth(Math.expm1, (b, g, x) => b.multiply(g, b.exp(x))),

  log: smooth(Math.log, (b, g, x) => b.divide(g, x)),

  // ln(1 + x), exact near 0
  log1p: smooth(Math.log1p, (b, g, x) => b.divide(g, b.add(x, b.scalar(1)))),

  // √x′ = 1 / (2√x)
  sqrt: smooth(Math.sqrt, (b, g, _, y) => b.divide(g, b.multiply(y, b.scalar(2)))),

  // (1/x)′ = −1/x²
  reciprocal: smooth((x) => 1 / x, (b, g, _, y) => b.negate(b.multiply(g, b.multiply(y, y)))),

  sin: smooth(Math.sin, (b, g, x) => b.multiply(g, b.cos(x))),

  cos: smooth(Math.cos, (b, g, x) => b.negate(b.multiply(g, b.sin(x)))),

  // tanh′ = 1 − tanh²
  tanh: smooth(Math.tanh, (b, g, _, y) => b.multiply(g, b.subtract(b.scalar(1), b.multiply(y, y)))),

  // σ(x) = 1 / (1 + e⁻ˣ), σ′ = σ(1 − σ)
  sigmoid: smooth(
    (x) => 1 / (1 + Math.exp(-x)),
    (b, g, _, y) => b.multiply(g, b.multiply(y, b.subtract(b.scalar(1), y))),
  ),

  // ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), softplus′ = σ
  softplus: smooth(
    (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    (b, g, x) => b.multiply(g, b.sigmoid(x)),
  ),

  // erf′ = 2/√π · exp(−x²)
  erf: smooth(erf, (b, g, x) =>
    b.multiply(g, b.multiply(b.exp(b.negate(b.multiply(x, x))), b.scalar(TWO_OVER_ROOT_PI))),
  ),

  // max(x, 0); relu′ = step, 0 at 0, which is also that of the output: what comes before need not be kept
  relu: {
    shape: unaryShape,
    ...entrywise((output, [x], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = x![i]! <= 0 ? 0 : x![i]!;
    }),
    vjp: (b, g, _inputs, y) => [b.multiply(g, b.step(y))],
    branchesDiffer: signsDiffer,
    alongBranch: ({ inputs: [x], output }, { inputs: [base] }, start, stop) => {
      for (let i = start; i < stop; i++) output[i] = base![i]! <= 0 ? 0 : x![i]!;
    },
  },

  sign: piecewiseConstant(Math.sign),

  // 1 where x > 0, else 0
  step: piecewiseConstant((x) => (x > 0 ? 1 : 0)),

  floor: piecewiseConstant(Math.floor),

  ceil: piecewiseConstant(Math.ceil),

  round: piecewiseConstant(roundHalfToEven),

  // The input itself, where no derivative is wanted.
  detach: {
    shape: unaryShape,
    forward: (output, [x]) => output.set(x!),
    vjp: 'zero',
  },
};
