// Texts with marks: `$0` is a cursor, and a comment line of carets, `#   ^^^ message`, speaks of the line above it.

import { Workspace, type Document } from '../../server/src/features/workspace';

export interface Fixture {
  readonly text: string;
  /** Where `$0` stood; of several, in their order. */
  readonly cursors: readonly number[];
  readonly annotations: readonly Annotation[];
}

export interface Annotation {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** Reads the marks of a text; carets right behind the `#` reach back over it. */
export function readFixture(marked: string): Fixture {
  const cursors: number[] = [];
  const text = marked.split('$0').reduce((before, after) => {
    cursors.push(before.length);
    return before + after;
  });
  const annotations: Annotation[] = [];
  let subject = 0;
  let offset = 0;
  for (const line of text.split('\n')) {
    const match = /^\s*#(\s*)(\^+) ?(.*)$/.exec(line);
    if (match === null) subject = offset;
    else {
      const [, blanks, carets, message] = match as unknown as [string, string, string, string];
      const column = line.indexOf('^') - (blanks === '' ? 1 : 0);
      const start = subject + column;
      annotations.push({ start, end: start + carets.length + (blanks === '' ? 1 : 0), message });
    }
    offset += line.length + 1;
  }
  return { text, cursors, annotations };
}

/** A text without its cursors and caret lines. */
export function unmarked(marked: string): string {
  return marked
    .replaceAll('$0', '')
    .split('\n')
    .filter((line) => !/^\s*#\s*\^/.test(line))
    .join('\n');
}

/** The analysed document of a text, among other files by their names. */
export function documentOf(text: string, files: Readonly<Record<string, string>> = {}): Document {
  const workspace = new Workspace((uri) => files[uri.slice('file:///'.length)]);
  workspace.update('file:///main.nn', 1, text);
  return workspace.document('file:///main.nn')!;
}

/** The line around a span with carets under it, as the start of a picture of what is said of it. */
export function underlined(document: Document, span: { readonly start: number; readonly end: number }): string {
  const { line, character } = document.lines.position(span.start);
  const whole = document.lines.line(line);
  const last = document.lines.position(span.end);
  const end = last.line === line ? last.character : whole.length;
  return `${whole}\n${' '.repeat(character)}${'▔'.repeat(Math.max(1, end - character))}`;
}
