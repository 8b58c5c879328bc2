// Runs programs: only what is wanted, in order, freeing each buffer after its last use.

import { CancelledError, EngineError } from './errors';
import type { Call } from './primitive';
import { primitiveOf } from './primitives/table';
import { describeInstruction } from './program';
import type { PrimitiveName, Program, Ref } from './program';
import { sizeOf } from './shape';

/** Fills the output of one application, as Primitive.forward does. */
export type Kernel = (output: Float64Array, inputs: readonly Float64Array[], call: Call<unknown>) => void;

/** Kernels that take the place of the primitives' own; the others stay. */
export type KernelTable = Partial<Record<PrimitiveName, Kernel>>;

export interface RunOptions {
  readonly kernels?: KernelTable;
  /** Asked before each instruction; true stops the run with a CancelledError. */
  readonly cancelled?: () => boolean;
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
  const kernel = kernels[primitive] ?? ((output: Float64Array, inputs: readonly Float64Array[]) => own.forward(output, inputs, call));
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

/** The values of the wanted refs, in their order. A wanted leaf gives the caller's own array. */
export function run(
  program: Program,
  leaves: ReadonlyMap<Ref, Float64Array>,
  wanted: readonly Ref[],
  options: RunOptions = {},
): Float64Array[] {
  const live = liveRefs(program, wanted);
  const usesLeft = new Map<Ref, number>(wanted.map((ref) => [ref, Infinity]));
  for (const ref of live) {
    for (const input of program.instructions[ref]!.inputs) usesLeft.set(input, (usesLeft.get(input) ?? 0) + 1);
  }
  const values = new Map<Ref, Float64Array>();
  const free = new Map<number, Float64Array[]>();
  for (const ref of live) {
    if (options.cancelled?.()) throw new CancelledError();
    const { primitive, inputs, shape } = program.instructions[ref]!;
    if (primitive === 'leaf') {
      values.set(ref, leafValues(program, ref, leaves));
      continue;
    }
    const size = sizeOf(shape);
    const output = free.get(size)?.pop() ?? new Float64Array(size);
    prepare(program, ref, options.kernels)(output, inputs.map((input) => values.get(input)!));
    values.set(ref, output);
    for (const input of inputs) {
      const left = usesLeft.get(input)! - 1;
      usesLeft.set(input, left);
      if (left > 0 || program.instructions[input]!.primitive === 'leaf') continue;
      const buffer = values.get(input)!;
      values.delete(input);
      free.set(buffer.length, [...(free.get(buffer.length) ?? []), buffer]);
    }
  }
  return wanted.map((ref) => values.get(ref)!);
}
