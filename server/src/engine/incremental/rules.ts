// How far a change reaches: for each primitive, which part of its output depends on which parts of its inputs.

import type { Call } from '../primitive';
import type { AttributesOf, PrimitiveName } from '../program';
import { primitives } from '../primitives/table';
import { broadcastStrides, stridesOf } from '../shape';
import { hull, reshapeBox, wholeBox, wholeRange } from './box';
import type { Box, Range } from './box';

/** A part of the inputs that is enough to compute a part of the output by the primitive's own kernel. */
export interface Part {
  readonly inputs: readonly Box[];
  readonly attributes?: unknown;
}

export interface Rule<Attributes> {
  /** What a change in these parts of the inputs can reach, if anything; undefined stands for no change. */
  reach(changed: readonly (Box | undefined)[], call: Call<Attributes>): Box | undefined;
  /** What is needed to compute a part that was reached. */
  part?(output: Box, call: Call<Attributes>): Part;
  /** For primitives that only move entries: how the output reads its one input. */
  view?(call: Call<Attributes>): { readonly offset: number; readonly strides: readonly number[] };
}

type RuleTable = { readonly [Name in PrimitiveName]?: Rule<AttributesOf[Name]> };

/** Works on each entry, row or plane alike: only some axes, counted from the end, are read as a whole. */
function independent(wholeAxes: number): Pick<Rule<unknown>, 'reach' | 'part'> {
  const widen = (box: Box, lengths: readonly number[]): Box =>
    box.map((range, axis) => (axis < box.length - wholeAxes ? range : wholeRange(lengths[axis]!)));
  return {
    reach: (changed, { shape }) => {
      const around = hull(changed);
      return around && widen(around, shape);
    },
    part: (output, { inputShapes }) => ({ inputs: inputShapes.map((shape) => widen(output, shape)) }),
  };
}

/** The places i of `count` for which start + i·step lies in a range. */
function placesOnGrid(range: Range, start: number, step: number, count: number): Range {
  const [a, b] = step > 0 ? [range.start, range.stop - 1] : [range.stop - 1, range.start];
  return { start: Math.max(0, Math.ceil((a - start) / step)), stop: Math.min(count, Math.floor((b - start) / step) + 1) };
}

/** The places start + i·step for i in a range, and what lies between. */
function gridBetween(range: Range, start: number, step: number): Range {
  const [a, b] = [start + range.start * step, start + (range.stop - 1) * step];
  return { start: Math.min(a, b), stop: Math.max(a, b) + 1 };
}

function isEmpty(box: Box): boolean {
  return box.some(({ start, stop }) => start >= stop);
}

function along(axis: number, wholeLength: number, box: Box): Box {
  return box.map((range, i) => (i === axis ? wholeRange(wholeLength) : range));
}

/** Channels that lie within one group stay; others become whole groups. */
function wholeGroups({ start, stop }: Range, size: number): Range {
  const [first, last] = [Math.floor(start / size), Math.ceil(stop / size)];
  return last - first === 1 ? { start, stop } : { start: first * size, stop: last * size };
}

const insertAxis = (box: Box, axis: number, length: number): Box => [...box.slice(0, axis), wholeRange(length), ...box.slice(axis)];

const entrywiseRule = independent(0);

