// Which neighbouring instructions of a program can run as one loop nest, and that nest.

import { boxShape, boxSize } from '../incremental/box';
import type { Box } from '../incremental/box';
import { primitives } from '../primitives/table';
import type { AttributesOf, PrimitiveName, Program, Ref } from '../program';
import { sameShape, stridesOf } from '../shape';
import type { Shape } from '../shape';
import { isEntrywise } from './nest';
import type { Comparison, EntrywiseOperation, Level, NestNode } from './nest';

/** What a piecewise primitive does: nothing more than its values, say whether its branch is that of the base point, or keep to that branch. */
export type Branches = 'ignored' | 'watched' | 'kept';

export interface GroupingOptions {
  readonly program: Program;
  /** What is computed, ascending, and which part of each. */
  readonly refs: readonly Ref[];
  readonly boxOf: (ref: Ref) => Box;
  readonly branches: Branches;
  /** Whether an instruction may be computed in a loop nest at all. */
  readonly mayFuse: (ref: Ref) => boolean;
  /** What must be there in the end. */
  readonly wanted: ReadonlySet<Ref>;
  /** What an instruction that runs by itself reads, where that is not its inputs. */
  readonly readsOf?: (ref: Ref) => readonly Ref[] | undefined;
}

/** One for each loop of a nest: blocks, columns, rows, entries. */
export type Loops<T> = readonly [T, T, T, T];

/** A tensor that a nest reads or writes. */
export interface NestOperand {
  readonly ref: Ref;
  readonly source: 'current' | 'base';
  /** How many entries apart neighbours along each of the four loops lie, and along each axis of the tensor that the nest runs over. */
  readonly strides: Loops<number>;
  readonly axisStrides: readonly number[];
}

export interface Nest {
  readonly nodes: readonly NestNode[];
  readonly operands: readonly NestOperand[];
  readonly lengths: Loops<number>;
  /** The instruction over whose box the nest runs. */
  readonly over: Ref;
}

export type Item = { readonly kind: 'single'; readonly ref: Ref } | NestItem;

export interface NestItem {
  readonly kind: 'nest';
  readonly refs: readonly Ref[];
  readonly nest: Nest;
}

/** For each axis of a tensor, the axis of the domain that it runs along, or −1 where its length is 1. */
type AxisMap = readonly number[];

interface Value {
  readonly node: number;
  readonly map: AxisMap;
}

interface DraftOperand {
  readonly ref: Ref;
  readonly source: 'current' | 'base';
  readonly map: AxisMap;
  readonly shape: Shape;
}

type DraftNode = Exclude<NestNode, { kind: 'load' | 'store' }> | { readonly kind: 'load'; readonly operand: number };

const SIGNED: readonly string[] = ['relu', 'abs'];

/** The tensor whose buffer a reshaped one shares. */
export function storageOf(program: Program, ref: Ref): Ref {
  let root = ref;
  while (program.instructions[root]!.primitive === 'reshape') root = program.instructions[root]!.inputs[0]!;
  return root;
}

/**
 * Cuts what is computed into nests and single instructions, in an order in which they can run; what nobody reads is left out. The result depends on the
 * sizes of boxes, not on where they are.
 */
export function groupInstructions(options: GroupingOptions): Item[] {
  const { program, refs, wanted } = options;
  const readsOf = (ref: Ref): readonly Ref[] => options.readsOf?.(ref) ?? program.instructions[ref]!.inputs;
  const drafts: (Ref | Draft)[] = [];
  let open: Draft | undefined;
  const close = (): void => {
    if (open) drafts.push(...(open.size > 1 || open.watches || (open.size > 0 && (open.isSmall || open.repeats)) ? [open] : open.refs));
    open = undefined;
  };
  for (const ref of refs) {
    if (open?.append(ref)) continue;
    if (options.mayFuse(ref)) {
      const next = new Draft(options, ref);
      if (next.append(ref)) {
        close();
        open = next;
        continue;
      }
    }
    // What does not read from the open nest can run before it.
    if (open && readsOf(ref).some((input) => open!.has(storageOf(program, input)) || open!.has(input))) close();
    drafts.push(ref);
  }
  close();

  const needed = new Set([...wanted].map((ref) => storageOf(program, ref)));
  const items: Item[] = [];
  for (const draft of drafts.reverse()) {
    if (draft instanceof Draft) {
      const stored = draft.refs.filter((ref) => needed.has(ref));
      if (stored.length === 0 && !draft.watches) continue;
      const nest = draft.finish(stored);
      for (const { ref, source } of nest.operands) if (source === 'current') needed.add(ref);
      items.push({ kind: 'nest', refs: draft.refs, nest });
    } else {
      const { primitive } = program.instructions[draft]!;
      if (primitive === 'reshape') continue;
      if (!needed.has(draft) && !(options.branches === 'watched' && isPiecewise(primitive))) continue;
      for (const input of readsOf(draft)) needed.add(storageOf(program, input));
      items.push({ kind: 'single', ref: draft });
    }
  }
  return items.reverse();
}

