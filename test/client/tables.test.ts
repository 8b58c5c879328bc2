// Tables of hovers, as the editor is given them.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { spacedTables } from '../../client/src/tables';
import { table } from '../../server/src/features/markdown';

const hovers = new URL('../features/golden/hover/', import.meta.url);
const pages = readdirSync(hovers).map((name) => readFileSync(new URL(name, hovers), 'utf8'));

describe('tables with room between their columns', () => {
  it('keep the line below their head, whatever the columns hold', () => {
    const heads = (text: string): readonly string[] => text.split('\n').filter((line) => /^\| :?--/.test(line));
    const numbers = table(['`p`', 'Output', 'Size'], [['1', '`[3]`', '2'], ['−2', '`[4]`', '3']]);
    expect(heads(numbers)).toEqual(['| --: | :-- | --: |']);
    expect(pages.flatMap(heads).length).toBeGreaterThan(20);
    for (const text of [numbers, ...pages]) expect(heads(spacedTables(text))).toEqual(heads(text));
  });

  it('have a blank before each column but the first', () => {
    expect(spacedTables(table(['', 'a', 'b'], [['1', '2', '3']]))).toBe('|  | &ensp;a | &ensp;b |\n| --: | --: | --: |\n| 1 | &ensp;2 | &ensp;3 |');
    expect(spacedTables('| text\n\na | b\n')).toBe('| text\n\na | b\n');
  });
});
