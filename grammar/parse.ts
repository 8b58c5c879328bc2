// From text to tree: `parse` takes any text, and never throws. What an edit leaves alone keeps its nodes.

import type { Diagnostic } from '../server/src/base/diagnostic';
import { LineIndex } from '../server/src/base/span';
import { atOnce } from '../server/src/base/search';
import type { File } from './ast';
import { type Comment, documentationOfFile } from './comments';
import { limits } from './limits';
import { fileTooLarge } from './messages';
import { type Part, parsePart } from './part';
import { piecesOf } from './pieces';

export type { Comment } from './comments';

export interface ParseResult {
  readonly file: File;
  /** All comments, in their order. */
  readonly comments: readonly Comment[];
  /** What is wrong with the syntax, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** Lets all places in the tree be places in this text again, after another state of the file had them. */
  settle(): void;
}

/**
 * Parses a text, in time that grows in proportion to its length; whatever is damaged, the rest keeps its nodes.
 * Of the parts of the text that stand in `before`, the result for another state of the same file, it takes the nodes.
 * Their places are then those of whichever result was asked last for what it knows.
 */
export function parse(text: string, before?: ParseResult): ParseResult {
  return atOnce(parsing(text, before));
}

/** The same step by step: others may have their turn, or it be left, at every yield. */
export function* parsing(text: string, before?: ParseResult): Generator<undefined, ParseResult> {
  const isTooLarge = text.length > limits.fileSize;
  const read = isTooLarge ? text.slice(0, limits.fileSize) : text;
  const known = before instanceof Parsed ? before : undefined;
  const pieces = piecesOf(read);
  const take = known === undefined ? parsePart : partsFrom(known, read, pieces);
  const parts: PlacedPart[] = [];
  for (const [index, { start, end }] of pieces.entries()) {
    parts.push({ part: take(read.slice(start, end), index), start });
    yield;
  }
  return new Parsed(text, parts, isTooLarge, known?.shared ?? { settled: undefined });
}

interface PlacedPart {
  readonly part: Part;
  readonly start: number;
}

class Parsed implements ParseResult {
  private readonly tree: File;
  private readonly problems: readonly Diagnostic[];
  private allComments: readonly Comment[] | undefined;

  constructor(
    text: string,
    readonly parts: readonly PlacedPart[],
    isTooLarge: boolean,
    /** Common to all states of a file: the one whose places the parts have. */
    readonly shared: { settled: Parsed | undefined },
  ) {
    this.settle();
    const documentation = documentationOfFile(text);
    const declarations = parts.flatMap(({ part }) => part.declarations);
    const diagnostics = parts.flatMap(({ part }) => part.diagnostics).slice(0, limits.diagnostics);
    if (isTooLarge) {
      // The declaration that the limit cuts through is left out.
      const cut = declarations.pop()?.span.start ?? 0;
      this.problems = [...diagnostics.filter(({ span }) => span.start < cut), tooLarge(text)];
    } else this.problems = diagnostics;
    this.tree = { kind: 'file', ...(documentation !== undefined && { documentation }), declarations, span: { start: 0, end: text.length } };
  }

  get file(): File {
    this.settle();
    return this.tree;
  }

  get comments(): readonly Comment[] {
    this.settle();
    return (this.allComments ??= this.parts.flatMap(({ part }) => part.comments));
  }

  get diagnostics(): readonly Diagnostic[] {
    this.settle();
    return this.problems;
  }

  settle(): void {
    if (this.shared.settled === this) return;
    for (const { part, start } of this.parts) part.anchor.offset = start;
    this.shared.settled = this;
  }
}

/** Gives parts of a known result again where their text is the same, each once, and parses the others. */
function partsFrom(known: Parsed, text: string, pieces: readonly { readonly start: number; readonly end: number }[]): (text: string, index: number) => Part {
  const before = known.parts.map(({ part }) => part);
  const isSame = (part: Part | undefined, { start, end }: { start: number; end: number }): boolean => part?.text.length === end - start && text.startsWith(part.text, start);
  // What is in front of an edit and behind it stays in its order.
  const most = Math.min(before.length, pieces.length);
  let front = 0;
  while (front < most && isSame(before[front], pieces[front]!)) front++;
  let behind = 0;
  while (behind < most - front && isSame(before.at(-1 - behind), pieces.at(-1 - behind)!)) behind++;
  const between = new Map<string, Part[]>();
  for (const part of before.slice(front, before.length - behind)) {
    const alike = between.get(part.text);
    if (alike === undefined) between.set(part.text, [part]);
    else alike.push(part);
  }
  return (piece, index) => {
    if (index < front) return before[index]!;
    if (index >= pieces.length - behind) return before[index - pieces.length + before.length]!;
    return between.get(piece)?.shift() ?? parsePart(piece);
  };
}

function tooLarge(text: string): Diagnostic {
  const lines = new LineIndex(text);
  const { line } = lines.position(limits.fileSize);
  const start = lines.offset({ line, character: 0 });
  const end = start + lines.line(line).length;
  return fileTooLarge(text.length, { start: Math.min(limits.fileSize, end - 1), end });
}
