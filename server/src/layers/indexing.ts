// Indexing x[…]: integers, slices, new axes and int tensors; and one_hot, its counterpart.

import { counted } from '../base/words';
import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, floorDivide, minimum, multiply, print, subtract } from '../symbolic/dimension';
import { type ArgumentDefinition, integer } from './arguments';
import { broadcastShapes, commonBatch } from './broadcast';
import { knownAmong } from './check';
import { type Call, type FunctionOperation, oneInput, tensorFunction, torchPage } from './definition';
import { type AxisWindow, type Dependence, identity, type MixedAxis, numberOrNaN, type PickedAxis, unevenWindow } from './dependence';
import { printShape } from './tensor';
import { noWork } from './work';

/** What stands between the brackets, as the evaluator hands it over. */
export type IndexItem =
  | { readonly integer: Dimension }
  | { readonly slice: readonly [start: Dimension | null, stop: Dimension | null, step: number | null] }
  | 'ellipsis'
  | 'newaxis'
  /** The input with this number, an int tensor: 1 is the first behind the indexed tensor. */
  | { readonly tensor: number };

interface IndexArguments {
  readonly items: readonly IndexItem[];
}

/** What one axis of the input comes to. */
type Selection =
  | { readonly kind: 'at'; readonly axis: number; readonly place: Dimension }
  | { readonly kind: 'slice'; readonly axis: number; readonly start: Dimension; readonly step: number; readonly size: Dimension }
  | { readonly kind: 'new' }
  | { readonly kind: 'gather'; readonly axis: number; readonly input: number };

/** Built by the evaluator, never read from text. */
const items: ArgumentDefinition<readonly IndexItem[]> = {
  documentation: 'Integers, slices start:stop:step, none for a new axis, … for all axes between, and int tensors.',
  accepts: 'what stands between brackets',
  read: () => ({ problem: 'is written between brackets: x[…]' }),
};

function selectionsOf(call: Call<IndexArguments>): readonly Selection[] | undefined {
  const { shape } = call.inputs[0]!;
  const written = call.arguments.items;
  const consuming = written.filter((item) => item !== 'ellipsis' && item !== 'newaxis').length;
  if (consuming > shape.length) {
    return call.problem({
      code: 'too-many-indices',
      message: `${printShape(shape)} has ${counted(shape.length, 'axis', 'axes')}, but ${consuming === 1 ? '1 index is' : `${String(consuming)} indices are`} given`,
    });
  }
  if (written.filter((item) => item === 'ellipsis').length > 1) {
    return call.problem({ code: 'repeated-ellipsis', message: 'an index can only have one …, since it stands for all axes between' });
  }
  const selections: Selection[] = [];
  let axis = 0;
  const takeWhole = (count: number): void => {
    for (let k = 0; k < count; k++, axis++) selections.push({ kind: 'slice', axis, start: 0, step: 1, size: shape[axis]! });
  };
  for (const item of written) {
    if (item === 'ellipsis') takeWhole(shape.length - consuming);
    else if (item === 'newaxis') selections.push({ kind: 'new' });
    else {
      const selection = 'integer' in item ? atPlace(call, axis, item.integer) : 'slice' in item ? sliced(call, axis, item.slice) : gathered(call, axis, item.tensor);
      if (selection === undefined) return undefined;
      selections.push(selection);
      axis++;
    }
  }
  takeWhole(shape.length - axis);
  return selections;
}

function atPlace(call: Call<IndexArguments>, axis: number, index: Dimension): Selection | undefined {
  const size = call.inputs[0]!.shape[axis]!;
  const place = call.requireAtLeast(index, 0) ? index : add(size, index);
  // 0 ≤ place ≤ size − 1
  if (call.requireAtLeast(place, 0) && call.requireAtLeast(subtract(subtract(size, 1), place), 0)) return { kind: 'at', axis, place };
  return call.problem({
    code: 'index-out-of-range',
    message: `index ${print(index)} is outside axis ${String(axis)}, whose size is ${print(size)}: it counts from 0 to ${print(subtract(size, 1))}, or from -1 to ${print(subtract(0, size))} from the end`,
    data: { sizes: knownAmong(subtract(size, 1), subtract(0, size)) },
  });
}

/**
 * A bound as Python reads it: counted from the end if negative, and kept within 0 … size. Where a free dimension decides
 * its sign, it counts from the front, which is then required.
 */
function boundOf(call: Call<IndexArguments>, bound: Dimension, size: Dimension): Dimension {
  if (call.requireAtLeast(bound, 0)) return minimum(bound, size);
  // size − min(−bound, size) is max(size + bound, 0), and what is left behind it is the plain minimum.
  return bound === -1 ? subtract(size, 1) : subtract(size, minimum(multiply(-1, bound), size));
}

