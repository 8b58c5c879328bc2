// The quick fixes of a diagnostic, and those that saving may apply.

import type { Diagnostic, Fix } from '../../base/diagnostic';
import { type RegisteredCode, registeredCode } from '../../base/codes';
import type { Document } from '../workspace';
import { type Files } from '../entity';
import { filesOf } from '../definition';
import { siteOf } from './site';
import { fixers, own } from './table';

/** The fixes of a diagnostic: those that it brings along, and those of the table. */
export function fixesOf(document: Document, diagnostic: Diagnostic, files: Files = filesOf(document)): readonly Fix[] {
  const code = registeredCode(diagnostic.code);
  const table = code === undefined ? undefined : fixers[code];
  if (table === undefined) return diagnostic.fixes ?? [];
  const site = siteOf(document, diagnostic, files);
  const made = (table.includes(own) ? table : [own, ...table]).flatMap((fixer) => fixer(site));
  return made.filter(({ edits }, index) => made.findIndex((fix) => JSON.stringify(fix.edits) === JSON.stringify(edits)) === index);
}

/** Codes whose first fix keeps the meaning of the text, or writes what it can only have meant: saving may apply them all. */
export const safe: ReadonlySet<RegisteredCode> = new Set<RegisteredCode>([
  ...(['foreign-sign', 'wrong-quotes', 'tuple-for-list', 'plus-at-line-start', 'layer-called-on-tensor', 'unused-align-corners', 'unused-value'] as const),
  ...(['bias-before-norm', 'unused-import', 'unused-ignore', 'dropout-without-effect'] as const),
]);
