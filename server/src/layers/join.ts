// Functions and layers that join several tensors into one, or cut one into several.

import { add, type Dimension, floorDivide, identical, modulo, multiply, print, subtract, sum } from '../symbolic/dimension';
import type { ArgumentDefinition, RawValue } from './arguments';
import { axis, integer, integers, optional } from './arguments';
import { commonBatch } from './broadcast';
import { knownAmong, requireRank, resolveAxis } from './check';
import { type Call, type FunctionOperation, type Inference, oneInput, type Operation, tensorFunction, torchPage } from './definition';
import { type AxisWindow, enlarged, identity, unevenWindow } from './dependence';
import { printShape, type TensorType } from './tensor';
import { noWork } from './work';

/** Ints only if all are. */
function commonElement(types: readonly TensorType[]): TensorType['element'] {
  return types.every((type) => type.element === 'int') ? 'int' : 'float';
}

/** All shapes agree but in one axis; undefined after a problem was reported. Known sizes win over equal free ones. */
function agreeingShape(call: Call<object>, name: string, except: number | undefined): readonly Dimension[] | undefined {
  const [first, ...others] = call.inputs;
  const result = [...first!.shape];
  for (const [index, { shape }] of others.entries()) {
    const ranks = shape.length !== result.length;
    const clash = ranks ? -1 : shape.findIndex((size, at) => at !== except && !identical(size, result[at]!) && !call.requireEqual(result[at]!, size));
    if (ranks || clash >= 0) {
      return call.problem({
        code: 'shapes-do-not-join',
        message:
          `${name} cannot join ${printShape(first!.shape)} and ${printShape(shape)} (input ${String(index + 2)}): ` +
          (ranks ? 'their ranks differ' : `axis ${String(clash)} is ${print(result[clash]!)} and ${print(shape[clash]!)}${except === undefined ? '' : `, and only axis ${String(except)} may differ`}`),
      });
    }
    for (const [at, size] of shape.entries()) if (typeof size === 'number' && at !== except) result[at] = size;
  }
  return result;
}

/** Where a part of known size begins within a whole; as padding around it. */
function partWindow(input: number, at: number, before: Dimension, after: Dimension): AxisWindow {
  if (typeof before !== 'number' || typeof after !== 'number') return unevenWindow(input, at, at);
  return { input, from: at, to: at, stride: 1, extent: 1, before, after };
}

const concat = tensorFunction<{ dim: number }>({
  name: 'concat',
  summary: 'Puts tensors one behind the other along an axis; along the channels unless told.',
  formula: 'y = [x₁, x₂, …]',
  source: torchPage('torch.concat'),
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: [{ name: 'tensors', variadic: true }],
  arguments: { dim: axis('The axis to grow.', 0) },
  infer(call) {
    if (!requireTensors(call, 'concat') || !requireRank(call, 'concat', 1)) return undefined;
    const at = resolveAxis(call, call.arguments.dim, call.inputs[0]!.shape.length);
    if (at === undefined) return undefined;
    const shape = agreeingShape(call, 'concat', at);
    if (shape === undefined) return undefined;
    const parts = call.inputs.map((input) => input.shape[at]!);
    const total = sum(parts);
    let end: Dimension = 0;
    const windows = parts.flatMap((part, input) => {
      const before = end;
      end = add(before, part);
      return shape.map((_, index) => (index === at ? partWindow(input, at, before, subtract(subtract(total, before), part)) : identity(input, index, index)));
    });
    return {
      output: { element: commonElement(call.inputs), shape: shape.map((size, index) => (index === at ? total : size)) },
      get steps() {
        return [{ what: `axis ${String(at)}`, formula: `${parts.map(print).join(' + ')} = ${print(total)}` }];
      },
      dependence: { windows, mixed: [], joinedAlong: at },
      execute: ({ builder, inputs }) => builder.concat(commonBatch(builder, inputs), at + 1),
    };
  },
});

