// What one writes in PyTorch for an application of a function or an operator, on whole batches.

import type { Dimension } from '../symbolic/dimension';
import type { Equation } from './einsum';
import type { IndexItem } from './indexing';
import type { Data } from './sources';
import { listed, lossText, shifted, spelled, torchArguments, type TorchApplication } from './torch-module';

/** An application with the names of all its operands. */
interface Site extends TorchApplication {
  readonly names: readonly string[];
  /** For each operand, whether it has the batch in front. */
  readonly batched: readonly boolean[];
}

type Form = (site: Site) => string;

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** The operands' names: those of the entry, or letters for any number of them. */
function namesOf({ operation, inputs }: TorchApplication): readonly string[] {
  return inputs.map((_, index) => {
    const { name, variadic } = operation.inputs[Math.min(index, operation.inputs.length - 1)]!;
    if (variadic !== true) return name;
    return operation.inputs.length > 1 ? (inputs.length > 2 ? `${name}_${String(index)}` : name) : (letters[index] ?? `x${String(index)}`);
  });
}

/** Arguments behind the operands, as listed for a module. */
function rest({ operation, inputs, arguments: given }: TorchApplication, named = torchArguments({ operation, inputs, arguments: given })): string {
  return listed([], operation.arguments, named);
}

function call(torch: string, operands: readonly string[], further = ''): string {
  return `${torch}(${[...operands, ...(further === '' ? [] : [further])].join(', ')})`;
}

/** A function of torch, or of torch.nn.functional. */
const plain = (torch: string): Form => (site) => call(torch, site.names, rest(site));

/** `shape` with the batch in front counts `dim` one further. */
const along = (torch: string): Form => (site) => call(torch, site.names, `dim=${String(shifted(site.arguments.dim as number))}`);

/** Operands of fewer axes get axes of length 1 behind the batch: broadcasting counts from the end. */
function aligned({ names, inputs, batched }: Site): readonly string[] {
  const rank = inputs.reduce((most, { shape }) => Math.max(most, shape.length), 0);
  return names.map((name, index) => {
    const missing = rank - inputs[index]!.shape.length;
    if (batched[index] !== true || missing === 0) return name;
    return inputs[index]!.shape.length === 0 ? `${name}.reshape(-1${', 1'.repeat(missing)})` : `${name}[:${', None'.repeat(missing)}]`;
  });
}

