// Runs programs: only what is wanted, in order, freeing each buffer after its last use.

import { CancelledError, EngineError } from './errors';
import { groupInstructions, storageOf } from './fusion/group';
import type { Item, NestItem } from './fusion/group';
import { Chain } from './fusion/chain';
import { nestCalls } from './fusion/run';
import { viewedProducts } from './fusion/views';
import type { ViewedProduct } from './fusion/views';
import { wholeBox } from './incremental/box';
import { accelerateRange } from './kernels/accelerated';
import { Arena, bestImplementation } from './kernels/wasm/arena';
import type { Implementation } from './kernels/wasm/arena';
import type { Call } from './primitive';
import { primitiveOf } from './primitives/table';
import { describeInstruction } from './program';
import type { Instruction, PrimitiveName, Program, Ref } from './program';
import { sizeOf } from './shape';

/** Fills the output of one application, as Primitive.forward does. */
export type Kernel = (output: Float64Array, inputs: readonly Float64Array[], call: Call<unknown>) => void;

/** Kernels that take the place of the primitives' own; the others stay. */
export type KernelTable = Partial<Record<PrimitiveName, Kernel>>;

export interface ExecutionOptions {
  readonly kernels?: KernelTable;
  /** Unless set, the fastest that the host can run. */
  readonly implementation?: Implementation;
  /** Asked before each instruction; true stops the run with a CancelledError. */
  readonly cancelled?: () => boolean;
}

/** Below so many numbers in all, a memory of its own for the SIMD kernels does not pay. */
const LEAST_ARENA = 4096;

/** An arena for a program, of ordinary arrays if it is small. */
export function arenaFor(entries: number, { implementation }: ExecutionOptions): Arena {
  return new Arena(entries, entries < LEAST_ARENA ? 'reference' : implementation);
}

/** The refs that the wanted ones depend on, themselves included, ascending. */
export function liveRefs(program: Program, wanted: readonly Ref[]): Ref[] {
  const live = new Set<Ref>(wanted);
  for (let ref = Math.max(-1, ...wanted); ref >= 0; ref--) {
    if (live.has(ref)) for (const input of program.instructions[ref]!.inputs) live.add(input);
  }
  return [...live].sort((a, b) => a - b);
}

/** The static side of an instruction. */
export function callOf(program: Program, ref: Ref): Call<unknown> {
  const instruction = program.instructions[ref]!;
  let call = knownCalls.get(instruction);
  if (!call) {
    const { attributes, shape, inputs } = instruction;
    call = { attributes, shape, inputShapes: inputs.map((input) => program.instructions[input]!.shape) };
    knownCalls.set(instruction, call);
  }
  return call;
}

const knownCalls = new WeakMap<Instruction, Call<unknown>>();

/**
 * One instruction made ready to run again and again: fills an output from its inputs.
 * @param call The whole of the instruction, unless only a part of it is wanted.
 */
export function prepare(
  program: Program,
  ref: Ref,
  kernels: KernelTable = {},
  call: Call<unknown> = callOf(program, ref),
): (output: Float64Array, inputs: readonly Float64Array[]) => void {
  const { primitive, origin } = program.instructions[ref]!;
  const own = primitiveOf(primitive);
  const range = own.range && accelerateRange(primitive, own.range);
  const kernel: Kernel = kernels[primitive]
    ?? (range ? (output, inputs) => range(output, inputs, 0, output.length) : (output, inputs) => own.forward(output, inputs, call));
  return (output, inputs) => {
    try {
      kernel(output, inputs, call);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError(`${describeInstruction(program, ref)}: ${error.message}`, origin, error.reason);
    }
  };
}

/** The caller's values of a leaf, checked for their number. */
export function leafValues(program: Program, ref: Ref, leaves: ReadonlyMap<Ref, Float64Array>): Float64Array {
  const { attributes, shape, origin } = program.instructions[ref]!;
  const { name } = attributes as { name: string };
  const values = leaves.get(ref);
  if (!values) throw new EngineError(`no values were given for the leaf ${name}`, origin);
  if (values.length !== sizeOf(shape)) {
    throw new EngineError(`the leaf ${name} has ${sizeOf(shape)} entries, but ${values.length} values were given`, origin);
  }
  return values;
}

