// Linear layers and embeddings: matrix products and table look-ups.

import { type Dimension, multiply, print } from '../symbolic/dimension';
import { flag, size } from './arguments';
import { requireFixed, requireFloat, requireRank } from './check';
import { weightAndBias } from './conv';
import { oneInput, type Operation, operation } from './definition';
import { identity, mixing } from './dependence';
import { float } from './tensor';

const linear = operation<{ out_features: Dimension; bias: boolean }>({
  name: 'Linear',
  summary: 'A learned linear map of the last axis.',
  formula: 'y = x·Wᵀ + b',
  source: 'https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html',
  inputs: oneInput,
  keeps: ['input', 'weight'],
  arguments: {
    out_features: size({ documentation: 'The size of the last axis of the output.' }),
    bias: flag({ default: true, documentation: 'Adds a learned number to every output feature.' }),
  },
  infer(call) {
    const { out_features, bias } = call.arguments;
    if (!requireRank(call, 'Linear', 1) || !requireFloat(call, 'Linear')) return undefined;
    const { shape } = call.inputs[0]!;
    const features = shape.at(-1)!;
    if (!requireFixed(call, 'Linear', 'The weight', features)) return undefined;
    if (!requireFixed(call, 'Linear', 'The weight', out_features)) return undefined;
    const rows = shape.slice(0, -1);
    const macs = multiply(...rows, features, out_features);
    const total = features * out_features + (bias ? out_features : 0);
    return {
      output: float(...rows, out_features),
      parameters: weightAndBias([out_features, features], features, bias ? out_features : undefined),
      macs,
      steps: [
        {
          what: 'parameters',
          formula: `${String(features)}·${String(out_features)}${bias ? ` + ${String(out_features)}` : ''} = ${total.toLocaleString('en-US')}`,
        },
        {
          what: 'MACs',
          formula: `${[...rows, features, out_features].map(print).join('·')} = ${typeof macs === 'number' ? macs.toLocaleString('en-US') : print(macs)}`,
        },
      ],
      dependence: mixing(shape.length, shape.length - 1, 'channel'),
      execute: ({ builder, inputs, parameters: { weight, bias: shift } }) => {
        const x = inputs[0]!;
        const width = [...builder.shape(x)];
        // One matrix product over all rows: [batch·rows, features] · Wᵀ.
        const flat = builder.reshape(x, [width.slice(0, -1).reduce((a, b) => a * b, 1), features]);
        const product = builder.matmul(flat, builder.transpose(weight!, [1, 0]));
        const y = shift === undefined ? product : builder.add(product, shift);
        return builder.reshape(y, [...width.slice(0, -1), out_features]);
      },
    };
  },
});

const embedding = operation<{ num_embeddings: Dimension; embedding_dim: Dimension }>({
  name: 'Embedding',
  summary: 'A learned vector for each index: row i of a table.',
  formula: 'y[t] = W[x[t]]',
  source: 'https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html',
  inputs: oneInput,
  keeps: ['input'],
  arguments: {
    num_embeddings: size({ documentation: 'The number of rows; indices run from 0 to num_embeddings − 1.' }),
    embedding_dim: size({ documentation: 'The length of each vector.' }),
  },
  indexBound: (_, __, effect) => effect.parameters?.[0]?.shape[0],
  infer(call) {
    const { num_embeddings, embedding_dim } = call.arguments;
    const { element, shape } = call.inputs[0]!;
    if (element !== 'int') {
      return call.problem({
        code: 'wrong-element',
        message: 'Embedding looks up indices, but gets floats; declare the input as int[…], or use Linear',
      });
    }
    if (!requireFixed(call, 'Embedding', 'The table', num_embeddings)) return undefined;
    if (!requireFixed(call, 'Embedding', 'The table', embedding_dim)) return undefined;
    return {
      output: float(...shape, embedding_dim),
      parameters: [{ name: 'weight', shape: [num_embeddings, embedding_dim], initial: { normal: 1 } }],
      steps: [
        {
          what: 'parameters',
          formula: `${String(num_embeddings)}·${String(embedding_dim)} = ${(num_embeddings * embedding_dim).toLocaleString('en-US')}`,
        },
      ],
      dependence: { windows: shape.map((_, axis) => identity(0, axis, axis)), mixed: [] },
      execute: ({ builder, inputs, parameters: { weight } }) => builder.gather(weight!, inputs[0]!),
    };
  },
});

export const linears: readonly Operation[] = [linear, embedding];
