// Replacements in texts: of one file, or by file.

import type { Span } from '../base/span';

export interface TextEdit {
  readonly span: Span;
  readonly text: string;
}

/** Edits by the address of their file. */
export type FileEdits = ReadonlyMap<string, readonly TextEdit[]>;

/** Why something cannot be done, in words for the person who asked. */
export class Refusal {
  constructor(readonly message: string) {}
}

/** A text with edits made; the edits do not overlap. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let last = 0;
  for (const { span, text: written } of [...edits].sort((a, b) => a.span.start - b.span.start)) {
    result += text.slice(last, span.start) + written;
    last = span.end;
  }
  return result + text.slice(last);
}

/** A piece of a text that edits keep, by its place in the text, or one that they write. */
type Piece = Span | string;

function lengthOf(piece: Piece): number {
  return typeof piece === 'string' ? piece.length : piece.end - piece.start;
}

function cut(piece: Piece, from: number, to?: number): Piece {
  if (typeof piece === 'string') return piece.slice(from, to);
  return { start: piece.start + from, end: to === undefined ? piece.end : piece.start + to };
}

/** What an edited text consists of, where these pieces are the text before. */
function edited(pieces: readonly Piece[], edits: readonly TextEdit[]): readonly Piece[] {
  const left = [...pieces];
  const result: Piece[] = [];
  let at = 0;
  const go = (until: number, isKept: boolean): void => {
    while (at < until && left.length > 0) {
      const piece = left.shift()!;
      const length = Math.min(lengthOf(piece), until - at);
      if (isKept) result.push(cut(piece, 0, length));
      if (length < lengthOf(piece)) left.unshift(cut(piece, length));
      at += length;
    }
  };
  for (const { span, text } of [...edits].sort((a, b) => a.span.start - b.span.start)) {
    go(span.start, true);
    go(span.end, false);
    result.push(text);
  }
  return [...result, ...left];
}

/** The edits of a text that do what some do, and then others in the text behind those. */
export function composed(first: readonly TextEdit[], second: readonly TextEdit[]): readonly TextEdit[] {
  const edits: TextEdit[] = [];
  let [last, written] = [0, ''];
  for (const piece of edited(edited([{ start: 0, end: Infinity }], first), second)) {
    if (typeof piece === 'string') written += piece;
    else if (piece.start < piece.end) {
      if (written !== '' || last < piece.start) edits.push({ span: { start: last, end: piece.start }, text: written });
      [last, written] = [piece.end, ''];
    }
  }
  return edits;
}
