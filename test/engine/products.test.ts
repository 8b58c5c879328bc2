// Products of large matrices by SIMD kernels, with 7 products of blocks instead of 8, against plain TypeScript.

import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../server/src/base/random';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import { addMatrixProduct } from '../../server/src/engine/kernels/accelerated';
import { denseMatrix, transposed } from '../../server/src/engine/kernels/matrix-product';
import type { Matrix } from '../../server/src/engine/kernels/matrix-product';
import { Arena, instanceOf } from '../../server/src/engine/kernels/wasm/arena';
import { implementations } from './support/implementations';
import { Network } from './support/networks';

type Entry = (row: number, column: number) => number;

/** Rows, columns and depth: below and above what is multiplied in blocks, and with something left over beside blocks in every way. */
const shapes = [[256, 256, 256], [95, 300, 130], [103, 230, 97], [530, 100, 770], [97, 1050, 261], [301, 299, 515]] as const;
const shape = [264, 256, 256] as const;
const turns = ['', 'a', 'b', 'ab', 'c', 'abc'];

/** Whole numbers, so that sums are exact in any order; not all of one pattern. */
function whole(seed: number): Entry {
  return (i, j) => (((i * 1031 + j) * 2654435761 + seed * 40503) >>> 7) % 17 - 8;
}

function normal(seed: number): Entry {
  const random = new RandomStream(seed, 'entries');
  return (i, j) => random.normal(i * 1031 + j);
}

/** A matrix of these entries, stored by columns if it is `turned`. */
function matrixOf(entry: Entry, rows: number, columns: number, isTurned: boolean, take: (length: number) => Float64Array): Matrix {
  const values = take(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) values[isTurned ? j * rows + i : i * columns + j] = entry(i, j);
  return isTurned ? transposed(denseMatrix(values, 0, rows)) : denseMatrix(values, 0, columns);
}

/** The product by an implementation, and by plain TypeScript. */
function products(
  implementation: (typeof implementations)[number], [rows, columns, depth]: readonly [number, number, number], a: Entry, b: Entry, turn = '', source: 'nothing' | 'itself' | 'another' = 'nothing',
): [actual: Float64Array, expected: Float64Array] {
  const arena = new Arena(rows * depth + depth * columns + 2 * rows * columns, implementation);
  const multiply = (take: (length: number) => Float64Array): Float64Array => {
    const [left, right] = [matrixOf(a, rows, depth, turn.includes('a'), take), matrixOf(b, depth, columns, turn.includes('b'), take)];
    const [target, other] = [3, 4].map((seed) => matrixOf(whole(seed), rows, columns, turn.includes('c'), take)) as [Matrix, Matrix];
    addMatrixProduct(target, left, right, rows, columns, depth, source === 'nothing' ? null : source === 'itself' ? target.values : other.values);
    return target.values;
  };
  const actual = multiply((length) => arena.allocate(length));
  expect(instanceOf(actual.buffer)).toBeDefined();
  return [actual, multiply((length) => new Float64Array(length))];
}

/** Where two arrays differ first, and what they are there. */
function firstDifference(actual: Float64Array, expected: Float64Array): unknown {
  const at = expected.findIndex((value, i) => !Object.is(value + 0, actual[i]! + 0));
  return at < 0 ? undefined : { at, is: actual[at], should: expected[at] };
}

/** The greatest error, in units of half of the last place of Σ |a|·|b| over the depth. */
function greatestError([actual, expected]: [Float64Array, Float64Array], [rows, columns, depth]: readonly [number, number, number], a: Entry, b: Entry): number {
  const size = new Float64Array(rows * columns);
  addMatrixProduct(denseMatrix(size, 0, columns), matrixOf((i, k) => Math.abs(a(i, k)), rows, depth, false, (n) => new Float64Array(n)),
    matrixOf((k, j) => Math.abs(b(k, j)), depth, columns, false, (n) => new Float64Array(n)), rows, columns, depth, null);
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!) / (size[i]! * 2 ** -53)), 0);
}

