// What every floor says when something is wrong: plain data with offsets.

import type { Code } from './codes';
import type { Span } from './span';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** A second place that a diagnostic speaks of, such as where the clashing number came from. */
export interface RelatedPlace {
  readonly message: string;
  readonly span: Span;
  /** The file, where it is another one than the diagnostic's. */
  readonly file?: string;
}

/** A replacement that mends the text. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly { readonly span: Span; readonly text: string }[];
}

/** What a message says in numbers and names, for whoever makes a fix of it: nobody reads them out of the sentence. */
export interface DiagnosticData {
  /** Numbers that would fit, or that bound those that do. */
  readonly sizes?: readonly number[];
  /** What was to be cut into equal parts. */
  readonly divided?: { readonly size: number; readonly by: number };
  /** Shapes that would fit, as they are written. */
  readonly shapes?: readonly string[];
  /** Names that would fit. */
  readonly names?: readonly string[];
  /** The function that does what is written as a method. */
  readonly function?: string;
  /** What holds where the marked text is right, as it is written. */
  readonly condition?: string;
  /** What there is, as it is written: a size that came in, both sides of a comparison. */
  readonly values?: readonly string[];
  /** What the numbers of a tensor should be. */
  readonly element?: 'float' | 'int';
  /** How many rounds of the loop around went well. */
  readonly rounds?: number;
}

export interface Diagnostic {
  /** Stable, in kebab case: `padding-too-large`. */
  readonly code: Code;
  readonly severity: Severity;
  /** One sentence that names the culprit, the numbers that clash, and the way out. */
  readonly message: string;
  readonly span: Span;
  readonly related?: readonly RelatedPlace[];
  readonly fixes?: readonly Fix[];
  readonly tags?: readonly ('unnecessary' | 'deprecated')[];
  readonly data?: DiagnosticData;
}

/** The diagnostic with other spans for its place, for those that it tells of and for those that it edits. */
export function withSpans(diagnostic: Diagnostic, spanOf: (span: Span, file?: string) => Span): Diagnostic {
  const { span, related, fixes } = diagnostic;
  return {
    ...diagnostic,
    span: spanOf(span),
    ...(related && { related: related.map((place) => ({ ...place, span: spanOf(place.span, place.file) })) }),
    ...(fixes && { fixes: fixes.map((fix) => ({ ...fix, edits: fix.edits.map((edit) => ({ ...edit, span: spanOf(edit.span) })) })) }),
  };
}
