// Layers and functions that give a tensor another shape, or its axes another order, without computing.

import { type Dimension, floorDivide, identical, modulo, multiply, print, subtract } from '../symbolic/dimension';
import { axis, integers, shapeOf, size } from './arguments';
import { dividingFix, known, knownAmong, requireRank, resolveAxis } from './check';
import { type Call, type FunctionOperation, type Inference, oneInput, type Operation, operation, tensorFunction, torchPage } from './definition';
import { type AxisWindow, type Dependence, elementwise, identity, type MixedAxis, onlyPlace, type PickedAxis, unevenWindow } from './dependence';
import { elements, printProduct, printShape } from './tensor';
import { noWork } from './work';

type Shape = readonly Dimension[];

/** Runs of axes of both shapes that hold the same number of elements; undefined where sizes leave it open. */
function correspondingRuns(from: Shape, to: Shape): readonly (readonly [readonly number[], readonly number[]])[] | undefined {
  const runs: [number[], number[]][] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const run: [number[], number[]] = [[], []];
    let [left, right]: [Dimension, Dimension] = [1, 1];
    do {
      const takeLeft = j >= to.length || (i < from.length && (run[0].length === 0 || (typeof left === 'number' && typeof right === 'number' ? left < right : run[0].length <= run[1].length)));
      if (takeLeft) {
        left = multiply(left, from[i]!);
        run[0].push(i++);
      } else {
        right = multiply(right, to[j]!);
        run[1].push(j++);
      }
      if (identical(left, right) && run[1].length > 0 && run[0].length > 0) break;
    } while (i < from.length || j < to.length);
    if (!identical(left, right)) return undefined;
    runs.push(run);
  }
  return runs;
}

/** What a new shape leaves of places: axes that stay, axes that share one, and axes that are cut up. */
export function reshapeDependence(from: Shape, to: Shape): Dependence {
  const runs = correspondingRuns(from, to);
  const all = from.map((_, index): MixedAxis => ({ input: 0, axis: index, as: 'position' }));
  if (runs === undefined) return { windows: [], mixed: all };
  const windows: AxisWindow[] = [];
  const mixed: MixedAxis[] = [];
  const picked: PickedAxis[] = [];
  let merged = false;
  for (const [before, after] of runs) {
    const long = before.filter((index) => from[index] !== 1);
    const target = after.filter((index) => to[index] !== 1);
    const place = target[0] ?? after[0];
    const kept = target.length > 1 ? [] : long.length > 0 ? long : place === undefined ? [] : before.slice(0, 1);
    windows.push(...kept.map((index) => identity(0, index, place!)));
    // Axes of size 1 that vanish hold one place.
    picked.push(...before.filter((index) => from[index] === 1 && !kept.includes(index)).map((index) => onlyPlace(0, index)));
    merged ||= kept.length > 1;
    if (target.length > 1) mixed.push(...long.map((index): MixedAxis => ({ input: 0, axis: index, as: 'position' })));
  }
  return { windows, mixed, merged, picked };
}

interface Reshaping {
  readonly call: Pick<Call, 'inputs' | 'problem' | 'requireEqual'>;
  readonly name: string;
  /** The new shape; one size may be −1. */
  readonly wanted: Shape;
  readonly argument: string;
}

/** The shape with −1 computed; undefined where the numbers of elements cannot agree. */
function completeShape({ call, name, wanted, argument }: Reshaping): Shape | undefined {
  const { shape } = call.inputs[0]!;
  const total = elements(shape);
  const fixed = wanted.filter((size) => size !== -1);
  const known = elements(fixed);
  const clash = (): undefined =>
    call.problem({
      code: 'element-count-differs',
      argument,
      message: `${name} cannot make ${printShape(wanted)} of ${printShape(shape)}: ${print(total)} elements do not fill ${fixed.length < wanted.length ? 'multiples of ' : ''}${print(known)}`,
      data: typeof total === 'number' ? { sizes: [total] } : undefined,
    });
  if (fixed.length === wanted.length) {
    return identical(known, total) || call.requireEqual(known, total) ? wanted : clash();
  }
  const left = floorDivide(total, known)!;
  const rest = subtract(total, multiply(left, known));
  if (!identical(rest, 0) && !call.requireEqual(rest, 0)) return clash();
  return wanted.map((size) => (size === -1 ? left : size));
}

