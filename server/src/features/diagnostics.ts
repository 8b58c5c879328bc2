// Everything that is wrong or worth knowing in a document: its syntax, its meaning, and what gradient checks found.

import type { Diagnostic } from '../base/diagnostic';
import { shortened } from '../base/words';
import { applySeverities, type Severities } from '../base/severity';
import { withoutIgnored } from './ignores';
import { unusedIn } from './unused';
import type { Document } from './workspace';

/** The diagnostics of a document in the order of the text, as grave as the settings want them, without those that a comment there silences. */
export function diagnosticsOf(document: Document, ofChecks: readonly Diagnostic[] = [], severities: Severities = {}): readonly Diagnostic[] {
  const all = [...document.problems, ...apartFrom(document.problems, document.analysis.diagnostics), ...unusedIn(document), ...ofChecks];
  return [...applySeverities(withoutIgnored(document, all), severities)].sort((a, b) => a.span.start - b.span.start).map(legible);
}

const known = new WeakMap<Diagnostic, Diagnostic>();

/** Whatever a message quotes, it stays one that can be read; most diagnostics are those of the state before. */
function legible(diagnostic: Diagnostic): Diagnostic {
  let made = known.get(diagnostic);
  if (made === undefined) known.set(diagnostic, (made = madeLegible(diagnostic)));
  return made;
}

function madeLegible(diagnostic: Diagnostic): Diagnostic {
  const message = shortened(diagnostic.message);
  const related = diagnostic.related?.map((each) => ({ ...each, message: shortened(each.message) }));
  return message === diagnostic.message && related?.every((each, index) => each.message === diagnostic.related![index]!.message) !== false ? diagnostic : { ...diagnostic, message, related };
}

/** Without the errors of what an error of the syntax stands in: what is missing there is all that may be wrong with the whole. */
function apartFrom(problems: readonly Diagnostic[], diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const broken = problems.filter(({ severity }) => severity === 'error').map(({ span }) => span);
  if (broken.length === 0) return diagnostics;
  const holds = ({ severity, code, span }: Diagnostic): boolean =>
    severity === 'error' && code !== 'error-in-application' && broken.some(({ start, end }) => span.start <= start && end <= span.end);
  return diagnostics.filter((each) => !holds(each));
}
