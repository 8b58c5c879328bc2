// Receptive fields on any graph: which part of each input a unit of a tensor depends on.
// Each axis of an input is followed through the graph (axis-field.ts); where branches meet, the union is taken.

import type { Dependence } from '../layers/dependence';
import { atPlace, type AxisField, intervalOf, isUniform, itself, joinFields, placesOf, sameStride, seesOnePlace, sizesOf, strideOf, throughWindow } from './axis-field';
import type { AnyNode, GraphNode, Tensor } from './graph';

/** How one axis of an input is seen from a tensor. */
interface InputAxis {
  /** By the tensor's axis; most often there is one. Under `everywhere` what all units see alike. */
  readonly along: ReadonlyMap<number, AxisField>;
  /** Every unit sees the whole axis; the first node after which that is so. */
  readonly all?: AnyNode | 'input';
  /** Treated as channels by the first layer that mixes it. */
  readonly channel: boolean;
  /** Seen in a way that no interval describes. */
  readonly unknown?: string;
}

/** In the place of a tensor's axis: the field does not move with the unit, since one place was picked. */
const everywhere = -1;

/** How every axis of one input is seen. */
type InputField = readonly InputAxis[];

/** By input tensor. */
type Field = ReadonlyMap<Tensor, InputField>;

export type AxisReport =
  | {
      readonly kind: 'window';
      /** The greatest size of any unit's field; behind enlargements the least may be smaller. */
      readonly size: number;
      readonly least?: number;
      /** How far apart neighbours look; 0 where all units see the same place. */
      readonly stride: number;
      /** How far the first and the last unit reach out of the input; undefined where units of several axes have moved against their places. */
      readonly before: number | undefined;
      readonly after: number | undefined;
    }
  | { readonly kind: 'all'; readonly since: AnyNode | undefined }
  | { readonly kind: 'unknown'; readonly reason: string };

/** The receptive field of a tensor in one input: an entry for each positional axis of the input. */
export interface ReceptiveField {
  readonly input: Tensor;
  readonly axes: readonly AxisReport[];
  /** Every positional axis is seen whole. */
  readonly global: boolean;
}

/** Operands of one operation that look at an axis of an input from different middles. */
export interface Misalignment {
  readonly input: Tensor;
  readonly axis: number;
  /** The greatest distance of two middles, in places of the input; undefined where even the strides differ. */
  readonly offset: number | undefined;
  /** Those two; where the strides differ, the one with the least and the one with the greatest. */
  readonly branches: readonly Branch[];
}

/** How one operand looks at an axis of an input along an axis of the output. */
export interface Branch {
  readonly operand: Tensor;
  readonly along: number;
  readonly field: AxisField;
}

export class ReceptiveFields {
  private readonly fields = new Map<Tensor, Field>();

  /** The receptive fields of a tensor, one for each input that it depends on and that has positions. */
  of(tensor: Tensor): readonly ReceptiveField[] {
    const found: ReceptiveField[] = [];
    for (const [input, axes] of this.field(tensor)) {
      const report = positionalAxes(input, axes).map((axis) => reportAxis(axes[axis]!, input.type.shape[axis]!));
      if (report.length === 0) continue;
      found.push({ input, axes: report, global: report.every((axis) => axis.kind === 'all') });
    }
    return found;
  }

  /** The first and the last place along an axis of an input that one unit sees, as if the input had no ends; undefined where that is no interval. */
  interval(tensor: Tensor, unit: readonly number[], input: Tensor, axis: number): readonly [first: number, last: number] | undefined {
    const seen = this.field(tensor).get(input)?.[axis];
    const [entry, second] = [...(seen?.along ?? [])];
    if (entry === undefined || second !== undefined || seen!.all !== undefined || seen!.unknown !== undefined) return undefined;
    const [key, field] = entry;
    return intervalOf(field, key === everywhere ? 0 : unit[key]!);
  }

