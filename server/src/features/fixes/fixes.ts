// The quick fixes of a diagnostic, and those that saving may apply.

import type { Diagnostic, Fix } from '../../base/diagnostic';
import type { RegisteredCode } from '../../base/codes';
import { found, type Search } from '../../base/search';
import type { Document } from '../workspace';
import { type Files } from '../entity';
import { filesOf } from '../definition';
import { siteOf } from './site';
import { fixers } from './table';
import { search } from './tried';

/** Searches the fixes of a diagnostic: those that it brings along, and those of the table. */
export function searchFixes(document: Document, diagnostic: Diagnostic, files: Files): Search<Fix> {
  return different(search(fixers, siteOf(document, diagnostic, files)));
}

/** Of fixes with the same edits, the first. */
function* different(fixes: Search<Fix>): Search<Fix> {
  const seen = new Set<string>();
  for (const fix of fixes) {
    const edits = fix && JSON.stringify(fix.edits);
    if (edits === undefined) yield undefined;
    else if (!seen.has(edits)) {
      seen.add(edits);
      yield fix;
    }
  }
}

/** All fixes of a diagnostic, at once. */
export function fixesOf(document: Document, diagnostic: Diagnostic, files: Files = filesOf(document)): readonly Fix[] {
  return [...found(searchFixes(document, diagnostic, files))];
}

/** Codes whose first fix keeps the meaning of the text, or writes what it can only have meant: saving may apply them all. */
export const safe: ReadonlySet<RegisteredCode> = new Set<RegisteredCode>([
  ...(['foreign-sign', 'wrong-quotes', 'tuple-for-list', 'plus-at-line-start', 'layer-called-on-tensor', 'unused-align-corners', 'unused-value'] as const),
  ...(['bias-before-norm', 'unused-import', 'unused-ignore', 'dropout-without-effect'] as const),
]);
