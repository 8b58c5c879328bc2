// What is composed of primitives: the tensor functions that networks are lowered to, and gradients.

import { EngineError } from './errors';
import { appendGradient } from './gradient';
import { PrimitiveBuilder } from './primitive-builder';
import type { Derivative } from './primitive';
import type { AttributesOf, ConvolutionGeometry, PrimitiveName, Ref, Windows } from './program';
import { formatShape, normalizeAxes, normalizeAxis, sameShape, sizeOf } from './shape';
import type { Shape } from './shape';

export type { Ref } from './program';

export interface PoolGeometry {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  /** Padding counts as no entry for a maximum, and as zeros for an average. Enough of it behind gives ceil_mode. */
  readonly paddingBefore: readonly number[];
  readonly paddingAfter: readonly number[];
}

export interface AveragePoolGeometry extends PoolGeometry {
  /** By what a window's sum is divided: its entries with padding, its entries within the input, or a number. */
  readonly divisor: 'window' | 'valid' | number;
  /** For 'window': how far behind the input padding counts; beyond, as where ceil_mode overhangs, it does not. */
  readonly countedAfter?: readonly number[];
}

export class Builder extends PrimitiveBuilder {
  // Comparisons, and selection by them

  notEqual(a: Ref, b: Ref): Ref {
    return this.subtract(this.scalar(1), this.equal(a, b));
  }

  greater(a: Ref, b: Ref): Ref {
    return this.less(b, a);
  }

  greaterEqual(a: Ref, b: Ref): Ref {
    return this.lessEqual(b, a);
  }

  /** x kept within bounds; the derivative passes at the bounds themselves. */
  clamp(x: Ref, low: number, high: number): Ref {
    const raised = low === -Infinity ? x : this.select(this.less(x, this.scalar(low)), this.scalar(low), x);
    return high === Infinity ? raised : this.select(this.less(this.scalar(high), x), this.scalar(high), raised);
  }

  square(x: Ref): Ref {
    return this.multiply(x, x);
  }

  /** ln σ(x) = −softplus(−x), exact in both tails. */
  logSigmoid(x: Ref): Ref {
    return this.negate(this.softplus(this.negate(x)));
  }

  // Reductions; without axes: over all

  mean(x: Ref, axes?: readonly number[], keepDimensions = false): Ref {
    const count = this.countAlong(x, axes);
    return this.multiply(this.sum(x, axes, keepDimensions), this.scalar(1 / count));
  }

  /** Σ (x − mean)² / (n − correction). */
  variance(x: Ref, axes?: readonly number[], correction = 0, keepDimensions = false): Ref {
    const centered = this.subtract(x, this.mean(x, axes, true));
    const count = this.countAlong(x, axes) - correction;
    return this.multiply(this.sum(this.square(centered), axes, keepDimensions), this.scalar(1 / count));
  }

  /** The derivative goes to the first of equals. */
  max(x: Ref, axes?: readonly number[], keepDimensions = false): Ref {
    const { rows, keptShape } = this.rowsAlong(x, axes);
    const greatest = this.gather(rows, this.argmax(rows), this.shape(rows).length - 1);
    return this.reshape(greatest, keepDimensions ? keptShape : this.shape(greatest));
  }

  /** The derivative goes to the first of equals. */
  min(x: Ref, axes?: readonly number[], keepDimensions = false): Ref {
    return this.negate(this.max(this.negate(x), axes, keepDimensions));
  }

  /** Multiplies halves with each other until one is left, so that the derivative is exact at zeros, too. */
  prod(x: Ref, axes?: readonly number[], keepDimensions = false): Ref {
    const { rows, keptShape } = this.rowsAlong(x, axes);
    const outer = this.shape(rows).slice(0, -1);
    let factors = rows;
    for (let length = this.shape(rows).at(-1)!; length > 1; length = Math.ceil(length / 2)) {
      const half = Math.floor(length / 2);
      const part = (start: number, count: number): Ref =>
        this.sliceGrid(factors, { starts: [...outer.map(() => 0), start], steps: [...outer, 1].map(() => 1), shape: [...outer, count] });
      const product = this.multiply(part(0, half), part(half, half));
      factors = length % 2 === 0 ? product : this.concat([product, part(2 * half, 1)], -1);
    }
    return this.reshape(factors, keepDimensions ? keptShape : outer);
  }

