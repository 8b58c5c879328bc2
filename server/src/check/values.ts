// The numbers that a check feeds: drawn once for each seed, within what uses and assumptions allow.

import { RandomStream } from '../base/random';
import { EngineError } from '../engine/errors';
import { fillBell, fillUniform } from '../engine/kernels/random';
import type { Graph, Tensor } from '../semantics/graph';
import { type Bounds, boundsOfUses } from './integers';

/** So many whole numbers are drawn from where nothing bounds them. */
const usualRange = 16;

/** Values for a leaf of the program. */
export function drawValues(graph: Graph, tensor: Tensor, name: string, count: number, seed: number): Float64Array {
  const values = new Float64Array(count);
  fillValues(values, graph, tensor, name, seed);
  return values;
}

/** Fills an array with values for a leaf, the same ones each time. */
export function fillValues(values: Float64Array, graph: Graph, tensor: Tensor, name: string, seed: number): void {
  const random = new RandomStream(seed, `values of ${name}`);
  const { source, type } = tensor;
  const count = values.length;
  if (source.kind === 'parameter') {
    drawParameter(source.initial, random, values);
    return;
  }
  const bounds = assumedBounds(graph, tensor);
  if (bounds.low > bounds.high) throw new EngineError(`no value of ${name} satisfies what is assumed of it: at least ${String(bounds.low)} and at most ${String(bounds.high)}`);
  if (holdsSigns(graph, tensor)) {
    for (let i = 0; i < count; i++) values[i] = random.sign(i);
    return;
  }
  if (type.element === 'int') {
    const { low, high } = integerBounds(graph, tensor, name, bounds);
    for (let i = 0; i < count; i++) values[i] = low + random.integer(i, high - low + 1);
    return;
  }
  for (let i = 0; i < count; i++) {
    values[i] = Number.isFinite(bounds.low) && Number.isFinite(bounds.high)
      ? bounds.low + random.uniform(i) * (bounds.high - bounds.low)
      : within(random.normal(i), bounds);
  }
  for (const { other, isAbove } of assumedOrders(graph, tensor)) {
    const limits = new Float64Array(count);
    fillValues(limits, graph, other, sourceName(other), seed);
    for (let i = 0; i < count; i++) values[i] = within(values[i]!, isAbove ? { low: limits[i]!, high: Infinity } : { low: -Infinity, high: limits[i]! });
  }
}

/** Inputs declared before this one, of its shape, that assumptions place below or above it: `assert low < high`. */
function assumedOrders(graph: Graph, tensor: Tensor): { readonly other: Tensor; readonly isAbove: boolean }[] {
  const inputs = [...graph.inputs, ...graph.targets];
  const before = inputs.slice(0, Math.max(0, inputs.indexOf(tensor)));
  const isAlike = (other: Tensor): boolean =>
    before.includes(other) && other.type.element === 'float' && other.batched === tensor.batched && other.type.shape.join() === tensor.type.shape.join();
  return graph.judgements.flatMap(({ outcome, comparisons = [] }) => (outcome !== 'assumed' ? [] : comparisons.flatMap(({ operator, left, right }) => {
    const other = left === tensor ? right : right === tensor ? left : undefined;
    if (other === undefined || !isAlike(other) || !/^[<>]/.test(operator)) return [];
    return [{ other, isAbove: operator.startsWith('>') === (left === tensor) }];
  })));
}

function sourceName({ source }: Tensor): string {
  return source.kind === 'input' || source.kind === 'target' ? source.name : '';
}

/** Around PyTorch's first values; constants are spread, so that no derivative is checked at a special point. */
function drawParameter(initial: { uniform: number } | { normal: number } | { constant: number }, random: RandomStream, values: Float64Array): void {
  if ('uniform' in initial) fillUniform(values, random, 2 * initial.uniform, -initial.uniform);
  else if ('normal' in initial) fillBell(values, random, initial.normal);
  else fillBell(values, random, 0.25, initial.constant);
}

/** Reflects a value into half-open bounds. */
function within(value: number, { low, high }: Bounds): number {
  if (value <= low) return low + Math.abs(value - low) + 1e-3;
  if (value >= high) return high - Math.abs(value - high) - 1e-3;
  return value;
}

/** What the model's assumptions say of an input: `x > 0`, `0 <= t < 1000`. */
function assumedBounds(graph: Graph, tensor: Tensor): Bounds {
  let [low, high] = [-Infinity, Infinity];
  for (const judgement of graph.judgements) {
    if (judgement.outcome !== 'assumed') continue;
    for (const { operator, left, right } of judgement.comparisons ?? []) {
      const flipped = right === tensor;
      const [subject, bound] = flipped ? [right, left] : [left, right];
      if (subject !== tensor || bound.source.kind !== 'constant') continue;
      const isLower = operator.startsWith('>') !== flipped;
      const { value } = bound.source;
      const strict = !operator.endsWith('=') && tensor.type.element === 'int' ? 1 : 0;
      if (isLower) low = Math.max(low, value + strict);
      else high = Math.min(high, value - strict);
    }
  }
  return { low, high };
}

/** The whole numbers that an int input may be: what its uses take, within the assumptions. */
function integerBounds(graph: Graph, tensor: Tensor, name: string, assumed: Bounds): Bounds {
  const used = boundsOfUses(graph, tensor);
  const most = Math.floor(Math.min(assumed.high, used.high));
  const below = Math.min(0, most - usualRange + 1);
  const least = Number.isFinite(assumed.low) ? Math.ceil(assumed.low) : Number.isFinite(used.high) && most >= 0 ? 0 : below;
  const low = Math.max(used.low, least);
  const high = Number.isFinite(used.high) ? most : Math.min(most, Math.max(0, low) + usualRange - 1);
  if (low <= high) return { low, high };
  const uses = Number.isFinite(used.high) ? `; it stands for a place from ${String(used.low)} to ${String(used.high)}` : '';
  throw new EngineError(`no whole number satisfies what is assumed of ${name}: ${spellBounds(assumed)}${uses}`);
}

function spellBounds({ low, high }: Bounds): string {
  return [...(Number.isFinite(low) ? [`at least ${String(low)}`] : []), ...(Number.isFinite(high) ? [`at most ${String(high)}`] : [])].join(' and ');
}

/** Whether some function takes nothing but −1 and 1 there. */
function holdsSigns(graph: Graph, tensor: Tensor): boolean {
  return graph.nodes.some((node) => node.kind === 'operation' && node.inputs.some((input, index) => input === tensor && node.operation.inputs[index]?.signs === true));
}