function reshaping(name: string, source: string): FunctionOperation {
  return tensorFunction<{ shape: Shape }>({
    name,
    summary: 'The same elements in another shape, in the same order; -1 takes what is left.',
    formula: 'y = x, with Π sizes unchanged',
    source,
    keeps: [],
    rearranges: true,
    work: noWork,
    inputs: oneInput,
    arguments: { shape: shapeOf('The new shape, as a list or one size after the other; one of them may be -1.', { inferred: true }) },
    infer(call) {
      const type = call.inputs[0]!;
      const shape = completeShape({ call, name, wanted: call.arguments.shape, argument: 'shape' });
      if (shape === undefined) return undefined;
      return {
        output: { element: type.element, shape },
        get steps() {
          return [{ what: 'elements', formula: `${printShape(type.shape)} and ${printShape(shape)}: ${print(elements(shape))}` }];
        },
        dependence: reshapeDependence(type.shape, shape),
        execute: ({ builder, inputs }) => builder.reshape(inputs[0]!, [builder.shape(inputs[0]!)[0]!, ...(shape as readonly number[])]),
      };
    },
  });
}

function flattening(name: string, source: string): FunctionOperation {
  return tensorFunction<{ start_dim: number; end_dim: number }>({
    name,
    summary: 'Merges axes into one; all of them unless told.',
    formula: '[a, b, c] → [a·b·c]',
    source,
    keeps: [],
    rearranges: true,
    work: noWork,
    inputs: oneInput,
    arguments: {
      start_dim: axis('The first axis to merge.', 0),
      end_dim: axis('The last axis to merge.', -1),
    },
    infer(call) {
      const { element, shape } = call.inputs[0]!;
      // PyTorch makes a vector of a single number.
      const rank = Math.max(1, shape.length);
      const first = resolveAxis(call, call.arguments.start_dim, rank, 'start_dim');
      const last = resolveAxis(call, call.arguments.end_dim, rank, 'end_dim');
      if (first === undefined || last === undefined) return undefined;
      if (first > last) {
        return call.problem({
          code: 'axes-out-of-order',
          argument: 'start_dim',
          message: `${name} merges from start_dim = ${String(first)} to end_dim = ${String(last)}, but the first is behind the last`,
        });
      }
      const flat = multiply(...shape.slice(first, last + 1));
      const result = [...shape.slice(0, first), flat, ...shape.slice(last + 1)];
      return {
        output: { element, shape: result },
        get steps() {
          return [{ what: 'size', formula: `${shape.slice(first, last + 1).map(print).join('·') || '1'} = ${print(flat)}` }];
        },
        dependence: reshapeDependence(shape, result),
        execute: ({ builder, inputs }) => builder.reshape(inputs[0]!, [builder.shape(inputs[0]!)[0]!, ...(result as readonly number[])]),
      };
    },
  });
}

function unflattening(name: string, source: string): FunctionOperation {
  return tensorFunction<{ dim: number; unflattened_size: Shape }>({
    name,
    summary: 'Cuts one axis into several; -1 takes what is left.',
    formula: '[a·b·c] → [a, b, c]',
    source,
    keeps: [],
    rearranges: true,
    work: noWork,
    inputs: oneInput,
    arguments: {
      dim: axis('The axis to cut up.'),
      unflattened_size: shapeOf('The sizes that take its place; one of them may be -1.', { inferred: true, rest: false }),
    },
    infer(call) {
      if (!requireRank(call, name, 1)) return undefined;
      const { element, shape } = call.inputs[0]!;
      const at = resolveAxis(call, call.arguments.dim, shape.length);
      if (at === undefined) return undefined;
      const cut = { inputs: [{ element, shape: [shape[at]!] }], problem: call.problem.bind(call), requireEqual: call.requireEqual.bind(call) };
      const sizes = completeShape({ call: cut, name, wanted: call.arguments.unflattened_size, argument: 'unflattened_size' });
      if (sizes === undefined) return undefined;
      const result = [...shape.slice(0, at), ...sizes, ...shape.slice(at + 1)];
      return {
        output: { element, shape: result },
        get steps() {
          return [{ what: 'sizes', formula: `${print(shape[at]!)} = ${sizes.map(print).join('·')}` }];
        },
        dependence: reshapeDependence(shape, result),
        execute: ({ builder, inputs }) => builder.reshape(inputs[0]!, [builder.shape(inputs[0]!)[0]!, ...(result as readonly number[])]),
      };
    },
  });
}

