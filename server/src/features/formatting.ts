// Formatting: the smallest edit that brings a document into its canonical form.

import { format } from '../../../grammar/print';
import type { Span } from '../base/span';
import type { Source } from './workspace';

/** The edit; undefined where the document is canonical already, or its syntax is broken. */
export function formatting({ text }: Source): { readonly span: Span; readonly text: string } | undefined {
  const formatted = format(text);
  if (formatted === undefined || formatted === text) return undefined;
  const shorter = Math.min(text.length, formatted.length);
  let start = 0;
  while (start < shorter && text[start] === formatted[start]) start++;
  let behind = 0;
  while (behind < shorter - start && text[text.length - 1 - behind] === formatted[formatted.length - 1 - behind]) behind++;
  return { span: { start, end: text.length - behind }, text: formatted.slice(start, formatted.length - behind) };
}
