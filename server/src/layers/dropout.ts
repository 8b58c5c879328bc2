// Dropout and its relatives. The masks are those of training mode, fixed by a seed, so that gradients can be checked.

import type { Builder, Ref } from '../engine/builder';
import { multiply } from '../symbolic/dimension';
import { number } from './arguments';
import { requireFloat, requireSpatial } from './check';
import { type Execution, oneInput, type Operation, operation, torchPage } from './definition';
import { elementwise } from './dependence';
import { elements } from './tensor';

interface Entry {
  readonly name: string;
  readonly source: string;
  readonly summary: string;
  readonly formula: string;
  /** The spatial axes that the layer asks for; any shape without it. */
  readonly axes?: 1 | 2 | 3;
  /** The mask for an input of this shape, batch included; what it lacks is dropped as a whole. */
  maskShape(shape: readonly number[]): readonly number[];
  readonly apply?: (builder: Builder, x: Ref, mask: Ref, p: number) => Ref;
}

/** x·mask/(1 − p), so that the mean stays. */
function rescaled(builder: Builder, x: Ref, mask: Ref, p: number): Ref {
  return builder.multiply(builder.multiply(x, mask), builder.scalar(1 / (1 - p)));
}

/** Dropped entries become SELU's limit −1.7581; then an affine map restores mean 0 and variance 1 (Klambauer et al., 2017). */
function alpha(builder: Builder, x: Ref, mask: Ref, p: number): Ref {
  const limit = -1.7580993408473766;
  const scale = 1 / Math.sqrt((1 - p) * (1 + p * limit * limit));
  const kept = builder.multiply(x, mask);
  const dropped = builder.multiply(builder.scalar(limit), builder.subtract(builder.scalar(1), mask));
  return builder.add(builder.multiply(builder.scalar(scale), builder.add(kept, dropped)), builder.scalar(-scale * limit * p));
}

function dropout({ name, source, summary, formula, axes, maskShape, apply = rescaled }: Entry): Operation {
  return operation<{ p: number }>({
    name,
    summary,
    formula,
    source,
    keeps: ['mask'],
    work: { counted: 'two for each entry (mask and factor), nothing for p = 0', count: ({ arguments: { p } }, { output }) => (p === 0 ? 0 : multiply(2, elements(output.shape))) },
    inputs: oneInput,
    arguments: { p: number({ minimum: 0, maximum: 1, default: 0.5, documentation: 'The probability of being dropped.' }) },
    infer(call) {
      if (axes !== undefined && !requireSpatial(call, name, axes, 'Dropout')) return undefined;
      if (!requireFloat(call, name)) return undefined;
      const type = call.inputs[0]!;
      const { p } = call.arguments;
      return {
        output: type,
        dependence: elementwise(type.shape.length),
        execute: ({ builder, inputs, key }: Execution) => {
          const [x] = inputs;
          if (p === 0) return x!;
          const shape = builder.shape(x!);
          if (p === 1) return builder.multiply(x!, builder.constant(0, shape.map(() => 1)));
          return apply(builder, x!, builder.dropoutMask(maskShape(shape), p, key), p);
        },
      };
    },
  });
}

const wholeChannels = (shape: readonly number[]): readonly number[] => shape.map((size, axis) => (axis < 2 ? size : 1));

export const dropouts: readonly Operation[] = [
  dropout({
    name: 'Dropout',
    source: `${torchPage('torch.nn.Dropout')} · Srivastava et al., 2014`,
    summary: 'Sets random entries to 0 and scales up the others.',
    formula: 'y = mask·x/(1 − p)',
    maskShape: (shape) => shape,
  }),
  ...([1, 2, 3] as const).map((axes) =>
    dropout({
      name: `Dropout${String(axes)}d`,
      source: torchPage(`torch.nn.Dropout${String(axes)}d`),
      summary: 'Sets random channels to 0 as a whole and scales up the others.',
      formula: 'y[c] = mask[c]·x[c]/(1 − p)',
      axes,
      maskShape: wholeChannels,
    }),
  ),
  dropout({
    name: 'AlphaDropout',
    source: `${torchPage('torch.nn.AlphaDropout')} · Klambauer et al., 2017, https://arxiv.org/abs/1706.02515`,
    summary: 'The dropout for SELU: dropped entries take its limit, and mean and variance stay.',
    formula: 'y = a·(mask·x + (1 − mask)·α′) + b, with α′ = −1.7581',
    maskShape: (shape) => shape,
    apply: alpha,
  }),
  dropout({
    name: 'FeatureAlphaDropout',
    source: torchPage('torch.nn.FeatureAlphaDropout'),
    summary: 'AlphaDropout of channels as a whole.',
    formula: 'y[c] = a·(mask[c]·x[c] + (1 − mask[c])·α′) + b, with α′ = −1.7581',
    maskShape: wholeChannels,
    apply: alpha,
  }),
  dropout({
    name: 'DropPath',
    source: 'Huang et al., 2016, https://arxiv.org/abs/1603.09382; torchvision.ops.StochasticDepth with mode "row"',
    summary: 'Drops the whole input of random examples; at the end of a residual branch it skips the branch.',
    formula: 'y = mask·x/(1 − p), with one mask for each example',
    maskShape: (shape) => shape.map((size, axis) => (axis === 0 ? size : 1)),
  }),
];
