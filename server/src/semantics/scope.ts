// Names and what they stand for.

import type * as ast from '../../../grammar/ast';
import type { Place } from './graph';
import type { Value } from './values';

export interface Binding {
  readonly value: Value;
  readonly place: Place;
  /** The expression behind `name =`; absent for arguments, inputs and the like. */
  readonly bound?: ast.Expression;
}

/** The names of one body; lookups go on in the scope around it. */
export class Scope {
  /** Made when something is bound: of many bodies nothing is. */
  private bindings: Map<string, Binding> | undefined;

  constructor(
    readonly parent: Scope | undefined,
    /** The file whose declarations are seen from here. */
    readonly file: string,
  ) {}

  /** The binding of this very body. */
  own(name: string): Binding | undefined {
    return this.bindings?.get(name);
  }

  bind(name: string, binding: Binding): void {
    (this.bindings ??= new Map<string, Binding>()).set(name, binding);
  }

  lookup(name: string): Binding | undefined {
    return this.bindings?.get(name) ?? this.parent?.lookup(name);
  }

  /** All names that can be seen, the nearest first. */
  *names(): Iterable<string> {
    if (this.bindings !== undefined) yield* this.bindings.keys();
    if (this.parent !== undefined) yield* this.parent.names();
  }
}
