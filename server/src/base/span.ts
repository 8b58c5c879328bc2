// Places in a text: half-open ranges of UTF-16 offsets, and the index from offsets to lines.

/** A half-open range of offsets: `start` is the first character, `end` the one after the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A place counted from 0, in UTF-16 code units, as the Language Server Protocol counts. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** The smallest span that covers both. */
export function cover(a: Span, b: Span): Span {
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}

/** Whether the offset lies in the span; the end counts, as a cursor behind a word still touches it. */
export function touches(span: Span, offset: number): boolean {
  return span.start <= offset && offset <= span.end;
}

/** Whether two spans have a place in common; ends count. */
export function overlaps(a: Span, b: Span): boolean {
  return a.start <= b.end && b.start <= a.end;
}

/** The starts of all lines of a text; lines end at `\n`, `\r\n` or `\r`. */
export class LineIndex {
  private readonly starts: number[] = [0];

  constructor(private readonly text: string) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) this.starts.push(i + 1);
    }
  }

  get lineCount(): number {
    return this.starts.length;
  }

  /** The position of an offset; offsets outside the text are moved to its ends. */
  position(offset: number): Position {
    const bounded = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= bounded) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: bounded - this.starts[low]! };
  }

  /** The offset of a position; a character past its line's end is moved to that end. */
  offset(position: Position): number {
    if (position.line < 0) return 0;
    const start = this.starts[position.line];
    if (start === undefined) return this.text.length;
    const line = this.line(position.line);
    return start + Math.max(0, Math.min(position.character, line.length));
  }

  /** A line's text without its end; empty beyond the last line. */
  line(number: number): string {
    const start = this.starts[number];
    if (start === undefined) return '';
    const next = this.starts[number + 1] ?? this.text.length;
    return this.text.slice(start, next).replace(/[\r\n]+$/, '');
  }
}
