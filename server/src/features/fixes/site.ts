// Where a quick fix is asked for: a diagnostic, the node of the tree that it marks, and edits of the text around it.

import type * as ast from '../../../../grammar/ast';
import { children, type Node, nodePathAt } from '../../../../grammar/walk';
import type { Diagnostic, Fix } from '../../base/diagnostic';
import type { Span } from '../../base/span';
import type { Tensor } from '../../semantics/graph';
import type { Files } from '../entity';
import type { TextEdit } from '../text-edits';
import { beginsLine, runsInOrder } from '../refactor/site';
import type { Document } from '../workspace';

export interface Site {
  readonly document: Document;
  readonly diagnostic: Diagnostic;
  /** The innermost node that holds the marked place, and those around it, the outermost first. */
  readonly path: readonly Node[];
  /** What may be imported. */
  readonly files: Files;
}

/** Makes the fixes for one code, the best first. */
export type Fixer = (site: Site) => Iterable<Fix>;

/** What the diagnostic brings along, which comes first where nothing else is said. */
export const own: Fixer = ({ diagnostic }) => diagnostic.fixes ?? [];

export function siteOf(document: Document, diagnostic: Diagnostic, files: Files): Site {
  const { span } = diagnostic;
  const path: Node[] = [document.tree];
  for (;;) {
    const inner = children(path.at(-1)!).find((child) => child.span.start <= span.start && span.end <= child.span.end && child.span.end > child.span.start);
    if (inner === undefined) return { document, diagnostic, path, files };
    path.push(inner);
  }
}

/** The outermost node that is exactly the marked text, of one of these kinds. */
export function marked<K extends Node['kind']>({ path, diagnostic: { span } }: Site, ...kinds: readonly K[]): Extract<Node, { kind: K }> | undefined {
  return path.find((node): node is Extract<Node, { kind: K }> => (kinds as readonly string[]).includes(node.kind) && node.span.start === span.start && node.span.end === span.end);
}

/** The innermost node of a kind around the marked place. */
export function around<K extends Node['kind']>({ path }: Pick<Site, 'path'>, ...kinds: readonly K[]): Extract<Node, { kind: K }> | undefined {
  return path.findLast((node): node is Extract<Node, { kind: K }> => (kinds as readonly string[]).includes(node.kind));
}

/** The node that holds another one of the path. */
export function holderOf({ path }: Pick<Site, 'path'>, node: Node): Node | undefined {
  return path[path.indexOf(node) - 1];
}

export function textOf({ document }: Pick<Site, 'document'>, { span }: { readonly span: Span }): string {
  return document.text.slice(span.start, span.end);
}

export function replace(title: string, span: Span, text: string): Fix {
  return { title, edits: [{ span, text }] };
}

export function insert(at: number, text: string): TextEdit {
  return { span: { start: at, end: at }, text };
}

/** The first tensor that an expression was worth. */
export function tensorOf({ document }: Pick<Site, 'document'>, node: Node): Tensor | undefined {
  const value = document.analysis.observations(node)?.first[0]?.value;
  return value?.kind === 'tensor' ? value.tensor : undefined;
}

/** The expression in parentheses, where the place asks for more than a pipe. */
export function needsParentheses(holder: Node | undefined, expression: ast.Expression): boolean {
  if (holder === undefined) return false;
  if (holder.kind === 'pipe') return holder.right === expression;
  return ['binary', 'comparison', 'negate', 'logical', 'not', 'index', 'member'].includes(holder.kind) || (holder.kind === 'call' && holder.callee === expression);
}

/** The blanks that a line begins with. */
export function indentationAt({ document }: Pick<Site, 'document'>, offset: number): string {
  return /^\s*/.exec(document.lines.line(document.lines.position(offset).line))![0];
}

/** Layers in front of another one: on lines of their own where that has one in a body that runs in order, else as steps before it. */
export function inFront(site: Site, at: number, layers: readonly string[]): TextEdit {
  const path = nodePathAt(site.document.tree, at);
  const statement = path.findLastIndex(({ kind, span }) => kind === 'expression-statement' && span.start === at);
  const isOwn = statement > 0 && beginsLine(site.document, path[statement]!) && runsInOrder(path.slice(0, statement - 1));
  return insert(at, isOwn ? layers.map((layer) => `${layer}\n${indentationAt(site, at)}`).join('') : `${layers.join(' -> ')} -> `);
}
