// What the engine knows of each primitive: its shape rule, its kernel, its derivative and its branches, side by side.

import type { Builder } from './builder';
import { compareRun } from './kernels/accelerated';
import type { SimdCall } from './kernels/wasm/call';
import type { AttributesOf, PrimitiveName, Ref } from './program';
import type { Shape } from './shape';

/** The buffers of one application. */
export interface Operands {
  readonly inputs: readonly Float64Array[];
  readonly output: Float64Array;
}

/** The static side of one application. */
export interface Call<Attributes> {
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly inputShapes: readonly Shape[];
}

/** 'zero' says that an input's derivative vanishes by structure; undefined that it was not needed. */
export type Cotangent = Ref | 'zero' | undefined;

/** Emits the vector-Jacobian product of one application: for each needed input, the cotangent that flows into it. */
export type VectorJacobianProduct<Attributes> = (
  builder: Builder,
  cotangent: Ref,
  inputs: readonly Ref[],
  output: Ref,
  attributes: Attributes,
  needed: readonly boolean[],
) => Cotangent[];

export interface Primitive<Attributes> {
  /** The output's shape; throws an EngineError where the inputs do not fit. */
  shape(inputs: readonly Shape[], attributes: Attributes): Shape;
  /** Fills the output, whose former content is arbitrary. */
  forward(output: Float64Array, inputs: readonly Float64Array[], call: Call<Attributes>): void;
  /** Only for primitives that work entry by entry: fills the output from `start` to `stop`. */
  readonly range?: RangeKernel;
  /** `forward` on these arrays as calls of SIMD kernels, where there are such; places to read from, which are inputs of some primitives, must be in range. */
  calls?(output: Float64Array, inputs: readonly Float64Array[], call: Call<Attributes>): readonly SimdCall[] | undefined;
  /** 'zero' is for piecewise constant primitives and sources: their derivative vanishes by structure. */
  readonly vjp: Derivative<Attributes>;
  /** Only for piecewise primitives: whether any entry from `start` to `stop` of the output took another branch than in `base`. */
  branchesDiffer?(current: Operands, base: Operands, start: number, stop: number): boolean;
  /** Only for piecewise primitives that are not constant on their pieces: fills the output along the branch that `base` takes; between branches, along their mean if the derivative is. */
  alongBranch?(current: Operands, base: Operands, start: number, stop: number): void;
}

export type Derivative<Attributes> = VectorJacobianProduct<Attributes> | 'zero';

/** Exhaustive: the type checker names what a new primitive lacks. */
export type PrimitiveTable = { readonly [Name in PrimitiveName]: Primitive<AttributesOf[Name]> };

/** The derivatives alone, so that a test can put a wrong one in. */
export type DerivativeTable = { readonly [Name in PrimitiveName]: Derivative<AttributesOf[Name]> };

/** Fills the entries of the output from `start` to `stop`, each from the entries of the inputs at the same place. */
export type RangeKernel = (output: Float64Array, inputs: readonly Float64Array[], start: number, stop: number) => void;

/** The kernels of a primitive that works entry by entry. */
export function entrywise(range: RangeKernel): Pick<Primitive<unknown>, 'forward' | 'range'> {
  return { range, forward: (output, inputs) => range(output, inputs, 0, output.length) };
}

/** For piecewise constant primitives, whose value is their branch. */
export function outputsDiffer(current: Operands, base: Operands, start: number, stop: number): boolean {
  const a = current.output;
  const b = base.output;
  const compared = compareRun('differ', a, b, start, stop);
  if (compared !== undefined) return compared;
  for (let i = start; i < stop; i++) if (a[i] !== b[i]) return true;
  return false;
}

/** For primitives that branch on whether their first input is positive. One that is zero at the base point shows it by one of two steps, to either side. */
export function signsDiffer(current: Operands, base: Operands, start: number, stop: number): boolean {
  const a = current.inputs[0]!;
  const b = base.inputs[0]!;
  const compared = compareRun('signsDiffer', a, b, start, stop);
  if (compared !== undefined) return compared;
  for (let i = start; i < stop; i++) {
    if (a[i]! > 0 !== b[i]! > 0) return true;
  }
  return false;
}
