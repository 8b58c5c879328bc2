// The example files, which are the canonical texts of the language.

import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../examples/', import.meta.url);

/** All example files by name. */
export const examples: ReadonlyMap<string, string> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.nn'))
    .sort()
    .map((name): [string, string] => [name, readFileSync(new URL(name, folder), 'utf8')]),
);
