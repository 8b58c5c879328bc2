// The random numbers: the published generator, evenly spread, and the same in every order.

import { describe, expect, it } from 'vitest';
import { RandomStream, threefry } from '../../server/src/base/random';

describe('random numbers', () => {
  // Known answers of Random123 (kat_vectors), for 20 rounds.
  it.each([
    [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x1cb996fc, 0xbb002be7]],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], [0xc4923a9c, 0x483df7a0]],
  ] as const)('gives the published words for key %j and counter %j', (key, counter, words) => {
    expect(threefry(key[0], key[1], counter[0], counter[1])).toEqual(words);
  });

  it('has the mean, variance and kurtosis of a normal distribution', () => {
    const stream = new RandomStream(7, 'moments');
    const values = Array.from({ length: 20_000 }, (_, i) => stream.normal(i));
    const moment = (k: number): number => values.reduce((sum, value) => sum + value ** k, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.03);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.05);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.3);
  });

  it('fills all tenths of the unit interval and all residues evenly', () => {
    const stream = new RandomStream(1, 'uniform');
    const tenths = new Array<number>(10).fill(0);
    const residues = new Array<number>(7).fill(0);
    for (let i = 0; i < 10_000; i++) {
      tenths[Math.floor(stream.uniform(i) * 10)]!++;
      residues[stream.integer(i, 7)]!++;
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
    for (const count of residues) expect(Math.abs(count - 10_000 / 7)).toBeLessThan(180);
  });

  it('draws signs without bias or correlation of neighbours', () => {
    const stream = new RandomStream(3, 'signs');
    let sum = 0;
    let neighbours = 0;
    for (let i = 0; i < 10_000; i++) {
      sum += stream.sign(i);
      neighbours += stream.sign(i) * stream.sign(i + 1);
    }
    expect(Math.abs(sum)).toBeLessThan(400);
    expect(Math.abs(neighbours)).toBeLessThan(400);
  });

  it('is a pure function of seed, name and index, and differs when any of them does', () => {
    const value = new RandomStream(5, 'a').uniform(9);
    const again = new RandomStream(5, 'a');
    again.uniform(1);
    expect(again.uniform(9)).toBe(value);
    for (const other of [new RandomStream(6, 'a').uniform(9), new RandomStream(5, 'b').uniform(9), new RandomStream(5, 'a').uniform(10)]) {
      expect(other).not.toBe(value);
    }
    expect(new RandomStream(5 + 2 ** 40, 'a').uniform(9)).not.toBe(value);
  });
});
