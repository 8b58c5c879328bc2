// A nest made ready to run on the arrays of its operands.

import { instanceOf } from '../kernels/wasm/arena';
import type { Nest } from './group';
import { HEADER_NUMBERS, nestModule, OPERAND_NUMBERS } from './nest';
import type { NestFunction } from './nest';

const functions = new WeakMap<WebAssembly.Memory, Map<WebAssembly.Module, NestFunction>>();

function functionIn(memory: WebAssembly.Memory, module: WebAssembly.Module): NestFunction {
  let known = functions.get(memory);
  if (!known) functions.set(memory, (known = new Map()));
  let run = known.get(module);
  if (!run) known.set(module, (run = new WebAssembly.Instance(module, { env: { memory } }).exports.run as NestFunction));
  return run;
}

/** Runs the nest and says whether a comparison found a difference; undefined where the arrays do not lie in one arena. */
export function prepareNest({ nodes, operands, lengths }: Nest, arrays: readonly Float64Array[]): (() => boolean) | undefined {
  const { buffer } = arrays[0]!;
  const simd = instanceOf(buffer);
  if (!simd || arrays.some((array) => array.buffer !== buffer)) return undefined;
  const [blocks, columns, rows, entries] = lengths;
  const numbers = new Int32Array(HEADER_NUMBERS + OPERAND_NUMBERS * operands.length);
  numbers.set([blocks, columns, rows, 8 * (entries & ~3), entries & 2, entries & 1]);
  operands.forEach(({ strides, offset }, i) => {
    numbers.set([arrays[i]!.byteOffset + 8 * offset, ...strides.slice(0, 3).map((stride) => 8 * stride)], HEADER_NUMBERS + OPERAND_NUMBERS * i);
  });
  const run = functionIn(simd.memory, nestModule(nodes, operands.length));
  const { table } = simd;
  if (numbers.length > table.length) return undefined;
  const at = table.byteOffset;
  return () => {
    table.set(numbers);
    return run(at) !== 0;
  };
}
