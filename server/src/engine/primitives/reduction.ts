// Primitives that combine the entries along axes.

import { EngineError } from '../errors';
import { runSoftmax, softmaxCall } from '../kernels/accelerated';
import { fill } from '../kernels/fill';
import { addStrided } from '../kernels/strided';
import { outputsDiffer } from '../primitive';
import type { PrimitiveTable } from '../primitive';
import { splitAtAxis, stridesOf } from '../shape';
import type { Shape } from '../shape';

type ReductionNames = 'sum' | 'argmax' | 'logSumExp' | 'softmax' | 'cumsum';

/** The shape with length 1 along the axes. */
export function keepAxes(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
}

function dropAxes(shape: Shape, axes: readonly number[]): number[] {
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** The greatest of `length` entries that lie `stride` apart. */
function greatest(x: Float64Array, start: number, length: number, stride: number): number {
  let best = -Infinity;
  for (let i = 0, j = start; i < length; i++, j += stride) best = Math.max(best, x[j]!);
  return best;
}

export const reductions: Pick<PrimitiveTable, ReductionNames> = {
  // Over the named axes, which vanish; its adjoint repeats the cotangent along them.
  sum: {
    shape: ([x], { axes }) => dropAxes(x!, axes),
    forward: (output, [x], { inputShapes: [shape], attributes: { axes } }) => {
      fill(output, 0);
      const kept = stridesOf(keepAxes(shape!, axes));
      addStrided(output, x!, shape!, 0, kept.map((stride, axis) => (axes.includes(axis) ? 0 : stride)));
    },
    vjp: (b, g, [x], _, { axes }) => {
      const shape = b.shape(x!);
      return [b.broadcastTo(b.reshape(g, keepAxes(shape, axes)), shape)];
    },
  },

  // Along the last axis: the place of the greatest entry, the first of equals. Its place is also its branch.
  argmax: {
    shape: ([x]) => {
      if (!x?.at(-1)) throw new EngineError('argmax needs a last axis that is not empty');
      return x.slice(0, -1);
    },
    forward: (output, [x], { inputShapes: [shape] }) => {
      const length = shape!.at(-1)!;
      for (let row = 0; row < output.length; row++) {
        const start = row * length;
        let place = 0;
        let best = x![start]!;
        for (let i = 1; i < length; i++) {
          const value = x![start + i]!;
          if (value > best || (Number.isNaN(value) && !Number.isNaN(best))) {
            best = value;
            place = i;
          }
        }
        output[row] = place;
      }
    },
    vjp: 'zero',
    branchesDiffer: outputsDiffer,
  },

  // ln Σ exp(x), shifted by the maximum; its gradient is softmax. The axis vanishes.
  logSumExp: {
    shape: ([x], { axis }) => dropAxes(x!, [axis]),
    forward: (output, [x], { inputShapes: [shape], attributes: { axis } }) => {
      const split = splitAtAxis(shape!, axis);
      if (runSoftmax('logSumExp', output, x!, split)) return;
      const { outer, length, inner } = split;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const start = o * length * inner + i;
          const shift = greatest(x!, start, length, inner);
          let total = 0;
          for (let k = 0, j = start; k < length; k++, j += inner) total += Math.exp(x![j]! - shift);
          output[o * inner + i] = Number.isFinite(shift) ? shift + Math.log(total) : shift;
        }
      }
    },
    calls: (output, [x], { inputShapes: [shape], attributes: { axis } }) => {
      const call = softmaxCall('logSumExp', output, x!, splitAtAxis(shape!, axis));
      return call && [call];
    },
    vjp: (b, g, [x], _, { axis }) => [
      b.multiply(b.reshape(g, keepAxes(b.shape(x!), [axis])), b.softmax(x!, axis)),
    ],
  },

  // y = exp(x) / Σ exp(x); its adjoint is y·(g − Σ g·y)
  softmax: {
    shape: ([x]) => x!,
    forward: (output, [x], { shape, attributes: { axis } }) => {
      const split = splitAtAxis(shape, axis);
      if (runSoftmax('softmax', output, x!, split)) return;
      const { outer, length, inner } = split;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const start = o * length * inner + i;
          const shift = greatest(x!, start, length, inner);
          let total = 0;
          for (let k = 0, j = start; k < length; k++, j += inner) total += output[j] = Math.exp(x![j]! - shift);
          for (let k = 0, j = start; k < length; k++, j += inner) output[j]! /= total;
        }
      }
    },
    calls: (output, [x], { shape, attributes: { axis } }) => {
      const call = softmaxCall('softmax', output, x!, splitAtAxis(shape, axis));
      return call && [call];
    },
    vjp: (b, g, _, y, { axis }) => [b.multiply(y, b.subtract(g, b.sum(b.multiply(g, y), [axis], true)))],
  },

  // Running sums along an axis, from its other end if reversed; the adjoint runs the other way.
  cumsum: {
    shape: ([x]) => x!,
    forward: (output, [x], { shape, attributes: { axis, reverse } }) => {
      const { outer, length, inner } = splitAtAxis(shape, axis);
      const step = reverse ? -inner : inner;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let total = 0;
          let j = (o * length + (reverse ? length - 1 : 0)) * inner + i;
          for (let k = 0; k < length; k++, j += step) output[j] = total += x![j]!;
        }
      }
    },
    vjp: (b, g, _inputs, _output, { axis, reverse }) => [b.cumsum(g, axis, !reverse)],
  },
};
