// Multi-head attention: the computation, and the layer.

import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, multiply, print } from '../symbolic/dimension';
import { type ArgumentDefinitions, flag, integer, number } from './arguments';
import { commonBatch } from './broadcast';
import { requireNumber, requireFloat } from './check';
import { type Arguments, type Call, type InputDefinition, inputPlaces, type Operation, operation, type Parameter, torchPage } from './definition';
import { everything } from './dependence';
import { macsStep } from './product';
import { dropped, linearOf } from './recurrent';
import { float, printShape, type TensorType } from './tensor';
import { softmaxOperations } from './work';

/** The weights of one attention; either one matrix for all three projections, or one for each. */
export interface AttentionWeights {
  readonly joint?: Ref;
  readonly separate?: readonly [query: Ref, key: Ref, value: Ref];
  readonly bias?: Ref;
  readonly keyBias?: Ref;
  readonly valueBias?: Ref;
  readonly out: Ref;
  readonly outBias?: Ref;
}

export interface AttentionOptions {
  readonly heads: number;
  readonly causal: boolean;
  readonly dropout: number;
  readonly key: string;
  readonly zeroAttention?: boolean;
  /** Added to the scores: [batch, queries, keys]. */
  readonly mask?: Ref;
  /** Added to the scores of each key: [batch, keys]. */
  readonly keyMask?: Ref;
}

/** softmax(Q·Kᵀ/√d)·V for every head, projected in and out; with the weights of every head, [batch, heads, queries, keys]. */
export function attend(builder: Builder, inputs: readonly [Ref, Ref, Ref], weights: AttentionWeights, options: AttentionOptions): { readonly output: Ref; readonly weights: Ref } {
  const width = builder.shape(weights.out)[0]!;
  const depth = width / options.heads;
  const [q, k, v] = projected(builder, inputs, weights, width);
  const [keys, values] = [lengthened(builder, k, weights.keyBias, options), lengthened(builder, v, weights.valueBias, options)];
  const added = builder.shape(keys)[1]! - builder.shape(k)[1]!;
  const [queryHeads, keyHeads, valueHeads] = [q, keys, values].map((each) => headsOf(builder, each, options.heads, depth)) as [Ref, Ref, Ref];
  let scores = builder.multiply(builder.matmul(queryHeads, builder.transpose(keyHeads, [0, 1, 3, 2])), builder.scalar(1 / Math.sqrt(depth)));
  for (const mask of masksOf(builder, q, k, options)) {
    const open = builder.shape(mask).map(() => 0);
    scores = builder.add(scores, builder.pad(mask, open, [...open.slice(0, -1), added]));
  }
  const attention = dropped(builder, builder.softmax(scores, -1), options.dropout, options.key);
  const mixed = builder.transpose(builder.matmul(attention, valueHeads), [0, 2, 1, 3]);
  const joined = builder.reshape(mixed, [...builder.shape(q).slice(0, 2), width]);
  return { output: linearOf(builder, joined, weights.out, weights.outBias), weights: attention };
}

/** Queries, keys and values. What is projected of one input by one matrix is one product: of all three where a sequence looks at itself. */
function projected(builder: Builder, inputs: readonly [Ref, Ref, Ref], { joint, separate, bias }: AttentionWeights, width: number): [Ref, Ref, Ref] {
  const parts: Ref[] = [];
  for (let first = 0; first < inputs.length;) {
    const input = inputs[first]!;
    let count = 1;
    while (!separate && inputs[first + count] === input) count++;
    const [start, length] = [first * width, count * width];
    const matrix = separate?.[first] ?? builder.sliceGrid(joint!, { starts: [start, 0], steps: [1, 1], shape: [length, width] });
    const shift = bias === undefined ? undefined : builder.sliceGrid(bias, { starts: [start], steps: [1], shape: [length] });
    const product = linearOf(builder, input, matrix, shift);
    const shape = [...builder.shape(product).slice(0, -1), width];
    for (let part = 0; part < count; part++) parts.push(builder.sliceGrid(product, { starts: [0, 0, part * width], steps: [1, 1, 1], shape }));
    first += count;
  }
  return parts as [Ref, Ref, Ref];
}

/** The learned and the empty place that PyTorch can add behind keys and values. */
function lengthened(builder: Builder, x: Ref, bias: Ref | undefined, { zeroAttention = false }: AttentionOptions): Ref {
  const [batch, , width] = builder.shape(x) as [number, number, number];
  const parts = [x];
  if (bias !== undefined) parts.push(builder.broadcastTo(bias, [batch, 1, width]));
  if (zeroAttention) parts.push(builder.constant(0, [batch, 1, width]));
  return builder.concat(parts, 1);
}

