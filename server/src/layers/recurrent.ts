// Recurrent layers over a sequence: RNN, LSTM and GRU, unrolled over its steps.

import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, multiply } from '../symbolic/dimension';
import { type ArgumentDefinitions, choice, flag, integer, number, size } from './arguments';
import { requireFloat, requireNumber } from './check';
import { type Call, type Inference, type InputDefinition, inputPlaces, type Operation, operation, type Parameter, torchPage } from './definition';
import { macsStep } from './product';
import { type CellKind, cellKinds, type CellWeights, keptOfFirst, keptPerStep, stepOf, stepOperations, stepWork } from './recurrent-cell';
import { float, printShape, type TensorType } from './tensor';

interface RecurrentArguments {
  hidden_size: Dimension;
  num_layers: number;
  nonlinearity?: 'tanh' | 'relu';
  bias: boolean;
  dropout: number;
  bidirectional: boolean;
  proj_size?: number;
}

/** The sizes of one application. */
interface Geometry {
  readonly hidden: number;
  /** What a step hands on: the hidden size, or that of the projection. */
  readonly state: number;
  readonly directions: number;
  readonly layers: number;
  readonly gates: number;
}

const directionNames = ['', '_reverse'];

/** PyTorch's parameters in its order: layer by layer, forwards and backwards. */
function parametersOf(features: number, { hidden, state, directions, layers, gates }: Geometry, bias: boolean): readonly Parameter[] {
  const initial = { uniform: 1 / Math.sqrt(hidden) };
  const parameters: Parameter[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const input = layer === 0 ? features : directions * state;
    for (const direction of directionNames.slice(0, directions)) {
      const suffix = `_l${String(layer)}${direction}`;
      parameters.push({ name: `weight_ih${suffix}`, shape: [gates * hidden, input], initial });
      parameters.push({ name: `weight_hh${suffix}`, shape: [gates * hidden, state], initial });
      if (bias) for (const name of ['bias_ih', 'bias_hh']) parameters.push({ name: `${name}${suffix}`, shape: [gates * hidden], initial });
      if (state !== hidden) parameters.push({ name: `weight_hr${suffix}`, shape: [state, hidden], initial });
    }
  }
  return parameters;
}

/** Σ over layers and directions of weights that meet every step. */
function macsOf(steps: Dimension, parameters: readonly Parameter[]): Dimension {
  const weights = parameters.filter((parameter) => parameter.shape.length === 2);
  return multiply(steps, weights.reduce((total, { shape }) => total + (shape[0] as number) * (shape[1] as number), 0));
}

/**
 * What PyTorch's own kernels save besides the input (recorded in test/oracle/kept.json; those of cuDNN and oneDNN have memory
 * of their own): in each layer and direction for each step what a cell keeps, and between layers their outputs.
 */
function keptValues(cell: CellKind, steps: Dimension, { hidden, state, directions, layers }: Geometry, { isGiven, dropout }: { isGiven: boolean; dropout: number }): Pick<Inference, 'statistics' | 'masks'> {
  const sizes = { hidden, state };
  const each = add(multiply(steps, keptPerStep(cell, sizes)), keptOfFirst(cell, sizes, isGiven));
  const between = multiply(steps, directions * state * (layers - 1));
  return { statistics: add(multiply(directions * layers, each), between), masks: dropout > 0 ? between : 0 };
}

/** An initial state is [directions·layers, size]; undefined after a problem was reported. */
function requireState(call: Call<RecurrentArguments>, name: string, type: TensorType | undefined, wanted: readonly number[], what: string): boolean {
  if (type === undefined) return true;
  if (type.shape.length === 2 && type.shape.every((dimension, axis) => call.requireEqual(dimension, wanted[axis]!))) return true;
  call.problem({ code: 'wrong-state-shape', message: `${what} of ${name} is ${printShape(wanted)} (directions·layers by size), but gets ${printShape(type.shape)}`, data: { shapes: [printShape(wanted)] } });
  return false;
}

