// Conditions that many shape rules share, with their messages.

import { type Dimension, print } from '../symbolic/dimension';
import type { Call } from './definition';
import { printShape } from './tensor';

/** Where a condition is asked: the types that come in, and who hears of a problem. */
export type Site = Pick<Call, 'inputs' | 'problem' | 'freeParameters'>;

/** The input has channels and `axes` spatial axes: `[C, H, W]`; of vectors another layer may take care. */
export function requireSpatial(call: Site, name: string, axes: number, ofVectors?: string): boolean {
  const { shape } = call.inputs[0]!;
  if (shape.length === axes + 1) return true;
  const wanted = ['', '[C, L]', '[C, H, W]', '[C, D, H, W]'][axes]!;
  const other = shape.length === 1 ? ofVectors : [1, 2, 3].includes(shape.length - 1) ? name.replace(/[123]d$/, `${String(shape.length - 1)}d`) : undefined;
  const ways = [
    ...(shape.length === axes && !name.includes('Norm') ? [`${axes === 1 ? 'a sequence' : axes === 2 ? 'an image' : 'a volume'} of one channel is ${printShape([1, ...shape])}`] : []),
    ...(shape.length > axes + 1 && (axes > 1 || other === undefined) ? ['the batch is never written'] : []),
    ...(other === undefined ? [] : [`${other} takes an input of this rank`]),
  ];
  call.problem({
    code: 'wrong-rank',
    message: `${name} takes an input ${wanted}, but gets ${printShape(shape)}, of rank ${String(shape.length)}; ${ways.length === 0 ? 'an Unflatten in front restores the axes' : ways.join(', and ')}`,
    data: { names: other === undefined ? [] : [other], sizes: [axes + 1] },
  });
  return false;
}

/** The input has at least this rank. */
export function requireRank(call: Site, name: string, least: number): boolean {
  const { shape } = call.inputs[0]!;
  if (shape.length >= least) return true;
  call.problem({
    code: 'wrong-rank',
    message: `${name} takes an input of rank ${String(least)} or more, but gets ${printShape(shape)}`,
  });
  return false;
}

/** The input holds floats. */
export function requireFloat(call: Site, name: string): boolean {
  const wrong = call.inputs.find((input) => input.element !== 'float');
  if (wrong === undefined) return true;
  call.problem({
    code: 'wrong-element',
    message: `${name} takes floats, but gets int${printShape(wrong.shape)}; an Embedding or one_hot turns indices into floats`,
    data: { element: 'float' },
  });
  return false;
}

/** An error for a parameter whose shape depends on a free dimension; any size may be one where nothing runs. */
export function requireFixed(call: Site, name: string, what: string, dimension: Dimension): boolean {
  return call.freeParameters === true || requireNumber(call, name, what, dimension);
}

/** A size as the number that it is wherever a network runs. */
export function known(dimension: Dimension): number {
  return typeof dimension === 'number' ? dimension : NaN;
}

/** Of several sizes those that are numbers. */
export function knownAmong(...dimensions: readonly Dimension[]): readonly number[] {
  return dimensions.filter((dimension) => typeof dimension === 'number');
}

/** The same, for rules that only work on numbers. */
export function requireNumber(call: Site, name: string, what: string, dimension: Dimension): dimension is number {
  if (typeof dimension === 'number') return true;
  call.problem({
    code: 'free-parameter-shape',
    message:
      `${what} of ${name} would depend on the free dimension in ${print(dimension)}, and parameters have fixed shapes; ` +
      'write a number for it in the input, or pool it away first',
  });
  return false;
}

/** Position of an axis that may count from the end; undefined (and reported) out of range. */
export function resolveAxis(
  call: Pick<Call, 'problem'>,
  dim: number,
  rank: number,
  argument = 'dim',
): number | undefined {
  const axis = dim < 0 ? dim + rank : dim;
  if (axis >= 0 && axis < rank) return axis;
  const nearest = dim < 0 ? -rank : rank - 1;
  return call.problem({
    code: 'axis-out-of-range',
    argument,
    message: `${argument} = ${String(dim)} is outside a tensor of rank ${String(rank)}: it counts from 0 to ${String(rank - 1)}, or from -1 to -${String(rank)} from the end`,
    fix: rank === 0 || argument !== 'dim' ? undefined : { title: `Use ${argument} = ${String(nearest)}`, argument, value: String(nearest) },
  });
}

/** The fix that makes a number of parts the nearest one below it that divides all of the sizes; none for free sizes. */
export function dividingFix(argument: string, wanted: number, ...sizes: readonly Dimension[]): { title: string; argument: string; value: string } | undefined {
  for (let parts = wanted; parts >= 1; parts--) {
    if (!sizes.every((size) => typeof size === 'number' && size % parts === 0)) continue;
    return { title: `Use ${argument} = ${String(parts)}`, argument, value: String(parts) };
  }
  return undefined;
}
