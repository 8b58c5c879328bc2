// What only moves entries need not be computed where a product can read them, or write them, where they lie.

import { multiplyViews, multiplyViewsCalls } from '../kernels/products';
import type { ProductSizes } from '../kernels/products';
import type { View } from '../kernels/strided';
import type { SimdCall } from '../kernels/wasm/call';
import { readersOf } from '../program';
import type { AttributesOf, PrimitiveName, Program, Ref } from '../program';
import { broadcastStrides, sizeOf, stridesOf } from '../shape';
import type { Shape } from '../shape';
import { storageOf } from './group';

/** A tensor as entries of another one, which has memory of its own. */
export interface TensorView {
  readonly ref: Ref;
  readonly offset: number;
  /** How many entries apart neighbours along each axis lie there. */
  readonly strides: readonly number[];
}

function denseView(program: Program, ref: Ref): TensorView {
  return { ref: storageOf(program, ref), offset: 0, strides: stridesOf(program.instructions[ref]!.shape) };
}

/** Where the entries of a tensor lie in that which they are moved from, through any number of steps. */
export function viewOf(program: Program, ref: Ref): TensorView {
  const { primitive, inputs, attributes, shape } = program.instructions[ref]!;
  if (!['reshape', 'transpose', 'slice', 'broadcastTo'].includes(primitive)) return denseView(program, ref);
  const from = program.instructions[inputs[0]!]!.shape;
  const { ref: root, offset, strides } = viewOf(program, inputs[0]!);
  if (primitive === 'transpose') {
    return { ref: root, offset, strides: (attributes as AttributesOf['transpose']).permutation.map((axis) => strides[axis]!) };
  }
  if (primitive === 'slice') {
    const { starts, steps } = attributes as AttributesOf['slice'];
    return { ref: root, offset: starts.reduce((at, start, axis) => at + start * strides[axis]!, offset), strides: strides.map((stride, axis) => stride * steps[axis]!) };
  }
  if (primitive === 'broadcastTo') {
    const missing = shape.length - from.length;
    return { ref: root, offset, strides: broadcastStrides(from, shape).map((stride, axis) => (stride === 0 ? 0 : strides[axis - missing]!)) };
  }
  const reshaped = reshapedStrides(from, strides, shape);
  return reshaped ? { ref: root, offset, strides: reshaped } : denseView(program, ref);
}

/** The strides of the same entries under another shape; undefined where those along some axis do not lie equally far apart. */
function reshapedStrides(from: Shape, strides: readonly number[], to: Shape): number[] | undefined {
  const axes = from.map((length, axis) => ({ length, stride: strides[axis]! })).filter(({ length }) => length !== 1);
  const result = new Array<number>(to.length).fill(0);
  let next = axes.length - 1;
  // What is left of an axis, or of several that lie as one.
  let [length, stride] = [1, 0];
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const wanted = to[axis]!;
    if (wanted === 1) continue;
    if (length === 1) {
      if (next < 0) return undefined;
      ({ length, stride } = axes[next--]!);
    }
    while (length < wanted && next >= 0 && axes[next]!.stride === length * stride) length *= axes[next--]!.length;
    if (length % wanted !== 0) return undefined;
    result[axis] = stride;
    length /= wanted;
    stride *= wanted;
  }
  return result;
}

/** A product of views that stands for an instruction: for itself, or for the transposition behind it. */
export class ViewedProduct {
  /** What is read. */
  readonly reads: readonly [Ref, Ref];

  /** @param strides Of the product's axes in what is written. */
  constructor(private readonly left: TensorView, private readonly right: TensorView, private readonly strides: readonly number[], private readonly sizes: ProductSizes) {
    this.reads = [left.ref, right.ref];
  }

  /** In multiply-adds. */
  get cost(): number {
    return sizeOf(this.sizes.shape) * this.sizes.depth;
  }

  run(output: Float64Array, a: Float64Array, b: Float64Array): void {
    multiplyViews(...this.views(output, a, b), this.sizes);
  }

  /** The same as calls; undefined where there is no SIMD for it. */
  calls(output: Float64Array, a: Float64Array, b: Float64Array): readonly SimdCall[] | undefined {
    return multiplyViewsCalls(...this.views(output, a, b), this.sizes);
  }

  private views(output: Float64Array, a: Float64Array, b: Float64Array): [View, View, View] {
    const { left, right, strides } = this;
    return [{ values: output, offset: 0, strides }, { values: a, offset: left.offset, strides: left.strides }, { values: b, offset: right.offset, strides: right.strides }];
  }
}

/** The view of a factor, if rows or columns of it are neighbours, so that reading it takes no longer. */
function factorOf(program: Program, ref: Ref): TensorView {
  const view = viewOf(program, ref);
  return view.strides.slice(-2).includes(1) ? view : denseView(program, ref);
}

/**
 * The instructions among some that are better computed as products of views.
 * @param mayView Whether an instruction is computed whole, and by the engine's own kernels. @param wanted What must be there in the end.
 */
export function viewedProducts(program: Program, refs: readonly Ref[], mayView: (ref: Ref) => boolean, wanted: ReadonlySet<Ref>): Map<Ref, ViewedProduct> {
  const readers = readersOf(program, refs);
  const own = new Set(refs);
  const isOf = (ref: Ref, name: PrimitiveName): boolean => own.has(ref) && program.instructions[ref]!.primitive === name && mayView(ref);
  const found = new Map<Ref, ViewedProduct>();
  for (const ref of refs) {
    const { inputs, attributes, shape } = program.instructions[ref]!;
    if (isOf(ref, 'matmul')) {
      const views = inputs.map((input) => factorOf(program, input));
      if (views.some((view, i) => view.ref !== storageOf(program, inputs[i]!))) found.set(ref, productOf(program, ref, views, stridesOf(shape)));
    } else if (isOf(ref, 'transpose')) {
      const [product] = inputs as [Ref];
      const { permutation } = attributes as AttributesOf['transpose'];
      if (!isOf(product, 'matmul') || readers.get(product) !== 1 || wanted.has(product) || permutation.at(-1) !== permutation.length - 1) continue;
      const strides = stridesOf(shape);
      const views = program.instructions[product]!.inputs.map((input) => factorOf(program, input));
      found.set(ref, productOf(program, product, views, permutation.map((_, axis) => strides[permutation.indexOf(axis)]!)));
      found.delete(product);
    }
  }
  return found;
}

function productOf(program: Program, product: Ref, views: readonly TensorView[], strides: readonly number[]): ViewedProduct {
  const { shape, inputs, attributes } = program.instructions[product]!;
  const { transposeLeft, transposeRight } = attributes as AttributesOf['matmul'];
  const depth = program.instructions[inputs[0]!]!.shape.at(transposeLeft ? -2 : -1)!;
  return new ViewedProduct(views[0]!, views[1]!, strides, { shape, depth, transposeLeft, transposeRight });
}
