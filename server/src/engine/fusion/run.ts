// A nest made ready to run on the arrays of its operands.

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

/**
 * The nest on the arrays of its operands; undefined where they do not lie in one arena.
 * @param box The part of the tensor that the nest runs over.
 */
export function nestCall(nest: Nest, arrays: readonly Float64Array[], box: Box): SimdCall | undefined {
  const { nodes, operands, lengths } = nest;
  const simd = sharedInstance(...arrays);
  if (!simd) return undefined;
  const [blocks, columns, rows, entries] = lengths;
  const numbers = new Int32Array(HEADER_NUMBERS + OPERAND_NUMBERS * operands.length);
  numbers.set([blocks, columns, rows, 8 * (entries & ~3), entries & 2, entries & 1]);
  operands.forEach(({ strides, axisStrides }, i) => {
    const offset = axisStrides.reduce((sum, stride, axis) => sum + stride * box[axis]!.start, 0);
    numbers.set([arrays[i]!.byteOffset + 8 * offset, ...strides.slice(0, 3).map((stride) => 8 * stride)], HEADER_NUMBERS + OPERAND_NUMBERS * i);
  });
  let module = modules.get(nest);
  if (!module) modules.set(nest, (module = nestModule(nodes, operands.length)));
  return { simd, target: functionIn(simd.memory, module) as WasmFunction, numbers: [numbers], gives: 'branch' };
}
