// Padding: layers that add values around the spatial axes, and the functions pad and roll.

import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, print, subtract } from '../symbolic/dimension';
import { amounts, type ArgumentDefinition, type ArgumentDefinitions, choice, integers, number, optional, type RawValue } from './arguments';
import { knownAmong, requireSpatial, resolveAxis } from './check';
import { type Call, type FunctionOperation, type Inference, oneInput, type Operation, operation, type Step, tensorFunction, torchPage } from './definition';
import { type AxisWindow, identity, numberOrNaN, unevenWindow } from './dependence';
import { axisName } from './window';
import { noWork } from './work';

export type PaddingMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Rows in front of and behind an axis; negative ones cut. */
export interface AxisPadding<Amount extends Dimension = number> {
  readonly before: Amount;
  readonly after: Amount;
}

/** The index along an axis of length n that a padded place repeats; place −1 is the first in front. */
function sourceOf(mode: Exclude<PaddingMode, 'constant'>, place: number, n: number): number {
  if (mode === 'circular') return ((place % n) + n) % n;
  if (mode === 'replicate') return Math.min(n - 1, Math.max(0, place));
  return place < 0 ? -place : place >= n ? 2 * (n - 1) - place : place;
}

/** Pads the axes of x (the batch is axis 0) in order. */
export function padAxes(builder: Builder, x: Ref, axes: ReadonlyMap<number, AxisPadding>, mode: PaddingMode, value = 0): Ref {
  let result = x;
  for (const [axis, { before, after }] of axes) {
    if (before === 0 && after === 0) continue;
    const shape = builder.shape(result);
    const n = shape[axis]!;
    if (mode === 'constant') {
      const cut = shape.map((size, index) => (index === axis ? size + Math.min(0, before) + Math.min(0, after) : size));
      const starts = shape.map((_, index) => (index === axis ? Math.max(0, -before) : 0));
      const kept = builder.sliceGrid(result, { starts, steps: shape.map(() => 1), shape: cut });
      const around = (amount: number): number[] => shape.map((_, index) => (index === axis ? Math.max(0, amount) : 0));
      result = builder.pad(kept, around(before), around(after), value);
    } else {
      const sources = Array.from({ length: before + n + after }, (_, place) => sourceOf(mode, place - before, n));
      const front = Array.from({ length: shape.length }, (_, index) => index).filter((index) => index !== axis);
      const rows = builder.gather(builder.transpose(result, [axis, ...front]), builder.constant(sources, [sources.length]));
      result = builder.transpose(rows, shape.map((_, index) => (index === axis ? 0 : index < axis ? index + 1 : index)));
    }
  }
  return result;
}

interface PaddedAxis {
  readonly name: string;
  readonly argument: string;
  readonly mode: PaddingMode;
  readonly n: Dimension;
  readonly amount: AxisPadding<Dimension>;
  readonly where: string;
}

/** Whether an axis can be padded so; false after a problem was reported. */
export function requirePadding(call: Pick<Call, 'problem' | 'requireAtLeast'>, { name, argument, mode, n, amount: { before, after }, where }: PaddedAxis): boolean {
  const amounts = typeof before === 'number' && typeof after === 'number' ? [Math.max(before, after)] : [before, after];
  for (const amount of amounts) {
    const needed = mode === 'reflect' ? add(amount, 1) : mode === 'circular' ? amount : 1;
    if (typeof needed === 'number' ? call.requireAtLeast(n, needed) : call.requireAtLeast(subtract(n, needed), 0)) continue;
    const kind = mode === 'reflect' ? 'a reflection needs one place more than it adds' : 'only as much as there is can come from the other end';
    call.problem({
      code: 'padding-too-large',
      argument,
      message: `${name} adds ${print(amount)} in ${where}, which takes a size of ${print(needed)}, but it is ${print(n)}: ${kind}`,
      data: { sizes: knownAmong(mode === 'reflect' ? subtract(n, 1) : n) },
    });
    return false;
  }
  const cutting = mode === 'constant' ? undefined : [before, after].find((amount) => !call.requireAtLeast(amount, 0));
  if (cutting === undefined) return true;
  call.problem({ code: 'negative-padding', argument, message: `${name} cannot cut: its padding in ${where} is ${print(cutting)}; a slice cuts` });
  return false;
}

interface Padded {
  readonly name: string;
  readonly argument: string;
  readonly mode: PaddingMode;
  readonly value: number;
  /** By axis of the written shape. */
  readonly axes: ReadonlyMap<number, AxisPadding<Dimension>>;
  axisLabel(axis: number): string;
}

