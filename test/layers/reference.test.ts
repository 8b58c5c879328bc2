// The reference pages in docs/layers are those that the catalog writes; `vitest run test/layers/reference.test.ts -u` renews them.

import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { functions, layers } from '../../server/src/layers/catalog';
import { referencePages } from '../../server/src/layers/reference';

const folder = new URL('../../docs/layers/', import.meta.url);
const pages = referencePages();

it.each([...pages])('%s is fresh', async (name, text) => {
  await expect(text).toMatchFileSnapshot(new URL(name, folder).pathname);
});

it('has a page for each family, and none that is left over', () => {
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
});

it('describes every entry once', () => {
  const headings = [...pages.values()].flatMap((text) => [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]));
  expect(headings.sort()).toEqual([...layers.keys(), ...functions.keys()].sort());
});
