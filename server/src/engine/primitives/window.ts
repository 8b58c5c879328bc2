// Pooling's parts: sums and places of maxima over windows of the trailing axes.

import { EngineError } from '../errors';
import { argmaxWindows, spreadWindows, sumWindows } from '../kernels/windows';
import { outputsDiffer } from '../primitive';
import type { PrimitiveTable } from '../primitive';
import type { Windows } from '../program';
import { formatShape } from '../shape';
import type { Shape } from '../shape';

/** The shape of one value per window; every window must cover some place, and none outside. */
function windowedShape(x: Shape, windows: readonly Windows[]): Shape {
  if (windows.length < 1 || windows.length > 3 || windows.length > x.length) {
    throw new EngineError(`windows along ${windows.length} axes do not fit ${formatShape(x)}`);
  }
  const leading = x.length - windows.length;
  windows.forEach(({ starts, stops }, axis) => {
    const length = x[leading + axis]!;
    starts.forEach((start, place) => {
      const stop = stops[place]!;
      if (start < 0 || stop > length || start >= stop) {
        throw new EngineError(`window ${place} of axis ${leading + axis}, from ${start} to ${stop}, does not lie within length ${length}`);
      }
    });
  });
  return [...x.slice(0, leading), ...windows.map(({ starts }) => starts.length)];
}

export const windowed: Pick<PrimitiveTable, 'windowSum' | 'windowSpread' | 'windowArgmax'> = {
  windowSum: {
    shape: ([x], { windows }) => windowedShape(x!, windows),
    forward: (output, [x], { inputShapes, attributes: { windows } }) => {
      sumWindows(output, x!, windows, inputShapes[0]!.slice(-windows.length));
    },
    vjp: (b, g, [x], _, { windows }) => [b.windowSpread(g, windows, b.shape(x!).slice(-windows.length))],
  },

  // The adjoint of windowSum.
  windowSpread: {
    shape: ([g], { windows, sizes }) => {
      const x = [...g!.slice(0, g!.length - sizes.length), ...sizes];
      const expected = windowedShape(x, windows);
      if (formatShape(expected) !== formatShape(g!)) {
        throw new EngineError(`a cotangent of ${formatShape(g!)} does not fit windows of ${formatShape(expected)}`);
      }
      return x;
    },
    forward: (output, [g], { attributes: { windows, sizes } }) => spreadWindows(output, g!, windows, sizes),
    vjp: (b, u, _inputs, _output, { windows }) => [b.windowSum(u, windows)],
  },

  // The place of each window's greatest entry, counted row by row over the windowed axes; the first of equals.
  windowArgmax: {
    shape: ([x], { windows }) => windowedShape(x!, windows),
    forward: (output, [x], { inputShapes, attributes: { windows } }) => {
      argmaxWindows(output, x!, windows, inputShapes[0]!.slice(-windows.length));
    },
    vjp: 'zero',
    branchesDiffer: outputsDiffer,
  },
};
