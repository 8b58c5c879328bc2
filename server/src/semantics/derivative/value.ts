// What an expression of one number is at one place, to see whether what rules say of zeros and kinks holds there.

import { erf } from '../../engine/kernels/erf';
import type { Expression } from './expression';

const functions: Readonly<Record<string, (...x: readonly number[]) => number>> = {
  abs: (x) => Math.abs(x!),
  exp: (x) => Math.exp(x!),
  log: (x) => Math.log(x!),
  sin: (x) => Math.sin(x!),
  cos: (x) => Math.cos(x!),
  tanh: (x) => Math.tanh(x!),
  erf: (x) => erf(x!),
  sigmoid: (x) => 1 / (1 + Math.exp(-x!)),
  softplus: (x) => Math.max(x!, 0) + Math.log1p(Math.exp(-Math.abs(x!))),
  logsigmoid: (x) => -Math.log1p(Math.exp(-x!)),
  relu: (x) => Math.max(0, x!),
  sign: (x) => Math.sign(x!),
  step: (x) => Number(x! > 0),
  maximum: (a, b) => Math.max(a!, b!),
  minimum: (a, b) => Math.min(a!, b!),
  // Equals share the derivative.
  greater: (a, b) => (a === b ? 0.5 : Number(a! > b!)),
  exceeds: (a, b) => Number(a! > b!),
  atMost: (a, b) => Number(a! <= b!),
  clamp: (x, low, high) => Math.min(Math.max(x!, low!), high!),
  leaky_relu: (x, slope = 0.01) => (x! > 0 ? x! : slope * x!),
  between: (low, x, high) => Number(low! < x! && x! < high!),
  where: (mask, a, b) => (mask === 0 ? b! : a!),
  equal: (a, b) => Number(a === b),
  remainder: (a, b) => a! - Math.floor(a! / b!) * b!,
  floor: (x) => Math.floor(x!),
  threshold: (x, limit, value) => (x! > limit! ? x! : value!),
  within: (low, x, high) => Number(low! <= x! && x! <= high!),
};

/** The value where every symbol is `x`, or π; NaN where there is none, undefined where a function is not known. */
export function valueAt(expression: Expression, x: number): number | undefined {
  const all = (parts: readonly Expression[], join: (a: number, b: number) => number): number | undefined =>
    parts.map((part) => valueAt(part, x)).reduce((a, b) => (a === undefined || b === undefined ? undefined : join(a, b)));
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'symbol':
      return expression.name === 'π' ? Math.PI : x;
    case 'sum':
      return all(expression.terms, (a, b) => a + b);
    case 'product':
      return all(expression.factors, (a, b) => a * b);
    case 'power':
      return all([expression.base, expression.exponent], (a, b) => a ** b);
    case 'applied': {
      const apply = functions[expression.name];
      const operands = expression.operands.map((operand) => valueAt(operand, x));
      return apply === undefined || operands.includes(undefined) ? undefined : apply(...(operands as number[]));
    }
  }
}