/** [batch, length, width] → [batch, heads, length, depth] */
function headsOf(builder: Builder, x: Ref, heads: number, depth: number): Ref {
  const [batch, length] = builder.shape(x) as [number, number];
  return builder.transpose(builder.reshape(x, [batch, length, heads, depth]), [0, 2, 1, 3]);
}

/** Masks that broadcast against [batch, heads, queries, keys]. */
function masksOf(builder: Builder, q: Ref, k: Ref, { causal, mask, keyMask }: AttentionOptions): readonly Ref[] {
  const [rows, columns] = [builder.shape(q)[1]!, builder.shape(k)[1]!];
  const masks: Ref[] = [];
  if (causal) {
    const values = Array.from({ length: rows * columns }, (_, place) => (place % columns <= Math.floor(place / columns) ? 0 : -Infinity));
    masks.push(builder.constant(values, [1, 1, rows, columns]));
  }
  if (mask !== undefined) masks.push(builder.reshape(mask, [builder.shape(mask)[0]!, 1, rows, columns]));
  if (keyMask !== undefined) masks.push(builder.reshape(keyMask, [builder.shape(keyMask)[0]!, 1, 1, columns]));
  return masks;
}

/** Heads must divide the width. */
export function requireHeads(call: Pick<Call, 'problem'>, name: string, argument: string, width: number, heads: number): boolean {
  if (width % heads === 0) return true;
  const fitting = Array.from({ length: heads }, (_, index) => heads - index).find((each) => width % each === 0)!;
  call.problem({
    code: 'heads-do-not-divide',
    argument,
    message: `${name} cuts the width ${String(width)} into ${String(heads)} heads, which do not divide it; ${String(fitting)} would`,
    fix: { title: `Use ${argument} = ${String(fitting)}`, argument, value: String(fitting) },
    data: { sizes: [fitting, width] },
  });
  return false;
}

/** A sequence [length, width]. */
export function requireSequence(call: Pick<Call, 'problem'>, name: string, what: string, { shape }: TensorType): boolean {
  if (shape.length === 2) return true;
  call.problem({ code: 'wrong-rank', message: `the ${what} of ${name} is a sequence [T, features], but gets ${printShape(shape)}; the batch is never written` });
  return false;
}

/** A mask has the wanted shape. */
export function requireMask(call: Pick<Call, 'problem' | 'requireEqual'>, name: string, what: string, type: TensorType | undefined, wanted: readonly Dimension[]): boolean {
  if (type === undefined) return true;
  if (type.shape.length === wanted.length && type.shape.every((size, axis) => call.requireEqual(size, wanted[axis]!))) return true;
  call.problem({ code: 'wrong-mask-shape', message: `${what} of ${name} is ${printShape(wanted)}, but gets ${printShape(type.shape)}`, data: { shapes: [printShape(wanted)] } });
  return false;
}

/** PyTorch's parameters of an attention, with its initialisation. */
export function attentionParameters(width: number, bias: boolean, sizes: { readonly key: number; readonly value: number }, withKeyBias = false, prefix = ''): readonly Parameter[] {
  const xavier = (out: number, into: number): Parameter['initial'] => ({ uniform: Math.sqrt(6 / (out + into)) });
  const zero = { constant: 0 };
  const joint = sizes.key === width && sizes.value === width;
  const matrices: readonly Parameter[] = joint
    ? [{ name: 'in_proj_weight', shape: [3 * width, width], initial: xavier(3 * width, width) }]
    : [
        { name: 'q_proj_weight', shape: [width, width], initial: xavier(width, width) },
        { name: 'k_proj_weight', shape: [width, sizes.key], initial: xavier(width, sizes.key) },
        { name: 'v_proj_weight', shape: [width, sizes.value], initial: xavier(width, sizes.value) },
      ];
  const extra = { normal: Math.sqrt(2 / (width + width)) };
  const parameters: Parameter[] = [
    ...matrices,
    ...(bias ? [{ name: 'in_proj_bias', shape: [3 * width], initial: zero }] : []),
    ...(withKeyBias ? ['bias_k', 'bias_v'].map((name): Parameter => ({ name, shape: [1, 1, width], initial: extra })) : []),
    { name: 'out_proj.weight', shape: [width, width], initial: { uniform: 1 / Math.sqrt(width) } },
    ...(bias ? [{ name: 'out_proj.bias', shape: [width], initial: zero }] : []),
  ];
  return parameters.map((parameter) => ({ ...parameter, name: prefix + parameter.name }));
}

