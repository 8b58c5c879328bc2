// `x[…]`: items and slices of lists, and of tensors through the catalog's index function.

import type * as ast from '../../../grammar/ast';
import { functions } from '../layers/catalog';
import type { IndexItem } from '../layers/indexing';
import type { Dimension } from '../symbolic/dimension';
import { applyOperation } from './apply';
import { evaluate } from './evaluate';
import type { Tensor } from './graph';
import { at, type Context } from './run';
import { describe, list, toNumber, unknown, type Value } from './values';

export function evaluateIndex(context: Context, node: ast.Index): Value {
  const object = evaluate(context, node.object);
  if (object.kind === 'unknown') return unknown;
  if (object.kind === 'list') return indexList(context, node, object.items);
  if (object.kind === 'tensor') return indexTensor(context, node, object.tensor);
  context.run.report(context, {
    code: 'wrong-operand',
    place: at(context, node.object),
    message: `lists and tensors have items, but this is ${describe(object)}`,
  });
  return unknown;
}

/** An integer that is known; undefined, and reported, otherwise. */
function integerOf(context: Context, node: ast.Expression): number | undefined {
  const value = evaluate(context, node);
  const number = toNumber(value);
  if (number !== undefined && Number.isInteger(number)) return number;
  if (value.kind !== 'unknown') {
    context.run.report(context, { code: 'wrong-operand', place: at(context, node), message: `an index is an integer that is known while analysing, but this is ${describe(value)}` });
  }
  return undefined;
}

/** A size that may depend on free dimensions; undefined, and reported, for anything else. */
function placeIn(context: Context, node: ast.Expression): Dimension | undefined {
  const value = evaluate(context, node);
  if (value.kind === 'size') return value.value;
  const number = toNumber(value);
  if (number !== undefined && Number.isInteger(number)) return number;
  if (value.kind !== 'unknown') {
    context.run.report(context, { code: 'wrong-operand', place: at(context, node), message: `an index is an integer, but this is ${describe(value)}` });
  }
  return undefined;
}

type Bounds<T> = readonly [start: T | null, stop: T | null, step: number | null];

/** The parts of a slice; undefined where one is wrong. */
function boundsOf<T>(context: Context, slice: ast.Slice, bound: (context: Context, node: ast.Expression) => T | undefined): Bounds<T> | undefined {
  const [start, stop] = [slice.start, slice.stop].map((part) => (part === undefined ? null : bound(context, part)));
  const step = slice.step === undefined ? null : integerOf(context, slice.step);
  if (start === undefined || stop === undefined || step === undefined) return undefined;
  if (step === 0) {
    context.run.report(context, { code: 'wrong-operand', place: at(context, slice), message: 'the step of a slice cannot be 0' });
    return undefined;
  }
  return [start, stop, step];
}

function indexList(context: Context, node: ast.Index, items: readonly Value[]): Value {
  const [item, second] = node.items;
  if (item === undefined || second !== undefined || item.kind === 'ellipsis') {
    context.run.report(context, { code: 'wrong-operand', place: at(context, node), message: 'a list takes one index or one slice' });
    return unknown;
  }
  if (item.kind === 'slice') {
    const bounds = boundsOf(context, item, integerOf);
    return bounds === undefined ? unknown : list(sliceOf(items, bounds));
  }
  const index = integerOf(context, item);
  if (index === undefined) return unknown;
  const found = items.at(index);
  if (found !== undefined && index >= -items.length) return found;
  context.run.report(context, {
    code: 'index-out-of-range',
    place: at(context, item),
    message: `the list has ${String(items.length)} ${items.length === 1 ? 'item' : 'items'}, so there is no item ${String(index)}`,
    data: { sizes: [items.length - 1, -items.length] },
  });
  return unknown;
}

/** Python's slice. */
function sliceOf<T>(items: readonly T[], [start, stop, step]: Bounds<number>): readonly T[] {
  const stride = step ?? 1;
  const { length } = items;
  const place = (bound: number | null, otherwise: number, low: number, high: number): number =>
    bound === null ? otherwise : Math.max(low, Math.min(high, bound < 0 ? bound + length : bound));
  const found: T[] = [];
  if (stride > 0) {
    for (let i = place(start, 0, 0, length); i < place(stop, length, 0, length); i += stride) found.push(items[i]!);
  } else {
    for (let i = place(start, length - 1, -1, length - 1); i > place(stop, -1, -1, length - 1); i += stride) found.push(items[i]!);
  }
  return found;
}

function indexTensor(context: Context, node: ast.Index, object: Tensor): Value {
  const further: Tensor[] = [];
  const items: IndexItem[] = [];
  const added = node.items.filter(({ kind }) => kind === 'none').length;
  const { rank } = context.run.limits;
  if (object.type.shape.length + added > 2 * rank) {
    context.run.report(context, { code: 'rank-too-high', place: at(context, node), message: `tensors may have up to ${String(rank)} dimensions, but ${added.toLocaleString('en-US')} are added here` });
    return unknown;
  }
  for (const item of node.items) {
    if (item.kind === 'ellipsis') items.push('ellipsis');
    else if (item.kind === 'none') items.push('newaxis');
    else if (item.kind === 'slice') {
      const bounds = boundsOf(context, item, placeIn);
      if (bounds === undefined) return unknown;
      items.push({ slice: bounds });
    } else {
      const value = evaluate(context, item);
      if (value.kind === 'unknown') return unknown;
      const number = toNumber(value);
      if (value.kind === 'tensor') items.push({ tensor: further.push(value.tensor) });
      else if (value.kind === 'size') items.push({ integer: value.value });
      else if (number !== undefined && Number.isInteger(number)) items.push({ integer: number });
      else {
        context.run.report(context, { code: 'wrong-operand', place: at(context, item), message: `a tensor is indexed by integers, slices and int tensors, but this is ${describe(value)}` });
        return unknown;
      }
    }
  }
  return applyOperation(context, functions.get('index')!, { items }, [object, ...further], { place: at(context, node) });
}