/** Axis i of the output is axis order[i] of the input. */
function permuted(call: Pick<Call, 'inputs'>, order: readonly number[]): Inference {
  const { element, shape } = call.inputs[0]!;
  return {
    output: { element, shape: order.map((from) => shape[from]!) },
    dependence: { windows: order.map((from, to) => identity(0, from, to)), mixed: [] },
    execute: ({ builder, inputs }) => builder.transpose(inputs[0]!, [0, ...order.map((from) => from + 1)]),
  };
}

function permuting(name: string, source: string): FunctionOperation {
  return tensorFunction<{ dims: readonly number[] }>({
    name,
    summary: 'Puts the axes in another order.',
    formula: 'axis i of y is axis dims[i] of x',
    source,
    keeps: [],
    rearranges: true,
    work: noWork,
    inputs: oneInput,
    arguments: { dims: integers({ rest: true, documentation: 'The axes in their new order, as a list or one after the other.' }) },
    infer(call) {
      const rank = call.inputs[0]!.shape.length;
      const order: number[] = [];
      for (const dim of call.arguments.dims) {
        const from = resolveAxis(call, dim, rank, 'dims');
        if (from === undefined) return undefined;
        order.push(from);
      }
      if (order.length !== rank || new Set(order).size !== rank) {
        return call.problem({
          code: 'not-a-permutation',
          argument: 'dims',
          message: `${name} names every axis of ${printShape(call.inputs[0]!.shape)} once, but gets [${call.arguments.dims.join(', ')}]`,
        });
      }
      return permuted(call, order);
    },
  });
}

const transpose = tensorFunction<{ dim0: number; dim1: number }>({
  name: 'transpose',
  summary: 'Swaps two axes; the last two unless told.',
  formula: 'y[…, j, i] = x[…, i, j]',
  source: torchPage('torch.transpose'),
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: oneInput,
  arguments: { dim0: axis('One of the axes.', -2), dim1: axis('The other.', -1) },
  infer(call) {
    const rank = call.inputs[0]!.shape.length;
    const first = resolveAxis(call, call.arguments.dim0, rank, 'dim0');
    const second = resolveAxis(call, call.arguments.dim1, rank, 'dim1');
    if (first === undefined || second === undefined) return undefined;
    return permuted(call, Array.from({ length: rank }, (_, index) => (index === first ? second : index === second ? first : index)));
  },
});

const splitHeads = operation<{ heads: Dimension }>({
  name: 'SplitHeads',
  summary: 'Cuts the last axis into heads and moves them to the front: [T, D] → [heads, T, D/heads].',
  formula: 'y[…, h, t, i] = x[…, t, h·D/heads + i]',
  source: 'Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, §3.2.2',
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: oneInput,
  arguments: { heads: size({ documentation: 'The number of heads; it divides the last axis.' }) },
  infer(call) {
    if (!requireRank(call, 'SplitHeads', 2)) return undefined;
    const { element, shape } = call.inputs[0]!;
    const { heads } = call.arguments;
    const width = shape.at(-1)!;
    const each = floorDivide(width, heads)!;
    if (!call.requireEqual(modulo(width, heads)!, 0)) {
      return call.problem({
        code: 'heads-do-not-divide',
        argument: 'heads',
        message: `${print(heads)} heads do not divide the width ${print(width)}; use a divisor of ${print(width)}`,
        fix: typeof heads === 'number' ? dividingFix('heads', heads, width) : undefined,
        data: { sizes: knownAmong(width) },
      });
    }
    const lead = shape.length - 2;
    return {
      output: { element, shape: [...shape.slice(0, lead), heads, shape[lead]!, each] },
      get steps() {
        return [{ what: 'width per head', formula: `${print(width)}/${print(heads)} = ${print(each)}` }];
      },
      dependence: {
        windows: [...elementwise(lead).windows, identity(0, lead, lead + 1)],
        mixed: [{ input: 0, axis: lead + 1, as: 'channel' }],
      },
      execute: ({ builder, inputs }) => {
        const sizes = builder.shape(inputs[0]!);
        const cut = builder.reshape(inputs[0]!, [...sizes.slice(0, -1), known(heads), sizes.at(-1)! / known(heads)]);
        const front = Array.from({ length: lead + 1 }, (_, index) => index);
        return builder.transpose(cut, [...front, lead + 2, lead + 1, lead + 3]);
      },
    };
  },
});