/** The weights by PyTorch's names. */
export function attentionWeights(parameters: Readonly<Record<string, Ref>>, prefix = ''): AttentionWeights {
  const named = (name: string): Ref | undefined => parameters[prefix + name];
  const [query, key, value] = ['q_proj_weight', 'k_proj_weight', 'v_proj_weight'].map(named);
  return {
    joint: named('in_proj_weight'),
    separate: query === undefined ? undefined : [query, key!, value!],
    bias: named('in_proj_bias'),
    keyBias: named('bias_k'),
    valueBias: named('bias_v'),
    out: named('out_proj.weight')!,
    outBias: named('out_proj.bias'),
  };
}

/** Projections of L queries and S keys and values, and both products: L·E² + S·(E_k + E_v)·E + 2·L·S·E + L·E². */
export function attentionMacs(queries: Dimension, keys: Dimension, width: number, sizes: { readonly key: number; readonly value: number }, added = 0): Dimension {
  return add(
    multiply(queries, 2 * width * width),
    multiply(keys, (sizes.key + sizes.value) * width),
    multiply(2 * width, queries, add(keys, added)),
  );
}

interface AttentionSizes {
  readonly queries: Dimension;
  readonly keys: Dimension;
  /** Places behind the keys that PyTorch can add. */
  readonly added?: number;
  readonly width: number;
  readonly heads: number;
  readonly bias: boolean;
  readonly masks: number;
  readonly dropout: number;
}

export const attentionWorkCounted =
  'for each score of every head its scaling, one for each mask and the softmax (five), two with dropout and one where heads are averaged; one for each bias of the projections';

/** Elementwise work of one attention. */
export function attentionOperations({ queries, keys, added = 0, width, heads, bias, masks, dropout }: AttentionSizes): Dimension {
  const each = 1 + masks + softmaxOperations + (dropout > 0 ? 2 : 0);
  const scores = multiply(each * heads, queries, add(keys, added));
  return bias ? add(scores, multiply(2 * width, add(queries, keys))) : scores;
}

/**
 * What PyTorch saves inside an attention that computes its weights (recorded in test/oracle/kept.json; fused kernels keep less):
 * the projected queries, keys and values, the weights of each head, what the last projection takes, and with dropout the
 * weights that are left and the mask.
 */
export function keptInAttention({ queries, keys, width, heads, dropout }: Pick<AttentionSizes, 'queries' | 'keys' | 'width' | 'heads' | 'dropout'>): { readonly floats: Dimension; readonly masks: Dimension } {
  const scores = multiply(heads, queries, keys);
  const dropped = dropout > 0 ? scores : 0;
  return { floats: add(multiply(2 * width, add(queries, keys)), scores, dropped), masks: dropped };
}

export const isCausal = flag({ default: false, documentation: 'No position sees a later one.' });

interface MultiheadArguments {
  num_heads: number;
  dropout: number;
  bias: boolean;
  add_bias_kv: boolean;
  add_zero_attn: boolean;
}

const attentionInputs: readonly InputDefinition[] = [
  { name: 'query' },
  { name: 'key', optional: true, documentation: 'What is looked at; the query unless given.' },
  { name: 'value', optional: true, documentation: 'What is mixed; the key unless given.' },
  { name: 'key_padding_mask', optional: true, documentation: 'Added to the scores of every key, [S]; −inf hides one.' },
  { name: 'attn_mask', optional: true, documentation: 'Added to the scores, [L, S]; −inf hides a key from a query.' },
];

const forwardArguments: ArgumentDefinitions<{ need_weights: boolean; average_attn_weights: boolean; is_causal: boolean }> = {
  need_weights: flag({ default: true, documentation: 'Gives the attention weights as attn_output_weights, too.' }),
  average_attn_weights: flag({ default: true, documentation: 'Averages these weights over the heads.' }),
  is_causal: isCausal,
};