  private field(tensor: Tensor): Field {
    const known = this.fields.get(tensor);
    if (known !== undefined) return known;
    // Deep graphs would overflow the stack: their ancestors are computed first, in order.
    const pending: Tensor[] = [tensor];
    while (pending.length > 0) {
      const next = pending.at(-1)!;
      const missing = ancestors(next).filter((other) => !this.fields.has(other));
      if (missing.length > 0) {
        pending.push(...missing);
        continue;
      }
      pending.pop();
      if (!this.fields.has(next)) this.fields.set(next, this.compute(next));
    }
    return this.fields.get(tensor)!;
  }

  private compute(tensor: Tensor): Field {
    const { source } = tensor;
    if (source.kind === 'input') {
      const axes = tensor.type.shape.map((_, axis): InputAxis => ({ along: new Map([[axis, itself]]), channel: false }));
      return new Map([[tensor, axes]]);
    }
    if (source.kind !== 'node' || source.node.kind !== 'operation') return new Map();
    const { node } = source;
    const { dependence: common, dependences } = node.effect;
    const dependence = dependences?.[node.outputs.indexOf(tensor)] ?? common;
    const merged = new Map<Tensor, InputField>();
    for (const [input, fields] of this.throughOperands(node, dependence)) {
      merged.set(input, fields.reduce((before, after) => before.map((axis, at) => union(axis, after[at]!, dependence.joinedAlong))));
    }
    return merged;
  }

  /** How each input is seen through each operand that depends on it. */
  private throughOperands(node: GraphNode, dependence: Dependence): ReadonlyMap<Tensor, readonly InputField[]> {
    const found = new Map<Tensor, InputField[]>();
    for (const [index, operand] of node.inputs.entries()) {
      for (const [input, axes] of this.field(operand)) {
        const through = axes.map((axis) => passThrough(axis, dependence, index, node));
        const known = found.get(input);
        if (known === undefined) found.set(input, [through]);
        else known.push(through);
      }
    }
    return found;
  }

  /** Where branches meet that look at an input from different middles, as after a crop on one side or an uneven padding. */
  misalignmentsAt(node: AnyNode): readonly Misalignment[] {
    if (node.kind !== 'operation' || node.inputs.length < 2) return [];
    const { dependence } = node.effect;
    const found: Misalignment[] = [];
    for (const [input, through] of this.throughOperands(node, dependence)) {
      const operands = node.inputs.filter((operand) => this.field(operand).has(input));
      for (const axis of input.type.shape.keys()) {
        const seen = through.map((operand) => operand[axis]!);
        if (seen.some(({ all, unknown }) => all !== undefined || unknown !== undefined)) continue;
        for (const key of seen[0]!.along.keys()) {
          if (key === everywhere || key === dependence.joinedAlong) continue;
          const branches = seen.flatMap(({ along }, at): Branch[] => {
            const field = along.get(key);
            return field === undefined ? [] : [{ operand: operands[at]!, along: key, field }];
          });
          if (!branches.every(({ field }) => sameStride(field, branches[0]!.field))) {
            const [slowest, ...others] = [...branches].sort((a, b) => strideOf(a.field) - strideOf(b.field));
            found.push({ input, axis, offset: undefined, branches: [slowest!, others.at(-1)!] });
            continue;
          }
          const middles = branches.map(({ field }) => placesOf(field).middle);
          const [least, greatest] = [Math.min(...middles), Math.max(...middles)];
          if (greatest - least > rounding) found.push({ input, axis, offset: greatest - least, branches: [branches[middles.indexOf(least)]!, branches[middles.indexOf(greatest)]!] });
        }
      }
    }
    return found;
  }
}

/** Middles of thirds leave rounding errors. */
const rounding = 1e-9;

function ancestors(tensor: Tensor): readonly Tensor[] {
  return tensor.source.kind === 'node' ? tensor.source.node.inputs : [];
}

