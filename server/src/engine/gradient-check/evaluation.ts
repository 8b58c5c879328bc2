// A loss evaluated over and over near one point: the values at the point are kept, and only what a change can reach is computed again.

import { CancelledError } from '../errors';
import { arenaFor, leafValues, liveRefs, prepare } from '../execute';
import type { ExecutionOptions } from '../execute';
import { runsOf, wholeBox } from '../incremental/box';
import type { Box } from '../incremental/box';
import type { Scratch } from '../incremental/linear';
import { planUpdate } from '../incremental/plan';
import type { Plan } from '../incremental/plan';
import type { Arena, Implementation } from '../kernels/wasm/arena';
import type { Program, Ref } from '../program';
import { sizeOf, unravel } from '../shape';

/** The loss at a changed point, and whether any piecewise primitive took another branch than at the base point. */
export interface Probe {
  readonly loss: number;
  readonly branched: boolean;
}

/** How many numbers an evaluation keeps: everything at the base point and at the changed one, and room for one instruction. */
function numbersNeeded(program: Program, live: readonly Ref[]): { values: number; scratch: number } {
  let values = 0;
  let scratch = 0;
  for (const ref of live) {
    const { inputs, shape } = program.instructions[ref]!;
    const size = sizeOf(shape);
    values += 2 * size;
    scratch = Math.max(scratch, inputs.reduce((sum, input) => sum + sizeOf(program.instructions[input]!.shape), size));
  }
  return { values, scratch };
}

/** How many bytes a gradient check of a loss will keep, to be known before it starts. */
export function memoryNeeded(program: Program, loss: Ref): number {
  const { values, scratch } = numbersNeeded(program, liveRefs(program, [loss]));
  return 8 * (values + scratch);
}

export class Evaluation {
  /** How often the loss has been computed. */
  count = 0;
  /** Every live tensor at the base point, by ref. A reshaped tensor shares the buffer of its input. */
  readonly values: Float64Array[] = [];

  private readonly live: readonly Ref[];
  private readonly changed: Float64Array[] = [];
  private readonly arena: Arena;
  private readonly scratch: Scratch;
  private active: Plan | undefined;

  constructor(
    readonly program: Program,
    readonly loss: Ref,
    private readonly leaves: ReadonlyMap<Ref, Float64Array>,
    private readonly options: ExecutionOptions = {},
  ) {
    this.live = liveRefs(program, [loss]);
    const { values, scratch } = numbersNeeded(program, this.live);
    this.arena = arenaFor(values + scratch, options);
    this.scratch = new ArenaScratch(this.arena.allocate(scratch));
    for (const ref of this.live) {
      const { primitive, inputs, shape } = program.instructions[ref]!;
      if (primitive === 'reshape') this.values[ref] = this.values[inputs[0]!]!;
      else if (primitive === 'leaf') this.values[ref] = this.arena.copy(leafValues(program, ref, leaves));
      else this.values[ref] = this.compute(ref, this.arena.allocate(sizeOf(shape)));
    }
    this.count++;
  }

  /** Which kernels run. */
  get implementation(): Implementation {
    return this.arena.implementation;
  }

  /** The loss at the base point. */
  get baseLoss(): number {
    return this.values[this.loss]![0]!;
  }

  /** Computes everything a second time; the first ref whose bits differ, if any. */
  findNondeterminism(): Ref | undefined {
    this.count++;
    return this.live.find((ref) => {
      const value = this.values[ref]!;
      this.scratch.reset();
      const output = this.compute(ref, this.scratch.take(value.length));
      return value.some((entry, i) => !Object.is(entry, output[i]));
    });
  }

  /** Makes ready for changes anywhere in the leaves. */
  track(leaves: readonly Ref[]): Track {
    const plan = this.plan(new Map(leaves.map((ref) => [ref, wholeBox(this.program.instructions[ref]!.shape)])));
    return new Track(
      new Map(leaves.map((ref) => [ref, this.current(ref)])),
      () => this.activate(plan),
      () => this.probe(plan),
    );
  }

  /** Makes ready for changes of one entry at a time. */
  entryTrack(leaf: Ref): EntryTrack {
    const { shape } = this.program.instructions[leaf]!;
    const planFor = (place: number, axes: readonly number[]): Plan => {
      const index = unravel(place, shape);
      const box = wholeBox(shape).map((range, axis) => (axes.includes(axis) ? { start: index[axis]!, stop: index[axis]! + 1 } : range));
      return this.plan(new Map([[leaf, box]]));
    };
    return new EntryTrack(shape, this.current(leaf), planFor, (plan, change) => {
      this.activate(plan);
      change();
      return this.probe(plan);
    });
  }

