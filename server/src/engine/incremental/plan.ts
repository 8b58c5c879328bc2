// Computes again only what a change in some boxes can reach.

import { CancelledError } from '../errors';
import { callOf } from '../execute';
import type { KernelTable } from '../execute';
import { groupInstructions, storageOf } from '../fusion/group';
import type { Item, NestItem } from '../fusion/group';
import { Chain } from '../fusion/chain';
import { nestCalls } from '../fusion/run';
import { viewedProducts } from '../fusion/views';
import type { ViewedProduct } from '../fusion/views';
import type { Shift } from '../kernels/random';
import { allCalls } from '../kernels/wasm/call';
import type { SimdCall } from '../kernels/wasm/call';
import { primitiveOf, primitives } from '../primitives/table';
import type { Operands, Primitive } from '../primitive';
import type { PrimitiveName, Program, Ref } from '../program';
import { boxShape, boxSize, hasLengthsOf, isSameBox, isWhole, runsOf } from './box';
import type { Box, Runs } from './box';
import { factoredSums, updateFactoredSum } from './factored';
import type { FactoredSum } from './factored';
import type { EntryChange, Scratch, Update } from './linear';
import { pooledMaxima, updatePooledMaximum } from './pooled';
import type { PooledMaximum } from './pooled';
import { ruleOf } from './rules';
import { planStep } from './step';

/** Which part of each tensor a change reaches; what is not there stays as it is. */
type Boxes = ReadonlyMap<Ref, Box>;

/** The tensors of a program at a base point and at a changed one, by ref. */
export interface Values {
  readonly base: (ref: Ref) => Float64Array;
  /** Equal to the base but for what the plan in force has changed. */
  readonly current: (ref: Ref) => Float64Array;
  /** Equal to the base where the plan in force changes nothing, and near to the current values in memory. */
  readonly unchanged: (ref: Ref) => Float64Array;
  /** How far a leaf is moved where it is read, if it is not moved where it lies. */
  readonly shiftOf?: (leaf: Ref) => Shift | undefined;
  readonly scratch: Scratch;
}

export interface PlanOptions {
  readonly kernels?: KernelTable;
  /** Piecewise primitives keep to the branches of the base point, so that the loss is smooth; its derivative there is the same. */
  readonly alongBranches?: boolean;
  readonly cancelled?: () => boolean;
  /** How what changes was cut into loop nests before, for plans that differ only in where boxes lie. */
  readonly groupings?: Map<string, readonly Item[]>;
  /** What is to be up to date after a run; all of it unless set. */
  readonly wanted?: readonly Ref[];
  /** Where only one entry of a leaf changes between runs, that entry. */
  readonly entry?: EntryChange;
}

/** One instruction or nest of a plan; its run says whether a branch changed. */
interface Step {
  readonly refs: readonly Ref[];
  readonly run: () => boolean;
  /** The same as calls of SIMD kernels, where it is made of nothing else, for boxes of the same sizes, wherever they lie. */
  readonly calls?: (boxes: Boxes) => readonly SimdCall[] | undefined;
  /** What the calls ask for the boxes of. */
  readonly follows: readonly Ref[];
  readonly cost: number;
}

/** What plans that are moved have in common. */
interface Frame {
  readonly program: Program;
  readonly refs: readonly Ref[];
  readonly alongBranches: boolean;
  readonly cancelled: (() => boolean) | undefined;
  /** What is written. */
  readonly kept: readonly Ref[];
  readonly cost: number;
}

/** How to bring what a change reaches up to date. */
export class Plan {
  /** What the plan changes, to be put back before another one runs. */
  readonly boxes: Boxes;

  constructor(private readonly frame: Frame, private readonly reached: Boxes, private readonly parts: readonly Part[]) {
    this.boxes = new Map(frame.kept.map((ref) => [ref, reached.get(ref)!]));
  }

  /** Roughly, in multiply-adds. */
  get cost(): number {
    return this.frame.cost;
  }

  /** Computes it all; true if a piecewise primitive took another branch than at the base point. */
  run(): boolean {
    const { parts, frame: { cancelled } } = this;
    let branched = false;
    for (let i = 0; i < parts.length; i++) {
      if (cancelled?.()) throw new CancelledError();
      if (parts[i]!.run()) branched = true;
    }
    return branched;
  }

