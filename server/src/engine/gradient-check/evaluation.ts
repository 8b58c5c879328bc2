// A loss evaluated over and over near one point: the values at the point are kept, and only what a change can reach is computed again.

import { CancelledError } from '../errors';
import { arenaFor, assignBuffers, callOf, canFuse, Execution, leafValues, liveRefs, prepare } from '../execute';
import type { BufferPlan, ExecutionOptions, KernelTable } from '../execute';
import { storageOf } from '../fusion/group';
import type { Item } from '../fusion/group';
import { boxSize, isSameBox, runsOf, wholeBox } from '../incremental/box';
import type { Box } from '../incremental/box';
import type { Scratch } from '../incremental/linear';
import { comparesInput, planUpdate, reachedBoxes } from '../incremental/plan';
import type { Plan, PlanOptions } from '../incremental/plan';
import { Shift, SHIFT_ENTRIES } from '../kernels/random';
import type { Arena, Implementation } from '../kernels/wasm/arena';
import type { Program, Ref } from '../program';
import { sizeOf } from '../shape';
import { KeptGradient, SummedGradient } from './gradient';
import type { Gradient, Questions } from './gradient';
import { MovedInPlace, MovedWhereRead, shiftedLeaves } from './movable';
import type { Resting } from './movable';
import { ArenaScratch } from './scratch';
import { EntryTrack } from './track';
import type { MovableLeaf, Probe, Track } from './track';

/** The values of a leaf, or what fills an array with them, the same ones each time. */
export type LeafValues = Float64Array | ((target: Float64Array) => void);

/** A program that goes on where the evaluated one ends, such as with its derivatives, and what is wanted of it. */
export interface Continuation {
  readonly program: Program;
  readonly wanted: readonly Ref[];
  /** Which of those are not kept but seen as they go by. */
  readonly passing?: readonly boolean[];
}

/** Which entry changes and by how much. */
const ENTRY_CHANGE = 2;

/** What an evaluation of a loss keeps, in numbers. */
interface Layout {
  /** What the loss depends on, ascending. */
  readonly live: readonly Ref[];
  readonly continuation: BufferPlan;
  /** Leaves that keep a second copy of their values at the base point. */
  readonly copied: ReadonlySet<Ref>;
  /** Leaves that lines move where they are read. */
  readonly shifted: ReadonlySet<Ref>;
  readonly total: number;
  /** The part of it that one instruction works in. */
  readonly scratch: number;
}

/** Leaves of so few entries have a copy of their values in any case. */
const FEW_ENTRIES = 1 << 16;

/** The leaves whose changed values are compared with those at the base point, and small ones. */
function copiedLeaves(program: Program, live: readonly Ref[]): Set<Ref> {
  const copied = new Set(live.filter((ref) => program.instructions[ref]!.primitive === 'leaf' && sizeOf(program.instructions[ref]!.shape) <= FEW_ENTRIES));
  for (const ref of live) {
    const { primitive, inputs } = program.instructions[ref]!;
    inputs.forEach((input, position) => {
      const root = storageOf(program, input);
      if (program.instructions[root]!.primitive === 'leaf' && comparesInput(primitive, position)) copied.add(root);
    });
  }
  return copied;
}

/** What is computed from leaves lies there twice, at the base point and at the changed one; the rest once, and leaves of which only whole products are made. */
function layoutOf(program: Program, loss: Ref, { program: extended, wanted, passing }: Continuation, kernels: KernelTable | undefined, fuses: boolean): Layout {
  const live = liveRefs(program, [loss]);
  const computed = new Set(live);
  const rest = liveRefs(extended, wanted).filter((ref) => !computed.has(ref));
  const continuation = assignBuffers(extended, rest, wanted.filter((_, i) => !passing?.[i]), kernels, fuses, wanted.filter((_, i) => passing?.[i]));
  const copied = copiedLeaves(program, live);
  const shifted = shiftedLeaves(program, live);
  let values = continuation.sizes.reduce((sum, size) => sum + size, 0);
  let scratch = 0;
  const movable = new Set<Ref>();
  for (const ref of live) {
    const { primitive, inputs, shape } = program.instructions[ref]!;
    const size = sizeOf(shape);
    if (primitive === 'leaf' || inputs.some((input) => movable.has(input))) movable.add(ref);
    if (primitive !== 'reshape') values += (primitive === 'leaf' ? copied.has(ref) : movable.has(ref)) ? 2 * size : size;
    // Leaves are seldom large and read in part, but some are moved when they are read.
    const read = inputs.map((input) => storageOf(program, input)).filter((input) => program.instructions[input]!.primitive !== 'leaf' || shifted.has(input));
    if (primitive !== 'leaf') scratch = Math.max(scratch, read.reduce((sum, input) => sum + sizeOf(program.instructions[input]!.shape), size));
  }
  return { live, continuation, copied, shifted, total: values + scratch + ENTRY_CHANGE + SHIFT_ENTRIES * shifted.size, scratch };
}

