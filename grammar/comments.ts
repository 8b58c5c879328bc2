// The comments of a text, and which of them document what.

import type { IToken } from 'chevrotain';
import type { LineIndex, Span } from '../server/src/base/span';

/** A comment from its `#` to the end of its line. */
export interface Comment {
  readonly span: Span;
  /** As written, from the `#` on, without blanks at its end. */
  readonly text: string;
  /** A whole line that begins with `##`. */
  readonly documentation: boolean;
}

/** The comments of a text, in their order. */
export function readComments(tokens: readonly IToken[], source: string): Comment[] {
  return tokens.map(({ image, startOffset: start }) => {
    const text = image.trimEnd();
    const documentation = /^##(?!#)/.test(text) && beginsLine(source, start);
    return { span: { start, end: start + text.length }, text, documentation };
  });
}

function beginsLine(source: string, offset: number): boolean {
  let i = offset - 1;
  while (source[i] === ' ' || source[i] === '\t') i--;
  return i < 0 || source[i] === '\n' || source[i] === '\r';
}

/** The `##` lines at the top of a file, if a blank line or the file's end follows them. */
export function documentationOfFile(source: string): string | undefined {
  const documentation: string[] = [];
  for (const [line] of source.matchAll(/[^\r\n]*(?:\r\n|\n|\r|$)/g)) {
    if (/^[ \t]*##(?!#)/.test(line)) documentation.push(contentOf(line.trim()));
    else return documentation.length > 0 && line.trim() === '' ? documentation.join('\n') : undefined;
  }
  return undefined;
}

/** What a documenting comment says, without the `##` and one blank after it. */
function contentOf(comment: string): string {
  return comment.slice(2).replace(/^ /, '');
}

/** Reads the documentation of declarations out of the comments of a text. */
export class DocumentationReader {
  /** The documenting comment of each line that is one. */
  private readonly byLine = new Map<number, Comment>();

  constructor(
    comments: readonly Comment[],
    private readonly lines: LineIndex,
  ) {
    for (const comment of comments)
      if (comment.documentation) this.byLine.set(lines.position(comment.span.start).line, comment);
  }

  /** The `##` lines right above the line of an offset. */
  above(offset: number): string | undefined {
    const end = this.lines.position(offset).line;
    let start = end;
    while (this.byLine.has(start - 1)) start--;
    return this.markdown(start, end);
  }

  /** What the `##` lines say. */
  private markdown(start: number, end: number): string | undefined {
    if (start === end) return undefined;
    const texts: string[] = [];
    for (let line = start; line < end; line++) texts.push(contentOf(this.byLine.get(line)!.text));
    return texts.join('\n');
  }
}
