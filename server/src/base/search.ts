// Work that may be long, in steps: who asks for it decides when others have their turn, and when it is enough.

/** What is found, in its order, and undefined wherever the search may be left. */
export type Search<T> = Iterable<T | undefined>;

/** What steps come to that nobody waits between. */
export function atOnce<T>(steps: Iterator<undefined, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Only what is found. */
export function* found<T>(search: Search<T>): Iterable<T> {
  for (const each of search) if (each !== undefined) yield each;
}

/** A search that is kept: whoever asks again gets what was found, and goes on where it was left. */
export class KeptSearch<T> {
  private readonly known: T[] = [];
  private readonly rest: Iterator<T | undefined>;

  constructor(search: Search<T>) {
    this.rest = search[Symbol.iterator]();
  }

  *[Symbol.iterator](): Iterator<T | undefined> {
    for (let index = 0; ; ) {
      while (index < this.known.length) yield this.known[index++];
      const { done, value } = this.rest.next();
      if (done === true) return;
      if (value === undefined) yield undefined;
      else this.known.push(value);
    }
  }
}
