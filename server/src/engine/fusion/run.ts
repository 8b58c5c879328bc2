// A nest made ready to run on the arrays of its operands.

import { offsetOf } from '../incremental/box';
import type { Box } from '../incremental/box';
import { sharedInstance } from '../kernels/wasm/arena';
import type { Nest } from './group';
import { HEADER_NUMBERS, nestModule, OPERAND_NUMBERS } from './nest';
import type { NestFunction } from './nest';
import type { SimdCall, WasmFunction } from '../kernels/wasm/call';

const functions = new WeakMap<WebAssembly.Memory, Map<WebAssembly.Module, NestFunction>>();

function functionIn(memory: WebAssembly.Memory, module: WebAssembly.Module): NestFunction {
  let known = functions.get(memory);
  if (!known) functions.set(memory, (known = new Map()));
  let run = known.get(module);
  if (!run) known.set(module, (run = new WebAssembly.Instance(module, { env: { memory } }).exports.run as NestFunction));
  return run;
}

const modules = new WeakMap<Nest, WebAssembly.Module>();

function moduleOf(nest: Nest): WebAssembly.Module {
  let module = modules.get(nest);
  if (!module) modules.set(nest, (module = nestModule(nest.nodes, nest.operands.length)));
  return module;
}

/** The nest on the arrays of its operands, as a call for the part of the tensor that it runs over; undefined where they do not lie in one arena. */
export function nestCalls(nest: Nest, arrays: readonly Float64Array[]): ((box: Box) => SimdCall) | undefined {
  const { operands, lengths: [blocks, columns, rows, entries] } = nest;
  const simd = sharedInstance(...arrays);
  if (!simd) return undefined;
  const fixed = Int32Array.from([
    ...[blocks, columns, rows, 8 * (entries & ~3), entries & 2, entries & 1],
    ...operands.flatMap(({ strides }, i) => [arrays[i]!.byteOffset, ...strides.slice(0, 3).map((stride) => 8 * stride)]),
  ]);
  return (box) => {
    const numbers = fixed.slice();
    operands.forEach(({ axisStrides }, i) => (numbers[HEADER_NUMBERS + OPERAND_NUMBERS * i]! += 8 * offsetOf(box, axisStrides)));
    // Compiled when it is first needed, which for most plans that are made for their cost alone is never.
    return { simd, get target() { return functionIn(simd.memory, moduleOf(nest)) as WasmFunction; }, numbers: [numbers], gives: 'branch' };
  };
}