/** What runs, in order, and which buffer each result that is kept for a while is computed into. */
export interface BufferPlan {
  readonly items: readonly Item[];
  readonly views: ReadonlyMap<Ref, ViewedProduct>;
  readonly slots: ReadonlyMap<Ref, number>;
  readonly sizes: readonly number[];
}

/** Whether loop nests can run where there is room for many numbers. */
export function canFuse({ implementation = bestImplementation() }: ExecutionOptions): boolean {
  return implementation !== 'reference';
}

/**
 * Gives each result a buffer that is free again, if there is one of its size; a reshaped tensor shares that of its input.
 * @param live What is to be computed, ascending.
 * @param passing What is handed out as soon as it is computed, and not kept.
 * @param fuses Whether chains of instructions become loop nests, so that what lies between them needs no buffer.
 */
export function assignBuffers(program: Program, live: readonly Ref[], wanted: readonly Ref[], kernels: KernelTable = {}, fuses = false, passing: readonly Ref[] = []): BufferPlan {
  const root = (ref: Ref): Ref => storageOf(program, ref);
  const views = viewedProducts(program, live, (ref) => !kernels[program.instructions[ref]!.primitive], new Set([...wanted, ...passing].map(root)));
  const items = groupInstructions({
    program,
    refs: live,
    boxOf: (ref) => wholeBox(program.instructions[ref]!.shape),
    branches: 'ignored',
    mayFuse: (ref) => fuses && !kernels[program.instructions[ref]!.primitive],
    wanted: new Set([...wanted, ...passing]),
    readsOf: (ref) => views.get(ref)?.reads,
  });
  const passed = new Set(passing.map(root));
  const accesses = items.map((item) => accessesOf(program, item, views));
  const usesLeft = new Map<Ref, number>(wanted.map((ref) => [root(ref), Infinity]));
  for (const ref of accesses.flatMap(({ reads }) => reads)) usesLeft.set(ref, (usesLeft.get(ref) ?? 0) + 1);
  const slots = new Map<Ref, number>();
  const sizes: number[] = [];
  const free = new Map<number, number[]>();
  items.forEach((item, i) => {
    const { reads, writes } = accesses[i]!;
    const take = (): void => {
      for (const ref of writes) {
        const size = sizeOf(program.instructions[ref]!.shape);
        slots.set(ref, free.get(size)?.pop() ?? sizes.push(size) - 1);
      }
    };
    // What works entry by entry may write over an input that nothing else reads.
    const inPlace = item.kind === 'single' && !kernels[program.instructions[item.ref]!.primitive] && primitiveOf(program.instructions[item.ref]!.primitive).range !== undefined;
    const release = (ref: Ref): void => {
      const slot = slots.get(ref);
      if (slot === undefined) return;
      const size = sizes[slot]!;
      const others = free.get(size);
      if (others) others.push(slot);
      else free.set(size, [slot]);
    };
    if (!inPlace) take();
    for (const ref of reads) {
      const left = usesLeft.get(ref)! - 1;
      usesLeft.set(ref, left);
      if (left <= 0) release(ref);
    }
    if (inPlace) take();
    for (const ref of writes) if (passed.has(ref) && !usesLeft.get(ref)) release(ref);
  });
  return { items, views, slots, sizes };
}

/** The buffers that an item reads and writes, by the tensor that they belong to. */
function accessesOf(program: Program, item: Item, views: BufferPlan['views']): { reads: readonly Ref[]; writes: readonly Ref[] } {
  if (item.kind === 'single') return { reads: views.get(item.ref)?.reads ?? program.instructions[item.ref]!.inputs.map((input) => storageOf(program, input)), writes: [item.ref] };
  const { nodes, operands } = item.nest;
  const refsOf = (kind: 'load' | 'store'): Ref[] => nodes.flatMap((node) => (node.kind === kind ? [operands[node.operand]!.ref] : []));
  return { reads: refsOf('load'), writes: refsOf('store') };
}