interface RecurrentKind {
  readonly name: 'RNN' | 'LSTM' | 'GRU';
  readonly cell: CellKind;
  readonly summary: string;
  readonly formula: string;
  readonly source: string;
}

function recurrent({ name, cell, summary, formula, source }: RecurrentKind): Operation {
  const { gates, hasMemory } = cellKinds[cell];
  const inputs: readonly InputDefinition[] = [
    { name: 'input' },
    { name: 'h_0', optional: true, documentation: 'The state before the first step; zeros unless given.' },
    ...(hasMemory ? [{ name: 'c_0', optional: true, documentation: 'The memory before the first step; zeros unless given.' }] : []),
  ];
  return operation<RecurrentArguments>({
    name,
    summary,
    formula,
    source,
    inputs,
    keeps: ['input', 'weight', 'statistics', 'mask'],
    work: {
      counted: `at each step, in each layer and direction, ${stepWork}; two for each entry between layers with dropout`,
      count({ inputs: [input], arguments: given }) {
        const directions = given.bidirectional ? 2 : 1;
        const state = given.proj_size === undefined || given.proj_size === 0 ? given.hidden_size : given.proj_size;
        const each = multiply(directions * given.num_layers * stepOperations(cell, given.bias), given.hidden_size);
        const dropping = given.dropout > 0 ? multiply(2 * directions * (given.num_layers - 1), state) : 0;
        return multiply(input!.shape[0]!, add(each, dropping));
      },
    },
    arguments: {
      hidden_size: size({ documentation: 'The size of the state.' }),
      num_layers: integer({ minimum: 1, default: 1, documentation: 'Layers on top of each other; each reads the outputs of the one below.' }),
      ...(name === 'RNN' ? { nonlinearity: choice(['tanh', 'relu'], { default: 'tanh', documentation: 'The activation of a step.' }) } : {}),
      bias: flag({ default: true, documentation: 'Adds learned numbers to every gate.' }),
      dropout: number({ minimum: 0, maximum: 1, default: 0, documentation: 'The dropout between the layers.' }),
      bidirectional: flag({ default: false, documentation: 'Reads the sequence backwards, too, and puts both outputs side by side.' }),
      ...(hasMemory ? { proj_size: integer({ minimum: 0, default: 0, documentation: 'Maps the state to this size after every step; 0 leaves it alone.' }) } : {}),
    } as ArgumentDefinitions<RecurrentArguments>,
    infer(call) {
      const { hidden_size, num_layers, bias, dropout, bidirectional, proj_size = 0, nonlinearity = 'tanh' } = call.arguments;
      const { shape } = call.inputs[0]!;
      if (!requireFloat(call, name)) return undefined;
      if (shape.length !== 2) {
        return call.problem({ code: 'wrong-rank', message: `${name} takes a sequence [T, features], but gets ${printShape(shape)}; the batch is never written` });
      }
      const [steps, features] = shape as [Dimension, Dimension];
      if (!requireNumber(call, name, 'the weight', features) || !requireNumber(call, name, 'the weight', hidden_size)) return undefined;
      if (proj_size >= hidden_size) {
        return call.problem({ code: 'projection-too-large', argument: 'proj_size', message: `proj_size must be below hidden_size = ${String(hidden_size)}, but is ${String(proj_size)}`, data: { sizes: [hidden_size - 1] } });
      }
      if (dropout > 0 && num_layers === 1) {
        call.warn({ code: 'dropout-without-effect', argument: 'dropout', message: `the dropout of ${name} lies between its layers, and there is only one; add a Dropout behind it, or num_layers = 2` });
      }
      const geometry: Geometry = { hidden: hidden_size, state: proj_size === 0 ? hidden_size : proj_size, directions: bidirectional ? 2 : 1, layers: num_layers, gates };
      const rows = geometry.directions * num_layers;
      const places = inputPlaces(call, inputs);
      const [h0, c0] = [places.get('h_0'), places.get('c_0')];
      if (!requireState(call, name, h0 === undefined ? undefined : call.inputs[h0], [rows, geometry.state], 'h_0')) return undefined;
      if (!requireState(call, name, c0 === undefined ? undefined : call.inputs[c0], [rows, geometry.hidden], 'c_0')) return undefined;
      if (hasMemory && (h0 === undefined) !== (c0 === undefined)) {
        return call.problem({ code: 'missing-state', message: `${name} takes h_0 and c_0 together, but ${h0 === undefined ? 'h_0' : 'c_0'} is missing` });
      }
      const parameters = parametersOf(features, geometry, bias);
      const count = parameters.reduce((total, parameter) => total + parameter.shape.reduce<number>((a, b) => a * (b as number), 1), 0);
      const macs = macsOf(steps, parameters);
      const width = geometry.directions * geometry.state;
      return {
        output: float(steps, width),
        further: new Map([['h_n', float(rows, geometry.state)], ...(hasMemory ? [['c_n', float(rows, geometry.hidden)] as const] : [])]),
        parameters,
        macs,
        ...keptValues(cell, steps, geometry, { isGiven: h0 !== undefined, dropout }),
        get steps() {
          return [
            { what: 'parameters', formula: `${repeatedTerms(parameters.map(({ shape }) => shape.join('·')))} = ${count.toLocaleString('en-US')}` },
            macsStep([steps, macsOf(1, parameters)], macs),
          ];
        },
        dependence: {
          windows: [],
          mixed: call.inputs.flatMap((input, index) =>
            input.shape.map((_, axis) => ({ input: index, axis, as: axis === 1 ? ('channel' as const) : ('position' as const) })),
          ),
        },
        execute: ({ builder, inputs: refs, parameters: weights, key }) => {
          const states = { h: h0 === undefined ? undefined : refs[h0], c: c0 === undefined ? undefined : refs[c0] };
          return unroll(builder, refs[0]!, states, weights, { geometry, cell, nonlinearity, dropout, key });
        },
      };
    },
  });
}

