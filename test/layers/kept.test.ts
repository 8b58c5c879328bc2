// What the backward pass keeps, held against what PyTorch's autograd saves (test/oracle/layers/saved.py).

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { layers } from '../../server/src/layers/catalog';

const saved = JSON.parse(readFileSync(new URL('../oracle/saved.json', import.meta.url), 'utf8')) as Readonly<Record<string, readonly string[]>>;

/** PyTorch composes them of several functions, or keeps copies of their inputs; the entries say what the derivative needs. */
const composed = /^(RNN|LSTM|GRU|Multihead|Transformer|InstanceNorm|MaxUnpool|Cosine|Pairwise|.*Loss$|.*Dropout)/;

it.each([...layers].filter(([name]) => !composed.test(name)))('%s', (name, { keeps }) => {
  const expected = new Set(saved[name]!.map((each) => (each === 'weight' || each === 'output' ? each : each.startsWith('input') ? 'input' : 'further')));
  const ours = new Set(keeps.map((kept) => (kept === 'mask' || kept === 'statistics' || kept === 'indices' ? 'further' : kept)));
  expect([...ours].sort()).toEqual([...expected].sort());
});