/** How many bytes a gradient check of a loss will keep, to be known before it starts. */
export function memoryNeeded(program: Program, loss: Ref, continuation: Continuation = { program, wanted: [] }): number {
  return 8 * layoutOf(program, loss, continuation, undefined, canFuse({})).total;
}

/** A function of its own, whose code the host keeps. */
function haveSameBits(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

export class Evaluation implements Resting {
  /** How often the loss has been computed. */
  count = 0;
  /** Milliseconds that computing it took the first time. */
  readonly firstTime: number;
  /** Milliseconds that drawing each leaf took. */
  private readonly drawingTimes = new Map<Ref, number>();
  private readonly stored: Float64Array[] = [];

  private readonly layout: Layout;
  private readonly changed: Float64Array[] = [];
  /** Leaves at the base point, where something is compared with that. */
  private readonly copies: Float64Array[] = [];
  private readonly arena: Arena;
  private readonly scratch: Scratch;
  private readonly groupings = { kept: new Map<string, readonly Item[]>(), watched: new Map<string, readonly Item[]>() };
  private readonly entryChange: Float64Array;
  private readonly shifts: ReadonlyMap<Ref, Shift>;
  private active: Plan | undefined;
  /** What is computed from leaves and was not computed at any changed point yet: such arrays have arbitrary content. */
  private readonly unwritten = new Set<Ref>();
  /** Leaves that a line has left where it ended: putting them back takes long, and after the last line nobody asks for them. */
  private readonly left = new Set<Ref>();

  constructor(
    readonly program: Program,
    readonly loss: Ref,
    private readonly leaves: ReadonlyMap<Ref, LeafValues>,
    private readonly options: ExecutionOptions = {},
    private readonly continuation: Continuation = { program, wanted: [] },
  ) {
    const layout = layoutOf(program, loss, continuation, options.kernels, canFuse(options));
    this.arena = arenaFor(layout.total, options);
    this.layout = this.arena.implementation === 'reference' ? layoutOf(program, loss, continuation, options.kernels, false) : layout;
    this.scratch = new ArenaScratch(this.arena.allocate(this.layout.scratch));
    this.entryChange = this.arena.allocate(ENTRY_CHANGE);
    this.shifts = new Map([...this.layout.shifted].map((leaf) => [leaf, new Shift(this.arena.allocate(SHIFT_ENTRIES))]));
    let drawing = 0;
    const started = performance.now();
    for (const ref of this.layout.live) {
      const { primitive, inputs, shape } = program.instructions[ref]!;
      if (primitive === 'reshape') this.stored[ref] = this.stored[inputs[0]!]!;
      else if (primitive === 'leaf') {
        const before = performance.now();
        this.stored[ref] = this.fill(ref, this.arena.allocate(sizeOf(shape)));
        if (this.layout.copied.has(ref)) this.copies[ref] = this.arena.copy(this.stored[ref]);
        this.drawingTimes.set(ref, performance.now() - before);
        drawing += performance.now() - before;
      } else this.stored[ref] = this.compute(ref, this.arena.allocate(sizeOf(shape)));
    }
    this.firstTime = performance.now() - started - drawing;
    this.count++;
  }

  /** Which kernels run. */
  get implementation(): Implementation {
    return this.arena.implementation;
  }

  /** Every live tensor at the base point, by ref. A reshaped tensor shares the buffer of its input. Leaves change here while a line moves them. */
  get values(): readonly Float64Array[] {
    this.settle();
    return this.stored;
  }

  /** The loss at the base point. */
  get baseLoss(): number {
    return this.stored[this.loss]![0]!;
  }

  /** The first ref where a loss comes from that is no finite number: that is no number, or infinite, where all before are finite. */
  findNonFinite(): Ref | undefined {
    const isSought = Number.isNaN(this.baseLoss) ? Number.isNaN : (value: number): boolean => !Number.isFinite(value);
    return this.layout.live.find((ref) => this.stored[ref]!.some((value) => isSought(value)));
  }

  /** The first ref whose slope is infinite, or none, at some of its values, although the loss is a number. */
  findSingular(): Ref | undefined {
    return this.layout.live.find((ref) => {
      const { primitive, inputs } = this.program.instructions[ref]!;
      if (primitive === 'sqrt') return this.values[ref]!.some((value) => !(value > 0));
      if (primitive === 'power') {
        const exponents = this.values[inputs[1]!]!;
        // A power as xⁿ with n = 1, 2, … has a slope everywhere.
        return !exponents.every((n) => Number.isInteger(n) && n >= 1) && this.values[inputs[0]!]!.some((value) => !(value > 0));
      }
      return (primitive === 'log' || primitive === 'divide' || primitive === 'reciprocal') && this.values[ref]!.some((value) => !Number.isFinite(value));
    });
  }

  /**
   * Computes everything a second time; a ref whose bits differ, if any.
   * @param mayGoOn Asked before each instruction, where not all are computed again: of those that do the same to tensors of the same shapes one, the smallest first.
   */
  findNondeterminism(mayGoOn?: () => boolean): Ref | undefined {
    this.count++;
    this.settle();
    return (mayGoOn ? this.kinds() : this.layout.live).find((ref) => {
      const { primitive } = this.program.instructions[ref]!;
      if (primitive === 'leaf' || primitive === 'reshape' || mayGoOn?.() === false) return false;
      const value = this.stored[ref]!;
      this.scratch.reset();
      return !haveSameBits(value, this.compute(ref, this.scratch.take(value.length)));
    });
  }

  /** Of instructions that do the same to tensors of the same shapes the first one; what reads and writes least comes first. */
  private kinds(): Ref[] {
    const kinds = new Map<string, { readonly ref: Ref; readonly size: number }>();
    for (const ref of this.layout.live) {
      const { shape, inputShapes } = callOf(this.program, ref);
      const kind = `${this.program.instructions[ref]!.primitive} ${inputShapes.join('|')} ${shape.join()}`;
      if (!kinds.has(kind)) kinds.set(kind, { ref, size: [shape, ...inputShapes].reduce((sum, each) => sum + sizeOf(each), 0) });
    }
    return [...kinds.values()].sort((a, b) => a.size - b.size).map(({ ref }) => ref);
  }

  /** The gradients that the continuation computes at the base point. @param questionsOf What will be asked of one by its place, if it is not kept. */
  continue(questionsOf: (index: number) => Questions): Gradient[] {
    const { program, wanted, passing } = this.continuation;
    const { slots } = this.layout.continuation;
    const execution = new Execution(program, this.layout.continuation, this.arena, this.options, (ref) => this.stored[ref]);
    const roots = wanted.map((ref) => storageOf(program, ref));
    const gradients: Gradient[] = [];
    const take = (root: Ref, values: Float64Array): void => {
      roots.forEach((other, i) => {
        if (other === root && passing?.[i]) gradients[i] = new SummedGradient(values, questionsOf(i), () => this.again(execution, root));
      });
    };
    execution.run(new Map(), take);
    roots.forEach((root, i) => {
      const values = execution.valueOf(root);
      if (!passing?.[i]) gradients[i] = new KeptGradient(slots.has(root) ? values : values.slice(), questionsOf(i));
      // What the loss itself is computed from goes by nobody.
      else gradients[i] ??= new SummedGradient(values, questionsOf(i), () => values);
    });
    return gradients;
  }

  private again(execution: Execution, root: Ref): Float64Array {
    this.settle();
    return execution.runTo(root);
  }

  /** Makes ready for changes anywhere in the leaves, along the branches of the base point. */
  track(leaves: readonly Ref[]): Track {
    const plan = this.plan(new Map(leaves.map((ref) => [ref, wholeBox(this.program.instructions[ref]!.shape)])), { alongBranches: true });
    return {
      leaves: new Map(leaves.map((leaf) => [leaf, this.movable(leaf)])),
      cost: plan.cost,
      settle: () => { this.settle(); },
      begin: () => { this.activate(plan, true); },
      probe: () => this.probe(plan),
    };
  }

  private movable(leaf: Ref): MovableLeaf {
    const shift = this.shifts.get(leaf);
    return shift ? new MovedWhereRead(this, leaf, this.current(leaf), shift) : new MovedInPlace(this, leaf, this.current(leaf), this.copies[leaf] === undefined);
  }

  /** Makes ready for changes of one entry at a time. */
  entryTrack(leaf: Ref): EntryTrack {
    return new EntryTrack(this, leaf, this.program.instructions[leaf]!.shape);
  }

  atRest(leaf: Ref): Float64Array {
    this.settle();
    return this.current(leaf);
  }

  reachOfEntries(leaf: Ref, box: Box): ReadonlyMap<Ref, Box> {
    return reachedBoxes(this.program, this.layout.live, new Map([[leaf, box]]));
  }

  planEntries(leaf: Ref, box: Box, before?: Plan): Plan {
    const changed = new Map([[leaf, box]]);
    return before?.moved(changed) ?? this.plan(changed, { entry: { leaf, change: this.entryChange } });
  }

  probeEntry(plan: Plan, leaf: Ref, place: number, value: number): Probe {
    this.activate(plan);
    const values = this.current(leaf);
    const base = values[place]!;
    this.entryChange[0] = place;
    this.entryChange[1] = value - base;
    values[place] = value;
    const probe = this.probe(plan);
    values[place] = base;
    return probe;
  }

  private plan(boxes: ReadonlyMap<Ref, Box>, { alongBranches = false, entry }: Pick<PlanOptions, 'alongBranches' | 'entry'>): Plan {
    const values = {
      base: (ref: Ref) => this.base(ref),
      current: (ref: Ref) => this.current(ref),
      unchanged: (ref: Ref) => this.stored[ref]!,
      shiftOf: (leaf: Ref) => (boxes.has(leaf) && !entry ? this.shifts.get(leaf) : undefined),
      scratch: this.scratch,
    };
    return planUpdate(this.program, this.layout.live, boxes, values, { ...this.options, alongBranches, entry, wanted: [this.loss], groupings: this.groupings[alongBranches ? 'kept' : 'watched'] });
  }

  private probe(plan: Plan): Probe {
    this.count++;
    const branched = plan.run();
    const loss = plan.boxes.has(this.loss) ? this.current(this.loss) : this.stored[this.loss]!;
    return { loss: loss[0]!, branched };
  }

  /** Puts back what another plan has changed. @param isWhole Whether the plan computes all of what it reaches whole. */
  private activate(plan: Plan, isWhole = false): void {
    this.settle();
    if (this.active === plan) return;
    for (const [ref, box] of this.active?.boxes ?? []) {
      const { primitive, shape } = this.program.instructions[ref]!;
      // Leaves are put back by whoever moves them, and what the plan computes anew need not be.
      if (primitive === 'leaf' || primitive === 'reshape' || isSameBox(plan.boxes.get(ref), box)) continue;
      const { starts, length } = runsOf(box, shape);
      const base = this.base(ref);
      const current = this.current(ref);
      for (const start of starts) current.set(base.subarray(start, start + length), start);
    }
    for (const [ref, box] of plan.boxes) {
      if (!this.unwritten.delete(ref) || (isWhole && boxSize(box) === sizeOf(this.program.instructions[ref]!.shape))) continue;
      this.changed[ref]!.set(this.stored[ref]!);
    }
    this.active = plan;
  }

  /** The value at the base point, which no line moves, but for leaves that nothing compares with it. */
  private base(ref: Ref): Float64Array {
    const { primitive, inputs } = this.program.instructions[ref]!;
    if (primitive === 'leaf') return this.copies[ref] ?? this.current(ref);
    return primitive === 'reshape' ? this.base(inputs[0]!) : this.stored[ref]!;
  }

  private current(ref: Ref): Float64Array {
    const { primitive, inputs } = this.program.instructions[ref]!;
    // A leaf that the loss does not depend on has no value yet.
    if (primitive === 'leaf') return (this.stored[ref] ??= this.fill(ref, new Float64Array(sizeOf(this.program.instructions[ref]!.shape))));
    if (primitive === 'reshape') return this.current(inputs[0]!);
    return (this.changed[ref] ??= this.unwrittenLike(ref));
  }

  private unwrittenLike(ref: Ref): Float64Array {
    this.unwritten.add(ref);
    return this.arena.allocate(this.stored[ref]!.length);
  }

  private fill(leaf: Ref, target: Float64Array): Float64Array {
    const values = this.leaves.get(leaf);
    if (typeof values === 'function') values(target);
    else target.set(leafValues(this.program, leaf, this.leaves as ReadonlyMap<Ref, Float64Array>));
    return target;
  }

  /** Puts a leaf back to the base point. */
  restore(leaf: Ref): void {
    const copy = this.copies[leaf];
    if (copy) this.stored[leaf]!.set(copy);
    else this.fill(leaf, this.stored[leaf]!);
  }

  /** Puts a leaf back to the base point: at once where that is quick, else before it is next asked for. */
  leave(leaf: Ref): void {
    if (this.copies[leaf]) this.restore(leaf);
    else this.left.add(leaf);
  }

  /** Whether all leaves are where they were, so that nothing need be put back first. */
  get isAtRest(): boolean {
    return this.left.size === 0;
  }

  /** How many milliseconds putting them back takes, or less: it takes no longer than drawing them did at first. */
  get restoringTime(): number {
    return [...this.left].reduce((sum, leaf) => sum + (this.drawingTimes.get(leaf) ?? 0), 0);
  }

  private settle(): void {
    // Asked for every entry: even to clear a set that is empty takes time.
    if (this.isAtRest) return;
    for (const leaf of this.left) this.restore(leaf);
    this.left.clear();
  }

  private compute(ref: Ref, output: Float64Array): Float64Array {
    this.execute(this.program, ref, output, this.program.instructions[ref]!.inputs.map((input) => this.stored[input]!));
    return output;
  }

  private execute(program: Program, ref: Ref, output: Float64Array, inputs: readonly Float64Array[]): void {
    if (this.options.cancelled?.()) throw new CancelledError();
    prepare(program, ref, this.options.kernels)(output, inputs);
  }
}