function isPiecewise(primitive: PrimitiveName): boolean {
  return primitives[primitive].branchesDiffer !== undefined;
}

/** A tensor of the domain's shape runs along its axes. */
function ownAxes(shape: Shape): AxisMap {
  return shape.map((length, axis) => (length === 1 ? -1 : axis));
}

/** Rows shorter than this are not worth a loop, unless there are few entries in all. */
const SHORTEST_ROW = 4;
const FEW_ENTRIES = 64;
const SMALL = 1024;

/** A nest in the making. */
class Draft {
  readonly refs: Ref[] = [];
  watches = false;
  /** Whether it reads what is repeated where it stands once. */
  repeats = false;
  /** What the nest runs over: what its first instruction computes or sums up. */
  private readonly over: Ref;
  private readonly domain: Shape;
  private readonly box: Box;
  private readonly values = new Map<Ref, Value>();
  private readonly operands: DraftOperand[] = [];
  private readonly nodes: DraftNode[] = [];
  private reduced: ReadonlySet<number> | undefined;

  /** The first instruction says over which entries the nest runs. */
  constructor(private readonly options: GroupingOptions, private readonly first: Ref) {
    const { primitive, inputs } = options.program.instructions[first]!;
    this.over = primitive === 'sum' ? inputs[0]! : first;
    this.domain = options.program.instructions[this.over]!.shape;
    this.box = options.boxOf(this.over);
  }

  /** Whether a kernel of its own takes less time than the way there, so that even one instruction is worth a nest. */
  get isSmall(): boolean {
    return boxSize(this.box) <= SMALL;
  }

  get size(): number {
    return this.nodes.filter(({ kind }) => kind !== 'load').length;
  }

  has(ref: Ref): boolean {
    return this.values.has(ref);
  }

  /** Takes an instruction in, if it fits. */
  append(ref: Ref): boolean {
    if (!this.options.mayFuse(ref)) return false;
    const mark = [this.nodes.length, this.operands.length] as const;
    const { reduced, watches, repeats } = this;
    const value = this.valueOf(ref);
    if (value && this.fits(value.map, ref) && this.axes()) {
      this.values.set(ref, value);
      this.refs.push(ref);
      return true;
    }
    [this.nodes.length, this.operands.length] = mark;
    this.reduced = reduced;
    this.watches = watches;
    this.repeats = repeats;
    return false;
  }

  private instruction(ref: Ref): Program['instructions'][number] {
    return this.options.program.instructions[ref]!;
  }

  private valueOf(ref: Ref): Value | undefined {
    const { primitive, inputs, shape, attributes } = this.instruction(ref);
    if (isEntrywise(primitive)) return this.compute(ref, primitive);
    const input = this.values.get(inputs[0]!) ?? (ref === this.first && primitive === 'sum' ? this.domainOf(inputs[0]!) : undefined);
    if (!input) return undefined;
    const from = this.instruction(inputs[0]!).shape;
    switch (primitive) {
      case 'reshape':
        return renamed(input, from, shape);
      case 'broadcastTo':
        return this.broadcast(input, shape);
      case 'sum':
        return this.sum(input, (attributes as AttributesOf['sum']).axes);
      default:
        return undefined;
    }
  }

  /** The tensor that the nest runs over, read from memory. */
  private domainOf(ref: Ref): Value {
    const map = ownAxes(this.domain);
    return { node: this.read(ref, 'current', map), map };
  }

  private compute(ref: Ref, primitive: EntrywiseOperation & PrimitiveName): Value | undefined {
    const { inputs, shape } = this.instruction(ref);
    const known = inputs.map((input) => this.values.get(input)?.map).find((map) => map !== undefined);
    const map = known ?? (sameShape(shape, this.domain) ? ownAxes(shape) : undefined);
    if (!map || (!known && this.values.size > 0 && !sameShape(shape, this.domain))) return undefined;
    const nodes = inputs.map((input) => {
      const value = this.values.get(input);
      if (!value) return this.has(storageOf(this.options.program, input)) ? undefined : this.read(input, 'current', map);
      return value.map.length === map.length && value.map.every((axis, i) => axis === map[i]) ? value.node : undefined;
    });
    if (nodes.includes(undefined)) return undefined;
    return this.piecewise(ref, primitive, map, nodes as number[]);
  }