interface Unrolling {
  readonly geometry: Geometry;
  readonly cell: CellKind;
  readonly nonlinearity: 'tanh' | 'relu';
  readonly dropout: number;
  readonly key: string;
}

/** The outputs of the last layer, and the last states of all layers and directions. */
function unroll(
  builder: Builder,
  input: Ref,
  initial: { readonly h?: Ref; readonly c?: Ref },
  weights: Readonly<Record<string, Ref>>,
  { geometry, cell, nonlinearity, dropout, key }: Unrolling,
): readonly Ref[] {
  const batch = builder.shape(input)[0]!;
  const lastStates: Ref[] = [];
  const lastMemories: Ref[] = [];
  let below = input;
  for (let layer = 0; layer < geometry.layers; layer++) {
    if (layer > 0 && dropout > 0) below = dropped(builder, below, dropout, `${key}.${String(layer)}`);
    const outputs: Ref[] = [];
    for (let direction = 0; direction < geometry.directions; direction++) {
      const suffix = `_l${String(layer)}${directionNames[direction]!}`;
      const row = layer * geometry.directions + direction;
      const cellWeights: CellWeights = {
        hidden: weights[`weight_hh${suffix}`]!,
        hiddenBias: weights[`bias_hh${suffix}`],
        projection: weights[`weight_hr${suffix}`],
      };
      const gates = linearOf(builder, below, weights[`weight_ih${suffix}`]!, weights[`bias_ih${suffix}`]);
      const steps = builder.shape(gates)[1]!;
      let h = rowOf(builder, initial.h, row) ?? builder.constant(0, [batch, geometry.state]);
      let c = rowOf(builder, initial.c, row) ?? builder.constant(0, [batch, geometry.hidden]);
      const states: Ref[] = [];
      for (let t = 0; t < steps; t++) {
        const at = direction === 0 ? t : steps - 1 - t;
        ({ h, c } = stepOf(builder, cell, rowOf(builder, gates, at)!, { h, c }, cellWeights, nonlinearity));
        states.push(builder.reshape(h, [batch, 1, geometry.state]));
      }
      outputs.push(builder.concat(direction === 0 ? states : states.reverse(), 1));
      lastStates.push(builder.reshape(h, [batch, 1, geometry.state]));
      lastMemories.push(builder.reshape(c, [batch, 1, geometry.hidden]));
    }
    below = builder.concat(outputs, 2);
  }
  return [below, builder.concat(lastStates, 1), ...(cellKinds[cell].hasMemory ? [builder.concat(lastMemories, 1)] : [])];
}