/** A part of a program made ready to run again and again in one arena. */
export class Execution {
  private readonly buffers: readonly Float64Array[];
  private readonly steps: ((leaves: ReadonlyMap<Ref, Float64Array>) => void)[];

  /** @param outside Values of what is not computed here. @throws EngineError when run, if a leaf has no values. */
  constructor(
    private readonly program: Program,
    private readonly plan: BufferPlan,
    arena: Arena,
    private readonly options: ExecutionOptions = {},
    private readonly outside: (ref: Ref) => Float64Array | undefined = () => undefined,
  ) {
    this.buffers = plan.sizes.map((size) => arena.allocate(size));
    this.steps = plan.items.map((item) => (item.kind === 'nest' ? this.nest(item) : this.single(item.ref)));
  }

  /** @param leaves What leaves are worth; the buffer of a wanted one may stand for itself. @param onValue Sees each result that has a buffer as soon as it is there; true ends the run. */
  run(leaves: ReadonlyMap<Ref, Float64Array>, onValue?: (ref: Ref, values: Float64Array) => unknown): void {
    for (const [i, step] of this.steps.entries()) {
      if (this.options.cancelled?.()) throw new CancelledError();
      step(leaves);
      if (onValue && accessesOf(this.program, this.plan.items[i]!, this.plan.views).writes.some((ref) => onValue(ref, this.valueOf(ref)) === true)) return;
    }
  }

  /** Runs up to one result, and gives it. */
  runTo(sought: Ref): Float64Array {
    this.run(new Map(), (ref) => ref === sought);
    return this.valueOf(sought);
  }

  /** The buffer of a wanted ref. */
  valueOf(ref: Ref): Float64Array {
    const root = storageOf(this.program, ref);
    const slot = this.plan.slots.get(root);
    return slot === undefined ? this.outside(root)! : this.buffers[slot]!;
  }

  private single(ref: Ref): (leaves: ReadonlyMap<Ref, Float64Array>) => void {
    const { primitive, inputs } = this.program.instructions[ref]!;
    const output = this.valueOf(ref);
    if (primitive === 'leaf') {
      return (leaves) => {
        const values = leafValues(this.program, ref, leaves);
        if (values !== output) output.set(values);
      };
    }
    const viewed = this.plan.views.get(ref);
    if (viewed) {
      const [a, b] = viewed.reads.map((read) => this.valueOf(read)) as [Float64Array, Float64Array];
      return () => { viewed.run(output, a, b); };
    }
    const compute = prepare(this.program, ref, this.options.kernels);
    const values = inputs.map((input) => this.valueOf(input));
    return () => compute(output, values);
  }

  private nest({ nest }: NestItem): () => void {
    const callIn = nestCalls(nest, nest.operands.map(({ ref }) => this.valueOf(ref)));
    const chain = callIn && Chain.of([callIn(wholeBox(this.program.instructions[nest.over]!.shape))]);
    if (!chain) throw new Error('the tensors of a loop nest do not lie in one arena');
    return () => chain.run();
  }
}

/** Room for a part of a program, and what runs in it. */
export function prepareExecution(program: Program, wanted: readonly Ref[], options: ExecutionOptions = {}): Execution {
  const live = liveRefs(program, wanted);
  const planFor = (fuses: boolean): BufferPlan => assignBuffers(program, live, wanted, options.kernels, fuses);
  const plan = planFor(canFuse(options));
  const arena = arenaFor(plan.sizes.reduce((sum, size) => sum + size, 0), options);
  return new Execution(program, arena.implementation === 'reference' ? planFor(false) : plan, arena, options);
}

/** The values of the wanted refs, in their order. */
export function run(
  program: Program,
  leaves: ReadonlyMap<Ref, Float64Array>,
  wanted: readonly Ref[],
  options: ExecutionOptions = {},
): Float64Array[] {
  const execution = prepareExecution(program, wanted, options);
  execution.run(leaves);
  return wanted.map((ref) => execution.valueOf(ref).slice());
}