  private piecewise(ref: Ref, primitive: EntrywiseOperation & PrimitiveName, map: AxisMap, nodes: number[]): Value | undefined {
    const { inputs } = this.instruction(ref);
    const { branches } = this.options;
    const base = (of: Ref): number => this.read(of, 'base', map);
    let operation: EntrywiseOperation = primitive;
    if (isPiecewise(primitive) && branches !== 'ignored') {
      if (!this.isFull(map)) return undefined;
      if (branches === 'watched') {
        this.watches = true;
        if (SIGNED.includes(primitive)) this.compare('signsDiffer', nodes[0]!, base(inputs[0]!));
        else if (primitive === 'select') this.compare('choicesDiffer', nodes[0]!, base(inputs[0]!));
      } else if (primitive === 'relu') {
        operation = 'reluAlong';
        nodes = [nodes[0]!, base(inputs[0]!)];
      } else if (primitive === 'select') nodes = [base(inputs[0]!), nodes[1]!, nodes[2]!];
      else return undefined;
    }
    const node = this.nodes.push({ kind: 'compute', operation, inputs: nodes }) - 1;
    // Of what is constant on its pieces, the value is the branch.
    if (branches === 'watched' && ['step', 'equal', 'less', 'lessEqual'].includes(primitive)) this.compare('differ', node, base(ref));
    return { node, map };
  }

  private compare(comparison: Comparison, current: number, base: number): void {
    this.nodes.push({ kind: 'compare', comparison, inputs: [current, base] });
  }

  /** A value from outside: what is only repeated is read where it stands once. */
  private read(ref: Ref, source: 'current' | 'base', map: AxisMap): number {
    let { primitive, inputs, shape } = this.instruction(ref);
    while (primitive === 'broadcastTo' && !this.values.has(inputs[0]!)) {
      const from = this.instruction(inputs[0]!).shape;
      const missing = shape.length - from.length;
      map = from.map((length, axis) => (length === 1 ? -1 : map[axis + missing]!));
      ref = inputs[0]!;
      ({ primitive, inputs, shape } = this.instruction(ref));
      this.repeats = true;
    }
    const root = storageOf(this.options.program, ref);
    const same = this.operands.findIndex((other) =>
      other.ref === root && other.source === source && sameShape(other.shape, shape) && other.map.every((axis, i) => axis === map[i]));
    const known = this.nodes.findIndex((node) => node.kind === 'load' && node.operand === same);
    if (same >= 0 && known >= 0) return known;
    const operand = this.operands.push({ ref: root, source, map, shape }) - 1;
    return this.nodes.push({ kind: 'load', operand }) - 1;
  }

  private broadcast({ node, map }: Value, shape: Shape): Value | undefined {
    const missing = shape.length - map.length;
    if (sameShape(shape, this.domain)) {
      return map.every((axis, i) => axis === -1 || axis === i + missing) ? { node, map: ownAxes(shape) } : undefined;
    }
    // Repeated along no axis that the nest runs over.
    if (shape.some((length, axis) => length !== 1 && (map[axis - missing] ?? -1) === -1)) return undefined;
    return { node, map: shape.map((_, axis) => map[axis - missing] ?? -1) };
  }

  private sum({ node, map }: Value, axes: readonly number[]): Value | undefined {
    const kept = map.filter((_, axis) => !axes.includes(axis));
    const along = axes.map((axis) => map[axis]!).filter((axis) => axis >= 0 && this.domain[axis]! > 1);
    if (along.length === 0) return { node, map: kept };
    const isWhole = along.every((axis) => this.box[axis]!.start === 0 && this.box[axis]!.stop === this.domain[axis]);
    if (!this.isFull(map) || !isWhole) return undefined;
    if (this.reduced && (this.reduced.size !== along.length || along.some((axis) => !this.reduced!.has(axis)))) return undefined;
    this.reduced = new Set(along);
    return { node: this.nodes.push({ kind: 'sum', inputs: [node] }) - 1, map: kept };
  }

  /** Whether a value has an entry of its own for each entry of the domain. */
  private isFull(map: AxisMap): boolean {
    return this.domain.every((length, axis) => length === 1 || map.includes(axis));
  }