/** How an input axis is seen behind an operation that sees it through one of its operands. */
function passThrough(axis: InputAxis, dependence: Dependence, operand: number, node: AnyNode): InputAxis {
  let { all, channel, unknown } = axis;
  const along = new Map<number, AxisField>();
  const put = (key: number, field: AxisField): void => {
    const before = along.get(key);
    const joined = before === undefined ? field : joinFields(before, field);
    if (joined === undefined) unknown ??= 'branches with different strides meet';
    else along.set(key, joined);
  };
  const pick = (field: AxisField, at: number, fromEnd: number): void => {
    // Without the place, units that see different lengths leave it open.
    if (field.merged || (Number.isNaN(at) && !isUniform(field))) unknown ??= 'one position is picked';
    else put(everywhere, atPlace(field, at, fromEnd));
  };
  for (const [seenAlong, field] of axis.along) {
    if (seenAlong === everywhere) {
      put(everywhere, field);
      continue;
    }
    const picked = dependence.picked?.find((each) => each.input === operand && each.axis === seenAlong);
    if (picked !== undefined) {
      pick(field, picked.at, picked.fromEnd);
      continue;
    }
    const mixed = dependence.mixed.find((each) => each.input === operand && each.axis === seenAlong);
    if (mixed !== undefined) {
      // A layer that treats the axis as channels does so only if nothing has given it positions before.
      if (mixed.as === 'channel' && axis.along.size === 1 && seesOnePlace(field) && !field.merged) channel = true;
      all ??= node;
      continue;
    }
    if (dependence.stretched?.some((each) => each.input === operand && each.axis === seenAlong) === true && all === undefined) {
      pick(field, 0, 0);
      continue;
    }
    for (const window of dependence.windows) {
      if (window.input !== operand || window.from !== seenAlong) continue;
      if (Number.isNaN(window.stride)) {
        unknown ??= 'the windows are not the same at all places, or not known';
        continue;
      }
      const seen = throughWindow(field, window);
      if (seen === undefined) {
        unknown ??= field.merged ? 'a window slides over several axes in one' : 'the units repeat too rarely to be followed';
        continue;
      }
      put(window.to, dependence.merged === true ? { ...seen, merged: true } : seen);
    }
  }
  return { along, all, channel, unknown };
}

/** What two operands together see. */
function union(a: InputAxis, b: InputAxis, joinedAlong: number | undefined): InputAxis {
  const along = new Map(a.along);
  let unknown = a.unknown ?? b.unknown;
  for (const [axis, field] of b.along) {
    const before = along.get(axis);
    if (before !== undefined && axis === joinedAlong) {
      unknown ??= 'the parts of one axis look at different places';
      continue;
    }
    const joined = before === undefined ? field : joinFields(before, field);
    if (joined === undefined) unknown ??= 'branches with different strides meet';
    else along.set(axis, joined);
  }
  return { along, all: a.all ?? b.all, channel: a.channel || b.channel, unknown };
}

/**
 * The axes of an input that count as positions: all but the channels. Channels are what the first mixing layer treats
 * as such; where none does, the first axis of a float input, as in [C, H, W]. Every axis of an int input is positional.
 */
function positionalAxes(input: Tensor, axes: InputField): readonly number[] {
  const all = axes.map((_, axis) => axis);
  if (axes.some((axis) => axis.channel)) return all.filter((axis) => !axes[axis]!.channel);
  return input.type.element === 'int' ? all : all.slice(1);
}

function reportAxis(axis: InputAxis, length: unknown): AxisReport {
  if (axis.all !== undefined) return { kind: 'all', since: axis.all === 'input' ? undefined : axis.all };
  if (axis.unknown !== undefined) return { kind: 'unknown', reason: axis.unknown };
  const [field, second] = [...axis.along.values()];
  if (field === undefined) {
    return length === 1
      ? { kind: 'window', size: 1, stride: 1, before: 0, after: 0 }
      : { kind: 'unknown', reason: 'this axis is not followed through the operations' };
  }
  if (second !== undefined) return { kind: 'unknown', reason: axis.along.has(everywhere) ? 'a single place is spread over all positions' : 'one axis is seen along several' };
  const [least, size] = sizesOf(field);
  return {
    kind: 'window',
    size,
    ...(least < size && { least }),
    stride: strideOf(field),
    before: field.moved === 0 ? Math.max(0, -field.low[0]!) : undefined,
    after: field.moved === 0 ? Math.max(0, -field.lowFromEnd[0]!) : undefined,
  };
}