export const rules: RuleTable = {
  reshape: {
    reach: ([x], { shape, inputShapes }) => x && reshapeBox(x, inputShapes[0]!, shape),
  },

  broadcastTo: {
    reach: ([x], { shape, inputShapes: [from] }) => {
      const missing = shape.length - from!.length;
      return x && shape.map((length, axis) => (axis < missing || from![axis - missing] !== length ? wholeRange(length) : x[axis - missing]!));
    },
    view: ({ shape, inputShapes }) => ({ offset: 0, strides: broadcastStrides(inputShapes[0]!, shape) }),
  },

  transpose: {
    reach: ([x], { attributes: { permutation } }) => x && permutation.map((axis) => x[axis]!),
    view: ({ inputShapes, attributes: { permutation } }) => {
      const strides = stridesOf(inputShapes[0]!);
      return { offset: 0, strides: permutation.map((axis) => strides[axis]!) };
    },
  },

  slice: {
    reach: ([x], { shape, attributes: { starts, steps } }) => {
      const box = x?.map((range, axis) => placesOnGrid(range, starts[axis]!, steps[axis]!, shape[axis]!));
      return box && !isEmpty(box) ? box : undefined;
    },
    view: ({ inputShapes, attributes: { starts, steps } }) => {
      const strides = stridesOf(inputShapes[0]!);
      return {
        offset: starts.reduce((offset, start, axis) => offset + start * strides[axis]!, 0),
        strides: strides.map((stride, axis) => stride * steps[axis]!),
      };
    },
  },

  embed: {
    reach: ([x], { attributes: { starts, steps } }) => x?.map((range, axis) => gridBetween(range, starts[axis]!, steps[axis]!)),
    part: (output, { inputShapes: [from], attributes }) => {
      const { starts, steps, value } = attributes;
      const inner = output.map((range, axis) => placesOnGrid(range, starts[axis]!, steps[axis]!, from![axis]!));
      const moved = inner.map(({ start }, axis) => starts[axis]! + start * steps[axis]! - output[axis]!.start);
      return { inputs: [inner], attributes: { starts: moved, steps, value, shape: output.map(({ start, stop }) => stop - start) } };
    },
  },

  concat: {
    reach: (changed, { inputShapes, attributes: { axis } }) => {
      let before = 0;
      return hull(changed.map((box, i) => {
        const from = before;
        before += inputShapes[i]![axis]!;
        return box?.map((range, j) => (j === axis ? { start: range.start + from, stop: range.stop + from } : range));
      }));
    },
    part: (output, { inputShapes, attributes: { axis } }) => {
      let before = 0;
      return { inputs: inputShapes.map((shape) => {
        const from = before;
        before += shape[axis]!;
        const start = Math.min(shape[axis]!, Math.max(0, output[axis]!.start - from));
        return output.map((range, j) => (j === axis ? { start, stop: Math.max(start, Math.min(shape[axis]!, range.stop - from)) } : range));
      }) };
    },
  },

  sum: {
    reach: ([x], { attributes: { axes } }) => x?.filter((_, axis) => !axes.includes(axis)),
    part: (output, { inputShapes: [from], attributes: { axes } }) => {
      let kept = 0;
      return { inputs: [from!.map((length, axis) => (axes.includes(axis) ? wholeRange(length) : output[kept++]!))] };
    },
  },

  argmax: {
    reach: ([x]) => x?.slice(0, -1),
    part: (output, { inputShapes: [from] }) => ({ inputs: [[...output, wholeRange(from!.at(-1)!)]] }),
  },

  logSumExp: {
    reach: ([x], { attributes: { axis } }) => x?.filter((_, i) => i !== axis),
    part: (output, { inputShapes: [from], attributes: { axis } }) => ({ inputs: [insertAxis(output, axis, from![axis]!)] }),
  },

  softmax: {
    reach: ([x], { shape, attributes: { axis } }) => x && along(axis, shape[axis]!, x),
    part: (output) => ({ inputs: [output] }),
  },

  cumsum: {
    reach: ([x], { shape, attributes: { axis } }) => x && along(axis, shape[axis]!, x),
    part: (output) => ({ inputs: [output] }),
  },

  matmul: {
    reach: ([a, b], { shape, attributes: { transposeLeft, transposeRight } }) => {
      const [rows, columns] = shape.slice(-2).map(wholeRange) as [Range, Range];
      return hull([
        a && [...a.slice(0, -2), a.at(transposeLeft ? -1 : -2)!, columns],
        b && [...b.slice(0, -2), rows, b.at(transposeRight ? -2 : -1)!],
      ]);
    },
    part: (output, { inputShapes: [a], attributes: { transposeLeft, transposeRight } }) => {
      const lead = output.slice(0, -2);
      const [rows, columns] = output.slice(-2) as [Range, Range];
      const depth = wholeRange(a!.at(transposeLeft ? -2 : -1)!);
      return { inputs: [
        [...lead, ...(transposeLeft ? [depth, rows] : [rows, depth])],
        [...lead, ...(transposeRight ? [columns, depth] : [depth, columns])],
      ] };
    },
  },

  // Whole planes; channels within one group, or whole groups.
  convolution: {
    reach: ([x, w], { shape, inputShapes, attributes: { groups } }) => {
      const planes = shape.slice(2).map(wholeRange);
      const [inputs, outputs] = [inputShapes[0]![1]! / groups, shape[1]! / groups];
      const reached = x && { start: Math.floor(x[1]!.start / inputs) * outputs, stop: Math.ceil(x[1]!.stop / inputs) * outputs };
      const around = hull([x && [x[0]!, reached!, ...planes], w && [wholeRange(shape[0]!), w[0]!, ...planes]]);
      return around && [around[0]!, wholeGroups(around[1]!, outputs), ...planes];
    },
    part: (output, { shape, inputShapes: [x, w], attributes }) => {
      const inputs = x![1]! / attributes.groups;
      const outputs = shape[1]! / attributes.groups;
      const first = Math.floor(output[1]!.start / outputs);
      const groups = Math.ceil(output[1]!.stop / outputs) - first;
      const channels = { start: first * inputs, stop: (first + groups) * inputs };
      return {
        inputs: [[output[0]!, channels, ...x!.slice(2).map(wholeRange)], [output[1]!, ...wholeBox(w!.slice(1))]],
        attributes: { ...attributes, groups },
      };
    },
  },

  windowSum: { reach: windowReach, part: windowPart },
  windowSpread: { reach: windowReach, part: windowPart },
  windowArgmax: { reach: windowReach, part: windowPart },

  gather: {
    reach: ([table, indices], { shape, inputShapes, attributes: { batchAxes } }) => {
      const picks = inputShapes[1]!.length;
      const whole = wholeBox(shape);
      return hull([
        table && [...table.slice(0, batchAxes), ...whole.slice(batchAxes, picks), ...table.slice(batchAxes + 1)],
        indices && [...indices, ...whole.slice(picks)],
      ]);
    },
    part: (output, { inputShapes: [table, indices], attributes: { batchAxes } }) => ({
      inputs: [
        [...output.slice(0, batchAxes), wholeRange(table![batchAxes]!), ...output.slice(indices!.length)],
        output.slice(0, indices!.length),
      ],
    }),
  },

  scatterAdd: {
    reach: ([values, indices], { shape, inputShapes, attributes: { batchAxes } }) => {
      const picks = inputShapes[1]!.length;
      const whole = wholeBox(shape);
      return hull([
        values && [...values.slice(0, batchAxes), whole[batchAxes]!, ...values.slice(picks)],
        indices && [...indices.slice(0, batchAxes), ...whole.slice(batchAxes)],
      ]);
    },
    part: (output, { inputShapes: [, indices], attributes: { batchAxes } }) => {
      const picked = [...output.slice(0, batchAxes), ...indices!.slice(batchAxes).map(wholeRange)];
      return { inputs: [[...picked, ...output.slice(batchAxes + 1)], picked] };
    },
  },
};

function windowReach([x]: readonly (Box | undefined)[], call: Call<{ readonly windows: readonly unknown[] }>): Box | undefined {
  return independent(call.attributes.windows.length).reach([x], call);
}

function windowPart(output: Box, { inputShapes: [from], attributes: { windows } }: Call<{ readonly windows: readonly unknown[] }>): Part {
  const lead = output.slice(0, -windows.length);
  return { inputs: [[...lead, ...from!.slice(-windows.length).map(wholeRange)]] };
}

/** The rule of a primitive; without one, a change reaches everything. */
export function ruleOf(name: PrimitiveName): Rule<unknown> {
  const rule = rules[name] as Rule<unknown> | undefined;
  return rule ?? (primitives[name].range ? entrywiseRule : everything);
}

const everything: Rule<unknown> = {
  reach: (changed, { shape }) => (changed.some((box) => box !== undefined) ? wholeBox(shape) : undefined),
};

