// What other frameworks write: each advice leads to something that is here.

import { expect, it } from 'vitest';
import { functions, layers } from '../../server/src/layers/catalog';
import { builtins } from '../../server/src/semantics/builtins';
import { foreignAdvice, foreignMethods, foreignNames, foreignValues } from '../../server/src/semantics/foreign';

const isHere = (name: string): boolean => layers.has(name) || functions.has(name) || builtins.has(name);

it('other names stand for layers and functions of the catalog, and are none themselves', () => {
  for (const [name, ours] of foreignNames) expect([name, isHere(name), isHere(ours)]).toEqual([name, false, true]);
  for (const [name, ours] of foreignMethods) expect([name, isHere(ours)]).toEqual([name, true]);
});

it('values in capital letters are none here', () => {
  for (const name of foreignValues.keys()) expect([name, isHere(name)]).toEqual([name, false]);
});

it('advice is for what is not here', () => {
  for (const name of foreignAdvice.keys()) expect([name, isHere(name) || foreignNames.has(name)]).toEqual([name, false]);
});
