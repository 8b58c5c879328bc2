// Linear layers and embeddings: matrix products and table look-ups.

import { add, type Dimension, multiply } from '../symbolic/dimension';
import { choice, flag, integer, optional, size } from './arguments';
import { known, requireFixed, requireFloat, requireRank, type Site } from './check';
import { parameterStep, weightAndBias } from './conv';
import { oneInput, type Operation, operation, torchPage } from './definition';
import { identity, mixing } from './dependence';
import { macsStep } from './product';
import { elements, float, printShape } from './tensor';
import { biasWork, noWork } from './work';

const linear = operation<{ out_features: Dimension; bias: boolean }>({
  name: 'Linear',
  summary: 'A learned linear map of the last axis.',
  formula: 'y = x·Wᵀ + b',
  source: 'https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html',
  inputs: oneInput,
  keeps: ['input', 'weight'],
  work: biasWork,
  arguments: {
    out_features: size({ documentation: 'The size of the last axis of the output.' }),
    bias: flag({ default: true, documentation: 'Adds a learned number to every output feature.' }),
  },
  infer(call) {
    const { out_features, bias } = call.arguments;
    if (!requireRank(call, 'Linear', 1) || !requireFloat(call, 'Linear')) return undefined;
    const { shape } = call.inputs[0]!;
    const features = shape.at(-1)!;
    if (!requireFixed(call, 'Linear', 'the weight', features)) return undefined;
    if (!requireFixed(call, 'Linear', 'the weight', out_features)) return undefined;
    const rows = shape.slice(0, -1);
    const macs = multiply(...rows, features, out_features);
    const weight = [out_features, features];
    return {
      output: float(...rows, out_features),
      parameters: weightAndBias(weight, features, bias ? out_features : undefined),
      macs,
      get steps() {
        return [parameterStep(weight, bias ? out_features : undefined), macsStep([...rows, features, out_features], macs)];
      },
      dependence: mixing(shape.length, shape.length - 1, 'channel'),
      execute: ({ builder, inputs, parameters: { weight: map, bias: shift } }) => {
        const x = inputs[0]!;
        const width = [...builder.shape(x)];
        // One matrix product over all rows: [batch·rows, features] · Wᵀ.
        const flat = builder.reshape(x, [width.slice(0, -1).reduce((a, b) => a * b, 1), known(features)]);
        const product = builder.matmul(flat, builder.transpose(map!, [1, 0]));
        const y = shift === undefined ? product : builder.add(product, shift);
        return builder.reshape(y, [...width.slice(0, -1), known(out_features)]);
      },
    };
  },
});

const paddingIndex = optional(integer({ documentation: 'The index whose row gets no gradient; negative ones count from the end.' }));

/** The shape of an embedding's table; undefined after a problem was reported. */
function requireTable(
  call: Site,
  name: string,
  { num_embeddings: rows, embedding_dim: width, padding_idx }: { num_embeddings: Dimension; embedding_dim: Dimension; padding_idx: number | null },
): readonly [Dimension, Dimension] | undefined {
  if (call.inputs[0]!.element !== 'int') {
    return call.problem({
      code: 'wrong-element',
      message: `${name} looks up indices, but gets floats; declare the input as int[…], or use Linear`,
      data: { element: 'int' },
    });
  }
  if (!requireFixed(call, name, 'the table', rows) || !requireFixed(call, name, 'the table', width)) return undefined;
  if (padding_idx === null || typeof rows !== 'number' || (padding_idx >= -rows && padding_idx < rows)) return [rows, width];
  return call.problem({
    code: 'index-out-of-range',
    argument: 'padding_idx',
    message: `padding_idx = ${String(padding_idx)} is no row of a table with ${String(rows)} rows`,
    data: { sizes: [rows - 1, -rows] },
  });
}