const operator = (sign: string): Form => (site) => aligned(site).join(` ${sign} `);
/** These take tensors alone, no numbers. */
const together = (torch: string): Form => (site) => call(torch, aligned(site).map((each) => (/^\(?-?\d/.test(each) ? `torch.tensor(${each})` : each)));

/** Axes of a reduction, the batch counted, from the last to the first; all of them without `dim`. */
function axesOf({ inputs, arguments: { dim } }: TorchApplication): readonly number[] {
  const rank = inputs[0]!.shape.length;
  const given = dim === null || dim === undefined ? Array.from({ length: rank }, (_, axis) => axis) : [dim as number | readonly number[]].flat();
  return given.map((axis) => (axis < 0 ? axis + rank : axis) + 1);
}

const reduction = (method: string, further: (given: TorchApplication['arguments']) => string = () => ''): Form => (site) => {
  const { inputs, names: [name] } = site;
  const single = inputs[0]!.shape.length === 0;
  const keep = site.arguments.keepdim === true && !single ? ', keepdim=True' : '';
  const operand = single ? `${name!}[:, None]` : name!;
  const axes = single ? [1] : axesOf(site);
  // One axis after the other, from the last on.
  if (method === 'prod') return `${operand}${[...axes].sort((a, b) => b - a).map((axis) => `.prod(dim=${String(axis)}${keep})`).join('')}`;
  const over = `dim=${axes.length === 1 ? String(axes[0]) : spelled(axes)}${keep}${further(site.arguments)}`;
  return method.startsWith('torch.') ? `${method}(${operand}, ${over})` : `${operand}.${method}(${over})`;
};

/** The same losses as layers have them; `layer(…)` stands for the function with its arguments. */
const loss = (layer: string): Form => (site) => {
  const { operation: { name }, names, inputs, arguments: given } = site;
  const further = rest(site);
  const called = (text: string): string => text.replace(/layer\(((?:[^()]|\([^()]*\))*)\)/, (_, operands: string) => call(`F.${name}`, [operands], further));
  if (names.at(-1) !== 'weight') return called(lossText(layer, names, inputs, given));
  // The weights of each example are its own, and its mean is over them.
  const [first, ...others] = names.map((each) => each[0]!);
  const classes = /^(CrossEntropy|NLL)/.test(layer);
  const mean = given.reduction === 'none' ? '' : '.mean()';
  const [input, target, weight] = [first!, ...others];
  const axis = classes ? classAxis(site) : 0;
  const moved = axis === 0 ? input : `${input}.movedim(${String(axis)}, 0)`;
  const operands = classes || layer.startsWith('Multi') ? `${moved}[None], ${target!}[None], weight=${weight!}` : `${input}, ${target!}, weight=${weight!}`;
  const row = given.reduction === 'none' && (classes || layer.startsWith('Multi')) ? '[0]' : '';
  return `torch.stack([${call(`F.${name}`, [operands], further)}${row} for ${input}, ${target!}, ${weight!} in zip(${names.join(', ')})])${mean}`;
};

/** The axis of the classes: the one that the target lacks. */
function classAxis({ inputs: [input, target, weight] }: TorchApplication): number {
  if (target!.element !== 'int') return 0;
  const shape = input!.shape.map(spelled);
  const fits = (at: number): boolean => shape.filter((_, axis) => axis !== at).join() === target!.shape.map(spelled).join() && shape[at] === spelled(weight!.shape[0]);
  return Math.max(0, shape.findIndex((_, axis) => fits(axis)));
}

/** The equation with a letter for the batch in front of all operands and of the result. */
function einsum({ names, arguments: given }: Site): string {
  const { operands, output } = given.equation as Equation;
  const used = operands.join('');
  const batch = [...'bnzyxwvutsrqponmlkjihgfedca'].find((letter) => !used.includes(letter)) ?? 'Z';
  return `torch.einsum("${operands.map((each) => batch + each).join(',')}->${batch}${output}", ${names.join(', ')})`;
}

function matmul({ names: [a, b], inputs, batched }: Site): string {
  const [left, right] = inputs.map(({ shape }) => shape.length) as [number, number];
  if (left === 1 && right === 1) return `(${a!} * ${b!}).sum(-1)`;
  const missing = (rank: number): string => ', None'.repeat(Math.max(left, right, 2) - Math.max(rank, 2));
  // A matrix of no batch on the right side takes rows of any shape.
  if (batched[1] !== true && right === 2) return `${a!} @ ${b!}`;
  const rows = left === 1 ? `${a!}[:${missing(left)}, None]` : missing(left) === '' || batched[0] !== true ? a! : `${a!}[:${missing(left)}]`;
  const columns = right === 1 ? `${b!}[:${missing(right)}, :, None]` : missing(right) === '' || batched[1] !== true ? b! : `${b!}[:${missing(right)}]`;
  if (left === 1) return `(${rows} @ ${columns}).squeeze(-2)`;
  return right === 1 ? `(${rows} @ ${columns}).squeeze(-1)` : `${rows} @ ${columns}`;
}

function index({ names, arguments: given, batched }: Site): string {
  const items = given.items as readonly IndexItem[];
  const edge = (value: Dimension | null): string => (value === null ? '' : spelled(value));
  const text = (call: (place: number) => string): string =>
    items.map((item) => {
      if (item === 'ellipsis') return '...';
      if (item === 'newaxis') return 'None';
      if ('integer' in item) return spelled(item.integer);
      if ('tensor' in item) return call(item.tensor);
      const [start, stop, step] = item.slice;
      return `${edge(start)}:${edge(stop)}${step === null ? '' : `:${String(step)}`}`;
    }).join(', ');
  const [table, ...indices] = names;
  if (indices.length === 0) return `${table!}[${batched[0] === true ? ':, ' : ''}${text(() => '')}]`;
  if (batched[0] !== true) return `${table!}[${indices[0]!}]`;
  // Every example has its own indices.
  const own = indices.map((_, place) => letters[letters.indexOf('b') + place]!);
  return `torch.stack([a[${text((place) => own[place - 1]!)}] for a, ${own.join(', ')} in zip(${names.join(', ')})])`;
}

function pad({ names: [name], inputs, operation, arguments: given }: Site): string {
  const { pad: amounts, mode, value } = given as { readonly pad: readonly number[]; readonly mode: string; readonly value: number | null };
  const further = listed([], operation.arguments, [['mode', mode], ['value', value]]);
  const over = inputs[0]!.shape.length - 1 - amounts.length / 2;
  // What is no constant is padded with at most one axis between the batch and the padded ones.
  if (mode === 'constant' || over <= 0) return call('F.pad', [name!, spelled(amounts)], further);
  return `${call('F.pad', [`${name!}.flatten(0, ${String(over)})`, spelled(amounts)], further)}.unflatten(0, ${name!}.shape[:${String(over + 1)}])`;
}

function flatten({ names: [name], inputs, arguments: { start_dim, end_dim } }: Site): string {
  if (inputs[0]!.shape.length === 0) return `${name!}.reshape(-1, 1)`;
  const end = shifted(end_dim as number);
  return `${name!}.flatten(${String(shifted(start_dim as number))}${end === -1 ? '' : `, ${String(end)}`})`;
}

function roll({ names: [name], arguments: given }: Site): string {
  const shifts = given.shifts as readonly number[];
  const dims = given.dims as readonly number[] | null;
  if (dims === null) return `${name!}.flatten(1).roll(${String(shifts[0])}, 1).reshape(${name!}.shape)`;
  const one = shifts.length === 1;
  return `${name!}.roll(${one ? String(shifts[0]) : spelled(shifts)}, ${one ? String(shifted(dims[0]!)) : spelled(dims.map(shifted))})`;
}

function repeated({ names: [name], inputs, arguments: { repeats, dim } }: Site): string {
  if (dim !== null && dim !== undefined) return `${name!}.repeat_interleave(${spelled(repeats)}, dim=${String(shifted(dim as number))})`;
  const flat = inputs[0]!.shape.length === 0 ? `${name!}[:, None]` : inputs[0]!.shape.length === 1 ? name! : `${name!}.flatten(1)`;
  return `${flat}.repeat_interleave(${spelled(repeats)}, dim=1)`;
}

function arange({ arguments: { start, end, step } }: Site): string {
  const bounds = end === null || end === undefined ? [start] : step === 1 ? [start, end] : [start, end, step];
  return `torch.arange(${bounds.map(spelled).join(', ')})`;
}

/** Numbers in nested lists. */
function nested({ shape, values }: Data): string {
  if (shape.length === 0) return spelled(values[0]);
  const size = values.length / shape[0]!;
  return `[${Array.from({ length: shape[0]! }, (_, row) => nested({ shape: shape.slice(1), values: values.slice(row * size, (row + 1) * size), ints: false })).join(', ')}]`;
}

const method = (text: (given: TorchApplication['arguments']) => string): Form => ({ names: [name], arguments: given }) => `${name!}.${text(given)}`;

const functional = ['relu', 'leaky_relu', 'relu6', 'elu', 'selu', 'gelu', 'silu', 'mish', 'softplus', 'hardswish', 'logsigmoid', 'celu', 'softsign', 'tanhshrink', 'hardshrink', 'softshrink', 'threshold', 'hardtanh', 'hardsigmoid', 'rrelu', 'one_hot'];
const mathematical = ['sigmoid', 'tanh', 'abs', 'exp', 'sin', 'cos', 'erf', 'floor', 'ceil', 'round', 'sign', 'expm1', 'square', 'log', 'sqrt', 'log1p', 'rsqrt', 'reciprocal', 'logical_not'];
const signs: Readonly<Record<string, string>> = { add: '+', subtract: '-', multiply: '*', divide: '/', floor_divide: '//', remainder: '%', power: '**', eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' };
const losses: Readonly<Record<string, string>> = {
  ...{ mse_loss: 'MSELoss', l1_loss: 'L1Loss', smooth_l1_loss: 'SmoothL1Loss', huber_loss: 'HuberLoss', binary_cross_entropy: 'BCELoss', binary_cross_entropy_with_logits: 'BCEWithLogitsLoss', kl_div: 'KLDivLoss' },
  ...{ hinge_embedding_loss: 'HingeEmbeddingLoss', cross_entropy: 'CrossEntropyLoss', nll_loss: 'NLLLoss', soft_margin_loss: 'SoftMarginLoss', poisson_nll_loss: 'PoissonNLLLoss', gaussian_nll_loss: 'GaussianNLLLoss' },
  ...{ margin_ranking_loss: 'MarginRankingLoss', triplet_margin_loss: 'TripletMarginLoss', cosine_embedding_loss: 'CosineEmbeddingLoss', multi_margin_loss: 'MultiMarginLoss' },
  ...{ multilabel_margin_loss: 'MultiLabelMarginLoss', multilabel_soft_margin_loss: 'MultiLabelSoftMarginLoss' },
};

/** Each entry by itself: right for operands with and without a batch. */
const broadcasting: Readonly<Record<string, Form>> = {
  ...Object.fromEntries(functional.map((name) => [name, plain(`F.${name}`)])),
  ...Object.fromEntries(mathematical.map((name) => [name, plain(`torch.${name}`)])),
  ...Object.fromEntries(Object.entries(signs).map(([name, sign]) => [name, operator(sign)])),
  ...Object.fromEntries(['maximum', 'minimum', 'logical_and', 'logical_or'].map((name) => [name, together(`torch.${name}`)])),
  where: (site) => {
    const [condition, ...values] = aligned(site);
    return call('torch.where', [`${condition!} != 0`, ...values]);
  },
  negative: ({ names: [name] }) => `-${name!}`,
  detach: method(() => 'detach()'),
  int: method(() => 'long()'),
  float: method(() => 'to(torch.get_default_dtype())'),
  step: ({ names: [name] }) => `(${name!} > 0).to(${name!}.dtype)`,
  clamp: method(({ min, max }) => `clamp(${[...(min === null ? [] : [`min=${spelled(min)}`]), ...(max === null ? [] : [`max=${spelled(max)}`])].join(', ')})`),
};

const batchwise: Readonly<Record<string, Form>> = {
  ...Object.fromEntries(Object.entries(losses).map(([name, layer]) => [name, loss(layer)])),
  ...Object.fromEntries(['glu', 'softmax', 'log_softmax', 'softmin'].map((name) => [name, along(`F.${name}`)])),
  cumsum: along('torch.cumsum'),
  cosine_similarity: (site) => call('F.cosine_similarity', aligned(site), rest(site, [['dim', shifted(site.arguments.dim as number)], ['eps', site.arguments.eps]])),
  concat: ({ names, arguments: { dim } }) => `torch.cat([${names.join(', ')}], dim=${String(shifted(dim as number))})`,
  stack_dims: ({ names, arguments: { dim } }) => `torch.stack([${names.join(', ')}], dim=${String(shifted(dim as number))})`,
  chunk: method(({ chunks, dim }) => `chunk(${spelled(chunks)}, dim=${String(shifted(dim as number))})`),
  split: method(({ split_size_or_sections: sizes, dim }) => `split(${spelled(sizes)}, dim=${String(shifted(dim as number))})`),
  repeat_interleave: repeated,
  flatten,
  unflatten: method(({ dim, unflattened_size: sizes }) => `unflatten(${String(shifted(dim as number))}, ${spelled(sizes)})`),
  reshape: ({ names: [name], arguments: { shape } }) => `${name!}.reshape(${[`len(${name!})`, ...(shape as readonly Dimension[]).map(spelled)].join(', ')})`,
  permute: method(({ dims }) => `permute(${[0, ...(dims as readonly number[]).map(shifted)].join(', ')})`),
  transpose: method(({ dim0, dim1 }) => `transpose(${String(shifted(dim0 as number))}, ${String(shifted(dim1 as number))})`),
  flip: method(({ dims }) => `flip(${(dims as readonly number[]).map(shifted).join(', ')})`),
  roll,
  pad,
  index,
  matmul,
  dot: ({ names: [a, b] }) => `(${a!} * ${b!}).sum(-1)`,
  einsum,
  ...Object.fromEntries(['sum', 'mean', 'prod', 'logsumexp'].map((name) => [name, reduction(name)])),
  max: reduction('amax'),
  min: reduction('amin'),
  var: reduction('var', ({ correction }) => (correction === 1 ? '' : `, correction=${spelled(correction)}`)),
  norm: reduction('torch.linalg.vector_norm', ({ p }) => (p === 2 ? '' : `, ord=${spelled(p)}`)),
  causal_mask: ({ names: [name] }) => `${name!}.masked_fill(~torch.ones(${name!}.shape[-2:], dtype=torch.bool).tril(), float("-inf"))`,
};

/** These have no batch: they are the same for every example. */
const sources: Readonly<Record<string, Form>> = {
  arange,
  zeros: ({ arguments: { size } }) => `torch.zeros(${(size as readonly Dimension[]).length === 0 ? '()' : (size as readonly Dimension[]).map(spelled).join(', ')})`,
  ones: ({ arguments: { size } }) => `torch.ones(${(size as readonly Dimension[]).length === 0 ? '()' : (size as readonly Dimension[]).map(spelled).join(', ')})`,
  tensor: ({ arguments: { data } }) => `torch.tensor(${nested(data as Data)})`,
};

/** The call; undefined where operands with and without a batch meet in a function that needs one form for both. */
export function functionText(application: TorchApplication): string | undefined {
  const { operation: { name }, inputs } = application;
  const batched = application.batched ?? inputs.map(() => true);
  const site: Site = { ...application, names: namesOf(application).map((name, index) => application.names?.[index] ?? name), batched };
  const anyway = broadcasting[name] ?? sources[name];
  if (anyway !== undefined) return anyway(site);
  const mixed = batched.includes(false);
  const table = name === 'index' && batched[0] !== true && (site.arguments.items as readonly IndexItem[]).length === 1 && inputs.length === 2 && batched[1] === true;
  const weights = name === 'matmul' && batched[0] === true && inputs[1]!.shape.length === 2;
  return mixed && !table && !weights ? undefined : batchwise[name]?.(site);
}
