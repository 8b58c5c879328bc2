// The PyTorch forms of layers and functions: what test/oracle/layers/forms.py evaluated in PyTorch is what the catalog writes.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { functions, layers } from '../../server/src/layers/catalog';
import { torchForm } from '../../server/src/layers/torch-form';
import { argumentsOf, drawInputs, operationOf, recordedFamilies } from './cases';

/** Enough of each entry to meet all its arguments. */
const most = 14;

/** The inputs in front of masks, which PyTorch takes in another form. */
const withMasks: Readonly<Record<string, number>> = { MultiheadAttention: 3, TransformerEncoderLayer: 1, TransformerDecoderLayer: 2 };

const families = recordedFamilies();

interface Written {
  readonly name: string;
  readonly family: string;
  readonly index: number;
  readonly module?: string;
  readonly call: string;
}

function* texts(): Generator<Written> {
  const seen = new Map<string, Set<string>>();
  for (const { name: family, cases } of families) {
    for (const [index, recorded] of cases.entries()) {
      if (recorded.rejected !== undefined || recorded.forward !== undefined) continue;
      if (recorded.inputs.length > (withMasks[recorded.name] ?? Infinity)) continue;
      // What stands between brackets is never read from text.
      const given = recorded.name === 'index' ? recorded.given : argumentsOf(recorded);
      const inputs = drawInputs(recorded).map(({ type }) => type);
      const operation = operationOf(recorded.name);
      const form = torchForm({ operation: operation.specialize?.(given) ?? operation, inputs, arguments: given })!;
      const known = seen.get(recorded.name) ?? new Set();
      seen.set(recorded.name, known);
      const text = `${form.module ?? ''} ${form.call}`;
      if (known.has(text) || known.size >= most) continue;
      known.add(text);
      yield { name: recorded.name, family, index, ...form };
    }
  }
}

const forms = [...texts()];
const folder = new URL('../oracle/', import.meta.url);
const written = `[\n${forms.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`;

it('every layer and every function has a form', () => {
  const names = new Set(forms.map(({ name }) => name));
  expect([...layers.keys(), ...functions.keys()].filter((name) => !names.has(name))).toEqual([]);
});

it('the forms are those that are committed', async () => {
  await expect(written).toMatchFileSnapshot(new URL('torch-forms.json', folder).pathname);
});

it('the committed forms are those that PyTorch evaluated, with the recorded results', () => {
  const [version, hash, count] = readFileSync(new URL('torch-forms.evaluated', folder), 'utf8').trim().split(' ');
  expect(version).toMatch(/^2\./);
  expect(hash).toBe(createHash('sha256').update(written).digest('hex'));
  console.log(`${count!} forms of layers and functions were evaluated by PyTorch ${version!}`);
});
