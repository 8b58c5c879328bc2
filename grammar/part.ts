// The tree of one piece of a text. Its places are counted from the piece's beginning, so that they move with it.

import { type Diagnostic, withSpans } from '../server/src/base/diagnostic';
import { Anchor, LineIndex, type Span } from '../server/src/base/span';
import type * as ast from './ast';
import { type Comment, DocumentationReader, readComments } from './comments';
import { layout } from './layout';
import { lower } from './lower';
import { tokenize } from './tokens';
import { children, type Node } from './walk';

export interface Part {
  readonly text: string;
  readonly anchor: Anchor;
  readonly declarations: readonly ast.Declaration[];
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a piece by itself. */
export function parsePart(piece: string): Part {
  // A copy: a slice, and the names in it, would keep the whole text alive.
  const text = ` ${piece}`.slice(1);
  const { tokens, comments: commentTokens } = tokenize(text);
  const comments = readComments(commentTokens, text);
  const documentation = new DocumentationReader(comments, new LineIndex(text));
  const { segments, diagnostics } = layout(tokens, text);
  const lowered = lower(segments, text, (start) => documentation.above(start));
  const all = [...diagnostics, ...lowered.diagnostics].sort((a, b) => a.span.start - b.span.start);
  const anchor = new Anchor();
  const anchored = (span: Span): Span => anchor.span(span.start, span.end);
  for (const declaration of lowered.declarations) anchorTree(declaration, anchored);
  return {
    text,
    anchor,
    declarations: lowered.declarations,
    comments: comments.map((comment) => ({ ...comment, span: anchored(comment.span) })),
    diagnostics: all.map((diagnostic) => withSpans(diagnostic, anchored)),
  };
}

/** Gives the nodes of a new tree the spans that they keep. */
function anchorTree(root: Node, anchored: (span: Span) => Span): void {
  const pending: Node[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const made = node as { span: Span; operatorSpan?: Span };
    made.span = anchored(made.span);
    if (made.operatorSpan !== undefined) made.operatorSpan = anchored(made.operatorSpan);
    for (const child of children(node)) pending.push(child);
  }
}
