// What is known of a tensor before anything runs: its element type and its shape for one example of the batch.

import { type Dimension, multiply, print } from '../symbolic/dimension';

export interface TensorType {
  readonly element: 'float' | 'int';
  /** Per example: the batch axis is never written. */
  readonly shape: readonly Dimension[];
}

export function float(...shape: readonly Dimension[]): TensorType {
  return { element: 'float', shape };
}

/** The number of elements. */
export function elements(shape: readonly Dimension[]): Dimension {
  return multiply(...shape);
}

/** `3·5·(2*d)`: what a formula multiplies. */
export function printProduct(sizes: readonly Dimension[]): string {
  return sizes.map((each) => (/^\w+$/.test(print(each)) ? print(each) : `(${print(each)})`)).join('·');
}

/** `[64, H//2, W//2]` */
export function printShape(shape: readonly Dimension[]): string {
  return `[${shape.map(print).join(', ')}]`;
}

/** `int[T]`; float shapes stand alone, as people write them. */
export function printType(type: TensorType): string {
  return `${type.element === 'int' ? 'int' : ''}${printShape(type.shape)}`;
}
