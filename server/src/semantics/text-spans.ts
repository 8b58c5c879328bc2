// What goes with a statement or an item of a list when it is taken away.

import type { Span } from '../base/span';

/** A statement with what separates it from its neighbours: its whole line where it is alone there. */
export function statementSpan(text: string, span: Span): Span {
  const lineStart = text.lastIndexOf('\n', span.start - 1) + 1;
  const lineEnd = text.indexOf('\n', span.end);
  const end = lineEnd < 0 ? text.length : lineEnd;
  if (text.slice(lineStart, span.start).trim() === '' && /^\s*;?\s*(?:#.*)?$/.test(text.slice(span.end, end))) {
    return { start: lineStart, end: Math.min(text.length, end + 1) };
  }
  const behind = /^[ \t]*;[ \t]*/.exec(text.slice(span.end));
  if (behind !== null) return { start: span.start, end: span.end + behind[0].length };
  const ahead = /[ \t]*;[ \t]*$/.exec(text.slice(0, span.start));
  return ahead === null ? span : { start: span.start - ahead[0].length, end: span.end };
}

/** An item of a list with the comma behind it, or before the last one. */
export function itemSpan(text: string, items: readonly { readonly span: Span }[], index: number): Span {
  const { span } = items[index]!;
  const next = items[index + 1];
  if (next !== undefined) return { start: span.start, end: next.span.start };
  const before = items[index - 1];
  if (before !== undefined) return { start: before.span.end, end: span.end };
  const comma = /^\s*,/.exec(text.slice(span.end));
  return { start: span.start, end: span.end + (comma?.[0].length ?? 0) };
}
