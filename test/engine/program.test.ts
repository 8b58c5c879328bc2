// Building and running programs: clear errors, only what is wanted, nothing kept longer than needed.

import { describe, expect, it } from 'vitest';
import { Builder } from '../../server/src/engine/builder';
import { EngineError } from '../../server/src/engine/errors';
import { liveRefs, run } from '../../server/src/engine/execute';
import type { Ref } from '../../server/src/engine/program';

describe('a builder', () => {
  it.each([
    ['add', (b: Builder) => b.add(b.leaf([2, 3], 'a'), b.leaf([4], 'b')), '[2, 3] and [4] do not broadcast: 3 against 4'],
    ['matmul', (b: Builder) => b.matmul(b.leaf([2, 3], 'a'), b.leaf([4, 5], 'b')), 'the inner sizes of [2, 3] and [4, 5] differ: 3 against 4'],
    ['a vector', (b: Builder) => b.matmul(b.leaf([3], 'a'), b.leaf([3, 5], 'b')), 'need rank 2 or more'],
    ['reshape', (b: Builder) => b.reshape(b.leaf([2, 3], 'a'), [4, 2]), '[2, 3] has 6 entries, [4, 2] has 8'],
    ['slice', (b: Builder) => b.slice(b.leaf([4], 'a'), [2], [6]), 'places 2 to 5 are not all within length 4'],
    ['concat', (b: Builder) => b.concat([b.leaf([2, 3], 'a'), b.leaf([3, 3], 'b')], 1), 'differ outside axis 1'],
    ['transpose', (b: Builder) => b.transpose(b.leaf([2, 3], 'a'), [0, 0]), 'does not permute 2 axes'],
    ['an axis', (b: Builder) => b.sum(b.leaf([2, 3], 'a'), [2]), 'axis 2 does not exist in a tensor of rank 2'],
    ['a repeated axis', (b: Builder) => b.sum(b.leaf([2, 3], 'a'), [0, -2]), 'axis 0 is named twice'],
    ['channels', (b: Builder) => b.convolution(b.leaf([1, 3, 5], 'x'), b.leaf([4, 2, 3], 'w'), { stride: [1], paddingBefore: [0], paddingAfter: [0], dilation: [1], groups: 1 }), 'does not fit the 3 channels'],
    ['a kernel', (b: Builder) => b.convolution(b.leaf([1, 3, 2], 'x'), b.leaf([4, 3, 3], 'w'), { stride: [1], paddingBefore: [0], paddingAfter: [0], dilation: [1], groups: 1 }), 'a kernel of [3] does not fit into [2]'],
    ['a pool', (b: Builder) => b.maxPool(b.leaf([1, 2], 'x'), { kernel: [3], stride: [1], paddingBefore: [0], paddingAfter: [0] }), 'a pooling window of [3] does not fit into [1, 2]'],
    ['constants', (b: Builder) => b.constant([1, 2, 3], [2]), '3 values do not fill [2]'],
    ['a vector’s gradient', (b: Builder) => { const x = b.leaf([2], 'x'); return b.gradient(x, [x])[0]!; }, 'gradient of a tensor of [2] needs a cotangent'],
  ] as const)('says what clashes in %s', (_, build, message) => {
    expect(() => build(new Builder())).toThrow(EngineError);
    expect(() => build(new Builder())).toThrow(message);
  });

  it('says which of the caller’s parts a clash belongs to', () => {
    const builder = new Builder();
    builder.origin = 'layer 7';
    const x = builder.leaf([2], 'x');
    expect.assertions(1);
    try {
      builder.add(x, builder.leaf([3], 'y'));
    } catch (error) {
      expect(error).toMatchObject({ origin: 'layer 7' });
    }
  });

  it('names a derivative that is missing', () => {
    const builder = new Builder({ derivatives: { exp: () => [undefined] } });
    builder.origin = 'layer';
    const x = builder.leaf([], 'x');
    expect(() => builder.gradient(builder.exp(x), [x])).toThrow('exp of layer (instruction 1) has no derivative in input 0');
  });

  it('names a derivative of the wrong shape', () => {
    const builder = new Builder({ derivatives: { broadcastTo: (_, g) => [g] } });
    const x = builder.leaf([1], 'x');
    expect(() => builder.gradient(builder.sum(builder.broadcastTo(x, [3])), [x])).toThrow('has shape [3], not [1]');
  });

  it('labels the reverse pass as the instructions that it belongs to', () => {
    const builder = new Builder();
    const x = builder.leaf([], 'x');
    builder.origin = 'first';
    const y = builder.exp(x);
    builder.origin = 'second';
    const z = builder.sin(y);
    builder.origin = 'outside';
    const before = builder.program.instructions.length;
    builder.gradient(z, [x]);
    expect(builder.origin).toBe('outside');
    expect(new Set(builder.program.instructions.slice(before).map(({ origin }) => origin))).toEqual(new Set(['outside', 'second', 'first']));
  });

  it('computes the same thing once, and tells apart what differs', () => {
    const builder = new Builder();
    const x = builder.leaf([2], 'x');
    expect(builder.leaf([2], 'x')).not.toBe(x);
    expect(builder.sum(builder.exp(x), [0])).toBe(builder.sum(builder.exp(x), [-1]));
    const padded = [0, -0, Infinity, -Infinity, NaN, 1].map((value) => builder.pad(x, [1], [0], value));
    expect(new Set(padded).size).toBe(6);
  });

  it('continues a program whose refs stay valid', () => {
    const first = new Builder();
    const x = first.leaf([2], 'x');
    const second = new Builder({ program: first.program });
    const y = second.sum(x);
    expect(first.program.instructions).toHaveLength(1);
    expect(run(second.program, new Map([[x, Float64Array.of(1, 2)]]), [y])).toEqual([Float64Array.of(3)]);
  });
});