describe.each(implementations)('large products by %s kernels', (implementation) => {
  it.each(shapes)('are those of plain TypeScript: %i × %i over %i, however the factors lie and whatever is added', (...shape) => {
    turns.forEach((turn, i) => {
      const source = (['nothing', 'itself', 'another'] as const)[(i + shape[0]) % 3];
      const [actual, expected] = products(implementation, shape, whole(1), whole(2), turn, source);
      expect({ turn, source, wrong: firstDifference(actual, expected) }).toEqual({ turn, source, wrong: undefined });
    });
  });

  it('keep what lies between the entries of a strided product', () => {
    const [rows, columns, depth] = [256, 264, 250];
    const arena = new Arena(6 * rows * columns + 2 * rows * depth + depth * columns, implementation);
    const take = (length: number): Float64Array => arena.allocate(length);
    const [a, b] = [matrixOf(whole(1), rows, depth, false, take), matrixOf(whole(2), depth, columns, true, take)];
    for (const [row, column] of [[columns + 5, 1], [2 * columns, 2]] as const) {
      const target = { values: take(rows * row).fill(0.5), offset: 0, row, column };
      const expected = { ...target, values: Float64Array.from(target.values) };
      addMatrixProduct(target, a, b, rows, columns, depth);
      addMatrixProduct(expected, { ...a, values: a.values.slice() }, { ...b, values: b.values.slice() }, rows, columns, depth);
      expect(firstDifference(target.values, expected.values)).toBeUndefined();
    }
  });

  it('round little more than plain ones where numbers are of like sizes', () => {
    const [a, b] = [normal(1), normal(2)];
    expect(greatestError(products(implementation, shape, a, b), shape, a, b)).toBeLessThan(16);
  });

  it.each([
    ['rows', (i: number) => 2 ** (i % 99), () => 1],
    ['columns', () => 1, (_: number, j: number) => 2 ** (j % 99)],
    ['blocks', (i: number, k: number) => (i < 132 === k < 128 ? 1 : 2 ** -40), (k: number, j: number) => (j < 128 === k < 128 ? 1 : 2 ** -40)],
    ['places along the depth', (_: number, k: number) => 2 ** (k % 99), (k: number) => 2 ** -(k % 99)],
  ] as const)('round as little as plain ones where %s are of very different sizes', (_, sizeA, sizeB) => {
    const [normalA, normalB] = [normal(1), normal(2)];
    const [a, b]: Entry[] = [(i, k) => normalA(i, k) * sizeA(i, k), (k, j) => normalB(k, j) * sizeB(k, j)];
    expect(greatestError(products(implementation, shape, a!, b!), shape, a!, b!)).toBeLessThan(16);
  });

  it('are 0 where a row or a column is', () => {
    const [normalA, normalB] = [normal(1), normal(2)];
    const [withoutRow] = products(implementation, shape, (i, k) => (i === 77 ? 0 : normalA(i, k)), normalB);
    expect(withoutRow.subarray(77 * 256, 78 * 256).every((value) => value === 0)).toBe(true);
    const [withoutColumn] = products(implementation, shape, normalA, (k, j) => (j === 5 ? 0 : normalB(k, j)));
    expect(Array.from({ length: 264 }, (_, i) => withoutColumn[i * 256 + 5])).toEqual(new Array(264).fill(0));
  });

  it('let what is infinite, no number or nearly too large reach its own row or column, and nothing else', () => {
    const long = [600, 104, 300] as const;
    for (const value of [Infinity, -Infinity, NaN, 1e307]) {
      for (const [a, b] of [[(i, k) => (i === 500 && k === 7 ? value : whole(1)(i, k)), whole(2)], [whole(1), (k, j) => (k === 290 && j === 60 ? value : whole(2)(k, j))]] as const satisfies readonly (readonly [Entry, Entry])[]) {
        expect(firstDifference(...products(implementation, long, a, b))).toBeUndefined();
      }
    }
  });

  it('raise no alarm in a check of every entry of a large layer', () => {
    const network = new Network(3);
    const x = network.random([264, 256], 'x');
    const loss = network.mean(network.square(network.relu(network.linear(x, 'linear', 256))));
    const report = checkGradients({ program: network.program, loss, leaves: network.leaves, check: [...network.leaves.keys()], budget: { milliseconds: 1e7 }, implementation });
    expect(report).toMatchObject({ ok: true, implementation });
    for (const tensor of report.tensors) expect(tensor).toMatchObject({ checked: tensor.entries, unresolved: 0 });
  });
});
