// Products of matrices along the last two axes of views: one for each place of the leading axes.

import { sizeOf, unravel } from '../shape';
import type { Shape } from '../shape';
import { addMatrixProduct, matrixProductCall } from './accelerated';
import { transposed } from './matrix-product';
import type { Matrix } from './matrix-product';
import type { View } from './strided';
import { allCalls, MOST_CALLS } from './wasm/call';
import type { SimdCall } from './wasm/call';

/** The product's shape, the length that is summed over, and which factor is read transposed. */
export interface ProductSizes {
  readonly shape: Shape;
  readonly depth: number;
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
}

/** target (rows × columns) = left (rows × depth) · right (depth × columns) */
interface Product {
  readonly target: Matrix;
  readonly left: Matrix;
  readonly right: Matrix;
}

function productsOf(output: View, a: View, b: View, { shape, transposeLeft, transposeRight }: ProductSizes): Product[] {
  const lead = shape.slice(0, -2);
  return Array.from({ length: sizeOf(lead) }, (_, n) => {
    const index = unravel(n, lead);
    const matrixOf = ({ values, offset, strides }: View): Matrix => ({
      values, offset: index.reduce((at, place, axis) => at + place * strides[axis]!, offset), row: strides.at(-2)!, column: strides.at(-1)!,
    });
    const [target, left, right] = [output, a, b].map(matrixOf) as [Matrix, Matrix, Matrix];
    return { target, left: transposeLeft ? transposed(left) : left, right: transposeRight ? transposed(right) : right };
  });
}

/** output = a · b */
export function multiplyViews(output: View, a: View, b: View, sizes: ProductSizes): void {
  const [rows, columns] = sizes.shape.slice(-2) as [number, number];
  for (const { target, left, right } of productsOf(output, a, b, sizes)) addMatrixProduct(target, left, right, rows, columns, sizes.depth, null);
}

/** The same as calls; undefined where there are too many, or no SIMD for them. */
export function multiplyViewsCalls(output: View, a: View, b: View, sizes: ProductSizes): readonly SimdCall[] | undefined {
  const [rows, columns] = sizes.shape.slice(-2) as [number, number];
  if (sizeOf(sizes.shape.slice(0, -2)) > MOST_CALLS) return undefined;
  return allCalls(productsOf(output, a, b, sizes).map(({ target, left, right }) => matrixProductCall(target, left, right, rows, columns, sizes.depth, null)));
}
