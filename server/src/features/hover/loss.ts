// What is known of a loss from its expression alone: between which numbers it lies.

import type { GraphNode, Tensor } from '../../semantics/graph';
import { elements } from '../../layers/tensor';
import { grouped } from '../numbers';
import { capitalized } from '../spelling';

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
  log_softmax: { low: -Infinity, high: 0 },
  tanh: { low: -1, high: 1 },
  sin: { low: -1, high: 1 },
  cos: { low: -1, high: 1 },
  step: { low: 0, high: 1 },
};

/** The interval that a tensor's entries lie in, by interval arithmetic (Moore, 1966). */
export function rangeOf({ source }: Tensor): Range {
  if (source.kind === 'constant') return { low: source.value, high: source.value };
  if (source.kind !== 'node' || source.node.kind !== 'operation') return everything;
  const { operation, inputs } = source.node;
  const ranges = (): readonly Range[] => inputs.map(rangeOf);
  const first = (): Range => (inputs[0] === undefined ? everything : rangeOf(inputs[0]));
  switch (operation.name) {
    case 'negative':
      return opposite(first());
    case 'subtract': {
      const [a = everything, b = everything] = ranges();
      return { low: a.low - b.high, high: a.high - b.low };
    }
    case 'divide': {
      const divisor = inputs[1]?.source;
      if (divisor?.kind !== 'constant' || !(divisor.value !== 0)) return everything;
      const { low, high } = first();
      return divisor.value > 0 ? { low: low / divisor.value, high: high / divisor.value } : { low: high / divisor.value, high: low / divisor.value };
    }
    case 'maximum': {
      const [a = everything, b = everything] = ranges();
      return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) };
    }
    case 'minimum': {
      const [a = everything, b = everything] = ranges();
      return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) };
    }
    case 'nll_loss':
      // Weights might be negative.
      return inputs.length === 2 ? opposite(first()) : everything;
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

function opposite({ low, high }: Range): Range {
  return { low: 0 - high, high: 0 - low };
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

/** `The loss is ≥ 0; guessing all 10 classes alike gives ln 10 = 2.303.`; undefined where nothing is known. */
export function lossSentence(loss: Tensor): string | undefined {
  const node = loss.source.kind === 'node' && loss.source.node.kind === 'operation' ? loss.source.node : undefined;
  const range = rangeText(rangeOf(loss)) ?? (node !== undefined && ofProbabilities.has(node.operation.name) && node.inputs.length === 2 ? '≥ 0 for targets between 0 and 1' : undefined);
  const guess = node === undefined || node.inputs.length > 2 ? undefined : guessText(node);
  const parts = [range === undefined ? undefined : `the loss is ${range}`, guess].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : capitalized(`${parts.join('; ')}.`);
}

const ofProbabilities: ReadonlySet<string> = new Set(['binary_cross_entropy', 'binary_cross_entropy_with_logits']);

/** What the loss of a guess is that knows nothing: where a training that works begins, or gets below soon. */
function guessText({ operation, inputs, arguments: given, effect }: GraphNode): string | undefined {
  const [, target] = inputs;
  if (target === undefined || given.reduction === 'none') return undefined;
  const places = given.reduction === 'sum' ? elements(target.type.shape) : 1;
  if (typeof places !== 'number') return undefined;
  const [times, by] = [places === 1 ? '' : `${grouped(places)}·`, (value: number): string => (places * value).toFixed(3)];
  if (ofProbabilities.has(operation.name)) return `a guess of ½ gives ${times}ln 2 = ${by(Math.log(2))}`;
  if (operation.name !== 'cross_entropy') return undefined;
  const classes = operation.indexBound?.(1, inputs.map(({ type }) => type), effect);
  if (typeof classes !== 'number') return undefined;
  return `guessing all ${grouped(classes)} classes alike gives ${times}ln ${grouped(classes)} = ${by(Math.log(classes))}`;
}

/** `≥ 0`, `between −1 and 1`; undefined where nothing is known. */
export function rangeText({ low, high }: Range): string | undefined {
  if (low === -Infinity && high === Infinity) return undefined;
  if (high === Infinity) return `≥ ${grouped(low)}`;
  return low === -Infinity ? `≤ ${grouped(high)}` : `between ${grouped(low)} and ${grouped(high)}`;
}
