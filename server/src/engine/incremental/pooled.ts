// Maxima over windows in one go: the greatest entries, and whether each still stands where it did, without looking for its place again.

import { allCalls } from '../kernels/wasm/call';
import type { SimdCall } from '../kernels/wasm/call';
import { maxOfWindows, maxWindows } from '../kernels/windows';
import type { PlaneBlocks } from '../kernels/windows';
import { readersOf } from '../program';
import type { AttributesOf, Program, Ref } from '../program';
import { sizeOf } from '../shape';
import { storageOf } from '../fusion/group';
import { runsOf } from './box';
import type { Box } from './box';

/** Entries gathered from where windows have their greatest ones. */
export interface PooledMaximum {
  readonly argmax: Ref;
  readonly input: Ref;
}

/** The gathers among the refs that are maxima of windows which nothing else asks for the places of. @param wanted What must be there in the end. */
export function pooledMaxima(program: Program, refs: readonly Ref[], wanted: ReadonlySet<Ref>): Map<Ref, PooledMaximum> {
  const readers = readersOf(program, refs);
  const found = new Map<Ref, PooledMaximum>();
  for (const ref of refs) {
    const { primitive, inputs: [table, argmax], attributes, shape } = program.instructions[ref]!;
    if (primitive !== 'gather' || program.instructions[argmax!]!.primitive !== 'windowArgmax') continue;
    if (wanted.has(argmax!) || readers.get(argmax!) !== 1) continue;
    const [input] = program.instructions[argmax!]!.inputs as [Ref];
    const { windows } = program.instructions[argmax!]!.attributes as AttributesOf['windowArgmax'];
    const { batchAxes } = attributes as AttributesOf['gather'];
    const isItsOwn = storageOf(program, table!) === storageOf(program, input) && batchAxes === shape.length - windows.length;
    if (isItsOwn && program.instructions[table!]!.shape.length === batchAxes + 1) found.set(ref, { argmax: argmax!, input });
  }
  return found;
}

/** How to compute the maxima of a box, whole planes of it; a run says whether one has moved. @param places Where they stood. */
export function updatePooledMaximum(
  program: Program,
  { argmax, input }: PooledMaximum,
  box: Box,
  { x, places, output }: { readonly x: Float64Array; readonly places: Float64Array; readonly output: Float64Array },
): { readonly run: () => boolean; readonly calls: (box: Box) => readonly SimdCall[] | undefined } {
  const { shape, attributes } = program.instructions[argmax]!;
  const { windows } = attributes as AttributesOf['windowArgmax'];
  const lead = shape.length - windows.length;
  const sizes = program.instructions[input]!.shape.slice(lead);
  const blocksIn = (maxima: Box): PlaneBlocks[] => planeBlocks(maxima.slice(0, lead), shape.slice(0, lead), sizeOf(shape.slice(lead)));
  return {
    calls: (elsewhere) => allCalls(blocksIn(elsewhere).map((each) => maxOfWindows(output, x, places, windows, sizes, each))),
    run: () => {
      let moved = false;
      for (const each of blocksIn(box)) if (maxWindows(output, x, places, windows, sizes, each)) moved = true;
      return moved;
    },
  };
}

/** The planes of a box: one group of blocks where they are evenly apart. */
function planeBlocks(box: Box, shape: readonly number[], windows: number): PlaneBlocks[] {
  const { starts, length } = runsOf(box, shape);
  const [first, second] = starts as [number, ...number[]];
  const apart = (second ?? first) - first;
  if (starts.every((start, i) => start === first + i * apart)) return [{ first, blocks: starts.length, apart, count: length, windows }];
  return starts.map((start) => ({ first: start, blocks: 1, apart: 0, count: length, windows }));
}
