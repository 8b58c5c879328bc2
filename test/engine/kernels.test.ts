// The SIMD kernels against plain TypeScript, on the same programs.

import { describe, expect, it } from 'vitest';
import { run } from '../../server/src/engine/execute';
import { EngineError } from '../../server/src/engine/errors';
import { RandomStream } from '../../server/src/base/random';
import { Builder } from '../../server/src/engine/builder';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import { memoryNeeded } from '../../server/src/engine/gradient-check/evaluation';
import { erf } from '../../server/src/engine/kernels/erf';
import { fillBell, fillUniform, moveAlong, shakeAlong, Shift, SHIFT_ENTRIES, sumAlong } from '../../server/src/engine/kernels/random';
import { Arena, instanceOf } from '../../server/src/engine/kernels/wasm/arena';
import type { Ref } from '../../server/src/engine/program';
import { sizeOf } from '../../server/src/engine/shape';
import { implementations } from './support/implementations';
import { examNetwork, Network } from './support/networks';

/** Programs large enough for an arena, at odd sizes so that the ends of the vectors are met. */
const programs: readonly (readonly [string, (n: Network) => Ref])[] = [
  ['matrix products of thin, wide and deep matrices', (n) => {
    const parts = [[61, 67, 300], [4, 4, 1], [3, 700, 5], [129, 3, 2], [1, 90, 80], [90, 1, 80]].map(([rows, columns, depth], i) => n.sum(n.sin(n.matrixProduct(
      i % 2 === 0 ? n.random([rows!, depth!], `a${i}`, 0.1) : n.random([depth!, rows!], `a${i}`, 0.1),
      i % 3 === 0 ? n.random([depth!, columns!], `b${i}`, 0.1) : n.random([columns!, depth!], `b${i}`, 0.1), i % 2 === 1, i % 3 !== 0)), [0]));
    return n.concat(parts, 0);
  }],
  ['convolutions with strides, dilation and groups', (n) => {
    const geometry = { stride: [1, 2], paddingBefore: [2, 0], paddingAfter: [1, 1], dilation: [1, 2], groups: 3 };
    return n.convolution(n.random([2, 9, 23, 21], 'x'), n.random([15, 3, 3, 2], 'w', 0.2), geometry);
  }],
  ['convolutions of several examples with few places', (n) => {
    const geometry = { stride: [2, 1], paddingBefore: [1, 1], paddingAfter: [1, 0], dilation: [1, 1], groups: 2 };
    const pointwise = { stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1 };
    const y = n.convolution(n.random([5, 14, 5, 4], 'x'), n.random([22, 7, 3, 2], 'w', 0.2), geometry);
    return n.convolution(n.sin(y), n.random([9, 22, 1, 1], 'v', 0.2), pointwise);
  }],
  ['sums along any axes', (n) => {
    const x = n.random([5, 3, 17, 21], 'x');
    const axes = Array.from({ length: 15 }, (_, set) => [0, 1, 2, 3].filter((axis) => ((set + 1) >> axis) & 1));
    return n.concat(axes.map((each) => {
      const total = n.sum(x, each);
      return n.reshape(total, [sizeOf(n.shape(total))]);
    }), 0);
  }],
  ['work entry by entry', (n) => {
    const [x, y] = [n.random([7, 211, 3], 'x'), n.random([7, 211, 3], 'y')];
    const positive = n.add(n.square(x), n.scalar(1e-3));
    return n.add(n.divide(n.relu(n.subtract(x, y)), n.sqrt(positive)), n.multiply(n.step(n.negate(x)), n.abs(y)));
  }],
  ['pools in one to three axes', (n) => {
    const pool = (x: Ref, axes: number): Ref => {
      const all = (value: number): number[] => new Array<number>(axes).fill(value);
      const geometry = { kernel: all(3), stride: all(2), paddingBefore: all(1), paddingAfter: all(1) };
      const dilated = n.maxPool(x, { ...geometry, kernel: all(2), dilation: all(2) });
      const pooled = [dilated, n.maxPool(x, geometry), n.averagePool(x, { ...geometry, divisor: 'valid' })];
      return n.concat(pooled.map((y) => n.reshape(y, [sizeOf(n.shape(y))])), 0);
    };
    return n.concat([pool(n.random([3, 401], 'x'), 1), pool(n.random([2, 5, 19, 17], 'y'), 2), pool(n.random([2, 3, 9, 8, 11], 'z'), 3)], 0);
  }],
  ['softmax and its logarithm along any axis', (n) => {
    const x = n.random([5, 7, 3, 33], 'x', 3);
    const parts = [0, 1, 2, 3].flatMap((axis) => [n.softmax(x, axis), n.append('logSumExp', [x], { axis })]);
    return n.concat(parts.map((y) => n.reshape(y, [sizeOf(n.shape(y))])), 0);
  }],
  ['entries that are only moved', (n) => {
    const x = n.random([7, 1, 9, 6, 5], 'x');
    const flipped = n.sliceGrid(n.transpose(x, [3, 1, 0, 4, 2]), { starts: [5, 0, 6, 1, 8], steps: [-1, 1, -2, 1, -3], shape: [6, 1, 3, 4, 3] });
    const placed = n.embed(flipped, { starts: [1, 0, 6, 0, 2], steps: [1, 1, -3, 2, 1], shape: [8, 1, 7, 8, 5], value: 0.5 });
    return n.multiply(n.broadcastTo(placed, [8, 3, 7, 8, 5]), n.broadcastTo(n.random([8, 5], 'y'), [8, 3, 7, 8, 5]));
  }],
  ['sums along rows and columns', (n) => {
    const x = n.random([13, 37, 41], 'x');
    return n.concat([n.reshape(n.sum(x, [0]), [37 * 41]), n.reshape(n.sum(x, [2]), [13 * 37]), n.reshape(n.sum(x, [0, 2]), [37]), n.reshape(n.mean(x), [1])], 0);
  }],
  ['a whole network', (n) => {
    const { network, loss } = examNetwork(n.seed, 16, [9, 11, 13]);
    for (const [ref, values] of network.leaves) n.leaves.set(n.leaf(network.shape(ref), 'copy'), values);
    const refs = new Map([...network.leaves.keys()].map((ref, i) => [ref, i]));
    network.program.instructions.forEach(({ primitive, inputs, attributes }, ref) => {
      if (primitive !== 'leaf') refs.set(ref, n.append(primitive, inputs.map((input) => refs.get(input)!), attributes));
    });
    return refs.get(loss)!;
  }],
];