const stackDims = tensorFunction<{ dim: number }>({
  name: 'stack_dims',
  summary: 'Puts tensors of one shape side by side along a new axis; PyTorch calls it stack.',
  formula: 'y[k] = xₖ',
  source: torchPage('torch.stack'),
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: [{ name: 'tensors', variadic: true }],
  arguments: { dim: axis('Where the new axis goes.', 0) },
  infer(call) {
    if (!requireTensors(call, 'stack_dims')) return undefined;
    const at = resolveAxis(call, call.arguments.dim, call.inputs[0]!.shape.length + 1);
    const shape = at === undefined ? undefined : agreeingShape(call, 'stack_dims', undefined);
    if (at === undefined || shape === undefined) return undefined;
    return {
      output: { element: commonElement(call.inputs), shape: [...shape.slice(0, at), call.inputs.length, ...shape.slice(at)] },
      dependence: {
        windows: call.inputs.flatMap((_, input) => shape.map((__, index) => identity(input, index, index < at ? index : index + 1))),
        mixed: [],
      },
      execute: ({ builder, inputs }) => {
        const single = commonBatch(builder, inputs).map((ref) => {
          const sizes = builder.shape(ref);
          return builder.reshape(ref, [...sizes.slice(0, at + 1), 1, ...sizes.slice(at + 1)]);
        });
        return builder.concat(single, at + 1);
      },
    };
  },
});

function requireTensors(call: Pick<Call, 'inputs' | 'problem'>, name: string): boolean {
  if (call.inputs.length > 0) return true;
  call.problem({ code: 'wrong-input-count', message: `${name} needs at least one tensor` });
  return false;
}

/** The parts of one axis as a list. */
function parts(call: Pick<Call, 'inputs'>, at: number, sizes: readonly Dimension[]): Inference {
  const { element, shape } = call.inputs[0]!;
  const list = sizes.map((size) => ({ element, shape: shape.map((other, index) => (index === at ? size : other)) }));
  return {
    output: list[0]!,
    list,
    get steps() {
      return [{ what: `axis ${String(at)}`, formula: `${print(shape[at]!)} = ${sizes.map(print).join(' + ')}` }];
    },
    dependence: { windows: shape.map((_, index) => (index === at ? unevenWindow(0, at, at) : identity(0, index, index))), mixed: [] },
    dependences: sizes.map((size, part) => {
      const start = add(0, ...sizes.slice(0, part));
      const rest = subtract(subtract(shape[at]!, start), size);
      // What belongs to other parts is padding below zero.
      const cut = partWindow(0, at, subtract(0, start), subtract(0, rest));
      return { windows: shape.map((_, index) => (index === at ? cut : identity(0, index, index))), mixed: [] };
    }),
    execute: ({ builder, inputs }) => {
      const whole = builder.shape(inputs[0]!);
      let start = 0;
      return sizes.map((size) => {
        const length = size as number;
        const starts = whole.map((_, index) => (index === at + 1 ? start : 0));
        start += length;
        return builder.sliceGrid(inputs[0]!, { starts, steps: whole.map(() => 1), shape: whole.map((other, index) => (index === at + 1 ? length : other)) });
      });
    },
  };
}

function chunking(name: string): FunctionOperation {
  return tensorFunction<{ chunks: number; dim: number }>({
    name,
    summary: 'Cuts an axis into equal parts; the last may be smaller. The result is a list.',
    formula: 'each part has ⌈n/chunks⌉ places',
    source: torchPage('torch.chunk'),
    keeps: [],
    rearranges: true,
    work: noWork,
    inputs: oneInput,
    arguments: {
      chunks: integer({ minimum: 1, documentation: 'How many parts; fewer come out where the axis is too short.' }),
      dim: axis('The axis to cut.', 0),
    },
    infer(call) {
      if (!requireRank(call, name, 1)) return undefined;
      const { shape } = call.inputs[0]!;
      const { chunks } = call.arguments;
      const at = resolveAxis(call, call.arguments.dim, shape.length);
      if (at === undefined) return undefined;
      const size = shape[at]!;
      if (typeof size === 'number') return parts(call, at, pieces(size, Math.ceil(size / chunks)));
      // With a free size, only equal parts are the same list for all sizes.
      if (!call.requireEqual(modulo(size, chunks)!, 0)) {
        return call.problem({
          code: 'undecided-chunks',
          argument: 'chunks',
          message: `${print(size)} is never a multiple of ${String(chunks)}, so the number of parts depends on the free dimension`,
        });
      }
      return parts(call, at, Array.from({ length: chunks }, () => floorDivide(size, chunks)!));
    },
  });
}

/** `size` in steps of `length`; the last piece takes what is left. */
function pieces(size: number, length: number): readonly number[] {
  return Array.from({ length: Math.ceil(size / length) }, (_, index) => Math.min(length, size - index * length));
}

