// An expression bound to a name on a line of its own, in front of the statement that it is in.

import { type Node, nodePathAt, walk } from '../../../../grammar/walk';
import type * as ast from '../../../../grammar/ast';
import type { Span } from '../../base/span';
import type { Document } from '../workspace';
import { freshName } from './extract';
import { beginsLine, hasComment, indentAt, type Offer, runsInOrder, withoutBlanks, written } from './site';

const nameable: ReadonlySet<Node['kind']> = new Set(['call', 'pipe', 'binary', 'index', 'member', 'list', 'residual', 'parallel', 'negate', 'block']);
/** Where a value is needed at once, and nothing between it and its statement decides whether or how often. */
const transparent: ReadonlySet<Node['kind']> = new Set(['pipe', 'binary', 'negate', 'call', 'argument', 'index', 'list', 'member']);

export const nameExpression: Offer = (document, selection) => {
  const span = withoutBlanks(document.text, selection);
  if (span.start === span.end) return undefined;
  const path = nodePathAt(document.tree, span.start);
  const index = path.findIndex((node) => nameable.has(node.kind) && node.span.start === span.start && node.span.end === span.end);
  const node = path[index];
  const at = path.findLastIndex((each, place) => place < index && each.kind === 'block') + 1;
  const statement = path[at];
  if (node === undefined || (statement?.kind !== 'expression-statement' && statement?.kind !== 'binding' && statement?.kind !== 'loss')) return undefined;
  const block = path[at - 1];
  const around = path.slice(0, at - 1);
  const isBranch = around.at(-1)?.kind === 'parallel';
  if (block?.kind !== 'block' || (!runsInOrder(around) && !isBranch) || hasComment(document, statement.span)) return undefined;
  if (!path.slice(at + 1, index).every(({ kind }) => transparent.has(kind)) || !isFirst(document, statement, node)) return undefined;
  if (path[index - 1]?.kind === 'call' && (path[index - 1] as ast.Call).callee === node) return undefined;
  // A whole statement goes on as the name of what it was.
  if (statement.kind === 'binding' && statement.value === node) return undefined;
  const name = freshName(document, 'branch');
  const separator = beginsLine(document, statement) ? `\n${indentAt(document, statement.span.start)}` : '; ';
  const text = `${name} = ${written(document, node)}${separator}`;
  const edits = [{ span: { start: statement.span.start, end: statement.span.start }, text }, { span: withParentheses(document, node.span), text: name }];
  return { title: 'Bind the expression to a name', kind: 'extract', edits, madeUp: name };
};

/** A span with the parentheses right around it, if they group. */
function withParentheses({ text }: Document, { start, end }: Span): Span {
  const isGroup = text[start - 1] === '(' && text[end] === ')' && !/[\w)\]]$/.test(text.slice(0, start - 1));
  return isGroup ? { start: start - 1, end: end + 1 } : { start, end };
}

/** Whether nothing that makes layers or tensors is evaluated in front of a node of a statement. */
function isFirst(document: Document, statement: Node, node: Node): boolean {
  let isSo = true;
  walk(statement, {
    enter(each, ancestors) {
      if (each === node) return false;
      const isBefore = each.span.end <= node.span.start;
      if (isBefore && !['name', 'integer', 'float', 'string', 'boolean', 'none', 'argument'].includes(each.kind)) isSo = false;
      // A bare name may stand for a constructor, which makes its layer where it is used.
      if (isBefore && each.kind === 'name' && ancestors.at(-1)?.kind === 'pipe' && document.analysis.observations(each)?.first.some(({ value }) => value.kind !== 'tensor' && value.kind !== 'size') === true) isSo = false;
      return undefined;
    },
  });
  return isSo;
}
