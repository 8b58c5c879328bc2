// The closed set of primitives, by name.

import type { DerivativeTable, Primitive, PrimitiveTable } from '../primitive';
import type { PrimitiveName } from '../program';
import { binary } from './binary';
import { gathering } from './gather';
import { layout } from './layout';
import { products } from './product';
import { reductions } from './reduction';
import { sources } from './sources';
import { unary } from './unary';
import { windowed } from './window';

export const primitives: PrimitiveTable = {
  ...sources,
  ...unary,
  ...binary,
  ...reductions,
  ...layout,
  ...products,
  ...windowed,
  ...gathering,
};

/** The entry of a primitive whose name is known only when the program runs. */
export function primitiveOf(name: PrimitiveName): Primitive<unknown> {
  return primitives[name] as Primitive<unknown>;
}

/** The derivative of every primitive, as the table of primitives has it. */
export const defaultDerivatives = Object.fromEntries(
  Object.entries(primitives).map(([name, primitive]) => [name, primitive.vjp]),
) as unknown as DerivativeTable;