/** One size for all parts, or a list of all sizes. */
const splitSizes: ArgumentDefinition<number | readonly number[]> = (() => {
  const many = integers({ minimum: 1, documentation: '' });
  const accepts = 'an integer ≥ 1, or a list of such integers';
  return {
    documentation: 'The size of each part, or a list of all sizes.',
    accepts,
    read: (raw: RawValue) => {
      const reading = many.read(raw);
      if ('problem' in reading) return { problem: reading.problem.replace(many.accepts, accepts) };
      return { value: Array.isArray(raw) ? reading.value : reading.value[0]! };
    },
  };
})();

function splitting(name: string): FunctionOperation {
  return tensorFunction<{ split_size_or_sections: number | readonly number[]; dim: number }>({
    name,
    summary: 'Cuts an axis into parts of given sizes. The result is a list.',
    formula: 'n = n₁ + n₂ + …',
    source: torchPage('torch.split'),
    keeps: [],
    rearranges: true,
    work: noWork,
    inputs: oneInput,
    arguments: { split_size_or_sections: splitSizes, dim: axis('The axis to cut.', 0) },
    infer(call) {
      if (!requireRank(call, name, 1)) return undefined;
      const { shape } = call.inputs[0]!;
      const { split_size_or_sections: wanted } = call.arguments;
      const at = resolveAxis(call, call.arguments.dim, shape.length);
      if (at === undefined) return undefined;
      const size = shape[at]!;
      if (typeof wanted !== 'number') {
        const total = wanted.reduce((a, b) => a + b, 0);
        if (call.requireEqual(size, total)) return parts(call, at, wanted);
        return call.problem({
          code: 'split-sizes-differ',
          argument: 'split_size_or_sections',
          message: `${name} into ${wanted.join(' + ')} = ${String(total)} does not add up to the axis, which has ${print(size)}`,
          data: { sizes: knownAmong(size) },
        });
      }
      if (typeof size === 'number') return parts(call, at, pieces(size, wanted));
      return call.problem({
        code: 'undecided-chunks',
        argument: 'split_size_or_sections',
        message: `how many parts of ${String(wanted)} there are in ${print(size)} depends on the free dimension; chunk cuts it into a fixed number`,
      });
    },
  });
}

/** How often the places of an axis come one behind the other. */
const repeatInterleave = tensorFunction<{ repeats: number; dim: number | null }>({
  name: 'repeat_interleave',
  summary: 'Repeats every entry along an axis; of the flattened tensor unless told.',
  formula: 'y[i] = x[⌊i/repeats⌋]',
  source: torchPage('torch.repeat_interleave'),
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: oneInput,
  arguments: {
    repeats: integer({ minimum: 1, documentation: 'How often each entry comes.' }),
    dim: optional(integer({ documentation: 'The axis to repeat along; none: the flattened tensor.' })),
  },
  infer(call) {
    const { element, shape } = call.inputs[0]!;
    const { repeats, dim } = call.arguments;
    const source = dim === null ? [multiply(...shape)] : shape;
    const at = dim === null ? 0 : resolveAxis(call, dim, shape.length);
    if (at === undefined) return undefined;
    return {
      output: { element, shape: source.map((size, index) => (index === at ? multiply(size, repeats) : size)) },
      get steps() {
        return [{ what: `axis ${String(at)}`, formula: `${print(source[at]!)}·${String(repeats)} = ${print(multiply(source[at]!, repeats))}` }];
      },
      dependence: {
        windows: shape.map((_, index) => (dim === null || index === at ? enlarged(0, index, at, repeats) : identity(0, index, index))),
        mixed: [],
        merged: dim === null && shape.length > 1,
      },
      execute: ({ builder, inputs }) => {
        const [batch, ...written] = builder.shape(inputs[0]!);
        const sizes = dim === null ? [batch!, written.reduce((a, b) => a * b, 1)] : [batch!, ...written];
        const single = builder.reshape(inputs[0]!, [...sizes.slice(0, at + 2), 1, ...sizes.slice(at + 2)]);
        const repeated = builder.broadcastTo(single, [...sizes.slice(0, at + 2), repeats, ...sizes.slice(at + 2)]);
        return builder.reshape(repeated, sizes.map((size, index) => (index === at + 1 ? size * repeats : size)));
      },
    };
  },
});

export const joinLayers: readonly Operation[] = [chunking('Chunk'), splitting('Split')];

export const joinFunctions: readonly FunctionOperation[] = [concat, stackDims, chunking('chunk'), splitting('split'), repeatInterleave];