  private plan(boxes: ReadonlyMap<Ref, Box>): Plan {
    return planUpdate(this.program, this.live, boxes, { base: this.values, current: (ref) => this.current(ref), scratch: this.scratch }, this.options.kernels);
  }

  private probe(plan: Plan): Probe {
    if (this.options.cancelled?.()) throw new CancelledError();
    this.count++;
    const branched = plan.run();
    const loss = plan.boxes.has(this.loss) ? this.current(this.loss) : this.values[this.loss]!;
    return { loss: loss[0]!, branched };
  }

  /** Puts back what another plan has changed. */
  private activate(plan: Plan): void {
    if (this.active === plan) return;
    for (const [ref, box] of this.active?.boxes ?? []) {
      const { starts, length } = runsOf(box, this.program.instructions[ref]!.shape);
      const base = this.base(ref);
      const current = this.current(ref);
      for (const start of starts) current.set(base.subarray(start, start + length), start);
    }
    this.active = plan;
  }

  private base(ref: Ref): Float64Array {
    return this.values[ref] ?? leafValues(this.program, ref, this.leaves);
  }

  private current(ref: Ref): Float64Array {
    const { primitive, inputs } = this.program.instructions[ref]!;
    return (this.changed[ref] ??= primitive === 'reshape' ? this.current(inputs[0]!) : this.arena.copy(this.base(ref)));
  }

  private compute(ref: Ref, output: Float64Array): Float64Array {
    const { primitive, inputs } = this.program.instructions[ref]!;
    if (primitive === 'leaf') return this.values[ref]!;
    prepare(this.program, ref, this.options.kernels)(output, inputs.map((input) => this.values[input]!));
    return output;
  }
}

/** Room for the intermediate values of one instruction at a time. */
class ArenaScratch implements Scratch {
  private next = 0;

  constructor(private readonly room: Float64Array) {}

  take(length: number): Float64Array {
    const start = this.next;
    this.next += length;
    return this.next <= this.room.length ? this.room.subarray(start, this.next) : new Float64Array(length);
  }

  reset(): void {
    this.next = 0;
  }
}

/** The part of an evaluation that some leaves reach. */
export class Track {
  constructor(
    /** The leaves' values, to be changed between `begin` and `probe` and put back after. */
    readonly leaves: ReadonlyMap<Ref, Float64Array>,
    readonly begin: () => void,
    /** Computes the loss for the changed values. */
    readonly probe: () => Probe,
  ) {}
}

/** Roughly what it takes to make a plan, in multiply-adds. */
const PLAN_COST = 200_000;

/** What single entries of one leaf reach. Entries with the same index along some axes share a plan; those axes are chosen so that plans are cheap. */
export class EntryTrack {
  private readonly axes: readonly number[];
  private plan: Plan | undefined;
  private group = -1;

  constructor(
    private readonly shape: readonly number[],
    readonly values: Float64Array,
    private readonly planFor: (place: number, axes: readonly number[]) => Plan,
    private readonly evaluate: (plan: Plan, change: () => void) => Probe,
  ) {
    const single = shape.map((_, axis) => [axis]).filter(([axis]) => shape[axis!]! > 1);
    const candidates = [[], ...single, ...(shape.length > 2 ? [[0, 1]] : [])];
    // The more axes tell plans apart, the fewer entries share the making of one.
    const costs = candidates.map((axes) => planFor(0, axes).cost + (PLAN_COST * sizeOf(axes.map((axis) => shape[axis]!))) / sizeOf(shape));
    this.axes = candidates[costs.indexOf(Math.min(...costs))]!;
  }

  /** A number for the plan that serves an entry: entries are best visited group by group. */
  groupOf(place: number): number {
    const index = unravel(place, this.shape);
    return this.axes.reduce((group, axis) => group * this.shape[axis]! + index[axis]!, 0);
  }

  /** The loss with one entry changed. */
  probe(place: number, value: number): Probe {
    const group = this.groupOf(place);
    if (!this.plan || group !== this.group) {
      this.plan = this.planFor(place, this.axes);
      this.group = group;
    }
    let base = 0;
    const probe = this.evaluate(this.plan, () => {
      base = this.values[place]!;
      this.values[place] = value;
    });
    this.values[place] = base;
    return probe;
  }
}
