// Several checks divide entries: each is compared by one of them, however fast they are.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { comparesAll, partsOf } from '../../server/src/engine/gradient-check/shares';

it('every entry is in one part, in whatever order parts are taken', () => {
  fc.assert(fc.property(fc.nat(1000), fc.integer({ min: 1, max: 5 }), fc.boolean(), fc.array(fc.nat(4)), (length, count, sharesMemory, turns) => {
    const claims = sharesMemory ? new Int32Array(8) : undefined;
    const parts = Array.from({ length: count }, (_, index) => partsOf(length, true, 1, { index, count, claims }));
    const taken = new Array<number>(length).fill(0);
    const take = (index: number): boolean => {
      const { value, done } = parts[index]!.next() as IteratorResult<{ start: number; stop: number }, void>;
      if (value) for (let i = value.start; i < value.stop; i++) taken[i]!++;
      return done === true;
    };
    for (const turn of turns) take(turn % count);
    for (let index = 0; index < count; index++) while (!take(index));
    expect(taken).toEqual(taken.map(() => 1));
  }));
});

it('all agree on whether all entries are compared, as the first one decides', () => {
  const claims = new Int32Array(8);
  const [first, second] = [0, 1].map((index) => ({ index, count: 2, claims }));
  expect([comparesAll(false, 0, first!), comparesAll(true, 0, second!)]).toEqual([false, false]);
  expect([comparesAll(true, 1, second!), comparesAll(false, 1, first!)]).toEqual([true, true]);
  // Beyond the memory, and without one, each decides for itself.
  expect([comparesAll(true, 4, second!), comparesAll(false, 4, first!)]).toEqual([true, false]);
  expect(comparesAll(true, 0, { index: 0, count: 1 })).toBe(true);
});
