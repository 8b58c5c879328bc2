// What is selected, as refactorings see it: the body, the statements, and how they are written.

import type * as ast from '../../../../grammar/ast';
import { type Node, nodePathAt } from '../../../../grammar/walk';
import type { Span } from '../../base/span';
import type { Files } from '../entity';
import type { TextEdit } from '../text-edits';
import type { Document, Source } from '../workspace';

/** A change of a text that keeps what it means. */
export interface Refactoring {
  readonly title: string;
  readonly kind: 'extract' | 'inline' | 'rewrite';
  readonly edits: readonly TextEdit[];
  /** The name that it makes up, which the person will want to change. */
  readonly madeUp?: string;
}

/** A refactoring that one would expect here, and why it cannot be made. */
export interface Refused {
  readonly title: string;
  readonly kind: Refactoring['kind'];
  readonly reason: string;
}

/** Offers a refactoring of what is selected, or says why it is refused; undefined where nobody would think of it. */
export type Offer = (document: Document, selection: Span, files: Files) => Refactoring | Refused | undefined;

/** Statements of a body that runs one after the other. */
export interface Selected {
  readonly block: ast.Block;
  /** The nodes around the block, the outermost first. */
  readonly around: readonly Node[];
  readonly statements: readonly ast.Statement[];
  /** Where the first of them stands in the block. */
  readonly first: number;
}

/** The statements of the innermost body that a selection touches; an empty selection is one of a statement. */
export function selectedStatements(document: Document, selection: Span): Selected | undefined {
  const trimmed = withoutBlanks(document.text, selection);
  const path = nodePathAt(document.tree, trimmed.start);
  for (let index = path.length - 1; index >= 0; index--) {
    const block = path[index]!;
    if (block.kind !== 'block' || block.span.start > trimmed.start || block.span.end < trimmed.end) continue;
    const statements = block.statements.filter(({ span }) => span.start < trimmed.end && trimmed.start < span.end || (trimmed.start === trimmed.end && span.start <= trimmed.start && trimmed.end <= span.end));
    // A selection within one statement that has a body of its own was looked at there.
    if (statements.length === 0) continue;
    return { block, around: path.slice(0, index), statements, first: block.statements.indexOf(statements[0]!) };
  }
  return undefined;
}

export function withoutBlanks(text: string, { start, end }: Span): Span {
  const inner = text.slice(start, end);
  const trimmed = inner.trim();
  if (trimmed === '') return { start, end: start };
  const from = start + inner.indexOf(trimmed);
  return { start: from, end: from + trimmed.length };
}

/**
 * Whether the statements of a body run one after the other, so that more or fewer of them mean the same:
 * not the branches of a parallel block, and not blocks whose value depends on how many statements they have.
 */
export function runsInOrder(around: readonly Node[]): boolean {
  const parent = around.at(-1);
  switch (parent?.kind) {
    case 'stack':
    case 'model':
    case 'residual':
    case 'repeat':
    case 'for':
      return true;
    case 'if-branch':
      return runsInOrder(around.slice(0, -1));
    case 'if': {
      const block = around.at(-3);
      return around.at(-2)?.kind === 'expression-statement' && block?.kind === 'block' && runsInOrder(around.slice(0, -3));
    }
    default:
      return false;
  }
}

/** The text of a node as it is written. */
export function written({ text }: Source, { span }: { readonly span: Span }): string {
  return text.slice(span.start, span.end);
}

/** The span from the first to the last of some nodes. */
export function spanOf(nodes: readonly { readonly span: Span }[]): Span {
  return { start: nodes[0]!.span.start, end: nodes.at(-1)!.span.end };
}

export function hasComment({ comments }: Source, { start, end }: Span): boolean {
  return comments.some(({ span }) => span.start < end && start < span.end);
}

/** The blanks that the line of an offset begins with. */
export function indentAt({ lines }: Source, offset: number): string {
  return /^[ \t]*/.exec(lines.line(lines.position(offset).line))![0];
}

/** Whether a node is the first thing on its line. */
export function beginsLine({ lines }: Document, { span }: { readonly span: Span }): boolean {
  const { line, character } = lines.position(span.start);
  return lines.line(line).slice(0, character).trim() === '';
}

/** A text with the lines behind its first one indented by one width instead of another. */
export function reindented(text: string, from: string, to: string): string {
  return text.split('\n').map((line, index) => (index === 0 || line.trim() === '' ? line : to + (line.startsWith(from) ? line.slice(from.length) : line.trimStart()))).join('\n');
}

/** What separates two statements where a node stands: a new line, or `; ` in a body of one line. */
export function separatorAt(document: Document, node: { readonly span: Span }): string {
  return beginsLine(document, node) ? `\n${indentAt(document, node.span.start)}` : '; ';
}

/** Whether a statement's expression is a layer that is applied to the flow, as it was observed. */
export function isFlowLayer(document: Document, statement: ast.Statement): boolean {
  if (statement.kind !== 'expression-statement') return false;
  const { value } = statement;
  const seen = document.analysis.observations(value)?.first ?? [];
  if (!seen.some(({ application }) => application !== undefined)) return false;
  switch (value.kind) {
    case 'residual':
    case 'repeat':
    case 'for':
    case 'parallel':
    case 'pipe':
    case 'block':
      return true;
    default:
      return seen.filter(({ application }) => application === undefined).every(({ value: its }) => its.kind === 'layer' || its.kind === 'constructor' || its.kind === 'function');
  }
}
