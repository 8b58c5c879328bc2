// Everything that is wrong or worth knowing in a document: its syntax, its meaning, and what gradient checks found.

import type { Diagnostic } from '../base/diagnostic';
import { withoutIgnored } from './ignores';
import type { Document } from './workspace';

/** The diagnostics of a document in the order of the text, without those that a comment there silences. */
export function diagnosticsOf(document: Document, ofChecks: readonly Diagnostic[] = []): readonly Diagnostic[] {
  const all = [...document.problems, ...document.analysis.diagnostics, ...ofChecks];
  return [...withoutIgnored(document, all)].sort((a, b) => a.span.start - b.span.start);
}
