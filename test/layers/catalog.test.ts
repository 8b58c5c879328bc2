// Every entry of the catalog is complete, and says the same as PyTorch's signatures.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RawValue } from '../../server/src/layers/arguments';
import { bindArguments } from '../../server/src/layers/bind';
import { functions, layers } from '../../server/src/layers/catalog';
import type { Operation } from '../../server/src/layers/definition';
import { inferCase } from './cases';

type Signature = readonly (readonly [name: string, standard: unknown])[];

const recorded = JSON.parse(readFileSync(new URL('../oracle/layer-signatures.json', import.meta.url), 'utf8')) as {
  readonly torch: string;
  /** The names of all modules. */
  readonly modules: readonly string[];
  readonly layers: Readonly<Record<string, Signature>>;
  readonly functions: Readonly<Record<string, Signature>>;
};

const entries: readonly (readonly [string, Operation])[] = [...layers, ...functions];

/** What is inferred from the input, or says how PyTorch is to compute and not what. */
const omitted = new Set([
  ...['in_channels', 'in_features', 'in1_features', 'in2_features', 'num_features', 'num_channels', 'normalized_shape', 'input_size', 'embed_dim', 'd_model', 'kdim', 'vdim'],
  ...['batch_first', 'device', 'dtype', 'inplace', 'recompute_scale_factor', 'size_average', 'reduce', '_stacklevel', '_weight', '_freeze', 'sparse', 'training'],
  // Deprecated names.
  ...['min_value', 'max_value'],
  ...['max_norm', 'scale_grad_by_freq', 'include_last_offset'],
]);

/** Where the language says otherwise than PyTorch, and why. */
const deviations: Readonly<Record<string, string>> = {
  'LayerNorm.dims': 'stands for the sizes of normalized_shape, which are inferred',
  'RMSNorm.dims': 'stands for the sizes of normalized_shape, which are inferred',
  'RNN.nonlinearity': 'is read from **kwargs by PyTorch',
  'Flatten.start_dim': 'counts written dimensions',
  'Softmax.dim': 'PyTorch guesses the axis where it is not given',
  'LogSoftmax.dim': 'PyTorch guesses the axis where it is not given',
  'Softmin.dim': 'PyTorch guesses the axis where it is not given',
  'softmax.dim': 'PyTorch guesses the axis where it is not given',
  'log_softmax.dim': 'PyTorch guesses the axis where it is not given',
  'softmin.dim': 'PyTorch guesses the axis where it is not given',
  'CosineSimilarity.dim': 'counts written dimensions',
  'Embedding.norm_type': 'belongs to max_norm, which changes weights behind the optimizer',
  'EmbeddingBag.norm_type': 'belongs to max_norm, which changes weights behind the optimizer',
  'RNN.proj_size': 'is for the LSTM alone',
  'GRU.proj_size': 'is for the LSTM alone',
};

/** A uniform list as the number that PyTorch has for all axes. */
function collapsed(value: unknown): unknown {
  return Array.isArray(value) && value.length > 0 && value.every((each) => each === value[0]) ? (value as unknown[])[0] : value;
}

function differences(name: string, definitions: Operation['arguments'], inputs: readonly string[], signature: Signature): readonly string[] {
  const theirs = signature.filter(([argument]) => !omitted.has(argument) && !inputs.includes(argument) && !(`${name}.${argument}` in deviations));
  const ours = Object.entries(definitions).filter(([argument]) => !(`${name}.${argument}` in deviations));
  const found: string[] = [];
  if (theirs.map(([argument]) => argument).join() !== ours.map(([argument]) => argument).join()) {
    found.push(`${ours.map(([argument]) => argument).join()} instead of ${theirs.map(([argument]) => argument).join()}`);
  }
  for (const [argument, standard] of theirs) {
    const own = definitions[argument as keyof typeof definitions]?.default;
    const mine = own === undefined ? 'required' : collapsed(own);
    if (mine !== collapsed(standard)) found.push(`${argument} = ${String(mine)} instead of ${String(standard)}`);
  }
  return found;
}

it.each(entries)('%s is documented in all parts', (name, entry) => {
  expect(entry.name).toBe(name);
  expect(entry.summary).toMatch(/^[A-Z1−].*\.$/u);
  expect(entry.formula.length).toBeGreaterThan(2);
  expect(entry.source).toMatch(/https:\/\//);
  expect(`It counts ${entry.work.counted}.`).toMatch(/^It counts .{7,}\.$/);
  for (const [argument, { documentation, accepts }] of Object.entries({ ...entry.arguments, ...entry.forward })) {
    expect(`${argument}: ${documentation}`).toMatch(/: .+\.$/u);
    expect(accepts.length).toBeGreaterThan(3);
  }
  for (const input of entry.inputs) expect(input.name).toMatch(/^[a-z0-9_]+$/);
});

describe('arguments have the names, the order and the defaults of PyTorch', () => {
  it.each([...layers].filter(([name]) => name in recorded.layers))('%s', (name, entry) => {
    expect(differences(name, entry.arguments, [], recorded.layers[name]!)).toEqual([]);
  });

  it.each([...functions].filter(([name]) => name in recorded.functions))('%s', (name, entry) => {
    expect(differences(name, entry.arguments, entry.inputs.map((input) => input.name), recorded.functions[name]!)).toEqual([]);
  });
});

/** Modules of torch.nn that the catalog leaves out, and why. */
const leftOut: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['Transformer', 'TransformerDecoder', 'TransformerEncoder'].map((name) => [name, 'a whole network, which stacks and loops say'])),
  ...Object.fromEntries(['Module', 'Container', 'RNNBase', 'RNNCellBase'].map((name) => [name, 'a base class'])),
  ...Object.fromEntries(['ModuleDict', 'ModuleList', 'ParameterDict', 'ParameterList', 'Sequential'].map((name) => [name, 'a container, which blocks, lists and param are here'])),
  ...Object.fromEntries(['FractionalMaxPool2d', 'FractionalMaxPool3d'].map((name) => [name, 'draws its windows at random'])),
  DataParallel: 'copies a module to several devices',
  SyncBatchNorm: 'is a BatchNorm across devices',
  CrossMapLRN2d: 'is LocalResponseNorm under an older name',
  NLLLoss2d: 'is NLLLoss under an older name',
  CTCLoss: 'sums over alignments whose lengths differ from example to example',
  AdaptiveLogSoftmaxWithLoss: 'computes for each target in another cluster: what runs depends on the data',
  LinearCrossEntropyLoss: 'is Linear and CrossEntropyLoss in one kernel',
  TripletMarginWithDistanceLoss: 'takes a function of Python as its distance',
};

