// The mechanical rules of the house: which floor imports which, and what stays out of the lower ones.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The floors, the lowest first; entries stand above all of them. */
const floors = [
  'server/src/base',
  'server/src/symbolic',
  'server/src/engine',
  'grammar',
  'server/src/layers',
  'server/src/semantics',
  'server/src/check',
  'server/src/features',
  'server/src/lsp',
  'server/src',
];

function floorOf(file: string): number {
  return floors.findIndex((floor) => file.startsWith(`${floor}/`));
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const imports: Import[] = ['grammar', 'server/src', 'client/src'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .flatMap((name) => {
      const from = path.posix.join(folder, name.split(path.sep).join('/'));
      const text = readFileSync(path.join(root, from), 'utf8');
      return [...text.matchAll(/^(?:import|export)( type)?[^'"\n]*(?:\{[^}]*\})?[^'"\n]*['"]([^'"]+)['"]/gm)].map(([, isType, target]) => ({
        from,
        to: target!.startsWith('.') ? path.posix.join(path.posix.dirname(from), target!) : target!,
        isType: isType !== undefined,
      }));
    }),
);

it('reads the imports of the whole source', () => {
  expect(imports.length).toBeGreaterThan(200);
});

it('a file imports its own floor and those below', () => {
  const wrong = imports.filter(({ from, to }) => {
    if (from.startsWith('client/') || !/^(server|grammar)\//.test(to)) return false;
    return floorOf(`${to}/`) > floorOf(from);
  });
  expect(wrong).toEqual([]);
});

it('nothing below the protocol knows the editor or Node', () => {
  const wrong = imports.filter(({ from, to }) => {
    if (floorOf(from) < 0 || floorOf(from) >= floors.indexOf('server/src/lsp')) return false;
    return to.startsWith('node:') || to.startsWith('vscode');
  });
  expect(wrong).toEqual([]);
});

it('the client takes nothing but types from the server', () => {
  expect(imports.filter(({ from, to, isType }) => from.startsWith('client/') && to.startsWith('server/') && !isType)).toEqual([]);
});
