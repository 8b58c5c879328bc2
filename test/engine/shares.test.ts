// Several checks divide entries: each is compared by one of them, however fast they are.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { agreedExtent, CLAIMS, ordered, partsOf, tellCost, toldCost } from '../../server/src/engine/gradient-check/shares';

it('every entry is in one part, in whatever order parts are taken and however few are worth dividing', () => {
  fc.assert(fc.property(fc.nat(1000), fc.integer({ min: 1, max: 5 }), fc.boolean(), fc.array(fc.nat(4)), fc.double({ min: 0, max: 1000, noNaN: true }), (length, count, sharesMemory, turns, least) => {
    const claims = sharesMemory ? new Int32Array(12) : undefined;
    const parts = Array.from({ length: count }, (_, index) => partsOf(length, 1, { index, count, claims }, () => least));
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

it('parts become smaller, down to what is not worth dividing', () => {
  const share = { index: 0, count: 2, claims: new Int32Array(CLAIMS) };
  const sizes = [...partsOf(1000, 0, share, () => 50)].map(({ start, stop }) => stop - start);
  expect(sizes.slice(0, 3)).toEqual([250, 188, 141]);
  expect(sizes.slice(0, -1).every((size) => size >= 50)).toBe(true);
  expect([...partsOf(40, 1, share, () => 50)]).toEqual([{ start: 0, stop: 40 }]);
});

it('all agree on how many entries are compared, as the first one decides that has time for any', () => {
  const claims = new Int32Array(12);
  const [first, second] = [0, 1].map((index) => ({ index, count: 2, claims }));
  expect([agreedExtent(8, 0, first!), agreedExtent(100, 0, second!)]).toEqual([8, 8]);
  expect([agreedExtent(0, 1, second!), agreedExtent(100, 1, first!), agreedExtent(0, 1, second!)]).toEqual([0, 100, 100]);
  // Beyond the memory, and without one, each decides for itself.
  expect([agreedExtent(8, 4, second!), agreedExtent(100, 4, first!)]).toEqual([8, 100]);
  expect(agreedExtent(8, 0, { index: 0, count: 1 })).toBe(8);
});

it('what one has found out of a cost the others are told, and each begins elsewhere to find out', () => {
  const claims = new Int32Array(12);
  const [first, second] = [0, 1].map((index) => ({ index, count: 2, claims }));
  expect([ordered(5, first!), ordered(5, second!)]).toEqual([[4, 3, 2, 1, 0], [2, 1, 0, 4, 3]]);
  tellCost(3, first!, 2 ** -20);
  tellCost(2, first!, Infinity);
  expect([2, 3, 4].map((tensor) => toldCost(tensor, second!))).toEqual([undefined, 2 ** -20, undefined]);
  tellCost(4, first!, 1);
  expect(toldCost(4, second!)).toBeUndefined();
});