  /** The plan for a change of other parts of the leaves, in much less time than it takes to make one; undefined unless it is the same but for where boxes lie. */
  moved(changed: Boxes): Plan | undefined {
    const { reached, frame: { program, refs, alongBranches } } = this;
    const there = reachedBoxes(program, refs, changed, alongBranches, reached);
    if (!haveLengthsOf(there, reached)) return undefined;
    const parts = this.parts.map((part) => part.moved(there, (ref) => there.get(ref) !== reached.get(ref)));
    return parts.every((part) => part !== undefined) ? new Plan(this.frame, there, parts) : undefined;
  }
}

/** @param refs The instructions to keep up to date, ascending. @param changed The parts of leaves that will change. */
export function planUpdate(program: Program, refs: readonly Ref[], changed: Boxes, values: Values, options: PlanOptions = {}): Plan {
  const { alongBranches = false, cancelled } = options;
  const reached = reachedBoxes(program, refs, changed, alongBranches);
  const steps = new Planner(program, reached, values, options).steps(refs.filter((ref) => reached.has(ref) && !changed.has(ref)));
  const written = new Set([...changed.keys(), ...steps.flatMap((step) => step.refs)]);
  const kept = [...reached.keys()].filter((ref) => written.has(storageOf(program, ref)));
  const cost = steps.reduce((sum, step) => sum + step.cost, 0);
  return new Plan({ program, refs, alongBranches, cancelled, kept, cost }, reached, partsOf(steps, reached));
}

/** A piece of a plan; its run says whether a branch changed. */
interface Part {
  run(): boolean;
  /** @param isMoved Whether a box lies elsewhere than for this part. */
  moved(boxes: Boxes, isMoved: (ref: Ref) => boolean): Part | undefined;
}

/** Neighbouring steps that are made of calls. */
class ChainedPart implements Part {
  constructor(private readonly steps: readonly Step[], private readonly calls: readonly (readonly SimdCall[])[], private readonly chain: Chain) {}

  run(): boolean {
    return this.chain.run();
  }

  moved(boxes: Boxes, isMoved: (ref: Ref) => boolean): Part | undefined {
    const calls = this.steps.map((step, i) => (step.follows.some(isMoved) ? step.calls!(boxes) : this.calls[i]));
    if (!calls.every((each) => each !== undefined)) return undefined;
    const chain = this.chain.moved(calls.flat());
    return chain && new ChainedPart(this.steps, calls, chain);
  }
}

/** A step that is not. */
class SinglePart implements Part {
  constructor(private readonly step: Step) {}

  run(): boolean {
    return this.step.run();
  }

  moved(): undefined {
    return undefined;
  }
}

/** The steps in order; neighbours that are made of calls become one chain. */
function partsOf(steps: readonly Step[], boxes: Boxes): Part[] {
  const calls = steps.map((step) => step.calls?.(boxes));
  const parts: Part[] = [];
  for (let i = 0; i < steps.length;) {
    let stop = i;
    while (calls[stop]) stop++;
    const own = calls.slice(i, stop).map((each) => each!);
    const chain = stop > i ? Chain.of(own.flat()) : undefined;
    const end = Math.max(stop, i + 1);
    parts.push(...(chain ? [new ChainedPart(steps.slice(i, end), own, chain)] : steps.slice(i, end).map((step) => new SinglePart(step))));
    i = end;
  }
  return parts;
}

/** How far the change of some leaves reaches, of the instructions given. @param before The same for another change: what stays where it is are the same objects. */
export function reachedBoxes(program: Program, refs: readonly Ref[], changed: Boxes, alongBranches = false, before?: Boxes): Boxes {
  const boxes = new Map(changed);
  for (const ref of refs) {
    const { primitive, inputs } = program.instructions[ref]!;
    if (!inputs.some((input) => boxes.has(input)) || boxes.has(ref)) continue;
    // A detached value stays at its base, as its derivative says, and along its branch so does what is piecewise constant.
    if (primitive === 'detach' || (alongBranches && primitives[primitive].vjp === 'zero')) continue;
    const known = before?.get(ref);
    const isKnown = known !== undefined && inputs.every((input) => boxes.get(input) === before!.get(input));
    const reached = isKnown ? known : ruleOf(primitive).reach(inputs.map((input) => boxes.get(input)), callOf(program, ref));
    if (reached) boxes.set(ref, known !== undefined && isSameBox(known, reached) ? known : reached);
  }
  return boxes;
}

/** Whether two changes reach the same tensors, and as much of each. */
function haveLengthsOf(boxes: Boxes, others: Boxes): boolean {
  if (boxes.size !== others.size) return false;
  for (const [ref, box] of boxes) {
    const other = others.get(ref);
    if (box !== other && (other === undefined || !hasLengthsOf(box, other))) return false;
  }
  return true;
}