  logSumExp(x: Ref, axes: readonly number[], keepDimensions = false): Ref {
    const { rows, keptShape } = this.rowsAlong(x, axes);
    const total = this.append('logSumExp', [rows], { axis: this.shape(rows).length - 1 });
    return this.reshape(total, keepDimensions ? keptShape : this.shape(total));
  }

  logSoftmax(x: Ref, axis: number): Ref {
    const shape = this.shape(x);
    const normalized = normalizeAxis(axis, shape.length);
    const total = this.append('logSumExp', [x], { axis: normalized });
    return this.subtract(x, this.reshape(total, shape.map((length, i) => (i === normalized ? 1 : length))));
  }

  // Layout

  /** Adds `before` and `after` entries of one value around x, per axis. */
  pad(x: Ref, before: readonly number[], after: readonly number[], value = 0): Ref {
    const shape = this.shape(x).map((length, axis) => length + before[axis]! + after[axis]!);
    return this.embed(x, { starts: before, steps: shape.map(() => 1), shape, value });
  }

  /** One entry of x per place of `indices`, whose shape is that of x without the axis. */
  pick(x: Ref, indices: Ref, axis: number): Ref {
    const { rows } = this.rowsAlong(x, [axis]);
    return this.gather(rows, indices, this.shape(rows).length - 1);
  }

  // Products

  /** NumPy's matrix product: of the last two axes, the leading ones broadcast. */
  matmul(a: Ref, b: Ref): Ref {
    const shapeA = this.shape(a);
    const shapeB = this.shape(b);
    if (shapeA.length < 2 || shapeB.length < 2) {
      throw new EngineError(`matmul: ${formatShape(shapeA)} and ${formatShape(shapeB)} need rank 2 or more`, this.origin);
    }
    const [leadA, leadB] = [shapeA.slice(0, -2), shapeB.slice(0, -2)];
    if (sizeOf(leadB) === 1 && leadB.length <= leadA.length) {
      // One matrix for all rows, read transposed rather than moved.
      const rows = this.reshape(a, [sizeOf(shapeA.slice(0, -1)), shapeA.at(-1)!]);
      const original = this.originalOf(b);
      const matrix = this.reshape(original ?? b, this.shape(original ?? b).slice(-2));
      return this.reshape(this.matrixProduct(rows, matrix, false, original !== undefined), [...shapeA.slice(0, -1), shapeB.at(-1)!]);
    }
    const lead = this.commonShape(leadA, leadB);
    const original = sameShape(lead, leadB) ? this.originalOf(b) : undefined;
    return this.matrixProduct(
      this.broadcastTo(a, [...lead, ...shapeA.slice(-2)]),
      original ?? this.broadcastTo(b, [...lead, ...shapeB.slice(-2)]),
      false,
      original !== undefined,
    );
  }

  /** x [N, C, spatial…] with w [C, O / groups, kernel…]; the adjoint of the convolution with this geometry. */
  convolutionTranspose(x: Ref, w: Ref, { outputPadding, ...geometry }: ConvolutionGeometry & { readonly outputPadding: readonly number[] }): Ref {
    const { stride, paddingBefore, paddingAfter, dilation } = geometry;
    const kernel = this.shape(w).slice(2);
    const cropAfter = paddingAfter.map((padding, axis) => padding - outputPadding[axis]!);
    const sizes = this.shape(x).slice(2).map((length, axis) =>
      (length - 1) * stride[axis]! + dilation[axis]! * (kernel[axis]! - 1) + 1 - paddingBefore[axis]! - cropAfter[axis]!);
    return this.convolutionInputGradient(x, w, { ...geometry, paddingAfter: cropAfter }, sizes);
  }

