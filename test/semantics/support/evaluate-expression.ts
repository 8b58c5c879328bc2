// The numbers behind a derivative's expression, computed plainly: an oracle for its simplifications.

import { erf } from '../../../server/src/engine/kernels/erf';
import type { Expression } from '../../../server/src/semantics/derivative/expression';

/** The distribution function of the standard normal distribution. */
const normal = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;

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

/** The axes that `dim = …` names; without it, all. */
function axesOf(options: string | undefined, rank: number): readonly number[] {
  const dim = /dim = (\[[\d, ]+\]|\d+)/.exec(options?.replace('keepdim', '') ?? '')?.[1];
  return dim === undefined ? Array.from({ length: rank }, (_, axis) => axis) : [JSON.parse(dim) as number | number[]].flat();
}

const logSumExp = (x: readonly number[]): number => {
  const most = Math.max(...x);
  return most + Math.log(x.reduce((sum, each) => sum + Math.exp(each - most), 0));
};

/** What f makes of the entries along some axes. */
function reduce({ shape, data }: Value, axes: readonly number[], result: readonly number[], f: (x: readonly number[]) => number): Value {
  const groups = new Map<string, number[]>();
  for (let place = 0; place < data.length; place++) {
    let rest = place;
    const index: number[] = [];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = axes.includes(axis) ? 0 : rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const key = String(index);
    groups.set(key, [...(groups.get(key) ?? []), data[place]!]);
  }
  return { shape: result, data: [...groups.values()].map(f) };
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
  equal: (a, b) => Number(a === b),
  remainder: (a, b) => a! - Math.floor(a! / b!) * b!,
  floor: (x) => Math.floor(x!),
  erf: (x) => erf(x!),
  elu: (x, alpha = 1) => (x! > 0 ? x! : alpha * Math.expm1(x!)),
  celu: (x, alpha = 1) => (x! > 0 ? x! : alpha * Math.expm1(x! / alpha)),
  selu: (x) => 1.0507009873554805 * (x! > 0 ? x! : 1.6732632423543772 * Math.expm1(x!)),
  gelu: (x) => x! * normal(x!),
  mish: (x) => x! * Math.tanh(Math.log1p(Math.exp(x!))),
  hardsigmoid: (x) => Math.min(Math.max(x! + 3, 0), 6) / 6,
  hardswish: (x) => (x! * Math.min(Math.max(x! + 3, 0), 6)) / 6,
  hardshrink: (x, width = 0.5) => (Math.abs(x!) > width ? x! : 0),
  threshold: (x, limit, value) => (x! > limit! ? x! : value!),
  // As the legend says them.
  'elu′': (x, alpha = 1) => (x! > 0 ? 1 : alpha * Math.exp(x!)),
  'celu′': (x, alpha = 1) => (x! > 0 ? 1 : Math.exp(x! / alpha)),
  'selu′': (x) => 1.0507009873554805 * (x! > 0 ? 1 : 1.6732632423543772 * Math.exp(x!)),
  'gelu′': (x) => normal(x!) + (x! * Math.exp((-x! * x!) / 2)) / Math.sqrt(2 * Math.PI),
  'mish′': (x) => {
    const t = Math.tanh(Math.log1p(Math.exp(x!)));
    return t + (x! * (1 - t * t)) / (1 + Math.exp(-x!));
  },
  'hardswish′': (x) => (x! <= -3 ? 0 : x! >= 3 ? 1 : x! / 3 + 1 / 2),
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
  const own = expression.shape as readonly number[];
  const along = axesOf(expression.options, a?.shape.length ?? 0);
  const total = (value: Value): number => Array.from(value.data).reduce((x, y) => x + y, 0);
  switch (expression.name) {
    case 'norm':
      return reduce(a, along, own, (x) => Math.hypot(...x));
    case 'dot':
      return scalar(total(entrywise([a, b], (x, y) => x! * y!)));
    case 'sum':
      return reduce(a, along, own, (x) => x.reduce((p, q) => p + q, 0));
    case 'mean':
      return reduce(a, along, own, (x) => x.reduce((p, q) => p + q, 0) / x.length);
    case 'max':
      return reduce(a, along, own, (x) => Math.max(...x));
    case 'min':
      return reduce(a, along, own, (x) => Math.min(...x));
    case 'prod':
      return reduce(a, along, own, (x) => x.reduce((p, q) => p * q, 1));
    case 'var':
      return reduce(a, along, own, (x) => {
        const middle = x.reduce((p, q) => p + q, 0) / x.length;
        return x.reduce((p, q) => p + (q - middle) ** 2, 0) / (x.length - 1);
      });
    case 'logsumexp':
      return reduce(a, along, own, logSumExp);
    case 'softmax':
    case 'log_softmax': {
      const axes = expression.options === undefined ? [a.shape.length - 1] : along;
      const logs = entrywise([a, reduce(a, axes, a.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)), logSumExp)], (x, y) => x! - y!);
      return expression.name === 'softmax' ? entrywise([logs], (x) => Math.exp(x!)) : logs;
    }
    case 'onehot': {
      const classes = own.at(-1)!;
      return { shape: own, data: Array.from(a.data).flatMap((at) => Array.from({ length: classes }, (_, c) => Number(c === at))) };
    }
    case 'pick': {
      const size = sizeOf(a.shape.slice(1));
      return { shape: own, data: Array.from(a.data).slice(b.data[0]! * size, (b.data[0]! + 1) * size) };
    }
    case 'unsqueeze':
    case 'reshape':
    case 'flatten':
      return { shape: own, data: a.data };
    case 'concat':
      return { shape: own, data: operands.flatMap(({ data }) => Array.from(data)) };
    case 'pad': {
      const [before, after] = JSON.parse(expression.options!) as [number, number];
      return { shape: own, data: [...new Array<number>(before).fill(0), ...Array.from(a.data), ...new Array<number>(after).fill(0)] };
    }
    case 'slice': {
      const parts = expression.options!.split(', ');
      const [from, to] = parts.at(-1)!.split(':').map(Number) as [number, number];
      const axis = parts.length - 1;
      const inner = sizeOf(a.shape.slice(axis + 1));
      return { shape: own, data: Array.from(a.data).filter((_, place) => {
        const at = Math.floor(place / inner) % a.shape[axis]!;
        return at >= from && at < to;
      }) };
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
