// What a body that runs again need not work out again: arguments that are bound as before, shapes that are inferred as before.
// It also shares the results, so that ten thousand rounds of a loop keep one of each.

import type { Arguments, Effect, Operation } from '../layers/definition';
import type { TensorType } from '../layers/tensor';
import type { Dimension } from '../symbolic/dimension';
import type { Place, Tensor } from './graph';
import { sameData } from './unit';
import type { BoundArgument, Insertion } from './values';

/** Arguments of the catalog as they were read where they are written. */
export interface Binding {
  readonly arguments: Arguments;
  readonly places: ReadonlyMap<string, Place>;
  /** Where a further argument goes, once somebody has asked. */
  insertion?: Insertion;
}

/** How many different arguments are remembered for the same expression, and different inputs for the same arguments. */
const remembered = 8;

/** Belongs to one evaluation: what an inference requires of free dimensions goes on to be required there. */
export class Again {
  private bindings: Map<object, { readonly target: object; readonly given: readonly BoundArgument[]; readonly binding: Binding }[]> | undefined;
  private effects: Map<Arguments, { readonly operation: Operation; readonly inputs: readonly TensorType[]; readonly effect: Effect }[]> | undefined;

  /** The arguments at an expression, if the same values stand there as before. */
  bindingAt(node: object, target: object, given: readonly BoundArgument[]): Binding | undefined {
    for (const known of this.bindings?.get(node) ?? []) {
      if (known.target !== target || known.given.length !== given.length) continue;
      if (given.every(({ name, value }, index) => name === known.given[index]!.name && sameData(value, known.given[index]!.value))) return known.binding;
    }
    return undefined;
  }

  noteBinding(node: object, target: object, given: readonly BoundArgument[], binding: Binding): void {
    remember((this.bindings ??= new Map()), node, { target, given, binding });
  }

  /** What an operation does with these very arguments to inputs of these types. */
  effectOf(operation: Operation, given: Arguments, inputs: readonly Tensor[]): Effect | undefined {
    const known = this.effects?.get(given)?.find((each) => each.operation === operation && each.inputs.length === inputs.length && each.inputs.every((type, index) => sameType(type, inputs[index]!.type)));
    return known?.effect;
  }

  noteEffect(operation: Operation, given: Arguments, inputs: readonly TensorType[], effect: Effect): void {
    remember((this.effects ??= new Map()), given, { operation, inputs, effect });
  }
}

/** Adds the newest; what is older than those that are remembered goes. */
function remember<Key, T>(all: Map<Key, T[]>, key: Key, made: T): void {
  const known = all.get(key);
  if (known === undefined) all.set(key, [made]);
  else if (known.push(made) > remembered) known.shift();
}

/** Whether two types have the same element and, as they are written, the same sizes. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return a === b || (a.element === b.element && a.shape.length === b.shape.length && a.shape.every((size, axis) => sameSize(size, b.shape[axis]!)));
}

function sameSize(a: Dimension, b: Dimension): boolean {
  return a === b || (typeof a !== 'number' && typeof b !== 'number' && a.key === b.key);
}
