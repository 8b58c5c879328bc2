// NumPy's broadcasting on the written dimensions: shapes that may be symbolic, what depends on what, and the engine's part.

import type { Builder, Ref } from '../engine/builder';
import { type Dimension, identical } from '../symbolic/dimension';
import type { Call } from './definition';
import { type AxisWindow, type Dependence, identity } from './dependence';
import { printShape } from './tensor';

type Shape = readonly Dimension[];

/** The common shape, aligned at the last axis; undefined after a clash was reported. */
export function broadcastShapes(
  call: Pick<Call, 'problem' | 'requireEqual'>,
  name: string,
  shapes: readonly Shape[],
): Shape | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    let common: Dimension = 1;
    for (const shape of shapes) {
      const size = shape[axis - rank + shape.length] ?? 1;
      if (size === 1 || identical(size, common)) continue;
      if (common !== 1 && !call.requireEqual(common, size)) {
        return call.problem({
          code: 'shapes-do-not-broadcast',
          message:
            `${name} cannot combine ${shapes.map(printShape).join(' and ')}: counted from the end, axis ${String(axis - rank)} has ` +
            `${printShape([common])} against ${printShape([size])}; sizes must agree, or one of them be 1`,
        });
      }
      if (common === 1 || typeof size === 'number') common = size;
    }
    result.push(common);
  }
  return result;
}

/** Each output sees its own place in every input, and the one place where an input is stretched. */
export function broadcastDependence(shapes: readonly Shape[], result: Shape): Dependence {
  const windows: AxisWindow[] = [];
  const stretched: { input: number; axis: number }[] = [];
  for (const [input, shape] of shapes.entries()) {
    for (const [axis, size] of shape.entries()) {
      const to = axis + result.length - shape.length;
      if (size === 1 && result[to] !== 1) stretched.push({ input, axis });
      else windows.push(identity(input, axis, to));
    }
  }
  return { windows, mixed: [], stretched };
}

/** The tensors with axes of size 1 behind the batch, so that their written axes align at the end. */
export function aligned(builder: Builder, refs: readonly Ref[], rank: number): readonly Ref[] {
  return refs.map((ref) => {
    const [batch, ...written] = builder.shape(ref);
    return builder.reshape(ref, [batch!, ...Array.from({ length: rank - written.length }, () => 1), ...written]);
  });
}

/** All tensors with the largest batch among them. */
export function commonBatch(builder: Builder, refs: readonly Ref[]): readonly Ref[] {
  const batch = Math.max(...refs.map((ref) => builder.shape(ref)[0]!));
  return refs.map((ref) => builder.broadcastTo(ref, [batch, ...builder.shape(ref).slice(1)]));
}
