// The layers of a Transformer: attention, feed-forward network, residual connections and norms.

import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, multiply, print, sum } from '../symbolic/dimension';
import { type ArgumentDefinitions, choice, flag, integer, number } from './arguments';
import { attend, attentionMacs, attentionOperations, attentionParameters, attentionWeights, isCausal, keptInAttention, requireHeads, requireMask, requireSequence } from './attention';
import { commonBatch } from './broadcast';
import { knownAmong, requireFloat, requireNumber } from './check';
import { type Arguments, type Call, type Execution, type Inference, type InputDefinition, inputPlaces, type Operation, operation, type Parameter, torchPage } from './definition';
import { everything } from './dependence';
import { normalize } from './norm';
import { macsStep } from './product';
import { dropped, linearOf } from './recurrent';
import { float } from './tensor';
import type { Work } from './work';

interface TransformerArguments {
  nhead: number;
  dim_feedforward: number;
  dropout: number;
  activation: 'relu' | 'gelu';
  layer_norm_eps: number;
  norm_first: boolean;
  bias: boolean;
}

const transformerArguments: ArgumentDefinitions<TransformerArguments> = {
  nhead: integer({ minimum: 1, documentation: 'The number of heads; it divides the width.' }),
  dim_feedforward: integer({ minimum: 1, default: 2048, documentation: 'The inner width of the feed-forward network.' }),
  dropout: number({ minimum: 0, maximum: 1, default: 0.1, documentation: 'The dropout of attention weights, of the feed-forward network, and in front of every sum.' }),
  activation: choice(['relu', 'gelu'], { default: 'relu', documentation: 'The activation of the feed-forward network.' }),
  layer_norm_eps: number({ minimum: 0, default: 1e-5, documentation: 'Added to the variances.' }),
  norm_first: flag({ default: false, documentation: 'Normalizes in front of attention and network rather than behind the sums.' }),
  bias: flag({ default: true, documentation: 'Adds learned numbers in all linear maps and norms.' }),
};

function linearParameters(name: string, out: number, into: number, bias: boolean): readonly Parameter[] {
  const initial = { uniform: 1 / Math.sqrt(into) };
  return [{ name: `${name}.weight`, shape: [out, into], initial }, ...(bias ? [{ name: `${name}.bias`, shape: [out], initial }] : [])];
}

function normParameters(name: string, width: number, bias: boolean): readonly Parameter[] {
  return [{ name: `${name}.weight`, shape: [width], initial: { constant: 1 } }, ...(bias ? [{ name: `${name}.bias`, shape: [width], initial: { constant: 0 } }] : [])];
}

/** One residual step: the norm stands in front of the branch, or behind the sum. */
interface Branch {
  readonly norm: string;
  apply(x: Ref): Ref;
}

function residuals(builder: Builder, input: Ref, branches: readonly Branch[], parameters: Readonly<Record<string, Ref>>, given: TransformerArguments): Ref {
  const normalized = (x: Ref, name: string): Ref => {
    const scaled = builder.multiply(normalize(builder, x, [2], given.layer_norm_eps), parameters[`${name}.weight`]!);
    const shift = parameters[`${name}.bias`];
    return shift === undefined ? scaled : builder.add(scaled, shift);
  };
  return branches.reduce(
    (x, { norm, apply }) => (given.norm_first ? builder.add(x, apply(normalized(x, norm))) : normalized(builder.add(x, apply(x)), norm)),
    input,
  );
}

/** linear2(dropout(activation(linear1(x)))) */
function feedForward(builder: Builder, x: Ref, parameters: Readonly<Record<string, Ref>>, given: TransformerArguments, key: string): Ref {
  const inner = linearOf(builder, x, parameters['linear1.weight']!, parameters['linear1.bias']);
  const active = given.activation === 'relu' ? builder.relu(inner) : gelu(builder, inner);
  const y = linearOf(builder, dropped(builder, active, given.dropout, `${key}.inner`), parameters['linear2.weight']!, parameters['linear2.bias']);
  return dropped(builder, y, given.dropout, `${key}.network`);
}

/** x·Φ(x) */
function gelu(builder: Builder, x: Ref): Ref {
  const both = builder.add(builder.scalar(1), builder.erf(builder.multiply(x, builder.scalar(Math.SQRT1_2))));
  return builder.multiply(builder.multiply(builder.scalar(0.5), x), both);
}

interface Sketch {
  readonly name: string;
  readonly inputs: readonly InputDefinition[];
  /** With attention on a memory between self-attention and network. */
  readonly decoder: boolean;
}

/** An attention on one of the inputs, and the masks that it takes. */
interface AttentionPlan {
  readonly prefix: string;
  readonly source?: number;
  readonly causal: boolean;
  readonly mask?: number;
  readonly keyMask?: number;
}

