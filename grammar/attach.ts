// Which node each comment belongs to, so that a printed tree keeps its comments at their places.

import type { LineIndex, Span } from '../server/src/base/span';
import type { File } from './ast';
import type { Comment } from './comments';
import type { Node } from './walk';
import { children } from './walk';

/** The comments of a text by the nodes beside them. */
export class Attachments {
  /** Comments on lines of their own before a node. */
  readonly leading = new Map<Node, Comment[]>();
  /** The comment behind a node on its last line. */
  readonly trailing = new Map<Node, Comment>();
  /** The comment behind the opening bracket of a node. */
  readonly opening = new Map<Node, Comment>();
  /** Comments before the closing bracket of a node, or at the end of the file. */
  readonly closing = new Map<Node, Comment[]>();
  /** Nodes that do not fit on a line: with comments in them, or with a block that was written on several lines. */
  readonly tall = new Set<Node>();

  private readonly path: Node[] = [];

  constructor(
    file: File,
    private readonly comments: readonly Comment[],
    private readonly lines: LineIndex,
    private readonly text: string,
  ) {
    this.visit(file, 0, comments.length, undefined);
  }

  /** The lines that a place begins and ends on. */
  linesOf({ start, end }: Span): { first: number; last: number } {
    return { first: this.lines.position(start).line, last: this.lines.position(end).line };
  }

  /** Attaches the comments from one index to another, which all lie in a node; `anchor` is the item that it belongs to. */
  private visit(node: Node, from: number, to: number, anchor: Node | undefined): void {
    this.path.push(node);
    if (node.kind === 'block' && node.statements.length > 0) {
      const { first, last } = this.linesOf(node.span);
      if (first !== last) this.markTall();
    }
    const nodes = children(node);
    let next = from;
    for (const [i, child] of nodes.entries()) {
      while (next < to && this.comments[next]!.span.start < child.span.start)
        this.place(node, nodes[i - 1], child, this.comments[next++]!, anchor);
      const first = next;
      while (next < to && this.comments[next]!.span.start < child.span.end) next++;
      this.visit(child, first, next, isItem(node, child) || isStep(node, child) ? child : anchor);
    }
    while (next < to) this.place(node, nodes.at(-1), undefined, this.comments[next++]!, anchor);
    this.path.pop();
  }

  /** Attaches a comment that lies in a node between two of its children. */
  private place(node: Node, before: Node | undefined, after: Node | undefined, comment: Comment, anchor: Node | undefined): void {
    const item = before !== undefined && isItem(node, before) ? before : undefined;
    if (node.kind === 'pipe' && before !== undefined && after !== undefined) {
      this.markTall();
      if (this.isOnLineOf(comment, before.span.end)) this.trailing.set(lastStep(before), comment);
      else push(this.leading, after, comment);
    } else if (node.kind === 'if' && before?.kind === 'if-branch') {
      // Between a `}` and its `else` nothing can stand: the comment moves into the block before.
      this.markTall();
      for (const tall of [before, before.body]) this.tall.add(tall);
      push(this.closing, before.body, comment);
    } else if (this.isInBracket(node, before, comment)) {
      this.markTall();
      const bracket = item === undefined ? this.bracketOf(node, before) : undefined;
      if (item !== undefined && this.isOnLineOf(comment, item.span.end)) this.trailing.set(item, comment);
      else if (bracket !== undefined && this.isOnLineOf(comment, bracket)) this.opening.set(node, comment);
      else if (after !== undefined && isItem(node, after)) push(this.leading, after, comment);
      else push(this.closing, node, comment);
    } else if (anchor !== undefined) {
      for (const around of this.path.slice(0, this.path.lastIndexOf(anchor))) this.tall.add(around);
      push(this.leading, anchor, comment);
    }
  }

  private markTall(): void {
    for (const node of this.path) this.tall.add(node);
  }

  private isOnLineOf(comment: Comment, offset: number): boolean {
    return !/[\r\n]/.test(this.text.slice(offset, comment.span.start));
  }

  /** Whether a comment of a node lies between the brackets of its items. */
  private isInBracket(node: Node, before: Node | undefined, comment: Comment): boolean {
    switch (node.kind) {
      case 'file':
      case 'block':
      case 'list':
      case 'type':
        return true;
      case 'call':
      case 'index':
        return before !== undefined;
      case 'parallel':
      case 'stack':
      case 'model':
      case 'function': {
        const since = before?.span.end ?? node.span.start;
        const between = this.text.slice(since, comment.span.start);
        return isItem(node, before) ? !between.includes(')') : /\([^)]*$/.test(between);
      }
      default:
        return false;
    }
  }

  /** Where the bracket of a node's items opens. */
  private bracketOf(node: Node, before: Node | undefined): number | undefined {
    if (node.kind === 'file') return undefined;
    return before?.span.end ?? node.span.start;
  }
}

/** Whether a child is one of several in a bracket, a body or a file, before which a comment may have its own line. */
function isItem(node: Node, child: Node | undefined): boolean {
  switch (node.kind) {
    case 'file':
    case 'block':
    case 'list':
    case 'type':
      return true;
    case 'call':
      return child !== node.callee;
    case 'index':
      return child !== node.object;
    case 'parallel':
      return child !== node.body;
    default:
      return child?.kind === 'parameter';
  }
}

/** Whether a child is a step of a chain that an arrow stands before. */
function isStep(node: Node, child: Node): boolean {
  return node.kind === 'pipe' && child === node.right;
}

function lastStep(node: Node): Node {
  return node.kind === 'pipe' ? node.right : node;
}

function push(map: Map<Node, Comment[]>, node: Node, comment: Comment): void {
  const known = map.get(node);
  if (known === undefined) map.set(node, [comment]);
  else known.push(comment);
}
