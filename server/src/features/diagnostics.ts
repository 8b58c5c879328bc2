// Everything that is wrong or worth knowing in a document: its syntax, its meaning, and what gradient checks found.

import type { Diagnostic } from '../base/diagnostic';
import type { Document } from './workspace';

/** The diagnostics of a document in the order of the text. */
export function diagnosticsOf(document: Document, ofChecks: readonly Diagnostic[] = []): readonly Diagnostic[] {
  return [...document.problems, ...document.analysis.diagnostics, ...ofChecks].sort((a, b) => a.span.start - b.span.start);
}