it('has all modules of torch.nn but those that are named here, with a reason', () => {
  const absent = recorded.modules.filter((name) => !layers.has(name) && !name.startsWith('Lazy'));
  expect(absent.sort()).toEqual(Object.keys(leftOut).sort());
});

/** Einstein sums are counted where something is summed; PyTorch's counter has no number for all of them. */
it.each([
  ['ij,jk->ik', [[2, 3], [3, 4]], 24],
  ['bij,bjk->bik', [[5, 2, 3], [5, 3, 4]], 120],
  ['ij,jk,kl->il', [[2, 3], [3, 4], [4, 2]], 24 + 16],
  ['i,i->', [[3], [3]], 3],
  ['i,i->i', [[3], [3]], 0],
  ['i,j->ij', [[3], [4]], 0],
])('einsum "%s" counts the products that are summed', (equation, shapes, macs) => {
  const types = shapes.map((shape) => ({ element: 'float' as const, shape }));
  const { effect } = inferCase({ name: 'einsum', given: { equation }, inputs: shapes, shapes: [], values: [], gradients: [] }, types);
  expect(effect?.macs ?? 0).toBe(macs);
});

/** Counted by hand from the formulas. */
it.each([
  ['ReLU', {}, [[3, 4]], 12],
  ['Conv2d', { out_channels: 4, kernel_size: 3 }, [[2, 5, 5]], 36],
  ['Conv2d', { out_channels: 4, kernel_size: 3, bias: false }, [[2, 5, 5]], 0],
  ['Linear', { out_features: 3 }, [[5, 4]], 15],
  ['BatchNorm2d', {}, [[2, 3, 3]], 7 * 18],
  ['BatchNorm2d', { affine: false }, [[2, 3, 3]], 5 * 18],
  ['RMSNorm', {}, [[6]], 24],
  ['MaxPool2d', { kernel_size: [2, 3] }, [[2, 4, 6]], 6 * 8],
  ['AdaptiveAvgPool2d', { output_size: 1 }, [[2, 4, 6]], 48],
  ['AdaptiveAvgPool1d', { output_size: 2 }, [[1, 5]], 3 + 3],
  ['Softmax', {}, [[2, 3]], 30],
  ['add', {}, [[2, 3], [3]], 6],
  ['sum', {}, [[2, 3]], 6],
  ['Flatten', {}, [[2, 3]], 0],
  ['mse_loss', {}, [[4], [4]], 12],
  ['Upsample', { scale_factor: 2 }, [[1, 3]], 0],
  ['Upsample', { scale_factor: 2, mode: 'bilinear' }, [[1, 3, 3]], 7 * 36],
  // Per gate a sum, two biases and an activation; five that join them.
  ['LSTM', { hidden_size: 3 }, [[5, 2]], 5 * 3 * (4 * 4 + 5)],
  // Scores [2 heads, 3, 3]: scaling, softmax, mean of the heads; biases of q, k, v and the output.
  ['MultiheadAttention', { num_heads: 2 }, [[3, 4]], 18 * (1 + 5 + 1) + 4 * 12],
  ['einsum', { equation: 'i,j->ij' }, [[3], [4]], 12],
])('%s %j of %j counts its elementwise work', (name, given, shapes, operations) => {
  const types = shapes.map((shape) => ({ element: 'float' as const, shape }));
  const { effect } = inferCase({ name, given, inputs: shapes, shapes: [], values: [], gradients: [] }, types);
  expect(effect?.elementwise()).toBe(operations);
});

describe('arguments that go on', () => {
  const bind = (name: string, ...given: readonly { readonly name?: string; readonly value: RawValue }[]): unknown => {
    const bound = bindArguments(functions.get(name) ?? layers.get(name)!, given);
    return bound.problems.length === 0 ? bound.arguments : bound.problems.map((problem) => problem.code);
  };

  it('are one list, whether written as one or one after the other', () => {
    expect(bind('reshape', { value: 2 }, { value: 3 })).toEqual({ shape: [2, 3] });
    expect(bind('reshape', { value: [2, 3] })).toEqual({ shape: [2, 3] });
    expect(bind('reshape', { value: -1 })).toEqual({ shape: [-1] });
    expect(bind('Permute', { value: 1 }, { value: 0 })).toEqual({ dims: [1, 0] });
  });

  it('cannot be both, nor given by name as well', () => {
    expect(bind('reshape', { value: [2, 3] }, { value: 4 })).toEqual(['invalid-shape']);
    expect(bind('reshape', { name: 'shape', value: 3 }, { value: 4 })).toEqual(['repeated-argument']);
  });
});