function sliced(call: Call<IndexArguments>, axis: number, [from, to, by]: readonly [Dimension | null, Dimension | null, number | null]): Selection | undefined {
  const size = call.inputs[0]!.shape[axis]!;
  const step = by ?? 1;
  if (!(step >= 1 && Number.isInteger(step))) {
    return call.problem({ code: 'slice-step-below-one', message: `the step of a slice must be an integer ≥ 1, but is ${String(step)}; flip(x, ${String(axis)}) reverses an axis` });
  }
  const stop = to === null ? size : boundOf(call, to, size);
  // Where anything is left, the start lies before the end, and needs no upper bound.
  const start = from === null ? 0 : typeof from === 'number' && from >= 0 ? from : boundOf(call, from, size);
  const count = floorDivide(add(subtract(stop, start), step - 1), step)!;
  if (call.requireAtLeast(count, 1)) return { kind: 'slice', axis, start, step, size: count };
  return call.problem({
    code: 'empty-slice',
    message: `the slice ${from === null ? '' : print(from)}:${to === null ? '' : print(to)} of axis ${String(axis)}, whose size is ${print(size)}, is empty`,
  });
}

function gathered(call: Call<IndexArguments>, axis: number, input: number): Selection | undefined {
  const type = call.inputs[input]!;
  if (type.element === 'int') return { kind: 'gather', axis, input };
  return call.problem({ code: 'wrong-element', message: `an index must be an int tensor, but is floats ${printShape(type.shape)}; int(…) truncates`, data: { element: 'int' } });
}

const index = tensorFunction<IndexArguments>({
  name: 'index',
  summary: 'Picks entries: x[i], x[a:b], x[:, 0], x[..., ::2], x[ids].',
  formula: 'as in NumPy and PyTorch',
  source: 'https://docs.pytorch.org/docs/stable/tensor_view.html',
  keeps: [],
  rearranges: true,
  work: noWork,
  inputs: [...oneInput, { name: 'indices', variadic: true }],
  // The axes that int tensors pick from are those that they mix, in their order.
  indexBound: (input, types, { dependence }) => (input === 0 ? undefined : types[0]!.shape[dependence.mixed[input - 1]!.axis]),
  arguments: { items },
  infer(call) {
    const selections = selectionsOf(call);
    if (selections === undefined) return undefined;
    const { element, shape } = call.inputs[0]!;
    const gathers = selections.filter((selection) => selection.kind === 'gather');
    const rows = broadcastShapes(call, 'an index', gathers.map(({ input }) => call.inputs[input]!.shape));
    if (rows === undefined) return undefined;

    const spot = placeOfRows(selections);
    const result: Dimension[] = [];
    const windows: AxisWindow[] = [];
    const mixed: MixedAxis[] = [];
    const picked: PickedAxis[] = [];
    for (const [position, selection] of selections.entries()) {
      if (position === spot) result.push(...rows);
      if (selection.kind === 'new') result.push(1);
      else if (selection.kind === 'at') {
        const fromEnd = subtract(subtract(shape[selection.axis]!, 1), selection.place);
        picked.push({ input: 0, axis: selection.axis, at: numberOrNaN(selection.place), fromEnd: numberOrNaN(fromEnd) });
      }
      else if (selection.kind === 'gather') mixed.push({ input: 0, axis: selection.axis, as: 'position' });
      else {
        windows.push(sliceWindow(selection, result.length, shape[selection.axis]!));
        result.push(selection.size);
      }
    }
    for (const { input } of gathers) {
      const own = call.inputs[input]!.shape;
      const start = rowsStart(selections, spot);
      windows.push(...own.map((_, axis) => identity(input, axis, start + rows.length - own.length + axis)));
    }
    const dependence: Dependence = { windows, mixed, picked };
    return {
      output: { element, shape: result },
      dependence,
      execute: ({ builder, inputs }) => pick(builder, inputs, selections, rows as readonly number[], result as readonly number[]),
    };
  },
});

/** In front of which selection the rows of int tensors come: where the first stands if all are neighbours, else in front. */
function placeOfRows(selections: readonly Selection[]): number | undefined {
  const places = selections.flatMap((selection, position) => (selection.kind === 'gather' ? [position] : []));
  if (places.length === 0) return undefined;
  // An integer picks its axis before the tensors index, so it does not stand between them.
  const between = selections.slice(places[0], places.at(-1)! + 1).some((selection) => selection.kind === 'slice' || selection.kind === 'new');
  return between ? 0 : places[0];
}

/** The output axis where the rows begin. */
function rowsStart(selections: readonly Selection[], spot: number | undefined): number {
  return selections.slice(0, spot ?? 0).filter((selection) => selection.kind === 'slice' || selection.kind === 'new').length;
}

function sliceWindow({ axis, start, step, size }: Extract<Selection, { kind: 'slice' }>, to: number, whole: Dimension): AxisWindow {
  // What the slice leaves out is padding below zero.
  const unread = subtract(add(start, multiply(subtract(size, 1), step), 1), whole);
  if (typeof start !== 'number') return unevenWindow(0, axis, to);
  return { input: 0, from: axis, to, stride: step, extent: 1, before: -start, after: typeof unread === 'number' ? unread : 0 };
}