function padded(call: Pick<Call, 'inputs' | 'problem' | 'requireAtLeast'>, { name, argument, mode, value, axes, axisLabel }: Padded): Inference | undefined {
  const { element, shape } = call.inputs[0]!;
  const sizes = [...shape];
  const steps: Step[] = [];
  const windows: AxisWindow[] = shape.map((_, axis) => identity(0, axis, axis));
  for (const [axis, amount] of axes) {
    const n = shape[axis]!;
    const where = axisLabel(axis);
    if (!requirePadding(call, { name, argument, mode, n, amount, where })) return undefined;
    const size = add(n, amount.before, amount.after);
    const formula = `${print(n)} + ${print(amount.before)} + ${print(amount.after)} = ${print(size)}`;
    if (!call.requireAtLeast(size, 1)) return call.problem({ code: 'no-output-left', argument, message: `no output is left in ${where}: ${formula}; cut less`, data: { sizes: knownAmong(subtract(1, n)) } });
    sizes[axis] = size;
    // How far a free dimension shifts the places is not known, but each still sees one.
    windows[axis] = { ...identity(0, axis, axis), before: numberOrNaN(amount.before), after: numberOrNaN(amount.after) };
    steps.push({ what: where, formula });
  }
  // A network runs at given sizes, where every amount is a number.
  const shifted = new Map([...axes].map(([axis, amount]) => [axis + 1, amount as AxisPadding]));
  return {
    output: { element, shape: sizes },
    steps,
    dependence: { windows, mixed: [] },
    execute: ({ builder, inputs }) => padAxes(builder, inputs[0]!, shifted, mode, value),
  };
}

/** One number for all sides, or a list in PyTorch's order: the last axis first, front and back in turn. */
function sides(axes: number): ArgumentDefinition<readonly Dimension[]> {
  const accepts = `an integer, or a list of ${String(2 * axes)} integers`;
  const order = ['left', 'right', 'top', 'bottom', 'front', 'back'].slice(0, 2 * axes).join(', ');
  const many = amounts('');
  return {
    documentation: `One number for all sides, or [${order}].`,
    accepts,
    read: (raw: RawValue) => {
      const reading = many.read(Array.isArray(raw) ? raw : Array.from({ length: 2 * axes }, () => raw));
      if ('problem' in reading || reading.value.length !== 2 * axes) {
        const problem = many.read(raw);
        return 'problem' in problem ? { problem: problem.problem.replace(many.accepts, accepts) } : { problem: `must be ${accepts}, but has ${String(problem.value.length)}` };
      }
      return reading;
    },
  };
}

const kinds: readonly { readonly name: string; readonly mode: PaddingMode; readonly summary: string; readonly formula: string }[] = [
  { name: 'ZeroPad', mode: 'constant', summary: 'Adds zeros around the spatial axes.', formula: 'y = 0 outside x' },
  { name: 'ConstantPad', mode: 'constant', summary: 'Adds a fixed value around the spatial axes.', formula: 'y = value outside x' },
  { name: 'ReflectionPad', mode: 'reflect', summary: 'Continues the spatial axes with their mirror image; the border itself is not repeated.', formula: 'y[−i] = x[i]' },
  { name: 'ReplicationPad', mode: 'replicate', summary: 'Continues the spatial axes with their border values.', formula: 'y[−i] = x[0]' },
  { name: 'CircularPad', mode: 'circular', summary: 'Continues the spatial axes with their other end.', formula: 'y[−i] = x[n − i]' },
];

function paddingLayer({ name: family, mode, summary, formula }: (typeof kinds)[number], axes: 1 | 2 | 3): Operation {
  const name = `${family}${String(axes)}d`;
  const value = { value: number({ documentation: 'The value around the input.' }) };
  return operation<{ padding: readonly Dimension[]; value?: number }>({
    name,
    summary,
    formula,
    source: torchPage(`torch.nn.${name}`),
    keeps: mode === 'reflect' || mode === 'replicate' ? ['input'] : [],
    work: noWork,
    inputs: oneInput,
    arguments: { padding: sides(axes), ...(family === 'ConstantPad' ? value : {}) } as ArgumentDefinitions<{ padding: readonly Dimension[]; value?: number }>,
    infer(call) {
      if (!requireSpatial(call, name, axes)) return undefined;
      const { padding, value: filling = 0 } = call.arguments;
      const pairs = pairsFromTheEnd(padding, axes + 1);
      return padded(call, { name, argument: 'padding', mode, value: filling, axes: pairs, axisLabel: (axis) => axisName(axes, axis - 1) });
    },
  });
}

/** PyTorch lists the last axis first. */
function pairsFromTheEnd(padding: readonly Dimension[], rank: number): ReadonlyMap<number, AxisPadding<Dimension>> {
  const pairs = new Map<number, AxisPadding<Dimension>>();
  for (let pair = padding.length / 2 - 1; pair >= 0; pair--) {
    pairs.set(rank - 1 - pair, { before: padding[2 * pair]!, after: padding[2 * pair + 1]! });
  }
  return pairs;
}