it('SIMD kernels run on this host', () => {
  expect(implementations).toEqual(['baseline', 'relaxed']);
  expect(instanceOf(new Arena(1).allocate(1).buffer)).toBeDefined();
});

describe.each(implementations)('%s kernels', (simd) => {
  it.each(programs)('agree with the reference in %s and their gradients', (_, build) => {
    const network = new Network(8);
    const output = build(network);
    const wanted = [output, ...network.gradient(network.sum(network.sin(output)), [...network.leaves.keys()])];
    const expected = run(network.program, network.leaves, wanted, { implementation: 'reference' });
    const actual = run(network.program, network.leaves, wanted, { implementation: simd });
    expected.forEach((values, i) => {
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
      values.forEach((value, j) => expect(Math.abs(actual[i]![j]! - value)).toBeLessThan(1e-11 * scale));
    });
  });

  it('treat NaN, −0 and infinities as the reference does', () => {
    const special = [NaN, -0, 0, Infinity, -Infinity, 1, -1];
    const builder = new Builder();
    const x = builder.leaf([5005], 'x');
    const row = builder.leaf([1, 5005], 'row');
    const pool = builder.maxPool(row, { kernel: [3], stride: [3], paddingBefore: [0], paddingAfter: [0] });
    const values = Float64Array.from({ length: 5005 }, (_, i) => special[(i * 3 + (i >> 3)) % special.length]!);
    const wanted = [builder.relu(x), builder.step(x), builder.sqrt(x), builder.divide(x, x), builder.negate(x), pool];
    const leaves = new Map([[x, values], [row, values]]);
    expect(run(builder.program, leaves, wanted, { implementation: simd })).toEqual(run(builder.program, leaves, wanted, { implementation: 'reference' }));
  });

  it('compute exponentials and what is made of them within two units in the last place, from the smallest numbers to the greatest', () => {
    const random = new RandomStream(3, 'exponents');
    const edges = [
      -745.2, -745.1, -744.4, -708.4, 709.7, 709.79, -1e-300, 5e-324, -0, 0, 0.34657359027997264, -0.34657359027997264, 1.0397207708399179, 1e308, -1e308, Infinity, -Infinity, NaN,
      0.84375, 0.8437499999999999, -1.25, 1.2499999999999998, 1 / 0.35, 5.9999, 6, -7, 1, -1, 0.9999999999999999, 0.17328679513998632, 0.5198603854199589, 22, -23,
    ];
    const values = Float64Array.from({ length: 100_001 }, (_, i) => edges[i] ?? (random.uniform(i) - 0.5) * [1500, 20, 1e-3, 6][i % 4]!);
    const builder = new Builder();
    const x = builder.leaf([values.length], 'x');
    const functions = { exp: Math.exp, sigmoid: (value: number) => 1 / (1 + Math.exp(-value)), erf, tanh: Math.tanh };
    const names = Object.keys(functions) as (keyof typeof functions)[];
    const results = run(builder.program, new Map([[x, values]]), names.map((name) => builder[name](x)), { implementation: simd });
    names.forEach((name, f) => {
      const misses = [...values].filter((value, i) => {
        const [is, should] = [results[f]![i]!, functions[name](value)];
        return !Object.is(is, should) && !(Math.abs(is - should) <= 2 * Math.max(2 ** -1074, Math.abs(should) * Number.EPSILON));
      });
      expect({ name, misses }).toEqual({ name, misses: [] });
    });
  });

  it('treat rows with what is no number, or infinite, as the reference does in softmax and its logarithm', () => {
    const rows = [[1, NaN, 2], [Infinity, NaN, 1], [Infinity, 1, 2], [-Infinity, -Infinity, -Infinity], [-Infinity, 0, 1], [-1e308, 1e308, 0]];
    const builder = new Builder();
    const x = builder.leaf([2000, 3], 'x');
    const leaves = new Map([[x, Float64Array.from({ length: 6000 }, (_, i) => rows[Math.floor(i / 3) % rows.length]![i % 3]!)]]);
    const wanted = [builder.softmax(x, 1), builder.append('logSumExp', [x], { axis: 1 })];
    expect(run(builder.program, leaves, wanted, { implementation: simd })).toEqual(run(builder.program, leaves, wanted, { implementation: 'reference' }));
  });

  it('name an index out of range, as the reference does', () => {
    for (const wrong of [5000, -1, 1.5, NaN]) {
      const builder = new Builder();
      const places = Array.from({ length: 50 }, (_, i) => (i === 33 ? wrong : i));
      const picked = builder.gather(builder.constant(Array.from({ length: 5000 }, (_, i) => i), [5000]), builder.constant(places, [50]));
      expect(() => run(builder.program, new Map(), [picked], { implementation: simd })).toThrow(EngineError);
      expect(() => run(builder.program, new Map(), [picked], { implementation: simd })).toThrow(`index ${wrong} at place 33`);
    }
  });

  it('find the same in a gradient check', () => {
    const { network, loss, parameters } = examNetwork(4, 16, [4, 5, 6]);
    const check = { program: network.program, loss, leaves: network.leaves, check: parameters, budget: { evaluations: 1500 } };
    const [plain, fast] = (['reference', simd] as const).map((implementation) => checkGradients({ ...check, implementation }));
    expect(plain).toMatchObject({ ok: true, implementation: 'reference' });
    expect(fast).toMatchObject({ ok: true, implementation: simd });
    expect(fast!.tensors.map(({ checked }) => checked)).toEqual(plain!.tensors.map(({ checked }) => checked));
  });
});

