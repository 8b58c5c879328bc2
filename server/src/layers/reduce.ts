// Reductions: functions that collapse axes.

import type { Builder, Ref } from '../engine/builder';
import { type Dimension, print } from '../symbolic/dimension';
import { type ArgumentDefinitions, axes, flag, number } from './arguments';
import { resolveAxis } from './check';
import { type Call, type FunctionOperation, type Kept, oneInput, tensorFunction, torchPage } from './definition';
import { type Dependence, identity } from './dependence';
import { elements, printShape } from './tensor';
import { perInput, type Work } from './work';

interface ReductionArguments {
  dim: readonly number[] | null;
  keepdim: boolean;
}

interface Entry<A> {
  readonly name: string;
  readonly torch?: string;
  readonly summary: string;
  readonly formula: string;
  readonly keeps: readonly Kept[];
  readonly result: 'same' | 'float';
  /** Operations for each entry of the input; one unless said. */
  readonly work?: Work<never>;
  /** Further arguments, in front of `dim` or behind `keepdim`. */
  readonly before?: ArgumentDefinitions<A>;
  readonly after?: ArgumentDefinitions<A>;
  /** The axes count the batch. */
  apply(builder: Builder, x: Ref, axes: readonly number[], keep: boolean, given: A): Ref;
}

/** Which axes go: all, or those named, from 0 and ascending; undefined after a problem was reported. */
export function reducedAxes(call: Pick<Call, 'problem'>, dim: readonly number[] | null, rank: number): readonly number[] | undefined {
  if (dim === null) return Array.from({ length: rank }, (_, index) => index);
  const found: number[] = [];
  for (const each of dim) {
    const resolved = resolveAxis(call, each, rank);
    if (resolved === undefined) return undefined;
    if (found.includes(resolved)) {
      return call.problem({ code: 'repeated-axis', argument: 'dim', message: `dim names axis ${String(resolved)} twice` });
    }
    found.push(resolved);
  }
  return found.sort((a, b) => a - b);
}

/** The shape without the axes, or with 1 in their place. */
export function reducedShape(shape: readonly Dimension[], gone: readonly number[], keep: boolean): readonly Dimension[] {
  return keep ? shape.map((size, index) => (gone.includes(index) ? 1 : size)) : shape.filter((_, index) => !gone.includes(index));
}

/** The axes that stay see their own place; those that go are mixed. */
export function reductionDependence(rank: number, gone: readonly number[], keep: boolean): Dependence {
  const stay = Array.from({ length: rank }, (_, index) => index).filter((index) => !gone.includes(index));
  return {
    windows: stay.map((from, index) => identity(0, from, keep ? from : index)),
    mixed: gone.map((index) => ({ input: 0, axis: index, as: 'position' as const })),
  };
}

const dim = axes('The axis or axes to reduce; none: all of them.');
const keepdim = flag({ default: false, documentation: 'Keeps the reduced axes with size 1.' });

function reduction<A = object>({ name, torch = name, summary, formula, keeps, work = perInput(1), result, before, after, apply }: Entry<A>): FunctionOperation {
  return tensorFunction<ReductionArguments & A>({
    name,
    summary,
    formula,
    source: torchPage(`torch.${torch}`),
    keeps,
    work,
    inputs: oneInput,
    arguments: { ...before, dim, keepdim, ...after } as ArgumentDefinitions<ReductionArguments & A>,
    infer(call) {
      const [type] = call.inputs;
      const rank = type!.shape.length;
      const gone = reducedAxes(call, call.arguments.dim, rank);
      if (gone === undefined) return undefined;
      const { keepdim: keep } = call.arguments;
      const count = elements(gone.map((index) => type!.shape[index]!));
      const shape = reducedShape(type!.shape, gone, keep);
      return {
        output: { element: result === 'same' ? type!.element : 'float', shape },
        get steps() {
          return [{ what: 'reduced', formula: shape.length === 0 ? `${print(count)} values into one` : `${print(count)} values into each of ${printShape(shape)}` }];
        },
        dependence: reductionDependence(rank, gone, keep),
        execute: ({ builder, inputs }) => apply(builder, inputs[0]!, gone.map((index) => index + 1), keep, call.arguments),
      };
    },
  });
}