const multiheadAttention = operation<MultiheadArguments>({
  name: 'MultiheadAttention',
  summary: 'Every query gathers the values of all keys, weighted by how well they fit; in several heads side by side.',
  formula: 'y = concat(softmax(Q_h·K_hᵀ/√(E/heads))·V_h)·W_Oᵀ + b_O, with Q = x_q·W_Qᵀ + b_Q, …',
  source: `${torchPage('torch.nn.MultiheadAttention')} · Vaswani et al., 2017, https://arxiv.org/abs/1706.03762`,
  inputs: attentionInputs,
  keeps: ['input', 'weight', 'statistics', 'mask'],
  work: {
    counted: attentionWorkCounted,
    count(call) {
      const { num_heads: heads, dropout, bias, add_bias_kv, add_zero_attn } = call.arguments;
      const places = inputPlaces(call, attentionInputs);
      const [queries, width] = call.inputs[0]!.shape as [Dimension, number];
      const keys = call.inputs[places.get('key') ?? 0]!.shape[0]!;
      const masks = ['key_padding_mask', 'attn_mask'].filter((name) => places.has(name)).length + (call.forward?.is_causal === true ? 1 : 0);
      const averaged = call.forward?.need_weights !== false && call.forward?.average_attn_weights !== false;
      const work = attentionOperations({ queries, keys, added: Number(add_bias_kv) + Number(add_zero_attn), width, heads, bias, masks, dropout });
      return averaged ? add(work, multiply(heads, queries, add(keys, Number(add_bias_kv) + Number(add_zero_attn)))) : work;
    },
  },
  arguments: {
    num_heads: integer({ minimum: 1, documentation: 'The number of heads; it divides the width.' }),
    dropout: number({ minimum: 0, maximum: 1, default: 0, documentation: 'The dropout of the attention weights.' }),
    bias: flag({ default: true, documentation: 'Adds learned numbers in all projections.' }),
    add_bias_kv: flag({ default: false, documentation: 'Adds a learned key and value behind the others.' }),
    add_zero_attn: flag({ default: false, documentation: 'Adds a key and value of zeros behind the others.' }),
  },
  forward: forwardArguments as unknown as ArgumentDefinitions<Arguments>,
  infer(call) {
    const { num_heads: heads, dropout, bias, add_bias_kv, add_zero_attn } = call.arguments;
    const { need_weights: needed, average_attn_weights: averaged, is_causal: causal } = {
      need_weights: true,
      average_attn_weights: true,
      is_causal: false,
      ...(call.forward as Partial<Record<string, boolean>>),
    };
    const places = inputPlaces(call, attentionInputs);
    const key = places.get('key') ?? 0;
    const value = places.get('value') ?? key;
    const sequences = [0, key, value].map((place) => call.inputs[place]!);
    if (!requireFloat(call, 'MultiheadAttention')) return undefined;
    if (!['query', 'key', 'value'].every((what, index) => requireSequence(call, 'MultiheadAttention', what, sequences[index]!))) return undefined;
    const [width, keyWidth, valueWidth] = sequences.map((sequence) => sequence.shape[1]!) as [Dimension, Dimension, Dimension];
    if (!requireNumber(call, 'MultiheadAttention', 'the weight', width) || !requireNumber(call, 'MultiheadAttention', 'the weight', keyWidth)) return undefined;
    if (!requireNumber(call, 'MultiheadAttention', 'the weight', valueWidth) || !requireHeads(call, 'MultiheadAttention', 'num_heads', width, heads)) return undefined;
    const [queries, keys, values] = sequences.map((sequence) => sequence.shape[0]!) as [Dimension, Dimension, Dimension];
    if (!call.requireEqual(keys, values)) {
      return call.problem({ code: 'keys-and-values-differ', message: `every key has a value, but there are ${print(keys)} keys and ${print(values)} values` });
    }
    const [keyMask, mask] = ['key_padding_mask', 'attn_mask'].map((name) => places.get(name));
    if (!requireMask(call, 'MultiheadAttention', 'key_padding_mask', keyMask === undefined ? undefined : call.inputs[keyMask], [keys])) return undefined;
    if (!requireMask(call, 'MultiheadAttention', 'attn_mask', mask === undefined ? undefined : call.inputs[mask], [queries, keys])) return undefined;

    const sizes = { key: keyWidth, value: valueWidth };
    const parameters = attentionParameters(width, bias, sizes, add_bias_kv);
    const added = Number(add_bias_kv) + Number(add_zero_attn);
    const macs = attentionMacs(queries, keys, width, sizes, added);
    const seen = add(keys, added);
    const kept = keptInAttention({ queries, keys: seen, width, heads, dropout });
    const weightsType = float(...(averaged ? [] : [heads]), queries, seen);
    return {
      output: float(queries, width),
      further: needed ? new Map([['attn_output_weights', weightsType]]) : undefined,
      parameters,
      macs,
      statistics: kept.floats,
      masks: kept.masks,
      keptInputs: [0, key, value],
      get steps() {
        return [{ what: 'width per head', formula: `${String(width)}/${String(heads)} = ${String(width / heads)}` }, macsStep([macs], macs)];
      },
      dependence: everything(call.inputs.map((input) => input.shape.length)),
      execute: ({ builder, inputs, parameters: refs, key: name }) => {
        const shared = commonBatch(builder, inputs);
        const found = attend(builder, [shared[0]!, shared[key]!, shared[value]!], attentionWeights(refs), {
          heads,
          causal,
          dropout,
          key: name,
          zeroAttention: add_zero_attn,
          mask: mask === undefined ? undefined : shared[mask],
          keyMask: keyMask === undefined ? undefined : shared[keyMask],
        });
        if (!needed) return found.output;
        return [found.output, averaged ? builder.mean(found.weights, [1]) : found.weights];
      },
    };
  },
});

export const attentions: readonly Operation[] = [multiheadAttention];
