// Places in a text: half-open ranges of UTF-16 offsets, some of which move as the text is edited, and the index from offsets to lines.

import { firstWhere } from './sorted';

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

/**
 * Where a piece of a text begins. The spans in the piece are counted from here, so that all of them move at once when
 * something before the piece is edited, and whatever speaks of them (trees, diagnostics, fixes, graphs) stays right.
 */
export class Anchor {
  offset = 0;

  /** The span from one distance behind the anchor to another. */
  span(from: number, to: number): Span {
    return new AnchoredSpan(this, from, to);
  }
}

class AnchoredSpan implements Span {
  constructor(
    readonly anchor: Anchor,
    private readonly from: number,
    private readonly to: number,
  ) {}

  get start(): number {
    return this.anchor.offset + this.from;
  }

  get end(): number {
    return this.anchor.offset + this.to;
  }

  toJSON(): Span {
    return fixed(this);
  }
}

/** The anchor that a span moves with; undefined for one that stays. */
export function anchorOf(span: Span): Anchor | undefined {
  return span instanceof AnchoredSpan ? span.anchor : undefined;
}

/** A span that moves as another one does. */
export function movingWith(other: Span, start: number, end: number): Span {
  const anchor = anchorOf(other);
  return anchor === undefined ? { start, end } : anchor.span(start - anchor.offset, end - anchor.offset);
}

/** The span as it is now: plain data that can be sent elsewhere. */
export function fixed({ start, end }: Span): Span {
  return { start, end };
}

/** Whether the offset lies in the span; the end counts, as a cursor behind a word still touches it. */
export function touches(span: Span, offset: number): boolean {
  return span.start <= offset && offset <= span.end;
}

/** Whether two spans have a place in common; ends count. */
export function overlaps(a: Span, b: Span): boolean {
  return a.start <= b.end && b.start <= a.end;
}

/** Characters of a line, guessed: more lines take more memory. */
const usualLine = 20;

/** The starts of all lines of a text; lines end at `\n`, `\r\n` or `\r`. */
export class LineIndex {
  /** In one piece of memory, as every state of a text has its own. */
  private starts: Uint32Array;
  readonly lineCount: number;

  constructor(private readonly text: string) {
    this.starts = new Uint32Array(16 + text.length / usualLine);
    let count = 1;
    const add = (start: number): void => {
      if (count === this.starts.length) {
        const longer = new Uint32Array(2 * count);
        longer.set(this.starts);
        this.starts = longer;
      }
      this.starts[count++] = start;
    };
    if (!text.includes('\r')) for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) add(at + 1);
    else {
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) add(i + 1);
      }
    }
    this.lineCount = count;
  }

  /** The position of an offset; offsets outside the text are moved to its ends. */
  position(offset: number): Position {
    const bounded = Math.max(0, Math.min(offset, this.text.length));
    const line = firstWhere(this.lineCount, (index) => this.starts[index]! > bounded) - 1;
    return { line, character: bounded - this.starts[line]! };
  }

  /** The offset of a position; a character past its line's end is moved to that end. */
  offset(position: Position): number {
    if (position.line < 0) return 0;
    if (position.line >= this.lineCount) return this.text.length;
    const start = this.starts[position.line]!;
    const line = this.line(position.line);
    return start + Math.max(0, Math.min(position.character, line.length));
  }

  /** A line's text without its end; empty beyond the last line. */
  line(number: number): string {
    if (number < 0 || number >= this.lineCount) return '';
    const start = this.starts[number]!;
    const next = number + 1 < this.lineCount ? this.starts[number + 1]! : this.text.length;
    return this.text.slice(start, next).replace(/[\r\n]+$/, '');
  }
}