const embedding = operation<{ num_embeddings: Dimension; embedding_dim: Dimension; padding_idx: number | null }>({
  name: 'Embedding',
  summary: 'A learned vector for each index: row i of a table.',
  formula: 'y[t] = W[x[t]]',
  source: torchPage('torch.nn.Embedding'),
  inputs: oneInput,
  keeps: ['input'],
  work: noWork,
  arguments: {
    num_embeddings: size({ documentation: 'The number of rows; indices run from 0 to num_embeddings − 1.' }),
    embedding_dim: size({ documentation: 'The length of each vector.' }),
    padding_idx: paddingIndex,
  },
  indexBound: (_, __, effect) => effect.parameters?.[0]?.shape[0],
  infer(call) {
    const table = requireTable(call, 'Embedding', call.arguments);
    if (table === undefined) return undefined;
    const { padding_idx } = call.arguments;
    const { shape } = call.inputs[0]!;
    const padding = padding_idx === null ? undefined : padding_idx < 0 ? padding_idx + known(table[0]) : padding_idx;
    return {
      output: float(...shape, table[1]),
      parameters: [{ name: 'weight', shape: table, initial: { normal: 1 } }],
      get steps() {
        return [parameterStep(table, undefined)];
      },
      dependence: { windows: shape.map((_, axis) => identity(0, axis, axis)), mixed: [] },
      execute: ({ builder, inputs, parameters: { weight } }) => {
        const rows = builder.gather(weight!, inputs[0]!);
        if (padding === undefined) return rows;
        const isPadding = builder.reshape(builder.equal(inputs[0]!, builder.scalar(padding)), [...builder.shape(inputs[0]!), 1]);
        return builder.select(isPadding, builder.detach(rows), rows);
      },
    };
  },
});

const bilinear = operation<{ out_features: Dimension; bias: boolean }>({
  name: 'Bilinear',
  summary: 'A learned product of two vectors: every output is a weighted sum of all pairs of their entries.',
  formula: 'y[o] = Σ_ij x₁[i]·W[o, i, j]·x₂[j] + b[o]',
  source: torchPage('torch.nn.Bilinear'),
  inputs: [{ name: 'input1' }, { name: 'input2' }],
  keeps: ['input', 'weight'],
  work: biasWork,
  arguments: {
    out_features: size({ documentation: 'The size of the last axis of the output.' }),
    bias: flag({ default: true, documentation: 'Adds a learned number to every output feature.' }),
  },
  infer(call) {
    const { out_features, bias } = call.arguments;
    if (!requireFloat(call, 'Bilinear')) return undefined;
    const shapes = call.inputs.map((input) => input.shape);
    const [left, right] = shapes.map((shape) => shape.at(-1));
    const rows = shapes.map((shape) => shape.slice(0, -1));
    const agree = rows[0]!.length === rows[1]!.length && rows[0]!.every((dimension, axis) => call.requireEqual(dimension, rows[1]![axis]!));
    if (left === undefined || right === undefined || !agree) {
      return call.problem({ code: 'shapes-do-not-broadcast', message: `Bilinear takes two inputs that agree in all but the last axis, but gets ${shapes.map(printShape).join(' and ')}` });
    }
    if (!requireFixed(call, 'Bilinear', 'the weight', left) || !requireFixed(call, 'Bilinear', 'the weight', right)) return undefined;
    if (!requireFixed(call, 'Bilinear', 'the weight', out_features)) return undefined;
    const weight = [out_features, left, right];
    // x₁·W for all pairs of outputs and entries of x₂, then the product with x₂.
    const factors = [...rows[0]!, out_features, right, add(left, 1)];
    const macs = multiply(...factors);
    return {
      output: float(...rows[0]!, out_features),
      parameters: weightAndBias(weight, left, bias ? out_features : undefined),
      macs,
      get steps() {
        return [parameterStep(weight, bias ? out_features : undefined), macsStep(factors, macs)];
      },
      dependence: {
        windows: shapes.flatMap((shape, input) => shape.slice(0, -1).map((_, axis) => identity(input, axis, axis))),
        mixed: shapes.map((shape, input) => ({ input, axis: shape.length - 1, as: 'channel' as const })),
      },
      execute: ({ builder, inputs: [a, b], parameters: { weight: w, bias: shift } }) => {
        const lead = builder.shape(a!).slice(0, -1);
        const count = lead.reduce((p, q) => p * q, 1);
        // [count, i] · [i, o·j] → [count, o, j], then the product with x₂ summed over j.
        const table = builder.reshape(builder.transpose(w!, [1, 0, 2]), [known(left), known(out_features) * known(right)]);
        const pairs = builder.reshape(builder.matmul(builder.reshape(a!, [count, known(left)]), table), [count, known(out_features), known(right)]);
        const y = builder.matmul(pairs, builder.reshape(b!, [count, known(right), 1]));
        const shaped = builder.reshape(y, [...lead, known(out_features)]);
        return shift === undefined ? shaped : builder.add(shaped, shift);
      },
    };
  },
});

