// Formatting: the smallest edits that bring a document, or a part of it, into its canonical form.

import type * as ast from '../../../grammar/ast';
import { parse } from '../../../grammar/parse';
import { format } from '../../../grammar/print';
import { children, type Node } from '../../../grammar/walk';
import { LineIndex, type Span } from '../base/span';
import type { TextEdit } from './text-edits';
import type { Source } from './workspace';

/** The edit; undefined where the document is canonical already, or its syntax is broken. */
export function formatting({ text }: Source): TextEdit | undefined {
  const formatted = format(text);
  return formatted === undefined ? undefined : difference(text, { start: 0, end: text.length }, formatted);
}

/** What differs between a part of a text and its replacement. */
function difference(text: string, { start: from, end: to }: Span, replacement: string): TextEdit | undefined {
  const before = text.slice(from, to);
  if (before === replacement) return undefined;
  const shorter = Math.min(before.length, replacement.length);
  let start = 0;
  while (start < shorter && before[start] === replacement[start]) start++;
  let behind = 0;
  while (behind < shorter - start && before[before.length - 1 - behind] === replacement[replacement.length - 1 - behind]) behind++;
  return { span: { start: from + start, end: to - behind }, text: replacement.slice(start, replacement.length - behind) };
}

/** The edit for the statements, or declarations, that a range touches. */
export function rangeFormatting(source: Source, range: Span): TextEdit | undefined {
  const { text, tree, lines } = source;
  const formatted = format(text);
  if (formatted === undefined) return undefined;
  const after = { tree: parse(formatted).file, lines: new LineIndex(formatted), text: formatted };
  let [node, twin]: [Node, Node] = [tree, after.tree];
  let units = unitsIn(node, lines, range);
  // Into the innermost body that has all of the range between its braces.
  for (;;) {
    const inner = innermost(node, range, lines);
    if (inner === undefined) break;
    twin = inner.reduce<Node>((at, index) => children(at)[index]!, twin);
    node = inner.reduce<Node>((at, index) => children(at)[index]!, node);
    units = unitsIn(node, lines, range);
  }
  if (units === undefined) return undefined;
  const twins = unitsOf(twin)!;
  const old = wholeLines({ start: unitsOf(node)![units.first]!.span.start, end: unitsOf(node)![units.last]!.span.end }, source);
  const made = wholeLines({ start: twins[units.first]!.span.start, end: twins[units.last]!.span.end }, after);
  return difference(text, old, formatted.slice(made.start, made.end));
}

function unitsOf(node: Node): readonly (ast.Declaration | ast.Statement)[] | undefined {
  return node.kind === 'file' ? node.declarations : node.kind === 'block' ? node.statements : undefined;
}

/** The first and last unit on the lines of a range. */
function unitsIn(node: Node, lines: LineIndex, range: Span): { readonly first: number; readonly last: number } | undefined {
  const units = unitsOf(node) ?? [];
  const line = (offset: number): number => lines.position(offset).line;
  const touched = units.map(({ span }) => line(span.end) >= line(range.start) && line(span.start) <= line(range.end));
  const [first, last] = [touched.indexOf(true), touched.lastIndexOf(true)];
  return first < 0 ? undefined : { first, last };
}

/** The way, as indices of children, to the nearest body within a node that has the whole range inside. */
function innermost(node: Node, range: Span, lines: LineIndex): readonly number[] | undefined {
  for (const [index, child] of children(node).entries()) {
    if (child.span.start >= range.start || child.span.end <= range.end) continue;
    if (child.kind === 'block' && isTall(child, lines)) return [index];
    const further = innermost(child, range, lines);
    if (further !== undefined) return [index, ...further];
  }
  return undefined;
}

/** Whether the braces of a body stand on other lines than its statements. */
function isTall({ span, statements }: ast.Block, lines: LineIndex): boolean {
  const [first, last] = [statements[0], statements.at(-1)];
  if (first === undefined || last === undefined) return false;
  const line = (offset: number): number => lines.position(offset).line;
  return line(span.start) < line(first.span.start) && line(last.span.end) < line(span.end);
}

/** A span with the blanks in front of it on its line, and with what follows its end on that line. */
function wholeLines({ start, end }: Span, { lines, text }: Pick<Source, 'lines' | 'text'>): Span {
  const first = lines.position(start);
  const last = lines.position(end).line;
  const begin = lines.offset({ line: first.line, character: 0 });
  const behind = lines.offset({ line: last, character: Infinity });
  return { start: text.slice(begin, start).trim() === '' ? begin : start, end: /^\s*(#.*)?$/.test(text.slice(end, behind)) ? behind : end };
}
