// What a growing selection takes next: the node around it, the inside of its brackets, its line, its body.

import { type Node, nodePathAt } from '../../../grammar/walk';
import { type Span, touches } from '../base/span';
import type { Source } from './workspace';

/** The selections around an offset, the innermost first; each contains the one before. */
export function selectionRange(source: Source, offset: number): readonly Span[] {
  const { tree, text, comments } = source;
  const spans = nodePathAt(tree, offset).flatMap((node) => [node.span, ...insideOf(node, source)]);
  const comment = comments.find(({ span }) => touches(span, offset));
  const candidates = [...spans, ...(comment === undefined ? [] : [comment.span]), wordAt(text, offset)];
  const around = candidates.filter((span) => touches(span, offset)).sort((a, b) => a.end - a.start - (b.end - b.start));
  const chain: Span[] = [];
  for (const span of around) {
    const last = chain.at(-1);
    if (last === undefined || (span.start <= last.start && last.end <= span.end && span.end - span.start > last.end - last.start)) chain.push(span);
  }
  return chain;
}

/** What stands between the brackets of a node. */
function insideOf(node: Node, { text }: Source): Span[] {
  const first = itemsOf(node)?.[0];
  const last = itemsOf(node)?.at(-1);
  if (first === undefined || last === undefined) return [];
  const items = { start: first.span.start, end: last.span.end };
  // A body is taken with its comments, but without the blanks at its ends.
  if (node.kind !== 'block' || text[node.span.start] !== '{') return [items];
  const inner = text.slice(node.span.start + 1, node.span.end - 1);
  const start = node.span.start + 1 + (inner.length - inner.trimStart().length);
  return [{ start, end: start + inner.trim().length }];
}

function itemsOf(node: Node): readonly Node[] | undefined {
  switch (node.kind) {
    case 'block':
      return node.statements;
    case 'list':
    case 'index':
      return node.items;
    case 'call':
    case 'parallel':
      return node.arguments;
    case 'stack':
    case 'model':
    case 'function':
      return node.parameters;
    case 'type':
      return node.shape;
    default:
      return undefined;
  }
}

function wordAt(text: string, offset: number): Span {
  const before = /\w*$/.exec(text.slice(Math.max(0, offset - 200), offset))![0].length;
  const behind = /^\w*/.exec(text.slice(offset, offset + 200))![0].length;
  return { start: offset - before, end: offset + behind };
}