function plans(call: Call<TransformerArguments>, { inputs, decoder }: Sketch): readonly AttentionPlan[] {
  const places = inputPlaces(call, inputs);
  const given = (call.forward ?? {}) as Partial<Record<string, boolean>>;
  if (!decoder) {
    return [{ prefix: 'self_attn.', causal: given.is_causal === true, mask: places.get('src_mask'), keyMask: places.get('src_key_padding_mask') }];
  }
  return [
    { prefix: 'self_attn.', causal: given.tgt_is_causal === true, mask: places.get('tgt_mask'), keyMask: places.get('tgt_key_padding_mask') },
    { prefix: 'multihead_attn.', source: places.get('memory'), causal: given.memory_is_causal === true, mask: places.get('memory_mask'), keyMask: places.get('memory_key_padding_mask') },
  ];
}

function inferTransformer(call: Call<TransformerArguments>, sketch: Sketch): Inference | undefined {
  const { name, inputs } = sketch;
  const { nhead, dim_feedforward: inner, bias, dropout } = call.arguments;
  if (!requireFloat(call, name)) return undefined;
  const attentions = plans(call, sketch);
  for (const place of [0, ...attentions.flatMap(({ source }) => (source === undefined ? [] : [source]))]) {
    if (!requireSequence(call, name, inputs[place]!.name, call.inputs[place]!)) return undefined;
  }
  const [steps, width] = call.inputs[0]!.shape as [Dimension, Dimension];
  if (!requireNumber(call, name, 'the weight', width) || !requireHeads(call, name, 'nhead', width, nhead)) return undefined;
  let macs = multiply(steps, 2 * width * inner);
  for (const { source = 0, mask, keyMask } of attentions) {
    const [keys, keyWidth] = call.inputs[source]!.shape as [Dimension, Dimension];
    if (!call.requireEqual(keyWidth, width)) {
      return call.problem({ code: 'widths-differ', message: `${name} works at one width, but ${inputs[0]!.name} has ${print(width)} features and ${inputs[source]!.name} ${print(keyWidth)}`, data: { sizes: knownAmong(width, keyWidth) } });
    }
    if (!requireMask(call, name, 'the mask', mask === undefined ? undefined : call.inputs[mask], [steps, keys])) return undefined;
    if (!requireMask(call, name, 'the padding mask', keyMask === undefined ? undefined : call.inputs[keyMask], [keys])) return undefined;
    macs = add(macs, attentionMacs(steps, keys, width, { key: width, value: width }));
  }
  const norms = ['norm1', 'norm2', 'norm3'].slice(0, attentions.length + 1);
  const parameters = [
    ...attentions.flatMap(({ prefix }) => attentionParameters(width, bias, { key: width, value: width }, false, prefix)),
    ...linearParameters('linear1', inner, width, bias),
    ...linearParameters('linear2', width, inner, bias),
    ...norms.flatMap((norm) => normParameters(norm, width, bias)),
  ];
  const count = parameters.reduce((total, { shape }) => total + shape.reduce<number>((a, b) => a * (b as number), 1), 0);
  return {
    output: float(steps, width),
    parameters,
    macs,
    ...keptValues(call, attentions, steps, width),
    get steps() {
      return [
        { what: 'parameters', formula: `${String(attentions.length)} attention${attentions.length === 1 ? '' : 's'}, 2 linear maps, ${String(norms.length)} norms: ${count.toLocaleString('en-US')}` },
        macsStep([macs], macs),
      ];
    },
    dependence: everything(call.inputs.map((input) => input.shape.length)),
    execute: ({ builder, inputs: refs, parameters: weights, key }: Execution) => {
      const shared = commonBatch(builder, refs);
      const branches = attentions.map(({ prefix, source, causal, mask, keyMask }, index): Branch => ({
        norm: norms[index]!,
        apply: (x) => {
          const memory = source === undefined ? x : shared[source]!;
          const { output } = attend(builder, [x, memory, memory], attentionWeights(weights, prefix), {
            heads: nhead,
            causal,
            dropout,
            key: `${key}.${prefix}weights`,
            mask: mask === undefined ? undefined : shared[mask],
            keyMask: keyMask === undefined ? undefined : shared[keyMask],
          });
          return dropped(builder, output, dropout, `${key}.${prefix}`);
        },
      }));
      const network: Branch = { norm: norms.at(-1)!, apply: (x) => feedForward(builder, x, weights, call.arguments, key) };
      return residuals(builder, shared[0]!, [...branches, network], weights, call.arguments);
    },
  };
}

/**
 * What PyTorch saves inside such a layer: what its attentions keep, of each norm its input and two numbers for each step, of
 * all but one its output, and the inner values of the network; a dropout keeps a mask, and the one in the network what it
 * leaves, unless the activation keeps its input only (then that takes the place of its output). The input of the first norm,
 * or that of the first attention, is the layer's.
 */
