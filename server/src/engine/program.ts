// A program is data: a list of instructions on tensors with static shapes, each naming the earlier ones that it reads.

import type { Shape } from './shape';

/** Names an instruction, and with it its result, by position. */
export type Ref = number;

/** A label owned by whoever builds the program, such as the layer that an instruction belongs to. */
export type Origin = string | number;

export type None = Record<string, never>;

/** What a convolution and its two adjoints share; one number per spatial axis. */
export interface ConvolutionGeometry {
  readonly stride: readonly number[];
  readonly paddingBefore: readonly number[];
  readonly paddingAfter: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** Along one axis, output o covers the input places starts[o], starts[o] + step, … below stops[o]. */
export interface Windows {
  readonly starts: readonly number[];
  readonly stops: readonly number[];
  readonly step: number;
}

/** The primitives and the static attributes that each has; the entries of the primitive table follow these keys. */
export interface AttributesOf {
  // sources
  leaf: { readonly name: string; readonly shape: Shape };
  constant: { readonly values: Float64Array; readonly shape: Shape };
  dropoutMask: { readonly shape: Shape; readonly probability: number; readonly seed: number; readonly key: string };
  // one input, entry by entry
  negate: None;
  abs: None;
  exp: None;
  expm1: None;
  log: None;
  log1p: None;
  sqrt: None;
  reciprocal: None;
  sin: None;
  cos: None;
  tanh: None;
  sigmoid: None;
  softplus: None;
  erf: None;
  relu: None;
  sign: None;
  step: None;
  floor: None;
  ceil: None;
  round: None;
  detach: None;
  // several inputs of one shape, entry by entry
  add: None;
  subtract: None;
  multiply: None;
  divide: None;
  power: None;
  maximum: None;
  minimum: None;
  equal: None;
  less: None;
  lessEqual: None;
  select: None;
  // along axes
  sum: { readonly axes: readonly number[] };
  argmax: None;
  logSumExp: { readonly axis: number };
  softmax: { readonly axis: number };
  cumsum: { readonly axis: number; readonly reverse: boolean };
  // layout
  reshape: { readonly shape: Shape };
  broadcastTo: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  slice: { readonly starts: readonly number[]; readonly steps: readonly number[]; readonly shape: Shape };
  embed: {
    readonly starts: readonly number[];
    readonly steps: readonly number[];
    readonly shape: Shape;
    readonly value: number;
  };
  concat: { readonly axis: number };
  // products
  matmul: { readonly transposeLeft: boolean; readonly transposeRight: boolean };
  convolution: ConvolutionGeometry;
  convolutionInputGradient: ConvolutionGeometry & { readonly inputSizes: readonly number[] };
  convolutionWeightGradient: ConvolutionGeometry & { readonly kernelSizes: readonly number[] };
  // windows over the trailing axes
  windowSum: { readonly windows: readonly Windows[] };
  windowSpread: { readonly windows: readonly Windows[]; readonly sizes: readonly number[] };
  windowArgmax: { readonly windows: readonly Windows[] };
  // rows by number
  gather: { readonly batchAxes: number };
  scatterAdd: { readonly batchAxes: number; readonly size: number };
}

export type PrimitiveName = keyof AttributesOf;

/** One step: applies a primitive to earlier results. */
export interface Instruction<Name extends PrimitiveName = PrimitiveName> {
  readonly primitive: Name;
  readonly inputs: readonly Ref[];
  readonly attributes: AttributesOf[Name];
  readonly shape: Shape;
  readonly origin?: Origin;
}

export interface Program {
  readonly instructions: readonly Instruction[];
}

/** For messages: what the instruction is and where it comes from. */
export function describeInstruction(program: Program, ref: Ref): string {
  const { primitive, origin } = program.instructions[ref]!;
  return origin === undefined ? `${primitive} (instruction ${ref})` : `${primitive} of ${origin} (instruction ${ref})`;
}

/** How many of some instructions read each of their inputs. */
export function readersOf(program: Program, refs: readonly Ref[]): Map<Ref, number> {
  const readers = new Map<Ref, number>();
  for (const ref of refs) for (const input of program.instructions[ref]!.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  return readers;
}
