// Searches in steps.

import { describe, expect, it } from 'vitest';
import { found, KeptSearch } from '../../server/src/base/search';

describe('a search that is kept', () => {
  function* numbers(steps: number[]): Iterable<number | undefined> {
    for (const each of [1, 2, 3]) {
      steps.push(each);
      yield undefined;
      yield each;
    }
  }

  it('goes on where it was left, for whoever asks next', () => {
    const steps: number[] = [];
    const search = new KeptSearch(numbers(steps));
    for (const each of search) if (each === 1) break;
    expect(steps).toEqual([1]);
    expect([...found(search)]).toEqual([1, 2, 3]);
    expect([...found(search)]).toEqual([1, 2, 3]);
    expect(steps).toEqual([1, 2, 3]);
  });

  it('gives everything to two that ask by turns', () => {
    const search = new KeptSearch(numbers([]));
    const [a, b] = [found(search)[Symbol.iterator](), found(search)[Symbol.iterator]()];
    const order = [a, b, b, a, b, a].map((each) => each.next().value as number);
    expect(order).toEqual([1, 1, 2, 2, 3, 3]);
  });
});
