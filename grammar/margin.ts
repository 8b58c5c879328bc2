// The comments of a tree that is being printed, and what its text says about lines.

import { LineIndex } from '../server/src/base/span';
import type { Span } from '../server/src/base/span';
import type { File } from './ast';
import { Attachments } from './attach';
import type { Comment } from './comments';
import { type Page, pageWidth } from './page';
import type { Node } from './walk';

/** Where a tree comes from: its text and its comments. */
export interface Source {
  readonly text: string;
  readonly comments: readonly Comment[];
}

/** Writes the comments of nodes; without a source there are none. */
export class Margin {
  private readonly attached: Attachments | undefined;
  private readonly lines: LineIndex;

  constructor(
    private readonly page: Page,
    file: File,
    private readonly source: Source | undefined,
  ) {
    this.lines = new LineIndex(source?.text ?? '');
    this.attached = source && new Attachments(file, source.comments, this.lines, source.text);
  }

  /** Whether places in the tree are places in a text. */
  get hasSource(): boolean {
    return this.source !== undefined;
  }

  /** Whether a node must not be written on one line. */
  isTall(node: Node): boolean {
    return this.attached?.tall.has(node) === true;
  }

  /** The comments before a node, each on a line of its own. */
  leading(node: Node): readonly Comment[] {
    return this.attached?.leading.get(node) ?? [];
  }

  /** The comments before the closing bracket of a node, or at a file's end. */
  closing(node: Node): readonly Comment[] {
    return this.attached?.closing.get(node) ?? [];
  }

  hasTrailing(node: Node): boolean {
    return this.attached?.trailing.has(node) === true;
  }

  /** Whether a comment stands between the brackets of a node, beside its items. */
  hasCommentsIn(node: Node, items: readonly Node[]): boolean {
    const { attached } = this;
    if (attached === undefined) return false;
    const isBeside = (item: Node): boolean => attached.leading.has(item) || attached.trailing.has(item);
    return attached.opening.has(node) || attached.closing.has(node) || items.some(isBeside);
  }

  /** Writes the comment behind a node's last line. */
  writeTrailing(node: Node): void {
    this.writeBehind(this.attached?.trailing.get(node));
  }

  /** Writes the comment behind a node's opening bracket. */
  writeOpening(node: Node): void {
    this.writeBehind(this.attached?.opening.get(node));
  }

  /** A comment keeps its distance from where its line begins; one that stood far behind a long line moves up to its end. */
  private writeBehind(comment: Comment | undefined): void {
    if (comment === undefined) return;
    const { line, character } = this.lines.position(comment.span.start);
    const indent = this.lines.line(line).search(/\S/);
    const column = character - indent + this.page.indent;
    this.page.comment(comment.text, column <= pageWidth ? column : 0);
  }

  firstLine(span: Span): number {
    return this.lines.position(span.start).line;
  }

  lastLine(span: Span): number {
    return this.lines.position(span.end).line;
  }

  /** Whether a place was written on one line. */
  isOnOneLine(span: Span): boolean {
    return this.firstLine(span) === this.lastLine(span);
  }

  /** Whether a place begins with a sign. */
  beginsWith(span: Span, sign: string): boolean {
    return this.source?.text.startsWith(sign, span.start) === true;
  }

  get endOfLine(): string {
    return this.source?.text.includes('\r\n') ? '\r\n' : '\n';
  }
}
