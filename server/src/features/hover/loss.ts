// What is known of a loss from its expression alone: between which numbers it lies.

import type { GraphNode, Tensor } from '../../semantics/graph';
import { grouped } from '../numbers';

export interface Range {
  readonly low: number;
  readonly high: number;
}

const everything: Range = { low: -Infinity, high: Infinity };
const fromZero: Range = { low: 0, high: Infinity };

/** By operation, where the values of the inputs do not matter. */
const always: Readonly<Record<string, Range>> = {
  mse_loss: fromZero,
  l1_loss: fromZero,
  smooth_l1_loss: fromZero,
  huber_loss: fromZero,
  cosine_similarity: { low: -1, high: 1 },
  abs: fromZero,
  exp: fromZero,
  relu: fromZero,
  softplus: fromZero,
  norm: fromZero,
  var: fromZero,
  sqrt: fromZero,
  sigmoid: { low: 0, high: 1 },
  softmax: { low: 0, high: 1 },
  tanh: { low: -1, high: 1 },
  step: { low: 0, high: 1 },
};

/** The interval that a tensor's entries lie in, by interval arithmetic (Moore, 1966). */
export function rangeOf({ source }: Tensor): Range {
  if (source.kind === 'constant') return { low: source.value, high: source.value };
  if (source.kind !== 'node' || source.node.kind !== 'operation') return everything;
  const { operation, inputs } = source.node;
  const ranges = (): readonly Range[] => inputs.map(rangeOf);
  switch (operation.name) {
    case 'mean':
    case 'max':
    case 'min':
      return ranges()[0] ?? everything;
    case 'sum': {
      const [range = everything] = ranges();
      return { low: range.low >= 0 ? 0 : -Infinity, high: range.high <= 0 ? 0 : Infinity };
    }
    case 'add': {
      const [a = everything, b = everything] = ranges();
      return { low: a.low + b.low, high: a.high + b.high };
    }
    case 'cross_entropy':
      // Of classes; probabilities as targets might be anything.
      return inputs[1]?.type.element === 'int' ? fromZero : everything;
    case 'multiply':
      return product(source.node);
    case 'power': {
      const exponent = inputs[1]?.source;
      return exponent?.kind === 'constant' && exponent.value % 2 === 0 ? fromZero : everything;
    }
    default:
      return always[operation.name] ?? everything;
  }
}

/** Of a square, or of factors whose ends are known. */
function product({ inputs: [left, right] }: GraphNode): Range {
  if (left === undefined || right === undefined) return everything;
  if (left === right) return fromZero;
  const [a, b] = [rangeOf(left), rangeOf(right)];
  // 0 · ∞ is 0 here: an end that is never reached.
  const times = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y);
  const ends = [times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high)];
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

/** `≥ 0`, `between −1 and 1`; undefined where nothing is known. */
export function rangeText({ low, high }: Range): string | undefined {
  if (low === -Infinity && high === Infinity) return undefined;
  if (high === Infinity) return `≥ ${grouped(low)}`;
  return low === -Infinity ? `≤ ${grouped(high)}` : `between ${grouped(low)} and ${grouped(high)}`;
}
