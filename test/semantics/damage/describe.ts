// The tests of one kind of damage to the examples.

import path from 'node:path';
import { build } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { parse } from '../../../grammar/parse';
import { examples } from '../../grammar/examples';
import type { Damage } from '../../support/damage';

type Tried = typeof import('./tried');

/**
 * Wherever one kind of damage is done to an example, there is an analysis, and each declaration that it does not touch keeps
 * what is known of it. (That all keep their trees is tried by test/grammar/recovery.test.ts.)
 */
export function describeDamage(kind: Damage): void {
  let damage: Tried['damage'];

  beforeAll(async () => {
    const { outputFiles } = await build({ entryPoints: [path.join(import.meta.dirname, 'tried.ts')], bundle: true, platform: 'node', format: 'esm', write: false });
    ({ damage } = (await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`)) as Tried);
  });

  it.each([...examples])(`%s, ${kind}`, (_, text) => {
    const kept = damage(text, kind);
    // In a file of few declarations, each a part of the next, there may be nothing that could be kept.
    if (parse(text).file.declarations.length > 4) expect(kept).toBeGreaterThan(0);
  });
}