function pick(builder: Builder, inputs: readonly Ref[], selections: readonly Selection[], rows: readonly number[], result: readonly number[]): Ref {
  const [batch, ...sizes] = builder.shape(inputs[0]!);
  const starts = sizes.map(() => 0);
  const steps = sizes.map(() => 1);
  const shape = [...sizes];
  const kept: number[] = [];
  const gathers: { readonly axis: number; readonly input: number }[] = [];
  for (const selection of selections) {
    if (selection.kind === 'new') continue;
    if (selection.kind === 'gather') gathers.push(selection);
    else if (selection.kind === 'at') {
      starts[selection.axis] = selection.place as number;
      shape[selection.axis] = 1;
    } else {
      starts[selection.axis] = selection.start as number;
      steps[selection.axis] = selection.step;
      shape[selection.axis] = selection.size as number;
      kept.push(selection.axis);
    }
  }
  const part = builder.sliceGrid(inputs[0]!, { starts: [0, ...starts], steps: [1, ...steps], shape: [batch!, ...shape] });
  if (gathers.length === 0) return builder.reshape(part, [batch!, ...result]);

  // All indexed axes become one in front; its places are counted row by row.
  const indexed = gathers.map(({ axis }) => axis);
  const picked = sizes.flatMap((_, axis) => (kept.includes(axis) || indexed.includes(axis) ? [] : [axis]));
  const front = builder.transpose(part, [0, ...[...indexed, ...picked, ...kept].map((axis) => axis + 1)]);
  const lengths = indexed.map((axis) => sizes[axis]!);
  const table = builder.reshape(front, [batch!, lengths.reduce((a, b) => a * b, 1), ...kept.map((axis) => shape[axis]!)]);
  const places = placesOf(builder, gathers.map(({ input }) => inputs[input]!), lengths, rows);

  const shared = batch === 1;
  const common = shared ? [builder.reshape(table, builder.shape(table).slice(1)), places] : commonBatch(builder, [table, places]);
  const gatheredRows = builder.gather(common[0]!, common[1]!, shared ? 0 : 1);
  const total = builder.shape(gatheredRows)[0]!;
  const before = rowsStart(selections.filter((selection) => selection.kind !== 'new'), selections.filter((selection) => selection.kind !== 'new').findIndex((selection) => selection.kind === 'gather'));
  const inFront = placeOfRows(selections) === 0 ? 0 : before;
  const order = [
    ...kept.slice(0, inFront).map((_, k) => 1 + rows.length + k),
    ...rows.map((_, k) => 1 + k),
    ...kept.slice(inFront).map((_, k) => 1 + rows.length + inFront + k),
  ];
  return builder.reshape(builder.transpose(gatheredRows, [0, ...order]), [total, ...result]);
}

/** The places in the merged axis: Σ index · stride, where negative indices count from the end. */
function placesOf(builder: Builder, tensors: readonly Ref[], lengths: readonly number[], rows: readonly number[]): Ref {
  const wrapped = tensors.map((ref, k) => {
    const [batch, ...own] = builder.shape(ref);
    const wide = builder.reshape(ref, [batch!, ...rows.slice(0, rows.length - own.length).map(() => 1), ...own]);
    const fromEnd = builder.less(wide, builder.scalar(0));
    return builder.add(wide, builder.multiply(fromEnd, builder.scalar(lengths[k]!)));
  });
  const sum = wrapped.reduce((total, next, k) => builder.add(builder.multiply(total, builder.scalar(lengths[k]!)), next));
  return builder.broadcastTo(sum, [builder.shape(sum)[0]!, ...rows]);
}

const oneHot = tensorFunction<{ num_classes: number }>({
  name: 'one_hot',
  summary: 'Turns every index into a vector that is 1 at that place and 0 elsewhere.',
  formula: 'y[…, c] = 1 where x[…] = c, 0 elsewhere',
  source: torchPage('torch.nn.functional.one_hot'),
  keeps: [],
  work: noWork,
  inputs: oneInput,
  indexBound: (_input, _types, effect) => effect.output.shape.at(-1),
  arguments: { num_classes: integer({ minimum: 1, documentation: 'The number of classes: the length of each vector.' }) },
  infer(call) {
    const { element, shape } = call.inputs[0]!;
    const { num_classes } = call.arguments;
    if (element !== 'int') {
      return call.problem({ code: 'wrong-element', message: `one_hot takes an int tensor, but gets floats ${printShape(shape)}; int(…) truncates`, data: { element: 'int' } });
    }
    return {
      output: { element: 'float', shape: [...shape, num_classes] },
      dependence: { windows: shape.map((_, axis) => identity(0, axis, axis)), mixed: [] },
      execute: ({ builder, inputs }) => {
        const single = builder.reshape(inputs[0]!, [...builder.shape(inputs[0]!), 1]);
        const classes = builder.constant(Array.from({ length: num_classes }, (_, c) => c), [num_classes]);
        return builder.equal(single, classes);
      },
    };
  },
});

export const indexing: readonly FunctionOperation[] = [index, oneHot];
