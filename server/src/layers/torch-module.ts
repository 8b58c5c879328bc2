// What one writes in PyTorch for an application of a layer: the module with its inferred arguments, and its call on whole batches.

import { type Dimension, Expression, print } from '../symbolic/dimension';
import type { ArgumentDefinition, LayerArgument } from './arguments';
import type { Arguments, Operation } from './definition';
import type { TensorType } from './tensor';

export interface TorchForm {
  /** The expression that makes the module; functions have none. */
  readonly module?: string;
  /** What is computed of the inputs, by their names, with the batch in front; `layer` is the module. */
  readonly call: string;
}

/** An application, as far as its text depends on it. */
export interface TorchApplication {
  readonly operation: Operation;
  readonly inputs: readonly TensorType[];
  readonly arguments: Arguments;
  /** For each input, whether it has the batch in front, as parameters have not; all have without it. */
  readonly batched?: readonly boolean[];
  /** What the operands of a function are called, where that is more than the entry's word for it. */
  readonly names?: readonly (string | undefined)[];
}

type Definitions = Readonly<Record<string, ArgumentDefinition<unknown>>>;
type Named = readonly (readonly [name: string, value: unknown])[];

/** A value in Python. */
export function spelled(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value instanceof Expression) return print(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `float("${value > 0 ? 'inf' : '-inf'}")`;
  if (Array.isArray(value)) return `(${(value as readonly unknown[]).map(spelled).join(', ')}${value.length === 1 ? ',' : ''})`;
  return String(value as object);
}

/** One number where a list repeats it and the definition reads it so. */
function collapsed(definition: ArgumentDefinition<unknown> | undefined, value: unknown): unknown {
  if (!Array.isArray(value) || definition === undefined || definition.rest === true || value.length === 0 || value[0] === null || value[0] === -1) return value;
  const reading = definition.read(value[0] as never);
  return 'value' in reading && same(reading.value, value) ? (value as unknown[])[0] : value;
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, index) => same(each, b[index]));
  return Object.is(a, b);
}

/** Required arguments behind the inferred ones need no name, up to the kernel's size; of the others those that are no defaults are named. */
export function listed(inferred: readonly string[], definitions: Definitions, given: Named): string {
  const parts = [...inferred];
  let positional = true;
  for (const [name, value] of given) {
    const definition = definitions[name];
    const required = definition !== undefined && definition.default === undefined;
    if (!required && definition !== undefined && same(definition.default, value)) continue;
    positional &&= required && name !== 'kernel_size';
    const text = spelled(collapsed(definition, value));
    parts.push(positional ? text : `${name}=${text}`);
  }
  return parts.join(', ');
}

/** A dimension with the batch in front. */
export function shifted(dim: number): number {
  return dim < 0 ? dim : dim + 1;
}

/** Arguments that PyTorch takes and the language infers. */
function inferredArguments({ operation: { name }, inputs, arguments: given }: TorchApplication): readonly string[] {
  const shape = inputs[0]?.shape ?? [];
  const last = spelled(shape.at(-1));
  if (/^(Conv|BatchNorm|InstanceNorm)/.test(name)) return [spelled(shape[0])];
  if (/^(Linear|RNN|LSTM|GRU|MultiheadAttention|Transformer)/.test(name)) return [last];
  if (name === 'Bilinear') return [last, spelled(inputs[1]!.shape.at(-1))];
  if (name === 'LayerNorm' || name === 'RMSNorm') {
    const own = shape.slice(-(given.dims as number));
    return [own.length === 1 ? last : spelled(own)];
  }
  return [];
}

const batchFirst = /^(RNN|LSTM|GRU)$|^MultiheadAttention$|^Transformer/;

/** Arguments as PyTorch has them: without those that stand for inferred ones, with dimensions that count the batch. */
export function torchArguments({ operation: { name }, inputs, arguments: given }: TorchApplication): Named {
  const entries = Object.entries(given).filter(([argument]) => argument !== 'dims' || !/Norm$/.test(name));
  const moved = /^(Softmax|LogSoftmax|Softmin|GLU|CosineSimilarity|Unflatten|Flatten)$/.test(name)
    ? entries.map(([argument, value]) => [argument, /dim$/.test(argument) ? shifted(value as number) : value] as const)
    : entries;
  const lists = new Set(['weight', 'pos_weight']);
  const tensors = moved.map(([argument, value]) => [argument, lists.has(argument) && Array.isArray(value) ? `torch.tensor([${(value as number[]).join(', ')}])` : value] as const);
  const named = tensors.map(([argument, value]) => [argument, typeof value === 'string' && value.startsWith('torch.') ? verbatim(value) : value] as const);
  const widths: (readonly [string, unknown])[] = [];
  if (name === 'MultiheadAttention') {
    const width = inputs[0]!.shape[1];
    const key = inputs[1]?.shape[1] ?? width;
    const value = inputs[2]?.shape[1] ?? key;
    if (!same(key, width)) widths.push(['kdim', key]);
    if (!same(value, width)) widths.push(['vdim', value]);
  }
  return [...named, ...widths, ...(batchFirst.test(name) ? [['batch_first', true] as const] : [])];
}

/** Python's text of a value that is none of the language's. */
function verbatim(text: string): object {
  return { toString: () => text };
}

const wrappers: Readonly<Record<string, string>> = { WeightNorm: 'weight_norm', SpectralNorm: 'spectral_norm' };