  // Pooling over the trailing axes

  maxPool(x: Ref, { dilation, ...geometry }: PoolGeometry & { readonly dilation?: readonly number[] }): Ref {
    return this.windowMax(x, this.poolWindows(x, geometry, dilation));
  }

  /** Where each maximum of `maxPool` stands, counted row by row over the pooled axes. */
  maxPoolPlaces(x: Ref, { dilation, ...geometry }: PoolGeometry & { readonly dilation?: readonly number[] }): Ref {
    return this.windowArgmax(x, this.poolWindows(x, geometry, dilation));
  }

  averagePool(x: Ref, geometry: AveragePoolGeometry): Ref {
    const windows = this.poolWindows(x, geometry);
    return this.divideWindows(this.windowSum(x, windows), this.averageCounts(x, geometry, windows));
  }

  /** Window i of `size` outputs along a length n covers ⌊i·n / size⌋ up to ⌈(i + 1)·n / size⌉. */
  adaptiveAveragePool(x: Ref, outputSizes: readonly number[]): Ref {
    const shape = this.shape(x);
    if (outputSizes.every((size) => size === 1)) return this.mean(x, outputSizes.map((_, axis) => shape.length - outputSizes.length + axis), true);
    const windows = this.adaptiveWindows(x, outputSizes);
    return this.divideWindows(this.windowSum(x, windows), windows.map(({ starts, stops }) => stops.map((stop, i) => stop - starts[i]!)));
  }

  adaptiveMaxPool(x: Ref, outputSizes: readonly number[]): Ref {
    return this.windowMax(x, this.adaptiveWindows(x, outputSizes));
  }

  /** Where each maximum of `adaptiveMaxPool` stands, counted row by row over the pooled axes. */
  adaptiveMaxPoolPlaces(x: Ref, outputSizes: readonly number[]): Ref {
    return this.windowArgmax(x, this.adaptiveWindows(x, outputSizes));
  }

  // Derivatives

  /**
   * Appends the reverse pass and gives ∂y/∂x for each x; y has one entry, or a cotangent of its shape weighs its entries.
   * An x that y does not depend on gets zeros.
   */
  gradient(y: Ref, xs: readonly Ref[], cotangent?: Ref): Ref[] {
    return appendGradient(this, y, xs, cotangent);
  }

  /** The derivative in force for a primitive. */
  derivativeOf(name: PrimitiveName): Derivative<unknown> {
    return this.derivatives[name] as Derivative<unknown>;
  }

  /** What a transposition of the last two axes was made from; reshapes of leading axes alone do not matter. */
  private originalOf(x: Ref): Ref | undefined {
    const { primitive, attributes, inputs, shape } = this.instruction(x);
    const [input] = inputs;
    if (primitive === 'reshape' && sizeOf(shape.slice(0, -2)) === 1 && sameShape(shape.slice(-2), this.shape(input!).slice(-2))) return this.originalOf(input!);
    if (primitive !== 'transpose') return undefined;
    const { permutation } = attributes as AttributesOf['transpose'];
    const rank = permutation.length;
    return permutation.every((from, axis) => from === (axis < rank - 2 ? axis : 2 * rank - 3 - axis)) ? input : undefined;
  }

  private countAlong(x: Ref, axes?: readonly number[]): number {
    const shape = this.shape(x);
    return axes ? sizeOf(normalizeAxes(axes, shape.length).map((axis) => shape[axis]!)) : sizeOf(shape);
  }

