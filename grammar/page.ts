// A page that text is written on line by line, with comments behind the lines.

/** The longest line that the printer writes where it has a choice. */
export const pageWidth = 120;

interface Line {
  readonly indent: number;
  text: string;
  comment?: { readonly text: string; readonly column: number };
}

export class Page {
  private readonly lines: Line[] = [];
  private current: Line = { indent: 0, text: '' };

  /** Where the next character goes. */
  get column(): number {
    const { indent, text } = this.current;
    return indent + text.length;
  }

  /** How many lines are complete. */
  get lineCount(): number {
    return this.lines.length;
  }

  /** The indentation of the current line. */
  get indent(): number {
    return this.current.indent;
  }

  write(text: string): void {
    this.current.text += text;
  }

  /** Ends the current line; the next one is indented. */
  newLine(indent: number): void {
    this.lines.push(this.current);
    this.current = { indent, text: '' };
  }

  /** Puts a comment behind the current line, where possible at a column; lines below each other share theirs. */
  comment(text: string, column: number): void {
    this.current.comment = { text, column };
  }

  /** Whether a text fits on the current line, with some more characters after it. */
  fits(text: string, tail: number): boolean {
    return this.column + text.length + tail <= pageWidth;
  }

  toString(endOfLine: string): string {
    const lines = [...this.lines, this.current];
    const columns = alignedColumns(lines);
    return lines
      .map(({ indent, text, comment }, i) => {
        const code = text === '' ? '' : ' '.repeat(indent) + text;
        return comment === undefined ? code : code.padEnd(columns[i]!) + comment.text;
      })
      .join(endOfLine);
  }
}

/** The columns of the comments: lines below each other whose comments ask for one column get one. */
function alignedColumns(lines: readonly Line[]): number[] {
  const columns: number[] = new Array(lines.length).fill(0);
  for (let from = 0; from < lines.length; from++) {
    const asked = lines[from]!.comment?.column;
    if (asked === undefined) continue;
    let to = from;
    let column = asked;
    for (; lines[to]?.comment?.column === asked; to++) {
      const { indent, text } = lines[to]!;
      column = Math.max(column, indent + text.length + 2);
    }
    columns.fill(column, from, to);
    from = to - 1;
  }
  return columns;
}
