// Computes again only what a change in some boxes can reach.

import { CancelledError } from '../errors';
import { callOf, prepare } from '../execute';
import type { KernelTable } from '../execute';
import { groupInstructions, storageOf } from '../fusion/group';
import type { Item, NestItem } from '../fusion/group';
import { prepareChain } from '../fusion/chain';
import { nestCall } from '../fusion/run';
import type { SimdCall } from '../kernels/wasm/call';
import { accelerateRange } from '../kernels/accelerated';
import { copyingView } from '../kernels/strided';
import { primitiveOf, primitives } from '../primitives/table';
import type { Call, Operands } from '../primitive';
import type { PrimitiveName, Program, Ref } from '../program';
import { sizeOf, stridesOf } from '../shape';
import { boxShape, boxSize, isWhole, offsetOf, runsOf } from './box';
import type { Box } from './box';
import { factoredSums, updateFactoredSum } from './factored';
import type { FactoredSum } from './factored';
import { linearUpdate } from './linear';
import type { Application, EntryChange, Scratch, Update } from './linear';
import { pooledMaxima, updatePooledMaximum } from './pooled';
import type { PooledMaximum } from './pooled';
import { ruleOf } from './rules';

/** The tensors of a program at a base point and at a changed one, by ref. */
export interface Values {
  readonly base: (ref: Ref) => Float64Array;
  /** Equal to the base but for what the plan in force has changed. */
  readonly current: (ref: Ref) => Float64Array;
  /** Equal to the base where the plan in force changes nothing, and near to the current values in memory. */
  readonly unchanged: (ref: Ref) => Float64Array;
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

export interface Plan {
  /** What the plan changes, to be put back before another one runs. */
  readonly boxes: ReadonlyMap<Ref, Box>;
  /** Computes it all; true if a piecewise primitive took another branch than at the base point. */
  readonly run: () => boolean;
  /** Roughly, in multiply-adds. */
  readonly cost: number;
}

/** One instruction or nest of a plan; its run says whether a branch changed. */
interface Step {
  readonly refs: readonly Ref[];
  readonly run: () => boolean;
  /** The same as calls of SIMD kernels, where it is made of nothing else. */
  readonly calls?: readonly SimdCall[];
  readonly cost: number;
}

/** @param refs The instructions to keep up to date, ascending. @param changed The parts of leaves that will change. */
export function planUpdate(
  program: Program,
  refs: readonly Ref[],
  changed: ReadonlyMap<Ref, Box>,
  values: Values,
  options: PlanOptions = {},
): Plan {
  const { alongBranches = false, cancelled } = options;
  const reached = reachedBoxes(program, refs, changed, alongBranches);
  const planner = new Planner(program, reached, values, options);
  const steps = planner.steps(refs.filter((ref) => reached.has(ref) && !changed.has(ref)));
  const written = new Set([...changed.keys(), ...steps.flatMap((step) => step.refs)]);
  const boxes = new Map([...reached].filter(([ref]) => written.has(storageOf(program, ref))));
  const runs = chained(steps);
  return {
    boxes,
    cost: steps.reduce((sum, { cost }) => sum + cost, 0),
    run: () => {
      let branched = false;
      for (const run of runs) {
        if (cancelled?.()) throw new CancelledError();
        if (run()) branched = true;
      }
      return branched;
    },
  };
}

/** The runs of the steps in order; neighbours that are made of calls run as one. */
function chained(steps: readonly Step[]): (() => boolean)[] {
  const runs: (() => boolean)[] = [];
  for (let i = 0; i < steps.length;) {
    let stop = i;
    while (steps[stop]?.calls) stop++;
    const chain = stop > i ? prepareChain(steps.slice(i, stop).flatMap(({ calls }) => calls!)) : undefined;
    runs.push(...(chain ? [chain] : steps.slice(i, Math.max(stop, i + 1)).map(({ run }) => run)));
    i = Math.max(stop, i + 1);
  }
  return runs;
}

/** How far the change of some leaves reaches. */
function reachedBoxes(program: Program, refs: readonly Ref[], changed: ReadonlyMap<Ref, Box>, alongBranches: boolean): Map<Ref, Box> {
  const boxes = new Map(changed);
  for (const ref of refs) {
    const { primitive, inputs } = program.instructions[ref]!;
    // A detached value stays at its base, as its derivative says, and along its branch so does what is piecewise constant.
    if (primitive === 'detach' || (alongBranches && primitives[primitive].vjp === 'zero') || boxes.has(ref)) continue;
    const reachedBy = inputs.map((input) => boxes.get(input));
    if (reachedBy.every((box) => box === undefined)) continue;
    const reached = ruleOf(primitive).reach(reachedBy, callOf(program, ref));
    if (reached) boxes.set(ref, reached);
  }
  return boxes;
}

/** Makes the steps of one plan. */
class Planner {
  private wanted: ReadonlySet<Ref> = new Set();
  private factored: ReadonlyMap<Ref, FactoredSum> = new Map();
  private pooled: ReadonlyMap<Ref, PooledMaximum> = new Map();

