// What goes with a statement or an item of a list when it is taken away.

import type { Span } from '../base/span';

/** Nothing but a comment up to the end of the line, which counts. */
const restOfLine = /[^\S\n]*;?[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;

/** A statement with what separates it from its neighbours: its whole line where it is alone there. */
export function statementSpan(text: string, span: Span): Span {
  // The line is not read to its ends: a whole file may stand on it.
  let blank = span.start;
  while (blank > 0 && text[blank - 1] !== '\n' && text[blank - 1]!.trim() === '') blank--;
  restOfLine.lastIndex = span.end;
  if ((blank === 0 || text[blank - 1] === '\n') && restOfLine.test(text)) return { start: blank, end: restOfLine.lastIndex };
  const behind = /^[ \t]*;[ \t]*/.exec(text.slice(span.end));
  if (behind !== null) return { start: span.start, end: span.end + behind[0].length };
  const ahead = /[ \t]*;$/.exec(text.slice(Math.max(0, blank - 80), blank));
  return ahead === null ? span : { start: blank - ahead[0].length, end: span.end };
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
