// Hundreds of edits, one behind the other: what is kept does not grow, and the end is what a fresh analysis gives.
// `npm run bench` does it with ten thousand, and looks at the memory.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, type ParseResult } from '../../grammar/parse';
import { Analyser } from '../../server/src/semantics/analyse';
import { soak } from '../bench/soak';
import { examples } from '../grammar/examples';
import { anyEdit, apply } from '../support/edits';

const original = [...examples.values()].slice(0, 3).join('\n');

it('three hundred edits with requests in between leave what a fresh analysis gives', () => {
  expect(soak(original, 300, () => undefined)).toEqual({ isFresh: true });
});

it('of three hundred states only the last ones are kept', () => {
  const uri = 'file:///main.nn';
  const analyser = new Analyser(uri);
  let known: ParseResult | undefined;
  let text = original;
  let most = 0;
  const follow = (next: string): void => {
    text = next;
    const { file: tree } = (known = parse(text, known));
    analyser.analyse(() => ({ uri, text, tree }));
    most = Math.max(most, analyser.kept / (tree.declarations.length + 1));
  };
  for (const [index, edit] of fc.sample(anyEdit, 300).entries()) follow(index % 25 === 24 ? original : apply(edit, text));
  // Of two states: a model and its variant, a stack by itself, what nothing applies.
  expect(most).toBeLessThan(4);
});

it('a state that is left before its end loses nothing of the one before', () => {
  const uri = 'file:///main.nn';
  const analyser = new Analyser(uri);
  const models = (of: number): string => Array.from({ length: 20 }, (_, index) => `model M${String(index)} { input x: [8]; Linear(${String(index === of ? 99 : 1)}) }`).join('\n');
  const source = (text: string, before?: ParseResult) => {
    const parsed = parse(text, before);
    return { parsed, read: () => ({ uri, text, tree: parsed.file }) };
  };
  let { parsed, read } = source(models(0));
  analyser.analyse(read);
  // Two edits of the first model, each followed by another before anything behind it was looked at.
  for (const edited of [1, 2]) {
    ({ parsed, read } = source(models(edited), parsed));
    analyser.ahead(read).next();
  }
  ({ read } = source(models(3), parsed));
  expect([...analyser.analyse(read)!.evaluated].sort()).toEqual(['M1', 'M2', 'M3']);
});