const pad = tensorFunction<{ pad: readonly Dimension[]; mode: PaddingMode; value: number | null }>({
  name: 'pad',
  summary: 'Adds values around the last axes; negative numbers cut.',
  formula: 'pad = [last axis in front, behind, second to last in front, behind, …]',
  source: torchPage('torch.nn.functional.pad'),
  keeps: [],
  work: noWork,
  inputs: oneInput,
  arguments: {
    pad: amounts('Two numbers for each axis, the last axis first.'),
    mode: choice(['constant', 'reflect', 'replicate', 'circular'], { default: 'constant', documentation: 'A fixed value, the mirror image, the border values, or the other end.' }),
    value: optional(number({ documentation: 'The value of the mode "constant"; none: 0.' })),
  },
  infer(call) {
    const { pad: written, mode, value } = call.arguments;
    const rank = call.inputs[0]!.shape.length;
    if (written.length % 2 !== 0 || written.length > 2 * rank) {
      return call.problem({
        code: 'wrong-pad-length',
        argument: 'pad',
        message: `pad takes two numbers for each padded axis, at most ${String(2 * rank)} for rank ${String(rank)}, but has ${String(written.length)}`,
      });
    }
    const spatial = written.length / 2;
    // PyTorch takes the first of the axes in front, the batch or the channels, for channels.
    if (mode !== 'constant' && ((spatial !== rank - 1 && spatial !== rank) || spatial < 1 || spatial > 3)) {
      return call.problem({
        code: 'wrong-pad-length',
        argument: 'pad',
        message: `the mode "${mode}" pads all axes behind the channels, which takes ${String(2 * Math.max(1, rank - 1))} numbers for rank ${String(rank)}, but pad has ${String(written.length)}`,
      });
    }
    if (mode !== 'constant' && value !== null && value !== 0) {
      return call.problem({ code: 'unused-value', argument: 'value', message: `the mode "${mode}" takes its values from the input; value is for "constant"` });
    }
    return padded(call, { name: 'pad', argument: 'pad', mode, value: value ?? 0, axes: pairsFromTheEnd(written, rank), axisLabel: (axis) => `axis ${String(axis)}` });
  },
});

const roll = tensorFunction<{ shifts: readonly number[]; dims: readonly number[] | null }>({
  name: 'roll',
  summary: 'Shifts entries along axes; what leaves at one end comes in at the other. Without dims, the flattened tensor is shifted.',
  formula: 'y[i] = x[(i − shift) mod n]',
  source: torchPage('torch.roll'),
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: oneInput,
  arguments: {
    shifts: integers({ documentation: 'How far, for each axis of dims.' }),
    dims: optional(integers({ documentation: 'The axes; none: the flattened tensor.' })),
  },
  infer(call) {
    const { element, shape } = call.inputs[0]!;
    const { shifts, dims } = call.arguments;
    if (shifts.length !== (dims?.length ?? 1)) {
      return call.problem({ code: 'shifts-and-dims-differ', argument: 'shifts', message: `roll takes one shift for each of the ${dims === null ? 'flattened axes, which are 1' : `${String(dims.length)} dims`}, but gets ${String(shifts.length)}` });
    }
    const axes: number[] = [];
    for (const dim of dims ?? []) {
      const axis = resolveAxis(call, dim, shape.length, 'dims');
      if (axis === undefined) return undefined;
      axes.push(axis);
    }
    return {
      output: { element, shape },
      dependence: {
        windows: shape.map((_, axis) => (dims === null || axes.includes(axis) ? unevenWindow(0, axis, axis) : identity(0, axis, axis))),
        mixed: [],
      },
      execute: ({ builder, inputs }) => {
        const whole = builder.shape(inputs[0]!);
        if (dims === null) {
          const flat = builder.reshape(inputs[0]!, [whole[0]!, whole.slice(1).reduce((a, b) => a * b, 1)]);
          return builder.reshape(rolled(builder, flat, 1, shifts[0]!), whole);
        }
        return axes.reduce((x, axis, index) => rolled(builder, x, axis + 1, shifts[index]!), inputs[0]!);
      },
    };
  },
});

function rolled(builder: Builder, x: Ref, axis: number, shift: number): Ref {
  const shape = builder.shape(x);
  const n = shape[axis]!;
  const start = (((n - shift) % n) + n) % n;
  if (start === 0) return x;
  const part = (from: number, to: number): Ref =>
    builder.sliceGrid(x, {
      starts: shape.map((_, index) => (index === axis ? from : 0)),
      steps: shape.map(() => 1),
      shape: shape.map((size, index) => (index === axis ? to - from : size)),
    });
  return builder.concat([part(start, n), part(0, start)], axis);
}

export const paddingLayers: readonly Operation[] = kinds.flatMap((kind) => ([1, 2, 3] as const).map((axes) => paddingLayer(kind, axes)));

export const paddingFunctions: readonly FunctionOperation[] = [pad, roll];
