// Primitives that move entries without computing on them.

import { EngineError } from '../errors';
import { fill } from '../kernels/fill';
import { copyView, denseView } from '../kernels/strided';
import type { PrimitiveTable } from '../primitive';
import { broadcastShapes, broadcastStrides, formatShape, sameShape, sizeOf, splitAtAxis, stridesOf } from '../shape';
import type { Shape } from '../shape';

type LayoutNames = 'reshape' | 'broadcastTo' | 'transpose' | 'slice' | 'embed' | 'concat';

/** A regular grid in a larger tensor: entry i along an axis lies at starts + i·steps. */
interface Grid {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
}

function gridView(whole: Shape, { starts, steps }: Grid): { offset: number; strides: number[] } {
  const strides = stridesOf(whole);
  return {
    offset: starts.reduce((offset, start, axis) => offset + start * strides[axis]!, 0),
    strides: strides.map((stride, axis) => stride * steps[axis]!),
  };
}

function checkGrid(part: Shape, whole: Shape, { starts, steps }: Grid): void {
  if (part.length !== whole.length || starts.length !== whole.length || steps.length !== whole.length) {
    throw new EngineError(`${formatShape(part)} and ${formatShape(whole)} differ in rank`);
  }
  part.forEach((length, axis) => {
    const last = starts[axis]! + (length - 1) * steps[axis]!;
    if (length > 0 && (Math.min(starts[axis]!, last) < 0 || Math.max(starts[axis]!, last) >= whole[axis]!)) {
      throw new EngineError(`axis ${axis}: places ${starts[axis]!} to ${last} are not all within length ${whole[axis]!}`);
    }
  });
}

export const layout: Pick<PrimitiveTable, LayoutNames> = {
  reshape: {
    shape: ([x], { shape }) => {
      if (sizeOf(x!) !== sizeOf(shape)) {
        throw new EngineError(`${formatShape(x!)} has ${sizeOf(x!)} entries, ${formatShape(shape)} has ${sizeOf(shape)}`);
      }
      return shape;
    },
    forward: (output, [x]) => output.set(x!),
    vjp: (b, g, [x]) => [b.reshape(g, b.shape(x!))],
  },

  // NumPy's rule; the adjoint sums over the repeated axes.
  broadcastTo: {
    shape: ([x], { shape }) => {
      if (!sameShape(broadcastShapes(x!, shape), shape)) {
        throw new EngineError(`${formatShape(x!)} does not broadcast to ${formatShape(shape)}`);
      }
      return shape;
    },
    forward: (output, [x], { shape, inputShapes }) => {
      copyView(denseView(output, shape), { values: x!, offset: 0, strides: broadcastStrides(inputShapes[0]!, shape) }, shape);
    },
    vjp: (b, g, [x], _, { shape }) => {
      const from = b.shape(x!);
      const missing = shape.length - from.length;
      const repeated = shape.map((_length, axis) => axis).filter((axis) => axis < missing || from[axis - missing] !== shape[axis]);
      return [b.reshape(b.sum(g, repeated), from)];
    },
  },

  // Axis i of the output is axis permutation[i] of the input; the adjoint permutes back.
  transpose: {
    shape: ([x], { permutation }) => permutation.map((axis) => x![axis]!),
    forward: (output, [x], { shape, inputShapes, attributes: { permutation } }) => {
      const strides = stridesOf(inputShapes[0]!);
      copyView(denseView(output, shape), { values: x!, offset: 0, strides: permutation.map((axis) => strides[axis]!) }, shape);
    },
    vjp: (b, g, _inputs, _output, { permutation }) => [
      b.transpose(g, permutation.map((_, axis) => permutation.indexOf(axis))),
    ],
  },

  // The entries on a grid; steps may be negative. Adjoint to embed.
  slice: {
    shape: ([x], { shape, starts, steps }) => {
      checkGrid(shape, x!, { starts, steps });
      return shape;
    },
    forward: (output, [x], { shape, inputShapes, attributes }) => {
      copyView(denseView(output, shape), { values: x!, ...gridView(inputShapes[0]!, attributes) }, shape);
    },
    vjp: (b, g, [x], _, { starts, steps }) => [b.embed(g, { starts, steps, shape: b.shape(x!), value: 0 })],
  },

  // Puts the input on a grid of a larger tensor that is otherwise of one value: padding, and the adjoint of slice.
  embed: {
    shape: ([x], { shape, starts, steps }) => {
      checkGrid(x!, shape, { starts, steps });
      return shape;
    },
    forward: (output, [x], { inputShapes, attributes }) => {
      fill(output, attributes.value);
      const [from] = inputShapes as [Shape];
      copyView({ values: output, ...gridView(attributes.shape, attributes) }, denseView(x!, from), from);
    },
    vjp: (b, g, [x], _, { starts, steps }) => [b.sliceGrid(g, { starts, steps, shape: b.shape(x!) })],
  },

  concat: {
    shape: (inputs, { axis }) => {
      const [first] = inputs;
      if (!first) throw new EngineError('nothing to concatenate');
      for (const shape of inputs) {
        if (shape.length !== first.length || shape.some((length, i) => i !== axis && length !== first[i])) {
          throw new EngineError(`${formatShape(first)} and ${formatShape(shape)} differ outside axis ${axis}`);
        }
      }
      return first.map((length, i) => (i === axis ? inputs.reduce((total, shape) => total + shape[axis]!, 0) : length));
    },
    forward: (output, inputs, { shape, inputShapes, attributes: { axis } }) => {
      const whole = splitAtAxis(shape, axis);
      const row = whole.length * whole.inner;
      let start = 0;
      inputs.forEach((x, n) => {
        const part = inputShapes[n]![axis]! * whole.inner;
        for (let o = 0; o < whole.outer; o++) output.set(x.subarray(o * part, (o + 1) * part), o * row + start);
        start += part;
      });
    },
    vjp: (b, g, inputs, _, { axis }, needed) => {
      let start = 0;
      return inputs.map((x, n) => {
        const shape = b.shape(x);
        const starts = shape.map((__, i) => (i === axis ? start : 0));
        start += shape[axis]!;
        return needed[n] ? b.sliceGrid(g, { starts, steps: shape.map(() => 1), shape }) : undefined;
      });
    },
  },
};
