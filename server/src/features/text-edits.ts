// Replacements in texts: of one file, or by file.

import type { Span } from '../base/span';

export interface TextEdit {
  readonly span: Span;
  readonly text: string;
}

/** Edits by the address of their file. */
export type FileEdits = ReadonlyMap<string, readonly TextEdit[]>;

/** Why something cannot be done, in words for the person who asked. */
export class Refusal {
  constructor(readonly message: string) {}
}

/** A text with edits made; the edits do not overlap. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let last = 0;
  for (const { span, text: written } of [...edits].sort((a, b) => a.span.start - b.span.start)) {
    result += text.slice(last, span.start) + written;
    last = span.end;
  }
  return result + text.slice(last);
}