interface BagArguments {
  num_embeddings: Dimension;
  embedding_dim: Dimension;
  mode: 'mean' | 'sum' | 'max';
  padding_idx: number | null;
}

const embeddingBag = operation<BagArguments>({
  name: 'EmbeddingBag',
  summary: 'Sums, averages or maximizes the learned vectors of all indices along the last axis.',
  formula: 'y = Σ_t W[x[t]], or the mean, or the maximum',
  source: torchPage('torch.nn.EmbeddingBag'),
  inputs: oneInput,
  keeps: ['input', 'indices'],
  work: { counted: 'one for each entry of every vector of a bag', count: ({ inputs, arguments: given }) => multiply(elements(inputs[0]!.shape), given.embedding_dim) },
  arguments: {
    num_embeddings: size({ documentation: 'The number of rows; indices run from 0 to num_embeddings − 1.' }),
    embedding_dim: size({ documentation: 'The length of each vector.' }),
    mode: choice(['mean', 'sum', 'max'], { default: 'mean', documentation: 'How the vectors of a bag become one.' }),
    padding_idx: paddingIndex,
  },
  indexBound: (_, __, effect) => effect.parameters?.[0]?.shape[0],
  infer(call) {
    const { mode, padding_idx } = call.arguments;
    const table = requireTable(call, 'EmbeddingBag', call.arguments);
    if (table === undefined || !requireRank(call, 'EmbeddingBag', 1)) return undefined;
    const { shape } = call.inputs[0]!;
    const padding = padding_idx === null ? undefined : padding_idx < 0 ? padding_idx + known(table[0]) : padding_idx;
    return {
      output: float(...shape.slice(0, -1), table[1]),
      parameters: [{ name: 'weight', shape: table, initial: { normal: 1 } }],
      get steps() {
        return [parameterStep(table, undefined)];
      },
      dependence: {
        windows: shape.slice(0, -1).map((_, axis) => identity(0, axis, axis)),
        mixed: [{ input: 0, axis: shape.length - 1, as: 'position' }],
      },
      execute: ({ builder, inputs, parameters: { weight } }) => {
        const rows = builder.gather(weight!, inputs[0]!);
        const along = builder.shape(rows).length - 2;
        if (padding === undefined) return mode === 'sum' ? builder.sum(rows, [along]) : mode === 'mean' ? builder.mean(rows, [along]) : builder.max(rows, [along]);
        const sizes = builder.shape(rows);
        const counted = builder.reshape(builder.notEqual(inputs[0]!, builder.scalar(padding)), [...sizes.slice(0, -1), 1]);
        const count = builder.sum(counted, [along]);
        const none = builder.equal(count, builder.scalar(0));
        if (mode === 'max') {
          const greatest = builder.max(builder.select(counted, rows, builder.scalar(-Infinity)), [along]);
          return builder.select(none, builder.scalar(0), greatest);
        }
        const total = builder.sum(builder.multiply(rows, counted), [along]);
        return mode === 'sum' ? total : builder.divide(total, builder.add(count, none));
      },
    };
  },
});

export const linears: readonly Operation[] = [linear, bilinear, embedding, embeddingBag];
