// Layers that enlarge or rearrange positions: upsampling, pixel and channel shuffles.

import { counted } from '../base/words';
import type { Builder, Ref } from '../engine/builder';
import { type Dimension, Expression, floorDivide, identical, modulo, multiply, print } from '../symbolic/dimension';
import { type ArgumentDefinition, choice, describeRaw, flag, integer, optional, type RawValue } from './arguments';
import { known, requireFloat, requireRank } from './check';
import { type Call, type Inference, oneInput, type Operation, operation, type Problem, type Step, torchPage } from './definition';
import { type AxisWindow, between, denominatorOf, enlarged, identity, type MixedAxis, unevenWindow } from './dependence';
import { elements, printShape } from './tensor';
import { noWork } from './work';

type Mode = 'nearest' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'nearest-exact';

interface UpsampleArguments {
  size: readonly Dimension[] | null;
  scale_factor: readonly number[] | null;
  mode: Mode;
  align_corners: boolean | null;
}

/** One value for all axes, or a list with one for each. */
function forAxes<T>(documentation: string, accepts: string, fits: (raw: RawValue) => boolean): ArgumentDefinition<readonly T[] | null> {
  return optional<readonly T[]>({
    documentation,
    accepts,
    read: (raw: RawValue) => {
      const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : [raw];
      return values.length > 0 && values.every(fits) ? { value: values as readonly T[] } : { problem: `must be ${accepts}, but is ${describeRaw(raw)}` };
    },
  });
}

function isSize(raw: RawValue): boolean {
  return raw instanceof Expression || (typeof raw === 'number' && raw > 0 && Number.isSafeInteger(raw));
}

const modeRank: Readonly<Partial<Record<Mode, number>>> = { linear: 1, bilinear: 2, bicubic: 2, trilinear: 3 };

/** Where an output reads: the input places and their weights. */
type Taps = readonly (readonly (readonly [place: number, weight: number])[])[];

/** The coordinate of an output among the inputs (torch.nn.functional.interpolate). */
function coordinate(o: number, n: number, out: number, scale: number | undefined, corners: boolean): number {
  if (corners) return out === 1 ? 0 : (o * (n - 1)) / (out - 1);
  return (o + 0.5) * (scale === undefined ? n / out : 1 / scale) - 0.5;
}

