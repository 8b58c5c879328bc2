// The reference pages in docs/layers are those that the catalog writes; `vitest run test/layers/reference.test.ts -u` renews them.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { functions, layers } from '../../server/src/layers/catalog';
import { referencePages } from '../../server/src/layers/reference';
import { drawInputs, recordedFamilies } from './cases';

const folder = new URL('../../docs/layers/', import.meta.url);
interface Evaluated {
  readonly name: string;
  readonly family: string;
  readonly index: number;
  readonly module?: string;
  readonly call: string;
}

/** For each entry the first form that PyTorch evaluated, of usual inputs: with two axes, and two of them where there may be any number. */
function usualForms(): ReadonlyMap<string, string> {
  const evaluated = JSON.parse(readFileSync(new URL('../oracle/torch-forms.json', import.meta.url), 'utf8')) as readonly Evaluated[];
  const recorded = new Map(recordedFamilies().map(({ name, cases }) => [name, cases]));
  const usual = evaluated.filter(({ name, family, index }) => {
    const types = drawInputs(recorded.get(family)![index]!);
    const wanted = functions.get(name)?.inputs[0]?.variadic === true ? 2 : 1;
    return types.length >= wanted && types[0]!.type.shape.length >= 2;
  });
  return new Map([...evaluated.toReversed(), ...usual.toReversed()].map(({ name, module, call }) => [name, module ?? call]));
}

const forms = usualForms();
const pages = referencePages(forms);

it.each([...pages])('%s is fresh', async (name, text) => {
  await expect(text).toMatchFileSnapshot(new URL(name, folder).pathname);
});

it('has a page for each family, and none that is left over', () => {
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
});

it('has a form of PyTorch for every entry', () => {
  expect([...layers.keys(), ...functions.keys()].filter((name) => !forms.has(name))).toEqual([]);
});

it('describes every entry once', () => {
  const headings = [...pages.values()].flatMap((text) => [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]));
  expect(headings.sort()).toEqual([...layers.keys(), ...functions.keys()].sort());
});
