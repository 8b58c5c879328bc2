// Formatting while typing: the indentation of a line that begins, or that a closing brace ends.

import { tokenize } from '../../../grammar/tokens';
import type { TextEdit } from './text-edits';
import type { Source } from './workspace';

const step = 2;

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
  const open = openLines(source, start);
  const closed = /^[)\]}]*/.exec(rest)![0].length;
  const depth = new Set(open.slice(0, Math.max(0, open.length - closed))).size;
  const wanted = ' '.repeat(step * depth);
  if (wanted === blanks) return undefined;
  return { span: { start, end: start + blanks.length }, text: wanted };
}

/** The lines of the brackets that are open at an offset, the outermost first. */
function openLines({ tree, text, lines }: Source, offset: number): readonly number[] {
  const from = tree.declarations.findLast(({ span }) => span.start <= offset)?.span.start ?? 0;
  const open: number[] = [];
  for (const { image, startOffset } of tokenize(text.slice(from, offset)).tokens) {
    if (image === '(' || image === '[' || image === '{') open.push(lines.position(from + startOffset).line);
    else if (image === ')' || image === ']' || image === '}') open.pop();
  }
  return open;
}
