// One step of a recurrence: the cells, as layers of their own and as parts of the layers over a sequence.

import type { Builder, Ref } from '../engine/builder';
import { type Dimension, identical, multiply, print } from '../symbolic/dimension';
import { type ArgumentDefinitions, choice, flag, size } from './arguments';
import { requireNumber, requireFloat } from './check';
import { type InputDefinition, inputPlaces, type Operation, operation, type Parameter, torchPage } from './definition';
import { macsStep } from './product';
import { float, printShape } from './tensor';

export type CellKind = 'rnn' | 'lstm' | 'gru';

export const cellKinds: Readonly<Record<CellKind, { readonly gates: number; readonly hasMemory: boolean }>> = {
  rnn: { gates: 1, hasMemory: false },
  lstm: { gates: 4, hasMemory: true },
  gru: { gates: 3, hasMemory: false },
};

/** Operations of one step for each unit of the state, without products: sums, biases and activations of all gates, and what joins them. */
export function stepOperations(kind: CellKind, bias: boolean): number {
  return cellKinds[kind].gates * (bias ? 4 : 2) + (kind === 'rnn' ? 0 : 5);
}

export const stepWork = 'for each unit of the state and each gate a sum and an activation, two more with biases; five more that join the gates of LSTM and GRU';

interface CellSizes {
  readonly hidden: number;
  /** What a step hands on: the hidden size, or that of a projection. */
  readonly state: number;
}

/**
 * The numbers that one step keeps. An RNN: the state behind it. A GRU: the state before, r, z and n, the recurrent part of n,
 * and h − n. An LSTM: the state and the memory before, the four gates, tanh of the memory, and what a projection takes.
 */
export function keptPerStep(kind: CellKind, { hidden, state }: CellSizes): number {
  if (kind === 'rnn') return hidden;
  return kind === 'gru' ? 6 * hidden : 6 * hidden + state + (state === hidden ? 0 : hidden);
}

/** What the first step keeps more, or less: states that are given are inputs, and counted with them. */
export function keptOfFirst(kind: CellKind, { hidden, state }: CellSizes, isGiven: boolean): number {
  if (kind === 'rnn') return isGiven ? 0 : hidden;
  return isGiven ? -(kind === 'gru' ? hidden : hidden + state) : 0;
}

export interface CellState {
  readonly h: Ref;
  /** The memory of an LSTM; carried along unread by the others. */
  readonly c: Ref;
}

export interface CellWeights {
  readonly hidden: Ref;
  readonly hiddenBias?: Ref;
  /** Maps the new state to a smaller one. */
  readonly projection?: Ref;
}

/** The state behind a step; `input` is W_ih·x + b_ih, [batch, gates·hidden]. */
export function stepOf(builder: Builder, kind: CellKind, input: Ref, { h, c }: CellState, weights: CellWeights, nonlinearity: 'tanh' | 'relu'): CellState {
  const product = builder.matmul(h, builder.transpose(weights.hidden, [1, 0]));
  const recurrent = weights.hiddenBias === undefined ? product : builder.add(product, weights.hiddenBias);
  if (kind === 'rnn') {
    const sum = builder.add(input, recurrent);
    return { h: nonlinearity === 'tanh' ? builder.tanh(sum) : builder.relu(sum), c };
  }
  if (kind === 'gru') {
    const [inReset, inUpdate, inNew] = gatesOf(builder, input, 3);
    const [reset, update, fresh] = gatesOf(builder, recurrent, 3);
    const r = builder.sigmoid(builder.add(inReset!, reset!));
    const z = builder.sigmoid(builder.add(inUpdate!, update!));
    const n = builder.tanh(builder.add(inNew!, builder.multiply(r, fresh!)));
    // (1 − z)·n + z·h
    return { h: builder.add(n, builder.multiply(z, builder.subtract(h, n))), c };
  }
  const [i, f, g, o] = gatesOf(builder, builder.add(input, recurrent), 4);
  const kept = builder.multiply(builder.sigmoid(f!), c);
  const memory = builder.add(kept, builder.multiply(builder.sigmoid(i!), builder.tanh(g!)));
  const state = builder.multiply(builder.sigmoid(o!), builder.tanh(memory));
  return { h: weights.projection === undefined ? state : builder.matmul(state, builder.transpose(weights.projection, [1, 0])), c: memory };
}

/** The gates side by side in the last axis. */
function gatesOf(builder: Builder, x: Ref, count: number): readonly Ref[] {
  const [batch, width] = builder.shape(x) as [number, number];
  const each = width / count;
  return Array.from({ length: count }, (_, gate) => builder.sliceGrid(x, { starts: [0, gate * each], steps: [1, 1], shape: [batch, each] }));
}

interface CellArguments {
  hidden_size: Dimension;
  bias: boolean;
  nonlinearity?: 'tanh' | 'relu';
}

interface CellEntry {
  readonly name: string;
  readonly kind: CellKind;
  readonly summary: string;
  readonly formula: string;
}

