// Quick fixes: the replacements that diagnostics carry.

import type { Diagnostic, Fix } from '../base/diagnostic';
import type { Span } from '../base/span';

export interface CodeAction extends Fix {
  readonly diagnostic: Diagnostic;
  /** Whether it is the first choice for its diagnostic. */
  readonly preferred: boolean;
}

/** The fixes of all diagnostics that touch the range. */
export function codeActions(diagnostics: readonly Diagnostic[], range: Span): readonly CodeAction[] {
  return diagnostics
    .filter(({ span }) => span.start <= range.end && range.start <= span.end)
    .flatMap((diagnostic) => (diagnostic.fixes ?? []).map((fix, index) => ({ ...fix, diagnostic, preferred: index === 0 })));
}