  constructor(
    private readonly program: Program,
    private readonly reached: ReadonlyMap<Ref, Box>,
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
        return replacement && [replacement.input];
      },
    });
  }

  /** Several instructions in one loop; undefined where their arrays do not allow for it. */
  private nest({ nest }: NestItem): Step | undefined {
    const arrays = nest.operands.map(({ ref, source }) => (source === 'base' ? this.values.base(ref) : this.valueOf(ref)));
    const call = nestCall(nest, arrays, this.reached.get(nest.over)!);
    const run = call && prepareChain([call]);
    const cost = nest.lengths.reduce((size, length) => size * length, nest.nodes.length / 4);
    return run && { refs: nest.nodes.flatMap((node) => (node.kind === 'store' ? [nest.operands[node.operand]!.ref] : [])), run, calls: [call], cost };
  }

  private single(ref: Ref): Step {
    const { program, reached: boxes, values, options: { alongBranches, kernels } } = this;
    const { primitive, inputs } = program.instructions[ref]!;
    const call = callOf(program, ref);
    const reached = boxes.get(ref)!;
    const current = { inputs: inputs.map((input) => this.valueOf(input)), output: values.current(ref) };
    const base = { inputs: inputs.map(values.base), output: values.base(ref) };
    const along = alongBranches && primitives[primitive].alongBranch;
    if (along) {
      const { starts, length } = runsOf(reached, call.shape);
      const run = (): boolean => {
        for (const start of starts) along(current, base, start, start + length);
        return false;
      };
      return { refs: [ref], run, cost: boxSize(reached) };
    }
    values.scratch.reset();
    const sum = this.factored.get(ref);
    if (sum) {
      const w = program.instructions[sum.convolution]!.inputs[1]!;
      const arrays = { x: this.valueOf(sum.input), baseX: values.base(sum.input), w: this.valueOf(w), sum: values.current(ref), baseSum: values.base(ref) };
      const { run, calls, cost } = updateFactoredSum(program, sum, boxes.get(sum.input)!, values.scratch, arrays);
      return { refs: [ref], run: withoutBranches(run), calls, cost };
    }
    const maximum = this.pooled.get(ref);
    if (maximum) {
      const arrays = { x: this.valueOf(maximum.input), places: values.base(maximum.argmax), output: values.current(ref) };
      return { refs: [ref], ...updatePooledMaximum(program, maximum, boxes.get(maximum.argmax)!, arrays), cost: boxSize(boxes.get(maximum.input)!) };
    }
    const application = { entries: inputs.map((input) => (this.options.entry?.leaf === storageOf(program, input) ? this.options.entry : undefined)), call, current, base, changed: inputs.map((input) => boxes.get(input)), reached, scratch: values.scratch };
    const update = planStep(program, ref, application, kernels);
    const run = alongBranches ? withoutBranches(update.run) : withBranches(update.run, program, ref, current, base, reached);
    const isSmooth = alongBranches || !primitiveOf(primitive).branchesDiffer;
    return { refs: [ref], run, calls: isSmooth ? update.calls : undefined, cost: update.cost };
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

function withoutBranches(run: () => void): () => boolean {
  return () => {
    run();
    return false;
  };
}

function withBranches(run: () => void, program: Program, ref: Ref, current: Operands, base: Operands, box: Box): () => boolean {
  const { primitive, shape } = program.instructions[ref]!;
  const entry = primitiveOf(primitive);
  const { starts, length } = runsOf(box, shape);
  if (!entry.branchesDiffer) return withoutBranches(run);
  return () => {
    run();
    for (const start of starts) if (entry.branchesDiffer!(current, base, start, start + length)) return true;
    return false;
  };
}

/** The cheapest way to bring one output up to date. */
function planStep(program: Program, ref: Ref, application: Application<unknown>, kernels?: KernelTable): Update {
  const { primitive, shape } = program.instructions[ref]!;
  const { call, current, changed, reached } = application;
  const { range } = primitiveOf(primitive);
  const linear = kernels?.[primitive] ? undefined : linearUpdate(primitive, application);
  if (linear) return linear;
  const compute = prepare(program, ref, kernels);
  // Which rows are gathered is known to be in range where it does not change.
  const mayCall = !kernels?.[primitive] && !(primitive === 'gather' && changed[1]);
  const calls = !mayCall ? undefined : primitiveOf(primitive).calls?.(current.output, current.inputs, call);
  const whole = { run: () => compute(current.output, current.inputs), calls, cost: workOf(program, ref, sizeOf(shape)) };
  const rule = ruleOf(primitive);
  if (isWhole(reached, shape)) return whole;
  if (range && !kernels?.[primitive]) {
    const { starts, length } = runsOf(reached, shape);
    const fast = accelerateRange(primitive, range);
    return {
      cost: boxSize(reached),
      run: () => {
        for (const start of starts) fast(current.output, current.inputs, start, start + length);
      },
    };
  }
  if (rule.view) return planView(application, rule.view(call));
  if (!rule.part) return whole;
  const cost = workOf(program, ref, boxSize(reached));
  const parts = separateParts(primitive, reached, shape).map((box) => partOf(program, ref, application, box, kernels));
  const run = parts.length === 1 ? parts[0]! : () => {
    for (const compute of parts) compute();
  };
  return { cost, run };
}

/** Primitives that can compute any piece of an output by itself, and as well as all pieces together. */
const SEPARABLE: readonly PrimitiveName[] = ['windowSum', 'windowSpread', 'windowArgmax', 'gather'];
const MOST_PARTS = 16;

/** A box cut into a few that lie in one piece each, so that nothing need be copied; or the box itself. */
function separateParts(primitive: PrimitiveName, box: Box, shape: readonly number[]): Box[] {
  const { starts } = runsOf(box, shape);
  if (!SEPARABLE.includes(primitive) || starts.length > MOST_PARTS) return [box];
  let boxes = [box];
  for (let axis = 0; axis < box.length && runsOf(boxes[0]!, shape).starts.length > 1; axis++) {
    boxes = boxes.flatMap((each) => {
      const { start, stop } = each[axis]!;
      return Array.from({ length: stop - start }, (_, i) => each.map((range, other) => (other === axis ? { start: start + i, stop: start + i + 1 } : range)));
    });
  }
  return boxes;
}

/** Computes a box of an output by the primitive's own kernel. */
function partOf(program: Program, ref: Ref, { call, current, scratch }: Application<unknown>, box: Box, kernels?: KernelTable): () => void {
  const { primitive, shape } = program.instructions[ref]!;
  const part = ruleOf(primitive).part!(box, call);
  const inputs = part.inputs.map((each, i) => new Part(current.inputs[i]!, each, call.inputShapes[i]!, scratch));
  const output = new Part(current.output, box, shape, scratch);
  const compute = prepare(program, ref, kernels, {
    attributes: part.attributes ?? call.attributes,
    shape: boxShape(box),
    inputShapes: inputs.map(({ shape: partShape }) => partShape),
  });
  const buffers = inputs.map(({ values }) => values);
  return () => {
    for (const input of inputs) input.load();
    compute(output.values, buffers);
    output.store();
  };
}

function planView({ call, current, reached }: Application<unknown>, { offset, strides }: { offset: number; strides: readonly number[] }): Update {
  const outputStrides = stridesOf(call.shape);
  const target = { values: current.output, offset: offsetOf(reached, outputStrides), strides: outputStrides };
  const source = { values: current.inputs[0]!, offset: offset + offsetOf(reached, strides), strides };
  const shape = boxShape(reached);
  return { cost: boxSize(reached), run: copyingView(target, source, shape) };
}

/** A box of a tensor, copied into a buffer of its own unless it is the whole. */
class Part {
  readonly shape: number[];
  readonly values: Float64Array;
  private readonly isCopy: boolean;
  private readonly runs: { readonly starts: readonly number[]; readonly length: number };

  constructor(private readonly tensor: Float64Array, box: Box, shape: readonly number[], scratch: Scratch) {
    this.shape = boxShape(box);
    this.runs = runsOf(box, shape);
    const [start = 0] = this.runs.starts;
    // A single run needs no copy.
    this.isCopy = this.runs.starts.length !== 1;
    this.values = this.isCopy ? scratch.take(boxSize(box)) : tensor.subarray(start, start + this.runs.length);
  }

  load(): void {
    if (!this.isCopy) return;
    const { starts, length } = this.runs;
    starts.forEach((start, i) => this.values.set(this.tensor.subarray(start, start + length), i * length));
  }

  store(): void {
    if (!this.isCopy) return;
    const { starts, length } = this.runs;
    starts.forEach((start, i) => this.tensor.set(this.values.subarray(i * length, (i + 1) * length), start));
  }
}

/** Roughly the multiply-adds for some entries of an output. */
function workOf(program: Program, ref: Ref, entries: number): number {
  const { primitive, inputs, attributes } = program.instructions[ref]!;
  const shapeOf = (i: number): readonly number[] => program.instructions[inputs[i]!]!.shape;
  switch (primitive) {
    case 'matmul':
      return entries * shapeOf(0).at((attributes as Call<{ transposeLeft: boolean }>['attributes']).transposeLeft ? -2 : -1)!;
    case 'convolution':
      return entries * sizeOf(shapeOf(1).slice(1));
    case 'convolutionInputGradient':
      return sizeOf(shapeOf(0)) * sizeOf(shapeOf(1).slice(1));
    default:
      return entries;
  }
}

