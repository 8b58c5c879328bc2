// Everything that is wrong or worth knowing in a document: its syntax, its meaning, and what gradient checks found.

import type { Diagnostic } from '../base/diagnostic';
import { applySeverities, type Severities } from '../base/severity';
import { withoutIgnored } from './ignores';
import { unusedIn } from './unused';
import type { Document } from './workspace';

/** The diagnostics of a document in the order of the text, as grave as the settings want them, without those that a comment there silences. */
export function diagnosticsOf(document: Document, ofChecks: readonly Diagnostic[] = [], severities: Severities = {}): readonly Diagnostic[] {
  const all = [...document.problems, ...document.analysis.diagnostics, ...unusedIn(document), ...ofChecks];
  return [...applySeverities(withoutIgnored(document, all), severities)].sort((a, b) => a.span.start - b.span.start);
}
