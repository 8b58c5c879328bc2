// How alike two tensors are: cosine similarity and distance, along one axis.

import type { Builder, Ref } from '../engine/builder';
import { type Dimension, multiply } from '../symbolic/dimension';
import { axis, flag, number } from './arguments';
import { aligned, broadcastDependence, broadcastShapes } from './broadcast';
import { resolveAxis } from './check';
import { type FunctionOperation, type Operation, operation, tensorFunction, torchPage } from './definition';
import { norm } from './reduce';
import { elements } from './tensor';

/** x/max(|x|, eps) along an axis; the axis is counted with the batch. */
function unit(builder: Builder, x: Ref, along: number, eps: number): Ref {
  const square = builder.sum(builder.square(x), [along], true);
  // Where x is 0, the length has no derivative, and eps takes its place.
  const isZero = builder.equal(square, builder.scalar(0));
  const length = builder.select(isZero, builder.scalar(0), builder.sqrt(builder.select(isZero, builder.scalar(1), square)));
  return builder.divide(x, builder.clamp(length, eps, Infinity));
}

/** cos of the angle between two vectors, as function and as layer. */
function cosine(name: string, source: string): FunctionOperation {
  return tensorFunction<{ dim: number; eps: number }>({
    name,
    summary: 'The cosine of the angle between two vectors along an axis.',
    formula: 'y = x₁·x₂ / (max(|x₁|, eps)·max(|x₂|, eps))',
    source: torchPage(source),
    keeps: ['input'],
    work: { counted: 'six for each pair of entries: three products and their sums', count: ({ inputs }) => multiply(6, elements(inputs[0]!.shape)) },
    inputs: [{ name: 'x1' }, { name: 'x2' }],
    arguments: {
      dim: axis('The axis of the vectors.', 0),
      eps: number({ minimum: 0, default: 1e-8, documentation: 'The smallest length, so that nothing is divided by zero.' }),
    },
    infer(call) {
      const shapes = call.inputs.map((input) => input.shape);
      const shape = broadcastShapes(call, name, shapes);
      if (shape === undefined) return undefined;
      const along = resolveAxis(call, call.arguments.dim, shape.length);
      if (along === undefined) return undefined;
      return {
        output: { element: 'float', shape: shape.filter((_, index) => index !== along) },
        dependence: cosineDependence(shapes, shape, along),
        execute: ({ builder, inputs }) => {
          const [a, b] = aligned(builder, inputs, shape.length).map((ref) =>
            unit(builder, builder.broadcastTo(ref, [builder.shape(ref)[0]!, ...(shape as readonly number[])]), along + 1, call.arguments.eps),
          );
          return builder.sum(builder.multiply(a!, b!), [along + 1]);
        },
      };
    },
  });
}

export function cosineDependence(shapes: readonly (readonly Dimension[])[], shape: readonly Dimension[], along: number): ReturnType<typeof broadcastDependence> {
  const { windows, stretched } = broadcastDependence(shapes, shape);
  const kept = windows.filter((window) => window.to !== along).map((window) => ({ ...window, to: window.to > along ? window.to - 1 : window.to }));
  const mixed = windows.filter((window) => window.to === along).map(({ input, from }) => ({ input, axis: from, as: 'position' as const }));
  return { windows: kept, stretched, mixed };
}

const pairwiseDistance = operation<{ p: number; eps: number; keepdim: boolean }>({
  name: 'PairwiseDistance',
  summary: 'The distance of two vectors along the last axis.',
  formula: 'y = (Σ |x₁ − x₂ + eps|ᵖ)^(1/p)',
  source: torchPage('torch.nn.PairwiseDistance'),
  keeps: ['input', 'output'],
  work: { counted: 'four for each pair of entries (difference, eps, power, sum)', count: ({ inputs }) => multiply(4, elements(inputs[0]!.shape)) },
  inputs: [{ name: 'x1' }, { name: 'x2' }],
  arguments: {
    p: number({ default: 2, documentation: 'The order of the norm.' }),
    eps: number({ default: 1e-6, documentation: 'Added to the difference, so that its length is never 0.' }),
    keepdim: flag({ default: false, documentation: 'Keeps the last axis with size 1.' }),
  },
  infer(call) {
    const shapes = call.inputs.map((input) => input.shape);
    const shape = broadcastShapes(call, 'PairwiseDistance', shapes);
    if (shape === undefined) return undefined;
    if (shape.length === 0) return call.problem({ code: 'wrong-rank', message: 'PairwiseDistance takes vectors, but gets two single numbers; abs(a - b) is their distance' });
    const { p, eps, keepdim } = call.arguments;
    const along = shape.length - 1;
    const dependence = cosineDependence(shapes, shape, along);
    return {
      output: { element: 'float', shape: keepdim ? [...shape.slice(0, -1), 1] : shape.slice(0, -1) },
      dependence,
      execute: ({ builder, inputs }) => {
        const [a, b] = aligned(builder, inputs, shape.length);
        const difference = builder.add(builder.subtract(a!, b!), builder.scalar(eps));
        return norm(builder, difference, [along + 1], keepdim, p);
      },
    };
  },
});

/** Layers of two inputs that measure how alike they are. */
export const similarities: readonly Operation[] = [cosine('CosineSimilarity', 'torch.nn.CosineSimilarity'), pairwiseDistance];

export const similarityFunctions: readonly FunctionOperation[] = [cosine('cosine_similarity', 'torch.nn.functional.cosine_similarity')];