describe.each(implementations)('random numbers by %s', (implementation) => {
  const random = new RandomStream(2 ** 40 + 5, 'some');
  it.each([1, 4, 63, 64, 1001])('are those of plain TypeScript: %i of them', (count) => {
    const inside = new Arena(count + 8, implementation).allocate(count);
    const outside = new Float64Array(count);
    for (const fill of [fillUniform, fillBell]) {
      for (const x of [inside, outside]) fill(x, random, 0.3, -0.1);
      expect([...inside]).toEqual([...outside]);
    }
    for (const [start, stop] of [[0, count], [count >> 1, count], [3, 4], [33, 61], [31, 500]].filter(([, end]) => end! <= count)) {
      const signs = { random, start: start!, stop: stop! };
      for (const move of [moveAlong, shakeAlong]) {
        for (const x of [inside, outside]) move(x, signs, 1e-3);
        expect([...inside]).toEqual([...outside]);
      }
      const arena = new Arena(2 * count + 8, implementation);
      const [from, to] = [arena.copy(inside), arena.allocate(count)];
      const shift = new Shift(arena.allocate(SHIFT_ENTRIES));
      for (const each of [signs, undefined]) {
        shift.set(each, 1e-2);
        shift.apply(to, from);
        if (each) moveAlong(from, each, 1e-2);
        expect([...to]).toEqual([...from]);
      }
      const [a, b] = [sumAlong(inside, signs), sumAlong(outside, signs)];
      expect(a.greatest).toBe(b.greatest);
      expect(a.slope).toBeCloseTo(b.slope, 12);
      expect(a.square).toBeCloseTo(b.square, 12);
    }
  });

  it('do not take what is no number for zero, nor for the greatest', () => {
    const x = new Arena(100, implementation).allocate(40).fill(0);
    const signs = { random, start: 0, stop: 40 };
    expect(sumAlong(x, signs)).toMatchObject({ square: 0, greatest: 0 });
    x.set([NaN, 0, -3, 2]);
    expect(sumAlong(x, signs)).toMatchObject({ square: NaN, greatest: 3 });
  });
});

describe('the memory of a check', () => {
  it('is known before it starts: leaves and what is computed from them twice, the widest instruction, and which entry changes by how much', () => {
    const network = new Network(1);
    const loss = network.sum(network.exp(network.random([100, 10], 'x')));
    expect(memoryNeeded(network.program, loss)).toBe(8 * (1000 + 1000 + 2 * (1000 + 1) + (1000 + 1) + 2));
  });
});

describe('an arena', () => {
  it('gives out ordinary arrays beyond what was asked for, and without WebAssembly', () => {
    const arena = new Arena(10, implementations[0]);
    const inside = arena.allocate(10);
    const outside = arena.allocate(1 << 20);
    inside.fill(1);
    expect(outside.length).toBe(1 << 20);
    expect(outside[0]).toBe(0);
    expect(instanceOf(outside.buffer)).toBeUndefined();
    expect(instanceOf(new Arena(10, 'reference').allocate(10).buffer)).toBeUndefined();
  });
});
