// The sums over parameters that l1() and l2() ask for; each is one operation on all of them.

import type { Builder, Ref } from '../engine/builder';
import { multiply, sum } from '../symbolic/dimension';
import { type Operation, operation } from './definition';
import { elements } from './tensor';

function penalty(name: string, summary: string, formula: string, magnitude: (builder: Builder, w: Ref) => Ref): Operation {
  return operation<object>({
    name,
    summary,
    formula,
    source: 'Goodfellow, Bengio and Courville, Deep Learning, 2016, §7.1',
    inputs: [{ name: 'parameters', variadic: true }],
    keeps: [],
    work: {
      counted: 'two for each parameter',
      count: ({ inputs }) => multiply(2, sum(inputs.map(({ shape }) => elements(shape)))),
    },
    arguments: {},
    infer: (call) => ({
      output: { element: 'float', shape: [] },
      dependence: { windows: [], mixed: call.inputs.flatMap(({ shape }, input) => shape.map((_, axis) => ({ input, axis, as: 'position' as const }))) },
      execute: ({ builder, inputs }) => {
        const sums = inputs.map((w) => builder.sum(magnitude(builder, w), builder.shape(w).slice(1).map((_, axis) => axis + 1)));
        return sums.reduce((total, next) => builder.add(total, next));
      },
    }),
  });
}

export const penalties = {
  l1: penalty('l1', 'The sum of the magnitudes of all parameters.', 'Σ|w|', (builder, w) => builder.abs(w)),
  l2: penalty('l2', 'The sum of the squares of all parameters.', 'Σw²', (builder, w) => builder.square(w)),
} as const;
