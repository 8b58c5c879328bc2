// From text to tree: `parse` takes any text, and never throws.

import type { Diagnostic } from '../server/src/base/diagnostic';
import { LineIndex } from '../server/src/base/span';
import type { File } from './ast';
import type { Comment } from './comments';
import { DocumentationReader, readComments } from './comments';
import { layout } from './layout';
import { limits } from './limits';
import { lower } from './lower';
import { fileTooLarge } from './messages';
import { tokenize } from './tokens';

export type { Comment } from './comments';

export interface ParseResult {
  readonly file: File;
  /** All comments, in their order. */
  readonly comments: readonly Comment[];
  /** What is wrong with the syntax, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a text, in time that grows in proportion to its length; whatever is damaged, the rest keeps its nodes. */
export function parse(text: string): ParseResult {
  if (text.length > limits.fileSize) return parseBeginning(text);
  const { tokens, comments: commentTokens } = tokenize(text);
  const comments = readComments(commentTokens, text);
  const documentation = new DocumentationReader(comments, new LineIndex(text));
  const { segments, diagnostics } = layout(tokens, text);
  const lowered = lower(segments, text, (start) => documentation.above(start));
  const ofFile = documentation.ofFile();
  const file: File = {
    kind: 'file',
    ...(ofFile !== undefined && { documentation: ofFile }),
    declarations: lowered.declarations,
    span: { start: 0, end: text.length },
  };
  const all = [...diagnostics, ...lowered.diagnostics].sort((a, b) => a.span.start - b.span.start);
  return { file, comments, diagnostics: all.slice(0, limits.diagnostics) };
}

/** Parses what is allowed of a text that is too large, without the declaration that the limit cuts through. */
function parseBeginning(text: string): ParseResult {
  const { file, comments, diagnostics } = parse(text.slice(0, limits.fileSize));
  const cut = file.declarations.at(-1)?.span.start ?? 0;
  const lines = new LineIndex(text);
  const line = lines.position(limits.fileSize);
  const start = lines.offset({ line: line.line, character: 0 });
  const end = start + lines.line(line.line).length;
  const tooLarge = fileTooLarge(text.length, { start: Math.min(limits.fileSize, end - 1), end });
  return {
    file: { ...file, declarations: file.declarations.slice(0, -1), span: { start: 0, end: text.length } },
    comments,
    diagnostics: [...diagnostics.filter(({ span }) => span.start < cut), tooLarge],
  };
}
