// Where the commands write to, in colours where a person reads along, and how they end.

import { styleText } from 'node:util';

export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Whether colours are understood. */
  readonly colours: boolean;
  /** Shows how far something is, on a line of its own that the next one replaces; absent where nobody watches. */
  progress?(text: string): void;
}

/** How a command ended: 0 all is well, 1 something is wrong in the files, 2 the command could not be done. */
export type ExitCode = 0 | 1 | 2;

/** What the person at the terminal did wrong; shown without a stack. */
export class UsageError extends Error {}

type Style = Parameters<typeof styleText>[0];

export function styled(terminal: Terminal, style: Style, text: string): string {
  return terminal.colours ? styleText(style, text, { validateStream: false }) : text;
}

/** Rows below each other; columns are as wide as their widest cell. `right` marks columns of numbers. */
export function columns(rows: readonly (readonly string[])[], right: readonly boolean[]): string[] {
  const widths = right.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (right[column] === true ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
