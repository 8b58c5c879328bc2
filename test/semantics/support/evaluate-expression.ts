// The numbers behind a derivative's expression, computed plainly: an oracle for its simplifications.

import type { Expression } from '../../../server/src/semantics/derivative/expression';

interface Value {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export type Values = ReadonlyMap<string, Value>;

/** The expression's entries, spread to a shape. */
export function evaluateExpression(expression: Expression, symbols: Values, shape: readonly number[]): Float64Array {
  const value = evaluate(expression, symbols);
  return entrywise([value, { shape, data: new Float64Array(sizeOf(shape)) }], (a) => a!).data as Float64Array;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function entrywise(operands: readonly Value[], f: (...x: readonly number[]) => number): Value {
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(...operands.map((operand) => operand.shape[axis - rank + operand.shape.length] ?? 1)));
  const data = new Float64Array(sizeOf(shape));
  for (let place = 0; place < data.length; place++) {
    let rest = place;
    const index: number[] = [];
    for (let axis = rank - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    data[place] = f(...operands.map((operand) => {
      const own = operand.shape.length;
      return operand.data[operand.shape.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : index[axis + rank - own]!), 0)]!;
    }));
  }
  return { shape, data };
}

const functions: Readonly<Record<string, (...x: readonly number[]) => number>> = {
  abs: (x) => Math.abs(x!),
  exp: (x) => Math.exp(x!),
  log: (x) => Math.log(x!),
  sin: (x) => Math.sin(x!),
  cos: (x) => Math.cos(x!),
  tanh: (x) => Math.tanh(x!),
  sigmoid: (x) => 1 / (1 + Math.exp(-x!)),
  softplus: (x) => Math.log1p(Math.exp(x!)),
  relu: (x) => Math.max(0, x!),
  sign: (x) => Math.sign(x!),
  step: (x) => Number(x! > 0),
  maximum: (a, b) => Math.max(a!, b!),
  minimum: (a, b) => Math.min(a!, b!),
  // Equals share the derivative.
  exceeds: (a, b) => Number(a! > b!),
  atMost: (a, b) => Number(a! <= b!),
  between: (low, x, high) => Number(low! < x! && x! < high!),
  within: (low, x, high) => Number(low! <= x! && x! <= high!),
  where: (mask, a, b) => (mask! !== 0 ? a! : b!),
  clamp: (x, low, high) => Math.min(Math.max(x!, low!), high!),
  hardtanh: (x) => Math.min(Math.max(x!, -1), 1),
  relu6: (x) => Math.min(Math.max(x!, 0), 6),
  leaky_relu: (x, slope) => (x! > 0 ? x! : slope! * x!),
  silu: (x) => x! / (1 + Math.exp(-x!)),
  softsign: (x) => x! / (1 + Math.abs(x!)),
  tanhshrink: (x) => x! - Math.tanh(x!),
  softshrink: (x) => Math.sign(x!) * Math.max(0, Math.abs(x!) - 0.5),
  greater: (a, b) => (a === b ? 0.5 : Number(a! > b!)),
};

function evaluate(expression: Expression, symbols: Values): Value {
  const of = (each: Expression): Value => evaluate(each, symbols);
  const scalar = (value: number): Value => ({ shape: [], data: [value] });
  switch (expression.kind) {
    case 'number':
      return scalar(expression.value);
    case 'symbol':
      return expression.name === 'π' ? scalar(Math.PI) : symbols.get(expression.name)!;
    case 'sum':
      return expression.terms.map(of).reduce((a, b) => entrywise([a, b], (x, y) => x! + y!));
    case 'product':
      return expression.factors.map(of).reduce((a, b) => entrywise([a, b], (x, y) => x! * y!));
    case 'power':
      return entrywise([of(expression.base), of(expression.exponent)], (x, y) => x! ** y!);
  }
  const operands = expression.operands.map(of);
  const [a, b] = operands as [Value, Value];
  const total = (value: Value): number => Array.from(value.data).reduce((x, y) => x + y, 0);
  switch (expression.name) {
    case 'norm':
      return scalar(Math.sqrt(total(entrywise([a], (x) => x! * x!))));
    case 'dot':
      return scalar(total(entrywise([a, b], (x, y) => x! * y!)));
    case 'sum':
      return scalar(total(a));
    case 'mean':
      return scalar(total(a) / sizeOf(a.shape));
    case 'logsumexp':
      return scalar(Math.log(total(entrywise([a], (x) => Math.exp(x!)))));
    case 'softmax': {
      const all = total(entrywise([a], (x) => Math.exp(x!)));
      return entrywise([a], (x) => Math.exp(x!) / all);
    }
    case 'ones':
      return { shape: expression.shape as number[], data: new Float64Array(sizeOf(expression.shape as number[])).fill(1) };
    case 'transpose': {
      const [rows, columns] = a.shape as [number, number];
      return { shape: [columns, rows], data: Array.from({ length: rows * columns }, (_, place) => a.data[(place % rows) * columns + Math.floor(place / rows)]!) };
    }
    case 'outer':
      return { shape: [a.data.length, b.data.length], data: Array.from(a.data).flatMap((x) => Array.from(b.data).map((y) => x * y)) };
    case 'matmul': {
      const [rows, inner] = a.shape as [number, number];
      const columns = b.shape[1] ?? 1;
      const data = Array.from({ length: rows * columns }, (_, place) => {
        let sum = 0;
        for (let k = 0; k < inner; k++) sum += a.data[Math.floor(place / columns) * inner + k]! * b.data[k * columns + (place % columns)]!;
        return sum;
      });
      return { shape: b.shape.length === 1 ? [rows] : [rows, columns], data };
    }
  }
  const f = functions[expression.name];
  if (f === undefined) throw new Error(`no numbers for ${expression.name}`);
  return entrywise(operands, f);
}
