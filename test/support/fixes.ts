// Tries every quick fix that a text is offered: each mends what it is offered for.

import { expect } from 'vitest';
import { parse } from '../../grammar/parse';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { fixesOf } from '../../server/src/features/fixes/fixes';
import { applied } from '../../server/src/features/text-edits';
import { filesOf } from './files';
import { documentOf } from './fixture';

/** Behind each fix the text parses, what it is offered for is gone, and no error is new; returns how many were tried. */
export function expectFixesToMend(before: string, files: Readonly<Record<string, string>> = {}): number {
  const document = documentOf(before, files);
  const diagnostics = diagnosticsOf(document);
  // One that was there may have other numbers.
  const errorsIn = (all: typeof diagnostics): readonly string[] => all.flatMap(({ severity, code }) => (severity === 'error' ? [code] : []));
  // An application of a stack is in error no more once its one error is mended.
  const known = errorsIn(diagnostics.filter(({ code }) => code !== 'error-in-application'));
  let tried = 0;
  for (const diagnostic of diagnostics) {
    for (const fix of fixesOf(document, diagnostic, filesOf({ 'main.nn': before, ...files }))) {
      tried++;
      const after = applied(before, fix.edits);
      const left = diagnosticsOf(documentOf(after, files));
      const where = `${fix.title}:\n${after}`;
      expect(parse(after).diagnostics, where).toEqual([]);
      // Fixes of several places mend one after the other.
      expect(left.filter((each) => each.code === diagnostic.code && each.message === diagnostic.message).map((each) => each.message), where).toEqual([]);
      expect(more(errorsIn(left), known), where).toEqual([]);
    }
  }
  return tried;
}

/** What some have more often than others. */
function more(some: readonly string[], others: readonly string[]): readonly string[] {
  const count = (all: readonly string[], wanted: string): number => all.filter((each) => each === wanted).length;
  return [...new Set(some)].filter((each) => count(some, each) > count(others, each));
}