describe('a run', () => {
  it('computes only what is wanted', () => {
    const builder = new Builder();
    const x = builder.leaf([2], 'x');
    const y = builder.exp(x);
    builder.log(builder.leaf([3], 'not fed'));
    expect(liveRefs(builder.program, [y])).toEqual([x, y]);
    expect(run(builder.program, new Map([[x, Float64Array.of(0, 1)]]), [y])).toEqual([Float64Array.of(1, Math.E)]);
  });

  it('says which leaf lacks values, or has too few', () => {
    const builder = new Builder();
    const y = builder.exp(builder.leaf([3], 'weight'));
    expect(() => run(builder.program, new Map(), [y])).toThrow('no values were given for the leaf weight');
    expect(() => run(builder.program, new Map([[0, Float64Array.of(1)]]), [y])).toThrow('the leaf weight has 3 entries, but 1 values were given');
  });

  it('reuses buffers without disturbing what is still needed', () => {
    const builder = new Builder();
    const x = builder.leaf([3], 'x');
    let chain: Ref = x;
    for (let i = 0; i < 6; i++) chain = builder.negate(chain);
    const kept = builder.add(x, builder.scalar(1));
    const all = builder.add(builder.multiply(chain, kept), chain);
    const values = Float64Array.of(1, 2, 3);
    expect(run(builder.program, new Map([[x, values]]), [all, kept, chain])).toEqual([Float64Array.of(3, 8, 15), Float64Array.of(2, 3, 4), values]);
    expect(values).toEqual(Float64Array.of(1, 2, 3));
  });

  it('says which index is out of range, and where', () => {
    const builder = new Builder();
    builder.origin = 'embedding';
    const rows = builder.gather(builder.constant([1, 2, 3], [3]), builder.constant([0, 3], [2]));
    expect(() => run(builder.program, new Map(), [rows])).toThrow('gather of embedding (instruction 2): index 3 at place 1 is not a whole number from 0 to 2');
  });

  it('draws the same dropout mask every time, another one for another seed or layer', () => {
    const mask = (seed: number, key: string): Float64Array => {
      const builder = new Builder({ seed });
      return run(builder.program, new Map(), [builder.dropoutMask([1000], 0.3, key)])[0]!;
    };
    expect(mask(1, 'a')).toEqual(mask(1, 'a'));
    expect(mask(1, 'a')).not.toEqual(mask(2, 'a'));
    expect(mask(1, 'a')).not.toEqual(mask(1, 'b'));
    const kept = mask(1, 'a').reduce((sum, value) => sum + value, 0);
    expect(Math.abs(kept - 700)).toBeLessThan(60);
  });

  it.each([0.9, 0.999, 0.999999])('keeps something of a dropout that drops a share of %s', (probability) => {
    for (let key = 0; key < 50; key++) {
      const builder = new Builder();
      expect(run(builder.program, new Map(), [builder.dropoutMask([2, 2], probability, `mask ${String(key)}`)])[0]).toContain(1);
    }
  });
});