  /** x with the axes moved to the end and merged into one, and the shape of its reduction with them kept as 1. */
  private rowsAlong(x: Ref, axes?: readonly number[]): { rows: Ref; keptShape: Shape } {
    const shape = this.shape(x);
    const all = shape.map((_, axis) => axis);
    const reduced = axes ? normalizeAxes(axes, shape.length) : all;
    const kept = all.filter((axis) => !reduced.includes(axis));
    const moved = this.transpose(x, [...kept, ...reduced]);
    return {
      rows: this.reshape(moved, [...kept.map((axis) => shape[axis]!), sizeOf(reduced.map((axis) => shape[axis]!))]),
      keptShape: shape.map((length, axis) => (reduced.includes(axis) ? 1 : length)),
    };
  }

  private commonShape(a: Shape, b: Shape): Shape {
    const [first] = this.broadcastAll([this.constant(0, a), this.constant(0, b)]);
    return this.shape(first!);
  }

  private windowMax(x: Ref, windows: readonly Windows[]): Ref {
    const places = this.windowArgmax(x, windows);
    const shape = this.shape(x);
    const lead = shape.slice(0, -windows.length);
    const planes = this.reshape(x, [...lead, sizeOf(shape.slice(-windows.length))]);
    return this.gather(planes, places, lead.length);
  }

  private poolWindows(x: Ref, geometry: PoolGeometry, dilation?: readonly number[]): Windows[] {
    const { kernel, stride, paddingBefore, paddingAfter } = geometry;
    return this.shape(x).slice(-kernel.length).map((length, axis) => {
      const step = dilation?.[axis] ?? 1;
      const reach = step * (kernel[axis]! - 1) + 1;
      const count = Math.floor((length + paddingBefore[axis]! + paddingAfter[axis]! - reach) / stride[axis]!) + 1;
      if (!(count >= 1)) {
        throw new EngineError(`a pooling window of ${formatShape(kernel)} does not fit into ${formatShape(this.shape(x))}`, this.origin);
      }
      const firsts = Array.from({ length: count }, (_, i) => i * stride[axis]! - paddingBefore[axis]!);
      return {
        starts: firsts.map((first) => (first >= 0 ? first : first + Math.ceil(-first / step) * step)),
        stops: firsts.map((first) => Math.min(length, first + reach)),
        step,
      };
    });
  }

  private adaptiveWindows(x: Ref, outputSizes: readonly number[]): Windows[] {
    return this.shape(x).slice(-outputSizes.length).map((length, axis) => {
      const size = outputSizes[axis]!;
      const places = Array.from({ length: size }, (_, i) => i);
      return {
        starts: places.map((i) => Math.floor((i * length) / size)),
        stops: places.map((i) => Math.ceil(((i + 1) * length) / size)),
        step: 1,
      };
    });
  }

  /** Per axis and window, the factor of the divisor that belongs to the axis. */
  private averageCounts(x: Ref, geometry: AveragePoolGeometry, windows: readonly Windows[]): number[][] {
    const { divisor, kernel, stride, paddingBefore, paddingAfter, countedAfter = paddingAfter } = geometry;
    const lengths = this.shape(x).slice(-windows.length);
    return windows.map(({ starts, stops }, axis) => starts.map((start, i) => {
      if (typeof divisor === 'number') return axis === 0 ? divisor : 1;
      if (divisor === 'valid') return stops[i]! - start;
      const first = i * stride[axis]! - paddingBefore[axis]!;
      return Math.min(first + kernel[axis]!, lengths[axis]! + countedAfter[axis]!) - first;
    }));
  }

  /** Divides each window's sum by the product of its factors along the axes. */
  private divideWindows(sums: Ref, factors: readonly (readonly number[])[]): Ref {
    let counts = [1];
    for (const axis of factors) counts = counts.flatMap((count) => axis.map((factor) => count * factor));
    if (counts.every((count) => count === counts[0])) return this.multiply(sums, this.scalar(1 / counts[0]!));
    return this.multiply(sums, this.constant(counts.map((count) => 1 / count), factors.map((axis) => axis.length)));
  }
}