/** Cubic convolution with A = −0.75 (Keys, 1981). */
function cubic(distance: number): number {
  const a = -0.75;
  const t = Math.abs(distance);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

function tapsOf(mode: Mode, n: number, out: number, scale: number | undefined, corners: boolean): Taps {
  const within = (place: number): number => Math.min(n - 1, Math.max(0, place));
  return Array.from({ length: out }, (_, o) => {
    const step = scale === undefined ? n / out : 1 / scale;
    if (mode === 'nearest') return [[within(Math.floor(o * step)), 1]];
    if (mode === 'nearest-exact') return [[within(Math.floor((o + 0.5) * step)), 1]];
    const at = coordinate(o, n, out, scale, corners);
    if (mode === 'bicubic') {
      const base = Math.floor(at);
      return [-1, 0, 1, 2].map((k) => [within(base + k), cubic(at - base - k)] as const);
    }
    const clipped = Math.max(0, at);
    const base = Math.min(Math.floor(clipped), n - 1);
    return [
      [base, 1 - (clipped - base)],
      [within(base + 1), clipped - base],
    ];
  });
}

/** One axis of x (the batch is axis 0), read at the taps: a product with their matrix, or a look-up. */
function resampleAxis(builder: Builder, x: Ref, axis: number, taps: Taps): Ref {
  const shape = builder.shape(x);
  const n = shape[axis]!;
  const others = shape.map((_, index) => index).filter((index) => index !== axis);
  const last = builder.transpose(x, [...others, axis]);
  const weights = new Float64Array(n * taps.length);
  for (const [o, row] of taps.entries()) for (const [place, weight] of row) weights[place * taps.length + o]! += weight;
  const product = builder.matmul(last, builder.constant(weights, [n, taps.length]));
  return builder.transpose(product, shape.map((_, index) => (index === axis ? others.length : others.indexOf(index))));
}

/** The sizes, with formulas; undefined after a problem was reported. */
function upsampledSizes(call: Call<UpsampleArguments>, name: string, axes: number): { sizes: readonly Dimension[]; steps: readonly Step[] } | undefined {
  const { size, scale_factor } = call.arguments;
  if ((size === null) === (scale_factor === null)) {
    return call.problem({ code: 'size-or-scale-factor', message: `${name} takes either size or scale_factor, but gets ${size === null ? 'neither' : 'both'}` });
  }
  const given: readonly Dimension[] = (size ?? scale_factor)!;
  if (given.length !== 1 && given.length !== axes) {
    return call.problem({
      code: 'wrong-list-length',
      argument: size === null ? 'scale_factor' : 'size',
      message: `${size === null ? 'scale_factor' : 'size'} has ${counted(given.length, 'number')}, but the input ${printShape(call.inputs[0]!.shape)} has ${counted(axes, 'spatial axis', 'spatial axes')}`,
    });
  }
  const sizes: Dimension[] = [];
  const steps: Step[] = [];
  for (const [axis, n] of call.inputs[0]!.shape.slice(1).entries()) {
    const factor = given[axis] ?? given[0]!;
    const out = size === null ? scaledSize(call, n, factor as number) : factor;
    if (out === undefined) return undefined;
    const formula = size === null ? `⌊${print(n)}·${print(factor)}⌋ = ${print(out)}` : `${print(n)} → ${print(out)}`;
    if (!call.requireAtLeast(out, 1)) {
      return call.problem({ code: 'no-output-left', argument: size === null ? 'scale_factor' : 'size', message: `no output is left: ${formula}` });
    }
    sizes.push(out);
    steps.push({ what: `axis ${String(axis + 1)}`, formula });
  }
  return { sizes, steps };
}

function scaledSize(call: Call<UpsampleArguments>, n: Dimension, factor: number): Dimension | undefined {
  if (typeof n === 'number') return Math.floor(n * factor);
  if (Number.isInteger(factor)) return multiply(n, factor);
  const inverse = 1 / factor;
  if (Number.isInteger(inverse)) return floorDivide(n, inverse);
  // A quarter step is the finest fraction that people write.
  if (Number.isInteger(factor * 4)) return floorDivide(multiply(n, factor * 4), 4);
  return call.problem({ code: 'undecided-size', argument: 'scale_factor', message: `⌊${print(n)}·${String(factor)}⌋ cannot be computed while ${print(n)} is free; use a whole factor or a size` });
}

function upsample(name: string, fixed?: { readonly mode: Mode; readonly corners: boolean | null }): Operation {
  const sizes = {
    size: forAxes<Dimension>('The size of the output: one number for all axes, or a list.', 'an integer ≥ 1, or a list of such integers', isSize),
    scale_factor: forAxes<number>('The factor of the enlargement: one number for all axes, or a list.', 'a number above 0, or a list of such numbers', (raw) => typeof raw === 'number' && raw > 0),
  };
  const modes = {
    mode: choice(['nearest', 'linear', 'bilinear', 'bicubic', 'trilinear', 'nearest-exact'], { default: 'nearest', documentation: 'How values between positions come about.' }),
    align_corners: optional(flag({ documentation: 'Puts the corner positions of input and output onto each other.' })),
  };
  return operation<UpsampleArguments>({
    name,
    summary: 'Enlarges the spatial axes; values between positions are interpolated.',
    formula: 'out = ⌊in·scale_factor⌋;  y[o] = x at (o + ½)·in/out − ½',
    source: torchPage(`torch.nn.${name}`),
    keeps: [],
    work: {
      counted: 'for each entry of the output the weights and sums of the places that it is interpolated from: 2 in each axis, 4 with "bicubic"; nearest neighbours count nothing',
      count: ({ inputs, arguments: given }, { output }) => {
        const mode = fixed?.mode ?? given.mode;
        const taps = mode.startsWith('nearest') ? 0 : (mode === 'bicubic' ? 4 : 2) ** (inputs[0]!.shape.length - 1);
        return taps === 0 ? 0 : multiply(2 * taps - 1, elements(output.shape));
      },
    },
    inputs: oneInput,
    arguments: (fixed === undefined ? { ...sizes, ...modes } : sizes) as never,
    infer(call) {
      if (!requireRank(call, name, 2) || !requireFloat(call, name)) return undefined;
      const { shape } = call.inputs[0]!;
      const axes = shape.length - 1;
      const mode = fixed?.mode ?? call.arguments.mode;
      const corners = fixed === undefined ? call.arguments.align_corners : fixed.corners;
      const problem = modeProblem(name, mode, corners, axes, fixed === undefined ? undefined : 2);
      if (problem !== undefined) return call.problem(problem);
      const sized = upsampledSizes(call, name, axes);
      if (sized === undefined) return undefined;
      const { scale_factor } = call.arguments;
      const factors = sized.sizes.map((_, axis) => scale_factor?.[axis] ?? scale_factor?.[0]);
      return {
        output: { element: 'float', shape: [shape[0]!, ...sized.sizes] },
        steps: sized.steps,
        dependence: {
          windows: [identity(0, 0, 0), ...sized.sizes.map((out, axis) => upsampleWindow(shape[axis + 1]!, out, axis + 1, mode, corners === true, factors[axis]))],
          mixed: [],
        },
        execute: ({ builder, inputs }) =>
          sized.sizes.reduce<Ref>((x, out, axis) => {
            const n = builder.shape(x)[axis + 2]!;
            // PyTorch computes with the given factor, not with the ratio of the sizes, unless corners align.
            return resampleAxis(builder, x, axis + 2, tapsOf(mode, n, out as number, factors[axis], corners === true));
          }, inputs[0]!),
      };
    },
  });
}

function modeProblem(name: string, mode: Mode, corners: boolean | null, axes: number, only: number | undefined): Problem | undefined {
  const wanted = modeRank[mode] ?? only;
  if (wanted === undefined && axes > 3) return { code: 'wrong-rank', message: `${name} takes one to three spatial axes, but the input has ${String(axes)}` };
  if (wanted !== undefined && axes !== wanted) {
    const fitting = ['linear', 'bilinear', 'trilinear'][axes - 1];
    return {
      code: 'wrong-rank',
      argument: 'mode',
      message: `the mode "${mode}" of ${name} takes ${String(wanted)} spatial ${wanted === 1 ? 'axis' : 'axes'}, but the input has ${String(axes)}${only === undefined && fitting !== undefined ? `; "${fitting}" fits` : ''}`,
    };
  }
  if (corners !== null && modeRank[mode] === undefined && only === undefined) {
    return { code: 'unused-align-corners', argument: 'align_corners', message: `the mode "${mode}" of ${name} has no align_corners; leave it out` };
  }
  return undefined;
}

/** What an output sees between the places that it is interpolated from; of no number where the ratio is not known. */
function upsampleWindow(n: Dimension, out: Dimension, axis: number, mode: Mode, corners: boolean, factor: number | undefined): AxisWindow {
  const sized = typeof n === 'number' && typeof out === 'number' ? n / out : identical(n, out) ? 1 : undefined;
  if (sized === 1 && mode !== 'bicubic') return identity(0, axis, axis);
  const aligned = corners && typeof n === 'number' && typeof out === 'number';
  const step = aligned ? (out === 1 ? 0 : (n - 1) / (out - 1)) : corners ? undefined : factor === undefined ? sized : 1 / factor;
  const q = step === undefined || step === 0 ? undefined : denominatorOf(step);
  if (step === undefined || q === undefined) return unevenWindow(0, axis, axis);
  const middle = aligned ? 0 : (step - 1) / 2;
  switch (mode) {
    case 'nearest':
      return between(axis, step, -1, 1 / q, q);
    case 'nearest-exact':
      return between(axis, step, step / 2 - 1, step / 2 + 1 / (2 * q), 2 * q);
    case 'bicubic':
      // Where an output meets an input place, all other weights are 0; with an even q that never is.
      return q % 2 === 0 && !aligned ? between(axis, step, middle - 2, middle + 2, 2 * q) : unevenWindow(0, axis, axis);
    default:
      return between(axis, step, middle - 1, middle + 1, 2 * q, aligned);
  }
}

function requireFactor(call: Pick<Call, 'problem' | 'requireEqual'>, name: string, size: Dimension, divisor: number, what: string, argument: string): boolean {
  if (call.requireEqual(modulo(size, divisor)!, 0)) return true;
  call.problem({ code: 'factor-does-not-divide', argument, message: `${name} needs ${what} that are a multiple of ${String(divisor)}, but there are ${print(size)}`, data: { divided: { size: known(size), by: divisor } } });
  return false;
}

function shuffle(name: string, enlarge: boolean): Operation {
  const argument = enlarge ? 'upscale_factor' : 'downscale_factor';
  const documentation = enlarge ? 'The factor of the enlargement; its square divides the channels.' : 'The factor of the reduction; it divides height and width.';
  return operation<Record<string, number>>({
    name,
    summary: enlarge ? 'Moves channels to positions: [C·r², H, W] → [C, H·r, W·r].' : 'Moves positions to channels: [C, H·r, W·r] → [C·r², H, W].',
    formula: enlarge ? 'y[c, h·r + i, w·r + j] = x[c·r² + i·r + j, h, w]' : 'y[c·r² + i·r + j, h, w] = x[c, h·r + i, w·r + j]',
    source: `${torchPage(`torch.nn.${name}`)} · Shi et al., 2016, https://arxiv.org/abs/1609.05158`,
    keeps: [],
    work: noWork,
    inputs: oneInput,
    arguments: { [argument]: integer({ minimum: 1, documentation }) },
    infer(call) {
      if (!requireRank(call, name, 3)) return undefined;
      const { element, shape } = call.inputs[0]!;
      const r = call.arguments[argument]!;
      const lead = shape.slice(0, -3);
      const [channels, height, width] = shape.slice(-3) as [Dimension, Dimension, Dimension];
      const at = lead.length;
      const spatial = [at + 1, at + 2].map(
        (axis): AxisWindow => (enlarge ? enlarged(0, axis, axis, r) : { input: 0, from: axis, to: axis, stride: r, extent: r, before: 0, after: 0 }),
      );
      const mixed: MixedAxis[] = [{ input: 0, axis: at, as: 'channel' }];
      const result = (sizes: readonly Dimension[], cut: readonly number[], order: readonly number[], step: string): Inference => ({
        output: { element, shape: [...lead, ...sizes] },
        get steps() {
          return [{ what: 'channels', formula: step }];
        },
        dependence: { windows: [...lead.map((_, axis) => identity(0, axis, axis)), ...spatial], mixed },
        execute: ({ builder, inputs }) => {
          const front = builder.shape(inputs[0]!).slice(0, -3);
          const pieces = builder.reshape(inputs[0]!, [...front, ...cut]);
          const moved = builder.transpose(pieces, [...front.map((_, axis) => axis), ...order.map((axis) => axis + front.length)]);
          return builder.reshape(moved, [...front, ...(sizes as readonly number[])]);
        },
      });
      if (enlarge) {
        if (!requireFactor(call, name, channels, r * r, `channels for upscale_factor = ${String(r)}`, argument)) return undefined;
        const sizes = [floorDivide(channels, r * r)!, multiply(height, r), multiply(width, r)];
        return result(sizes, [sizes[0] as number, r, r, height as number, width as number], [0, 3, 1, 4, 2], `${print(channels)}/${String(r)}² = ${print(sizes[0]!)}`);
      }
      if (!requireFactor(call, name, height, r, 'rows', argument) || !requireFactor(call, name, width, r, 'columns', argument)) return undefined;
      const sizes = [multiply(channels, r * r), floorDivide(height, r)!, floorDivide(width, r)!];
      return result(sizes, [channels as number, sizes[1] as number, r, sizes[2] as number, r], [0, 2, 4, 1, 3], `${print(channels)}·${String(r)}² = ${print(sizes[0]!)}`);
    },
  });
}

const channelShuffle = operation<{ groups: number }>({
  name: 'ChannelShuffle',
  summary: 'Mixes the channels of groups with each other, so that the next grouped convolution sees all of them.',
  formula: 'y[k·groups + g] = x[g·(C/groups) + k]',
  source: `${torchPage('torch.nn.ChannelShuffle')} · Zhang et al., 2018, https://arxiv.org/abs/1707.01083`,
  keeps: [],
  work: noWork,
  inputs: oneInput,
  arguments: { groups: integer({ minimum: 1, documentation: 'The number of groups; it divides the channels.' }) },
  infer(call) {
    if (!requireRank(call, 'ChannelShuffle', 2)) return undefined;
    const { element, shape } = call.inputs[0]!;
    const { groups } = call.arguments;
    if (!requireFactor(call, 'ChannelShuffle', shape[0]!, groups, `channels for groups = ${String(groups)}`, 'groups')) return undefined;
    return {
      output: { element, shape },
      dependence: { windows: shape.slice(1).map((_, axis) => identity(0, axis + 1, axis + 1)), mixed: [{ input: 0, axis: 0, as: 'channel' }] },
      execute: ({ builder, inputs }) => {
        const sizes = builder.shape(inputs[0]!);
        const [batch, channels, ...rest] = sizes as [number, number, ...number[]];
        const cut = builder.reshape(inputs[0]!, [batch, groups, channels / groups, ...rest]);
        return builder.reshape(builder.transpose(cut, [0, 2, 1, ...rest.map((_, axis) => axis + 3)]), sizes);
      },
    };
  },
});

export const resampling: readonly Operation[] = [
  upsample('Upsample'),
  upsample('UpsamplingNearest2d', { mode: 'nearest', corners: null }),
  upsample('UpsamplingBilinear2d', { mode: 'bilinear', corners: true }),
  shuffle('PixelShuffle', true),
  shuffle('PixelUnshuffle', false),
  channelShuffle,
];