/** Layers that are no modules of torch.nn: the call alone. */
const calls: Readonly<Record<string, (application: TorchApplication) => string>> = {
  Sign: () => 'torch.sign(input)',
  Step: () => '(input > 0).to(input.dtype)',
  Reshape: ({ arguments: { shape } }) => `input.reshape(len(input), ${(shape as readonly Dimension[]).map(spelled).join(', ')})`,
  Permute: ({ arguments: { dims } }) => `input.permute(0, ${(dims as readonly number[]).map((dim) => String(shifted(dim))).join(', ')})`,
  SplitHeads: ({ inputs, arguments: { heads } }) => `input.unflatten(-1, (${String(heads)}, ${spelledQuotient(inputs[0]!.shape.at(-1)!, heads as number)})).transpose(-3, -2)`,
  MergeHeads: () => 'input.transpose(-3, -2).flatten(-2)',
  Chunk: ({ arguments: { chunks, dim } }) => `input.chunk(${String(chunks)}, dim=${String(shifted(dim as number))})`,
  Split: ({ arguments: { split_size_or_sections, dim } }) => `input.split(${spelled(split_size_or_sections)}, dim=${String(shifted(dim as number))})`,
  DropPath: ({ inputs, arguments: { p } }) => `input * F.dropout(input.new_ones(len(input), ${inputs[0]!.shape.map(() => '1').join(', ')}), p=${spelled(p)})`,
};

function spelledQuotient(size: Dimension, divisor: number): string {
  return typeof size === 'number' ? String(size / divisor) : `(${print(size)}) // ${String(divisor)}`;
}

/** How the module is called on whole batches, where that is more than one tensor after the other. */
function callText({ operation, inputs, arguments: given }: TorchApplication): string {
  const { name } = operation;
  const names = operation.inputs.slice(0, Math.max(1, inputs.length)).map((input) => input.name);
  const state = (each: string): string => `${each}.transpose(0, 1).contiguous()`;
  if (name === 'MultiheadAttention') return `layer(query, ${names[1] ?? 'query'}, ${names[2] ?? names[1] ?? 'query'})`;
  if (name === 'LSTM' && inputs.length === 3) return `layer(input, (${names.slice(1).map(state).join(', ')}))`;
  if (/^(RNN|GRU)$/.test(name) && inputs.length === 2) return `layer(input, ${state('h_0')})`;
  if (name === 'LSTMCell' && inputs.length === 3) return 'layer(input, (hx, cx))';
  return name.endsWith('Loss') ? lossText(name, names, inputs, given) : `layer(${names.join(', ')})`;
}

/** The mean over the batch of what the loss is for each example. */
export function lossText(name: string, names: readonly string[], inputs: readonly TensorType[], given: Arguments): string {
  const [input, target] = inputs.map((each) => each.shape);
  const each = given.reduction === 'sum' ? ` / len(${names[0]!})` : '';
  if (/^(CrossEntropy|NLL)Loss$/.test(name) && inputs[1]!.element === 'int') {
    const weights = (given.weight ?? null) as readonly number[] | null;
    const fits = (at: number): boolean => same(input!.filter((_, axis) => axis !== at).map(spelled), target!.map(spelled)) && (weights === null || input![at] === weights.length);
    const at = Math.max(0, input!.findIndex((_, axis) => fits(axis)));
    const logits = at === 0 ? 'input' : `input.movedim(${String(at + 1)}, 1)`;
    // PyTorch divides by the weights of the whole batch, not by those of each example.
    const weighted = weights !== null || (given.ignore_index ?? -100) !== -100;
    if (weighted && given.reduction === 'mean') return `torch.stack([layer(i[None], t[None]) for i, t in zip(${logits}, target)]).mean()`;
    return `layer(${logits}, target)${each}`;
  }
  // These take one row after the other, without further axes.
  if (/^(CosineEmbedding|MultiMargin|MultiLabelMargin)Loss$/.test(name) && input!.length === 2) {
    const rows = names.map((operand) => `${operand}.flatten(0, 1)`).join(', ');
    return `layer(${rows})${given.reduction === 'none' ? `.unflatten(0, ${names[0]!}.shape[:2])` : each}`;
  }
  return `layer(${names.join(', ')})${each}`;
}

/** The PyTorch form of a layer's application. */
export function moduleForm(application: TorchApplication): TorchForm {
  const { name } = application.operation;
  const call = calls[name];
  if (call !== undefined) return { call: call(application) };
  if (name === 'Flatten' && application.inputs[0]!.shape.length === 0) return { call: 'input.reshape(len(input), 1)' };
  return { module: moduleText(application), call: callText(application) };
}

function moduleText(application: TorchApplication): string {
  const { operation, arguments: given, inputs } = application;
  const wrapper = wrappers[operation.name];
  const definitions = operation.arguments as Definitions;
  if (wrapper !== undefined) {
    const { module, ...rest } = given as { readonly module: LayerArgument };
    const inner = moduleText({ operation: module.operation, arguments: module.arguments, inputs });
    return `nn.utils.parametrizations.${wrapper}(${listed([inner], definitions, Object.entries(rest))})`;
  }
  if (operation.name === 'GroupNorm') {
    const { num_groups, ...rest } = given;
    return `nn.GroupNorm(${listed([spelled(num_groups), spelled(inputs[0]!.shape[0])], definitions, Object.entries(rest))})`;
  }
  const moved = /^Flatten$/.test(operation.name) ? { ...definitions, start_dim: { ...definitions.start_dim!, default: 1 } } : definitions;
  // PyTorch guesses the axis of a softmax where none is given.
  const always = /^(Softmax|LogSoftmax|Softmin)$/.test(operation.name) ? { dim: { ...definitions.dim!, default: NaN } } : moved;
  return `nn.${operation.name}(${listed(inferredArguments(application), always, torchArguments(application))})`;
}
