// Formatting while typing: the indentation of a line that begins, or that a closing brace ends.

import { before } from '../../../grammar/lines';
import { BinaryOperator, Comma, Equals, is, keyword, tokenize } from '../../../grammar/tokens';
import type { TextEdit } from './text-edits';
import type { Source } from './workspace';

const step = 2;
/** How far the next lines of a statement stand behind its first one, as the formatter breaks it. */
const continuation = 4;

/** The edit that indents the line of an offset by the brackets that are open there; undefined where it is right already. */
export function indentation(source: Source, offset: number): TextEdit | undefined {
  const { lines } = source;
  const { line } = lines.position(offset);
  const start = lines.offset({ line, character: 0 });
  const written = lines.line(line);
  const blanks = /^[ \t]*/.exec(written)![0];
  const rest = written.slice(blanks.length);
  // A step of a chain stands where its writer puts it.
  if (rest.startsWith('->')) return undefined;
  const { open, goesOn } = openLines(source, start);
  const closed = /^[)\]}]*/.exec(rest)![0].length;
  const depth = new Set(open.slice(0, Math.max(0, open.length - closed))).size;
  const wanted = ' '.repeat(step * depth + (goesOn && closed === 0 ? continuation : 0));
  if (wanted === blanks) return undefined;
  return { span: { start, end: start + blanks.length }, text: wanted };
}

/** The lines of the brackets that are open at an offset, the outermost first, and whether a statement in a body goes on there. */
function openLines({ tree, text, lines }: Source, offset: number): { readonly open: readonly number[]; readonly goesOn: boolean } {
  const from = tree.declarations.findLast(({ span }) => span.start <= offset)?.span.start ?? 0;
  const open: { readonly line: number; readonly isBody: boolean }[] = [];
  const { tokens } = tokenize(text.slice(from, offset));
  for (const { image, startOffset } of tokens) {
    if (image === '(' || image === '[' || image === '{') open.push({ line: lines.position(from + startOffset).line, isBody: image === '{' });
    else if (image === ')' || image === ']' || image === '}') open.pop();
  }
  const last = tokens[before(tokens, tokens.length)];
  const isBody = open.at(-1)?.isBody ?? true;
  const goesOn = isBody && (is(last, BinaryOperator) || is(last, Equals) || is(last, keyword.not) || is(last, Comma));
  return { open: open.map(({ line }) => line), goesOn };
}