/** x·Wᵀ + b along the last axis. */
export function linearOf(builder: Builder, x: Ref, weight: Ref, bias: Ref | undefined): Ref {
  const y = builder.matmul(x, builder.transpose(weight, [1, 0]));
  return bias === undefined ? y : builder.add(y, bias);
}

/** Entry `index` of axis 1, which vanishes. */
function rowOf(builder: Builder, x: Ref | undefined, index: number): Ref | undefined {
  if (x === undefined) return undefined;
  const [batch, , width] = builder.shape(x) as [number, number, number];
  const row = builder.sliceGrid(x, { starts: [0, index, 0], steps: [1, 1, 1], shape: [batch, 1, width] });
  return builder.reshape(row, [batch, width]);
}

/** Dropout in training mode. */
export function dropped(builder: Builder, x: Ref, p: number, key: string): Ref {
  if (p === 0) return x;
  if (p === 1) return builder.multiply(x, builder.scalar(0));
  return builder.multiply(builder.multiply(x, builder.dropoutMask(builder.shape(x), p, key)), builder.scalar(1 / (1 - p)));
}

export const recurrentLayers: readonly Operation[] = [
  recurrent({
    name: 'RNN',
    cell: 'rnn',
    summary: 'Reads a sequence step by step into a state; gives the states of all steps, and the last one as h_n.',
    formula: 'h_t = tanh(W_ih·x_t + b_ih + W_hh·h_(t−1) + b_hh)',
    source: `${torchPage('torch.nn.RNN')} · Elman, 1990`,
  }),
  recurrent({
    name: 'LSTM',
    cell: 'lstm',
    summary: 'An RNN with a gated memory; gives the states of all steps, and the last ones as h_n and c_n.',
    formula: 'c_t = f_t⊙c_(t−1) + i_t⊙g_t;  h_t = o_t⊙tanh(c_t), with i, f, o = σ(W_ih·x_t + b_ih + W_hh·h_(t−1) + b_hh), g = tanh(…)',
    source: `${torchPage('torch.nn.LSTM')} · Hochreiter and Schmidhuber, 1997`,
  }),
  recurrent({
    name: 'GRU',
    cell: 'gru',
    summary: 'An RNN whose gates decide how much of the state is renewed; gives the states of all steps, and the last one as h_n.',
    formula: 'h_t = (1 − z_t)⊙n_t + z_t⊙h_(t−1), with r, z = σ(W_ih·x_t + b_ih + W_hh·h_(t−1) + b_hh), n = tanh(W_in·x_t + b_in + r⊙(W_hn·h_(t−1) + b_hn))',
    source: `${torchPage('torch.nn.GRU')} · Cho et al., 2014, https://arxiv.org/abs/1406.1078`,
  }),
];

/** `4·(512·128) + 8·512`: equal terms once. */
function repeatedTerms(terms: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return [...counts].map(([term, count]) => (count === 1 ? term : term.includes('·') ? `${String(count)}·(${term})` : `${String(count)}·${term}`)).join(' + ');
}