/** Makes the steps of one plan. */
class Planner {
  private wanted: ReadonlySet<Ref> = new Set();
  private factored: ReadonlyMap<Ref, FactoredSum> = new Map();
  private pooled: ReadonlyMap<Ref, PooledMaximum> = new Map();
  private views: ReadonlyMap<Ref, ViewedProduct> = new Map();

  constructor(
    private readonly program: Program,
    private readonly reached: Boxes,
    private readonly values: Values,
    private readonly options: PlanOptions,
  ) {}

  /** How to compute the refs, ascending, in nests where that is possible. */
  steps(reached: readonly Ref[]): Step[] {
    const { groupings = new Map<string, readonly Item[]>(), kernels, alongBranches } = this.options;
    this.wanted = new Set(this.options.wanted ?? reached);
    if (!kernels) {
      this.factored = factoredSums(this.program, reached, this.reached, this.wanted);
      if (!alongBranches) this.pooled = pooledMaxima(this.program, reached, this.wanted);
      // Along a line, whole tensors change.
      else this.views = viewedProducts(this.program, reached, (ref) => isWhole(this.reached.get(ref)!, this.program.instructions[ref]!.shape), this.wanted);
    }
    const replaced = new Set([...this.pooled.values()].map(({ argmax }) => argmax));
    const refs = reached.filter((ref) => !replaced.has(ref));
    const key = [...this.reached].map(([ref, box]) => `${ref}:${boxShape(box).join()}`).join(' ');
    const excluded = new Set<Ref>();
    for (;;) {
      const items = groupings.get(key) ?? this.group(refs, excluded);
      const nests = items.map((item) => (item.kind === 'nest' ? this.nest(item) : undefined));
      const failed = items.filter((item, i): item is NestItem => item.kind === 'nest' && !nests[i]);
      if (failed.length === 0) {
        groupings.set(key, items);
        return items.map((item, i) => (item.kind === 'nest' ? nests[i]! : this.single(item.ref)));
      }
      groupings.delete(key);
      for (const ref of failed.flatMap((item) => item.refs)) excluded.add(ref);
    }
  }

  private group(refs: readonly Ref[], excluded: ReadonlySet<Ref>): Item[] {
    const { alongBranches, kernels } = this.options;
    return groupInstructions({
      program: this.program,
      refs,
      boxOf: (ref) => this.reached.get(ref)!,
      branches: alongBranches ? 'kept' : 'watched',
      mayFuse: (ref) => !excluded.has(ref) && !this.factored.has(ref) && !kernels?.[this.program.instructions[ref]!.primitive],
      wanted: this.wanted,
      readsOf: (ref) => {
        const replacement = this.factored.get(ref) ?? this.pooled.get(ref);
        return replacement ? [replacement.input] : this.views.get(ref)?.reads;
      },
    });
  }

  /** Several instructions in one loop; undefined where their arrays do not allow for it. */
  private nest({ nest }: NestItem): Step | undefined {
    const callIn = nestCalls(nest, nest.operands.map(({ ref, source }) => (source === 'base' ? this.values.base(ref) : this.valueOf(ref))));
    const chain = callIn && Chain.of([callIn(this.reached.get(nest.over)!)]);
    if (!chain) return undefined;
    return {
      refs: nest.nodes.flatMap((node) => (node.kind === 'store' ? [nest.operands[node.operand]!.ref] : [])),
      run: () => chain.run(),
      calls: (boxes) => [callIn(boxes.get(nest.over)!)],
      follows: [nest.over],
      cost: nest.lengths.reduce((size, length) => size * length, nest.nodes.length / 4),
    };
  }