/** (Σ|x|ᵖ)^(1/p); where all is 0 the gradient is 0, as in PyTorch. */
export function norm(builder: Builder, x: Ref, over: readonly number[], keep: boolean, p: number): Ref {
  const size = builder.abs(x);
  if (p === Infinity) return builder.max(size, over, keep);
  if (p === -Infinity) return builder.min(size, over, keep);
  if (p === 0) return builder.sum(builder.notEqual(x, builder.scalar(0)), over, keep);
  if (p === 1) return builder.sum(size, over, keep);
  const powers = p === 2 ? builder.square(x) : builder.power(size, builder.scalar(p));
  const total = builder.sum(powers, over, keep);
  const isZero = builder.equal(total, builder.scalar(0));
  const safe = builder.select(isZero, builder.scalar(1), total);
  const root = p === 2 ? builder.sqrt(safe) : builder.power(safe, builder.scalar(1 / p));
  return builder.select(isZero, builder.scalar(0), root);
}

export const reductions: readonly FunctionOperation[] = [
  reduction({ name: 'sum', summary: 'The sum.', formula: 'y = Σ x', keeps: [], result: 'same', apply: (builder, x, over, keep) => builder.sum(x, over, keep) }),
  reduction({ name: 'mean', summary: 'The arithmetic mean.', formula: 'y = Σ x / n', keeps: [], result: 'float', apply: (builder, x, over, keep) => builder.mean(x, over, keep) }),
  reduction<{ correction: number }>({
    name: 'var',
    summary: 'The variance; with n − 1 unless correction says otherwise.',
    formula: 'y = Σ (x − mean)² / (n − correction)',
    keeps: ['input'],
    work: perInput(4, 'mean, difference, square, sum'),
    result: 'float',
    after: { correction: number({ default: 1, documentation: 'What is subtracted from n: 1 for the unbiased estimate, 0 for the mean square.' }) },
    apply: (builder, x, over, keep, { correction }) => builder.variance(x, over, correction, keep),
  }),
  reduction({ name: 'max', torch: 'amax', summary: 'The largest value.', formula: 'y = max x', keeps: ['indices'], result: 'same', apply: (builder, x, over, keep) => builder.max(x, over, keep) }),
  reduction({ name: 'min', torch: 'amin', summary: 'The smallest value.', formula: 'y = min x', keeps: ['indices'], result: 'same', apply: (builder, x, over, keep) => builder.min(x, over, keep) }),
  reduction({ name: 'prod', summary: 'The product of all values.', formula: 'y = Π x', keeps: ['input'], result: 'same', apply: (builder, x, over, keep) => builder.prod(x, over, keep) }),
  reduction<{ p: number }>({
    name: 'norm',
    torch: 'linalg.vector_norm',
    summary: 'The length of a vector; with p, another norm.',
    formula: 'y = (Σ |x|ᵖ)^(1/p)',
    keeps: ['input', 'output'],
    work: perInput(2, 'power and sum'),
    result: 'float',
    before: { p: number({ default: 2, documentation: 'The order: 2 is the length, 1 the sum of magnitudes, inf the largest magnitude, 0 the number of values that are not 0.' }) },
    apply: (builder, x, over, keep, { p }) => norm(builder, x, over, keep, p),
  }),
  reduction({
    name: 'logsumexp',
    summary: 'The logarithm of the sum of exponentials, computed without overflow.',
    formula: 'y = log Σ eˣ',
    keeps: ['input', 'output'],
    work: perInput(4, 'maximum, difference, exponential, sum'),
    result: 'float',
    apply: (builder, x, over, keep) => builder.logSumExp(x, over, keep),
  }),
];