function keptValues(call: Call<TransformerArguments>, attentions: readonly AttentionPlan[], steps: Dimension, width: number): Pick<Inference, 'statistics' | 'masks' | 'keptInputs'> {
  const { nhead: heads, dim_feedforward: inner, dropout, activation } = call.arguments;
  const parts = attentions.map(({ source = 0 }) => keptInAttention({ queries: steps, keys: call.inputs[source]!.shape[0]!, width, heads, dropout }));
  const branches = attentions.length + 1;
  const innerValues = activation === 'gelu' || dropout > 0 ? 2 : 1;
  return {
    statistics: sum([...parts.map(({ floats }) => floats), multiply(steps, (2 * branches - 1) * width + 2 * branches + innerValues * inner)]),
    masks: dropout > 0 ? sum([...parts.map(({ masks }) => masks), multiply(steps, branches * width + inner)]) : 0,
    keptInputs: [0, ...attentions.flatMap(({ source }) => source ?? [])],
  };
}

/** Attentions, feed-forward network, sums and norms. */
function transformerWork(sketch: Sketch): Work<TransformerArguments> {
  return {
    counted: 'the work of its attentions, seven for each entry of a norm (six without bias), one for each sum, each bias and the activation of the network, and two for each entry of a dropout',
    count(call) {
      const { nhead: heads, dim_feedforward: inner, dropout, bias } = call.arguments;
      const [steps, width] = call.inputs[0]!.shape as [Dimension, number];
      const attentions = plans(call, sketch);
      const branches = attentions.length + 1;
      const dropping = dropout > 0 ? 2 : 0;
      const perEntry = branches * ((bias ? 7 : 6) + 1 + dropping) + (bias ? 1 : 0);
      const perUnit = 1 + (bias ? 1 : 0) + dropping;
      return sum([
        multiply(steps, perEntry * width + perUnit * inner),
        ...attentions.map(({ source = 0, causal, mask, keyMask }) =>
          attentionOperations({ queries: steps, keys: call.inputs[source]!.shape[0]!, width, heads, bias, dropout, masks: [causal, mask !== undefined, keyMask !== undefined].filter(Boolean).length }),
        ),
      ]);
    },
  };
}

const maskOf = (what: string): string => `Added to the scores of ${what}; −inf hides a key from a query.`;

const encoder: Sketch = {
  name: 'TransformerEncoderLayer',
  decoder: false,
  inputs: [
    { name: 'src' },
    { name: 'src_mask', optional: true, documentation: maskOf('the self-attention, [T, T]') },
    { name: 'src_key_padding_mask', optional: true, documentation: maskOf('every key, [T]') },
  ],
};

const decoder: Sketch = {
  name: 'TransformerDecoderLayer',
  decoder: true,
  inputs: [
    { name: 'tgt' },
    { name: 'memory', documentation: 'The output of the encoder.' },
    { name: 'tgt_mask', optional: true, documentation: maskOf('the self-attention, [T, T]') },
    { name: 'memory_mask', optional: true, documentation: maskOf('the attention on the memory, [T, S]') },
    { name: 'tgt_key_padding_mask', optional: true, documentation: maskOf('every key of the self-attention, [T]') },
    { name: 'memory_key_padding_mask', optional: true, documentation: maskOf('every key of the memory, [S]') },
  ],
};

const paper = 'Vaswani et al., 2017, https://arxiv.org/abs/1706.03762';

export const transformers: readonly Operation[] = [
  operation<TransformerArguments>({
    name: encoder.name,
    summary: 'One layer of a Transformer encoder: self-attention and a feed-forward network, each with a residual connection and a norm.',
    formula: 'x = norm1(x + attention(x));  y = norm2(x + W₂·act(W₁·x + b₁) + b₂)',
    source: `${torchPage('torch.nn.TransformerEncoderLayer')} · ${paper}`,
    inputs: encoder.inputs,
    keeps: ['input', 'weight', 'statistics', 'mask'],
    work: transformerWork(encoder),
    arguments: transformerArguments,
    forward: { is_causal: isCausal } as unknown as ArgumentDefinitions<Arguments>,
    infer: (call) => inferTransformer(call, encoder),
  }),
  operation<TransformerArguments>({
    name: decoder.name,
    summary: 'One layer of a Transformer decoder: self-attention, attention on the memory, and a feed-forward network, each with a residual connection and a norm.',
    formula: 'x = norm1(x + attention(x));  x = norm2(x + attention(x, memory));  y = norm3(x + W₂·act(W₁·x + b₁) + b₂)',
    source: `${torchPage('torch.nn.TransformerDecoderLayer')} · ${paper}`,
    inputs: decoder.inputs,
    keeps: ['input', 'weight', 'statistics', 'mask'],
    work: transformerWork(decoder),
    arguments: transformerArguments,
    forward: { tgt_is_causal: isCausal, memory_is_causal: isCausal } as unknown as ArgumentDefinitions<Arguments>,
    infer: (call) => inferTransformer(call, decoder),
  }),
];