  private single(ref: Ref): Step {
    const { program, reached: boxes, values, options: { alongBranches, kernels, entry } } = this;
    const { primitive, inputs } = program.instructions[ref]!;
    const call = callOf(program, ref);
    const reached = boxes.get(ref)!;
    values.scratch.reset();
    const viewed = this.views.get(ref);
    if (viewed) return this.viewed(ref, viewed);
    const shifts = inputs.map((input) => this.shifted(input));
    const current = { inputs: inputs.map((input, i) => shifts[i]?.values ?? this.valueOf(input)), output: values.current(ref) };
    const base = { inputs: inputs.map(values.base), output: values.base(ref) };
    const along = alongBranches && primitives[primitive].alongBranch;
    if (along) {
      const { starts, length } = runsOf(reached, call.shape);
      const run = (): boolean => {
        for (const start of starts) along(current, base, start, start + length);
        return false;
      };
      return { refs: [ref], run, follows: [], cost: boxSize(reached) };
    }
    const sum = this.factored.get(ref);
    if (sum) {
      const w = program.instructions[sum.convolution]!.inputs[1]!;
      const arrays = { x: this.valueOf(sum.input), baseX: values.base(sum.input), w: this.valueOf(w), sum: values.current(ref), baseSum: values.base(ref) };
      return stepOf(ref, [sum.input], updateFactoredSum(program, sum, boxes.get(sum.input)!, values.scratch, arrays));
    }
    const maximum = this.pooled.get(ref);
    if (maximum) {
      const arrays = { x: this.valueOf(maximum.input), places: values.base(maximum.argmax), output: values.current(ref) };
      const { run, calls } = updatePooledMaximum(program, maximum, boxes.get(maximum.argmax)!, arrays);
      return { refs: [ref], run, calls: (elsewhere) => calls(elsewhere.get(maximum.argmax)!), follows: [maximum.argmax], cost: boxSize(boxes.get(maximum.input)!) };
    }
    const entries = inputs.map((input) => (entry?.leaf === storageOf(program, input) ? entry : undefined));
    const application = { entries, call, current, base, changed: inputs.map((input) => boxes.get(input)), reached, scratch: values.scratch };
    const step = behind(shifts, stepOf(ref, inputs, planStep(program, ref, application, kernels)));
    const { branchesDiffer } = primitiveOf(primitive);
    return alongBranches || !branchesDiffer ? step : { ...step, run: withBranches(step.run, branchesDiffer, current, base, runsOf(reached, call.shape)), calls: undefined };
  }

  private viewed(ref: Ref, product: ViewedProduct): Step {
    const output = this.values.current(ref);
    const shifts = product.reads.map((read) => this.shifted(read));
    const [a, b] = product.reads.map((read, i) => shifts[i]?.values ?? this.valueOf(read)) as [Float64Array, Float64Array];
    const calls = product.calls(output, a, b);
    const update = { run: () => { product.run(output, a, b); }, calls: calls && (() => calls), cost: product.cost };
    return behind(shifts, stepOf(ref, [], update));
  }

  /** An input that is moved where it is read. */
  private shifted(input: Ref): Shifted | undefined {
    const shift = this.values.shiftOf?.(storageOf(this.program, input));
    if (!shift) return undefined;
    const from = this.valueOf(input);
    return { shift, from, values: this.values.scratch.take(from.length) };
  }

  private valueOf(ref: Ref): Float64Array {
    return this.reached.has(ref) ? this.values.current(ref) : this.values.unchanged(ref);
  }
}

/** Whether a plan may compare an input of a primitive, if it is a leaf, with its values at the base point; where one entry of a factor changes, it knows by how much. */
export function comparesInput(primitive: PrimitiveName, position: number): boolean {
  const { branchesDiffer, alongBranch } = primitives[primitive];
  return branchesDiffer !== undefined || alongBranch !== undefined || primitive === 'sum' || (primitive === 'convolution' && position === 0);
}

type BranchesDiffer = NonNullable<Primitive<unknown>['branchesDiffer']>;

/** An input that a step reads from where it was moved to. */
interface Shifted {
  readonly shift: Shift;
  readonly from: Float64Array;
  readonly values: Float64Array;
}

/** A step that moves some inputs first. */
function behind(inputs: readonly (Shifted | undefined)[], step: Step): Step {
  const moved = inputs.filter((input) => input !== undefined);
  if (moved.length === 0) return step;
  const calls = allCalls(moved.map(({ shift, from, values }) => shift.call(values, from)));
  return {
    ...step,
    run: () => {
      for (const { shift, from, values } of moved) shift.apply(values, from);
      return step.run();
    },
    calls: step.calls && calls && ((boxes) => {
      const own = step.calls!(boxes);
      return own && [...calls, ...own];
    }),
  };
}

/** A step that has no branches, or none that are looked at. @param inputs What the update depends on. */
function stepOf(ref: Ref, inputs: readonly Ref[], { run, calls, cost }: Update): Step {
  return {
    refs: [ref],
    run: () => {
      run();
      return false;
    },
    calls: calls && ((boxes) => calls(inputs.map((input) => boxes.get(input)))),
    follows: inputs,
    cost,
  };
}

function withBranches(run: () => void, branchesDiffer: BranchesDiffer, current: Operands, base: Operands, { starts, length }: Runs): () => boolean {
  return () => {
    run();
    return starts.some((start) => branchesDiffer(current, base, start, start + length));
  };
}
