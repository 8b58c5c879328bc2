// What the backward pass keeps, held against what PyTorch's autograd saves (test/oracle/layers/saved.py).

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { layers } from '../../server/src/layers/catalog';
import { inferCase, operationOf } from './cases';

const saved = JSON.parse(readFileSync(new URL('../oracle/saved.json', import.meta.url), 'utf8')) as Readonly<Record<string, readonly string[]>>;

/** PyTorch composes them of several functions, or keeps copies of their inputs; the entries say what the derivative needs. */
const composed = /^(RNN|LSTM|GRU|Multihead|Transformer|InstanceNorm|MaxUnpool|Cosine|Pairwise|.*Loss$|.*Dropout)/;

it.each([...layers].filter(([name]) => !composed.test(name)))('%s', (name, { keeps }) => {
  const expected = new Set(saved[name]!.map((each) => (each === 'weight' || each === 'output' ? each : each.startsWith('input') ? 'input' : 'further')));
  const ours = new Set(keeps.map((kept) => (kept === 'mask' || kept === 'statistics' || kept === 'indices' ? 'further' : kept)));
  expect([...ours].sort()).toEqual([...expected].sort());
});

interface KeptCase {
  readonly name: string;
  readonly given: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (readonly number[])[];
  /** The inputs that gradients are computed for, where it is not all. */
  readonly needs?: readonly number[];
  readonly floats: number;
  readonly masks: number;
  readonly outputs: number;
}

const amounts = JSON.parse(readFileSync(new URL('../oracle/kept.json', import.meta.url), 'utf8')) as readonly KeptCase[];

describe.each([...new Set(amounts.map(({ name }) => name))])('%s', (name) => {
  it('keeps as many numbers as PyTorch saves inside it', () => {
    const cases = amounts.filter((each) => each.name === name);
    const found = cases.map(({ given, inputs, needs }) => {
      const { effect, problems } = inferCase({ name, given, inputs, shapes: [], values: [], gradients: [] }, inputs.map((shape) => ({ element: 'float', shape })));
      expect(problems).toEqual([]);
      const { statistics, masks, output } = effect!;
      const outputs = operationOf(name).keeps.includes('output') ? output.shape.reduce<number>((a, b) => a * (b as number), 1) : 0;
      const floats = typeof statistics === 'function' ? statistics((position) => needs?.includes(position) ?? true) : statistics;
      return { name, given, inputs, ...(needs && { needs }), floats, masks: masks ?? 0, outputs };
    });
    expect(found).toEqual(cases);
  });
});