function cell({ name, kind, summary, formula }: CellEntry): Operation {
  const { gates, hasMemory } = cellKinds[kind];
  const inputs: readonly InputDefinition[] = [
    { name: 'input' },
    { name: 'hx', optional: true, documentation: 'The state before the step; zeros unless given.' },
    ...(hasMemory ? [{ name: 'cx', optional: true, documentation: 'The memory before the step; zeros unless given.' }] : []),
  ];
  return operation<CellArguments>({
    name,
    summary,
    formula,
    source: torchPage(`torch.nn.${name}`),
    inputs,
    // The output of an RNN's step is all that the step itself keeps.
    keeps: ['input', 'weight', ...(kind === 'rnn' ? (['output'] as const) : []), 'statistics'],
    work: { counted: `at one step, ${stepWork}`, count: ({ arguments: { hidden_size, bias } }) => multiply(stepOperations(kind, bias), hidden_size) },
    arguments: {
      hidden_size: size({ documentation: 'The size of the state.' }),
      bias: flag({ default: true, documentation: 'Adds learned numbers to every gate.' }),
      ...(kind === 'rnn' ? { nonlinearity: choice(['tanh', 'relu'], { default: 'tanh', documentation: 'The activation.' }) } : {}),
    } as ArgumentDefinitions<CellArguments>,
    infer(call) {
      const { hidden_size: hidden, bias, nonlinearity = 'tanh' } = call.arguments;
      const { shape } = call.inputs[0]!;
      if (!requireFloat(call, name)) return undefined;
      if (shape.length !== 1) {
        return call.problem({ code: 'wrong-rank', message: `${name} takes the features of one step, [features], but gets ${printShape(shape)}; ${name.replace('Cell', '')} takes a sequence` });
      }
      const features = shape[0]!;
      if (!requireNumber(call, name, 'the weight', features) || !requireNumber(call, name, 'the weight', hidden)) return undefined;
      const places = inputPlaces(call, inputs);
      const [hx, cx] = [places.get('hx'), places.get('cx')];
      for (const place of [hx, cx]) {
        const state = place === undefined ? undefined : call.inputs[place]!.shape;
        if (state === undefined || (state.length === 1 && (identical(state[0]!, hidden) || call.requireEqual(state[0]!, hidden)))) continue;
        return call.problem({ code: 'wrong-state-shape', message: `the state of ${name} has ${print(hidden)} numbers, but is ${printShape(state)}`, data: { shapes: [printShape([hidden])] } });
      }
      if (hasMemory && (hx === undefined) !== (cx === undefined)) {
        return call.problem({ code: 'missing-state', message: `${name} takes hx and cx together, but ${hx === undefined ? 'hx' : 'cx'} is missing` });
      }
      const initial = { uniform: 1 / Math.sqrt(hidden) };
      const rows = gates * hidden;
      const parameters: Parameter[] = [
        { name: 'weight_ih', shape: [rows, features], initial },
        { name: 'weight_hh', shape: [rows, hidden], initial },
        ...(bias ? ['bias_ih', 'bias_hh'].map((each): Parameter => ({ name: each, shape: [rows], initial })) : []),
      ];
      const macs = rows * (features + hidden);
      const sizes = { hidden, state: hidden };
      // One tensor of zeros stands for both states of an LSTM that are not given.
      const shared = kind === 'lstm' && hx === undefined ? hidden : 0;
      const statistics = keptPerStep(kind, sizes) - shared + keptOfFirst(kind, sizes, hx !== undefined) - (kind === 'rnn' ? hidden : 0);
      const count = macs + (bias ? 2 * rows : 0);
      return {
        output: float(hidden),
        further: hasMemory ? new Map([['c_1', float(hidden)]]) : undefined,
        parameters,
        macs,
        statistics,
        get steps() {
          return [
            { what: 'parameters', formula: `${String(rows)}·(${String(features)} + ${String(hidden)})${bias ? ` + 2·${String(rows)}` : ''} = ${count.toLocaleString('en-US')}` },
            macsStep([rows, features + hidden], macs),
          ];
        },
        dependence: { windows: [], mixed: call.inputs.map((_, input) => ({ input, axis: 0, as: 'channel' as const })) },
        execute: ({ builder, inputs: refs, parameters: weights }) => {
          const batch = Math.max(...refs.map((ref) => builder.shape(ref)[0]!));
          const product = builder.matmul(refs[0]!, builder.transpose(weights.weight_ih!, [1, 0]));
          const input = weights.bias_ih === undefined ? product : builder.add(product, weights.bias_ih);
          const zeros = (): Ref => builder.constant(0, [batch, hidden]);
          const state = { h: hx === undefined ? zeros() : refs[hx]!, c: cx === undefined ? zeros() : refs[cx]! };
          const { h, c } = stepOf(builder, kind, input, state, { hidden: weights.weight_hh!, hiddenBias: weights.bias_hh }, nonlinearity);
          return hasMemory ? [h, c] : h;
        },
      };
    },
  });
}

export const recurrentCells: readonly Operation[] = [
  cell({ name: 'RNNCell', kind: 'rnn', summary: 'One step of an RNN: the next state.', formula: "h′ = tanh(W_ih·x + b_ih + W_hh·h + b_hh)" }),
  cell({
    name: 'LSTMCell',
    kind: 'lstm',
    summary: 'One step of an LSTM: the next state, and the next memory as c_1.',
    formula: 'c′ = σ(f)⊙c + σ(i)⊙tanh(g);  h′ = σ(o)⊙tanh(c′), with i, f, g, o from W_ih·x + b_ih + W_hh·h + b_hh',
  }),
  cell({
    name: 'GRUCell',
    kind: 'gru',
    summary: 'One step of a GRU: the next state.',
    formula: 'h′ = (1 − z)⊙n + z⊙h, with r, z = σ(W_ih·x + b_ih + W_hh·h + b_hh), n = tanh(W_in·x + b_in + r⊙(W_hn·h + b_hn))',
  }),
];
