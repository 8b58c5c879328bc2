// All layers and functions, by name.

import { convolutions } from './conv';
import type { FunctionOperation, Operation } from './definition';
import { activations, elementwiseFunctions } from './elementwise';
import { linears } from './linear';
import { normalizations } from './norm';
import { pools } from './pool';

export const layers: ReadonlyMap<string, Operation> = byName([
  ...convolutions,
  ...pools,
  ...linears,
  ...normalizations,
  ...activations,
]);

export const functions: ReadonlyMap<string, FunctionOperation> = byName([...elementwiseFunctions]);

function byName<T extends { readonly name: string }>(operations: readonly T[]): ReadonlyMap<string, T> {
  return new Map(operations.map((each) => [each.name, each]));
}
