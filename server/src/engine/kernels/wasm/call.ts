// Calls that can be made from within WebAssembly.

import type { SimdInstance } from './arena';

/** An exported function of whole numbers: addresses in bytes, sizes and strides. */
export type WasmFunction = (...numbers: number[]) => unknown;

/** A call of a function that works in one memory. */
export interface SimdCall {
  readonly simd: SimdInstance;
  readonly target: WasmFunction;
  /** An array stands for the address where the function finds its numbers. */
  readonly numbers: readonly (number | Int32Array)[];
  /** What the function gives: nothing, something of no interest here, or whether a branch changed, as a number that is not 0. */
  readonly gives: 'nothing' | 'something' | 'branch';
}

/** More calls than this for one thing take longer than the way to WebAssembly and back. */
export const MOST_CALLS = 16;

/** The calls, if there is SIMD for each of them. */
export function allCalls(calls: readonly (SimdCall | undefined)[]): readonly SimdCall[] | undefined {
  return calls.every((call) => call !== undefined) ? calls : undefined;
}
