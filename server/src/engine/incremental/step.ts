// How one output of a program is brought up to date: by what a change adds to it, by computing a part of it anew, or all of it.

import { prepare } from '../execute';
import type { KernelTable } from '../execute';
import { accelerateRange } from '../kernels/accelerated';
import { copyingView } from '../kernels/strided';
import type { Call } from '../primitive';
import { primitiveOf } from '../primitives/table';
import type { PrimitiveName, Program, Ref } from '../program';
import { sizeOf, stridesOf } from '../shape';
import { boxShape, boxSize, isWhole, offsetOf, runsOf } from './box';
import type { Box } from './box';
import { linearUpdate } from './linear';
import type { Application, Scratch, Update } from './linear';
import { ruleOf } from './rules';

/** The cheapest way to bring one output up to date. */
export function planStep(program: Program, ref: Ref, application: Application<unknown>, kernels?: KernelTable): Update {
  const { primitive, shape } = program.instructions[ref]!;
  const { call, current, changed, reached } = application;
  const { range } = primitiveOf(primitive);
  const linear = kernels?.[primitive] ? undefined : linearUpdate(primitive, application);
  if (linear) return linear;
  const compute = prepare(program, ref, kernels);
  // Which rows are gathered is known to be in range where it does not change.
  const mayCall = !kernels?.[primitive] && !(primitive === 'gather' && changed[1]);
  const calls = !mayCall ? undefined : primitiveOf(primitive).calls?.(current.output, current.inputs, call);
  const whole = { run: () => compute(current.output, current.inputs), calls: calls && (() => calls), cost: workOf(program, ref, sizeOf(shape)) };
  const rule = ruleOf(primitive);
  if (isWhole(reached, shape)) return whole;
  if (range && !kernels?.[primitive]) {
    const { starts, length } = runsOf(reached, shape);
    const fast = accelerateRange(primitive, range);
    return {
      cost: boxSize(reached),
      run: () => {
        for (const start of starts) fast(current.output, current.inputs, start, start + length);
      },
    };
  }
  if (rule.view) return planView(application, rule.view(call));
  if (!rule.part) return whole;
  const cost = workOf(program, ref, boxSize(reached));
  const parts = separateParts(primitive, reached, shape).map((box) => partOf(program, ref, application, box, kernels));
  const run = parts.length === 1 ? parts[0]! : () => {
    for (const compute of parts) compute();
  };
  return { cost, run };
}

/** Primitives that can compute any piece of an output by itself, and as well as all pieces together. */
const SEPARABLE: readonly PrimitiveName[] = ['windowSum', 'windowSpread', 'windowArgmax', 'gather'];
const MOST_PARTS = 16;

/** A box cut into a few that lie in one piece each, so that nothing need be copied; or the box itself. */
function separateParts(primitive: PrimitiveName, box: Box, shape: readonly number[]): Box[] {
  const { starts } = runsOf(box, shape);
  if (!SEPARABLE.includes(primitive) || starts.length > MOST_PARTS) return [box];
  let boxes = [box];
  for (let axis = 0; axis < box.length && runsOf(boxes[0]!, shape).starts.length > 1; axis++) {
    boxes = boxes.flatMap((each) => {
      const { start, stop } = each[axis]!;
      return Array.from({ length: stop - start }, (_, i) => each.map((range, other) => (other === axis ? { start: start + i, stop: start + i + 1 } : range)));
    });
  }
  return boxes;
}

/** Computes a box of an output by the primitive's own kernel. */
function partOf(program: Program, ref: Ref, { call, current, scratch }: Application<unknown>, box: Box, kernels?: KernelTable): () => void {
  const { primitive, shape } = program.instructions[ref]!;
  const part = ruleOf(primitive).part!(box, call);
  const inputs = part.inputs.map((each, i) => new Part(current.inputs[i]!, each, call.inputShapes[i]!, scratch));
  const output = new Part(current.output, box, shape, scratch);
  const compute = prepare(program, ref, kernels, {
    attributes: part.attributes ?? call.attributes,
    shape: boxShape(box),
    inputShapes: inputs.map(({ shape: partShape }) => partShape),
  });
  const buffers = inputs.map(({ values }) => values);
  return () => {
    for (const input of inputs) input.load();
    compute(output.values, buffers);
    output.store();
  };
}

function planView({ call, current, reached }: Application<unknown>, { offset, strides }: { offset: number; strides: readonly number[] }): Update {
  const outputStrides = stridesOf(call.shape);
  const target = { values: current.output, offset: offsetOf(reached, outputStrides), strides: outputStrides };
  const source = { values: current.inputs[0]!, offset: offset + offsetOf(reached, strides), strides };
  const shape = boxShape(reached);
  return { cost: boxSize(reached), run: copyingView(target, source, shape) };
}

/** A box of a tensor, copied into a buffer of its own unless it is the whole. */
class Part {
  readonly shape: number[];
  readonly values: Float64Array;
  private readonly isCopy: boolean;
  private readonly runs: { readonly starts: readonly number[]; readonly length: number };

  constructor(private readonly tensor: Float64Array, box: Box, shape: readonly number[], scratch: Scratch) {
    this.shape = boxShape(box);
    this.runs = runsOf(box, shape);
    const [start = 0] = this.runs.starts;
    // A single run needs no copy.
    this.isCopy = this.runs.starts.length !== 1;
    this.values = this.isCopy ? scratch.take(boxSize(box)) : tensor.subarray(start, start + this.runs.length);
  }

  load(): void {
    if (!this.isCopy) return;
    const { starts, length } = this.runs;
    starts.forEach((start, i) => this.values.set(this.tensor.subarray(start, start + length), i * length));
  }

  store(): void {
    if (!this.isCopy) return;
    const { starts, length } = this.runs;
    starts.forEach((start, i) => this.tensor.set(this.values.subarray(i * length, (i + 1) * length), start));
  }
}

/** Roughly the multiply-adds for some entries of an output. */
export function workOf(program: Program, ref: Ref, entries: number): number {
  const { primitive, inputs, attributes } = program.instructions[ref]!;
  const shapeOf = (i: number): readonly number[] => program.instructions[inputs[i]!]!.shape;
  switch (primitive) {
    case 'matmul':
      return entries * shapeOf(0).at((attributes as Call<{ transposeLeft: boolean }>['attributes']).transposeLeft ? -2 : -1)!;
    case 'convolution':
      return entries * sizeOf(shapeOf(1).slice(1));
    case 'convolutionInputGradient':
      return sizeOf(shapeOf(0)) * sizeOf(shapeOf(1).slice(1));
    default:
      return entries;
  }
}

