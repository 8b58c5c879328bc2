// Runs programs: only what is wanted, in order, freeing each buffer after its last use.

import { CancelledError, EngineError } from './errors';
import { accelerateRange } from './kernels/accelerated';
import { Arena } from './kernels/wasm/arena';
import type { Implementation } from './kernels/wasm/arena';
import type { Call } from './primitive';
import { primitiveOf } from './primitives/table';
import { describeInstruction } from './program';
import type { PrimitiveName, Program, Ref } from './program';
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
  const { attributes, shape, inputs } = program.instructions[ref]!;
  return { attributes, shape, inputShapes: inputs.map((input) => program.instructions[input]!.shape) };
}

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
      throw new EngineError(`${describeInstruction(program, ref)}: ${error.message}`, origin);
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

/** Which buffer each result is computed into. */
export interface BufferPlan {
  readonly live: readonly Ref[];
  readonly slots: ReadonlyMap<Ref, number>;
  readonly sizes: readonly number[];
}

/** Gives each result a buffer that is free again, if there is one of its size. @param live What is to be computed, ascending. */
export function assignBuffers(program: Program, live: readonly Ref[], wanted: readonly Ref[], kernels: KernelTable = {}): BufferPlan {
  const usesLeft = new Map<Ref, number>(wanted.map((ref) => [ref, Infinity]));
  for (const ref of live) {
    for (const input of program.instructions[ref]!.inputs) usesLeft.set(input, (usesLeft.get(input) ?? 0) + 1);
  }
  const slots = new Map<Ref, number>();
  const sizes: number[] = [];
  const free = new Map<number, number[]>();
  for (const ref of live) {
    const { primitive, inputs, shape } = program.instructions[ref]!;
    const size = sizeOf(shape);
    const take = (): void => void slots.set(ref, free.get(size)?.pop() ?? sizes.push(size) - 1);
    // What works entry by entry may write over an input that nothing else reads.
    const inPlace = !kernels[primitive] && (primitive === 'reshape' || primitiveOf(primitive).range !== undefined);
    if (!inPlace) take();
    for (const input of inputs) {
      const left = usesLeft.get(input)! - 1;
      usesLeft.set(input, left);
      const slot = slots.get(input);
      if (left > 0 || slot === undefined) continue;
      free.set(sizes[slot]!, [...(free.get(sizes[slot]!) ?? []), slot]);
    }
    if (inPlace) take();
  }
  return { live, slots, sizes };
}

/** The values of the wanted refs, in their order. */
export function run(
  program: Program,
  leaves: ReadonlyMap<Ref, Float64Array>,
  wanted: readonly Ref[],
  options: ExecutionOptions = {},
): Float64Array[] {
  const { live, slots, sizes } = assignBuffers(program, liveRefs(program, wanted), wanted, options.kernels);
  const arena = arenaFor(sizes.reduce((sum, size) => sum + size, 0), options);
  const buffers = sizes.map((size) => arena.allocate(size));
  const bufferOf = (ref: Ref): Float64Array => buffers[slots.get(ref)!]!;
  for (const ref of live) {
    if (options.cancelled?.()) throw new CancelledError();
    const { primitive, inputs } = program.instructions[ref]!;
    if (primitive === 'leaf') bufferOf(ref).set(leafValues(program, ref, leaves));
    else prepare(program, ref, options.kernels)(bufferOf(ref), inputs.map(bufferOf));
  }
  return wanted.map((ref) => bufferOf(ref).slice());
}