  /** Whether the part of an instruction that is computed is the nest's. */
  private fits(map: AxisMap, ref: Ref): boolean {
    return this.options.boxOf(ref).every((range, axis) => {
      const along = map[axis] === -1 ? { start: 0, stop: 1 } : this.box[map[axis]!]!;
      return range.start === along.start && range.stop === along.stop;
    });
  }

  /** The axes of the domain along each of the four loops, if it can be walked so for all operands. */
  private axes(): Loops<readonly number[]> | undefined {
    const lengths = boxShape(this.box);
    const strides = [...this.operands, { map: ownAxes(this.domain), shape: this.domain }].map((operand) => this.stridesOf(operand));
    const runs: { axes: number[]; reduced: boolean }[] = [];
    for (let axis = 0; axis < lengths.length; axis++) {
      if (lengths[axis] === 1) continue;
      const reduced = this.reduced?.has(axis) ?? false;
      const last = runs.at(-1);
      const before = last?.axes.at(-1);
      const merges = before !== undefined && last!.reduced === reduced && strides.every((each) => each[before] === each[axis]! * lengths[axis]!);
      if (merges) last!.axes.push(axis);
      else runs.push({ axes: [axis], reduced });
    }
    const inner = runs.pop() ?? { axes: [], reduced: this.reduced !== undefined };
    if (strides.some((each) => inner.axes.length > 0 && each[inner.axes.at(-1)!]! > 1)) return undefined;
    if (boxSize(this.box) > FEW_ENTRIES && inner.axes.reduce((size, axis) => size * lengths[axis]!, 1) < SHORTEST_ROW) return undefined;
    const rows = runs.filter(({ reduced }) => reduced);
    const columns = runs.filter(({ reduced }) => !reduced);
    if (!this.reduced) rows.unshift(...columns.splice(-1));
    if (inner.reduced !== (this.reduced !== undefined) || columns.length > 2 || rows.length > 1) return undefined;
    return [columns.at(-2)?.axes ?? [], columns.at(-1)?.axes ?? [], rows[0]?.axes ?? [], inner.axes];
  }

  /** Entries between neighbours along each axis of the domain. */
  private stridesOf({ map, shape }: Pick<DraftOperand, 'map' | 'shape'>): number[] {
    const own = stridesOf(shape);
    const strides = new Array<number>(this.domain.length).fill(0);
    map.forEach((axis, i) => {
      if (axis >= 0) strides[axis] = own[i]!;
    });
    return strides;
  }

  /** The nest, with what it must leave in memory. */
  finish(stored: readonly Ref[]): Nest {
    const axes = this.axes()!;
    const lengths = boxShape(this.box);
    const product = (list: readonly number[]): number => list.reduce((size, axis) => size * lengths[axis]!, 1);
    const place = (operand: DraftOperand): { operand: NestOperand; level: Level } => {
      const all = this.stridesOf(operand);
      const strides = axes.map((list) => (list.length === 0 ? 0 : all[list.at(-1)!]!)) as unknown as Loops<number>;
      const level = this.isFull(operand.map) || strides[3] !== 0 ? 2 : strides[2] !== 0 ? 1 : 0;
      return { operand: { ref: operand.ref, source: operand.source, strides, axisStrides: all }, level };
    };
    const stores = stored.map((ref) => {
      const { map, node } = this.values.get(ref)!;
      return { node, ...place({ ref, source: 'current', map, shape: this.instruction(ref).shape }) };
    });
    const loads = this.operands.map(place);
    const nodes: NestNode[] = this.nodes.map((node) => (node.kind === 'load' ? { ...node, level: loads[node.operand]!.level } : node));
    stores.forEach(({ node, level }, i) => nodes.push({ kind: 'store', operand: loads.length + i, level, inputs: [node] }));
    return {
      nodes,
      operands: [...loads, ...stores].map(({ operand }) => operand),
      lengths: axes.map(product) as unknown as Loops<number>,
      over: this.over,
    };
  }
}

/** A value under another shape that differs in axes of length 1 only. */
function renamed({ node, map }: Value, from: Shape, to: Shape): Value | undefined {
  const long = map.filter((_, axis) => from[axis] !== 1);
  if (!sameShape(from.filter((length) => length !== 1), to.filter((length) => length !== 1))) return undefined;
  let next = 0;
  return { node, map: to.map((length) => (length === 1 ? -1 : long[next++]!)) };
}