const mergeHeads = operation<object>({
  name: 'MergeHeads',
  summary: 'Joins heads again: [heads, T, d] → [T, heads·d]; undoes SplitHeads.',
  formula: 'y[…, t, h·d + i] = x[…, h, t, i]',
  source: 'Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, §3.2.2',
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: oneInput,
  arguments: {},
  infer(call) {
    if (!requireRank(call, 'MergeHeads', 3)) return undefined;
    const { element, shape } = call.inputs[0]!;
    const lead = shape.length - 3;
    const width = multiply(shape[lead]!, shape[lead + 2]!);
    return {
      output: { element, shape: [...shape.slice(0, lead), shape[lead + 1]!, width] },
      get steps() {
        return [{ what: 'width', formula: `${printProduct([shape[lead]!, shape[lead + 2]!])} = ${print(width)}` }];
      },
      dependence: {
        windows: [...elementwise(lead).windows, identity(0, lead + 1, lead)],
        mixed: [lead, lead + 2].map((index) => ({ input: 0, axis: index, as: 'channel' as const })),
      },
      execute: ({ builder, inputs }) => {
        const front = Array.from({ length: lead + 1 }, (_, index) => index);
        const moved = builder.transpose(inputs[0]!, [...front, lead + 2, lead + 1, lead + 3]);
        const sizes = builder.shape(moved);
        return builder.reshape(moved, [...sizes.slice(0, -2), sizes.at(-2)! * sizes.at(-1)!]);
      },
    };
  },
});

const flip = tensorFunction<{ dims: readonly number[] }>({
  name: 'flip',
  summary: 'Reverses the order along axes.',
  formula: 'y[i] = x[n − 1 − i]',
  source: torchPage('torch.flip'),
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: oneInput,
  arguments: { dims: integers({ rest: true, documentation: 'The axes to reverse.' }) },
  infer(call) {
    const { element, shape } = call.inputs[0]!;
    const reversed = new Set<number>();
    for (const dim of call.arguments.dims) {
      const at = resolveAxis(call, dim, shape.length, 'dims');
      if (at === undefined) return undefined;
      if (reversed.has(at)) return call.problem({ code: 'repeated-axis', argument: 'dims', message: `dims names axis ${String(at)} twice` });
      reversed.add(at);
    }
    return {
      output: { element, shape },
      dependence: {
        windows: shape.map((_, index) => (reversed.has(index) ? unevenWindow(0, index, index) : identity(0, index, index))),
        mixed: [],
      },
      execute: ({ builder, inputs }) => {
        const sizes = builder.shape(inputs[0]!);
        const backwards = sizes.map((_, index) => index > 0 && reversed.has(index - 1));
        return builder.sliceGrid(inputs[0]!, {
          starts: sizes.map((size, index) => (backwards[index] ? size - 1 : 0)),
          steps: backwards.map((yes) => (yes ? -1 : 1)),
          shape: sizes,
        });
      },
    };
  },
});

const identityLayer = operation<object>({
  name: 'Identity',
  summary: 'Hands its input on: the branch that skips.',
  formula: 'y = x',
  source: torchPage('torch.nn.Identity'),
  inputs: oneInput,
  keeps: [],
  rearranges: true,
  work: noWork,
  arguments: {},
  infer(call) {
    const [type] = call.inputs;
    return {
      output: type!,
      dependence: elementwise(type!.shape.length),
      execute: ({ inputs }) => inputs[0]!,
    };
  },
});

export const layoutLayers: readonly Operation[] = [
  identityLayer,
  flattening('Flatten', torchPage('torch.nn.Flatten')),
  unflattening('Unflatten', torchPage('torch.nn.Unflatten')),
  reshaping('Reshape', torchPage('torch.reshape')),
  permuting('Permute', torchPage('torch.permute')),
  splitHeads,
  mergeHeads,
];

export const layoutFunctions: readonly FunctionOperation[] = [
  flattening('flatten', torchPage('torch.flatten')),
  unflattening('unflatten', torchPage('torch.unflatten')),
  reshaping('reshape', torchPage('torch.reshape')),
  permuting('permute', torchPage('torch.permute')),
  transpose,
  flip,
];
