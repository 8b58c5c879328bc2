// What one body knows while its statements run: what flows, what it has published, and the layers that it has made.

import type { Memory, Value } from './values';

/** Of most bodies; never written to. */
const nothingPublished = new Map<string, Value>();

/** The flow of one body while its statements run. */
export class Body {
  flow: Value | undefined;
  /** What was published, by name. */
  published = nothingPublished;
  /** The newest publication, while the flow has not moved since. */
  lastPublished: Value | undefined;
  /** Whether any statement has moved the flow. */
  moved = false;
  private next = 0;

  constructor(
    /** The incoming values that `input` statements take in order. */
    readonly incoming: readonly Value[],
    /** Whether `input` declares inputs of the network instead. */
    readonly isNetwork: boolean,
  ) {
    this.flow = incoming[0];
  }

  move(flow: Value): void {
    this.flow = flow;
    this.moved = true;
    this.lastPublished = undefined;
  }

  publish(name: string, value: Value): void {
    if (this.published === nothingPublished) this.published = new Map();
    this.published.set(name, value);
    this.lastPublished = value;
  }

  takeIncoming(): Value | undefined {
    return this.incoming[this.next++];
  }

  /** What the body gives where it is applied. */
  get result(): Value | undefined {
    return this.lastPublished ?? this.flow;
  }
}

/** One application of something that makes layers: makes them anew, or takes those of the application before. */
export class Activation {
  private counts: Map<object, number> | undefined;

  /** @param memory Made when something is kept, where nobody shares it. */
  constructor(private memory?: Memory) {}

  /** What this expression has made here, the same in every application that shares the memory; undefined where it must be made. */
  recall<T>(node: object): T | undefined {
    const counts = (this.counts ??= new Map<object, number>());
    const index = counts.get(node) ?? 0;
    counts.set(node, index + 1);
    return this.memory?.get(node)?.[index] as T | undefined;
  }

  /** Notes what an expression has made because there was nothing to recall. */
  keep<T>(node: object, made: T): T {
    const memory = (this.memory ??= new Map());
    const known = memory.get(node);
    if (known === undefined) memory.set(node, [made]);
    else known.push(made);
    return made;
  }
}
