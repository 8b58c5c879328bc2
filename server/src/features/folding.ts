// What can be folded away: bodies, lists over several lines, and runs of comments.

import type * as ast from '../../../grammar/ast';
import { walk } from '../../../grammar/walk';
import type { Span } from '../base/span';
import type { Source } from './workspace';

export interface FoldingRange {
  /** Lines, counted from 0; the last one is hidden, too. */
  readonly startLine: number;
  readonly endLine: number;
  readonly kind?: 'comment' | 'imports';
}

const brackets = new WeakMap<ast.Declaration, readonly Span[]>();

/** The bodies and lists of a declaration; their places move with it. */
function bracketsIn(declaration: ast.Declaration): readonly Span[] {
  let found = brackets.get(declaration);
  if (found === undefined) {
    const spans: Span[] = [];
    walk(declaration, {
      enter(node) {
        if (node.kind === 'block' || node.kind === 'list') spans.push(node.span);
        return undefined;
      },
    });
    brackets.set(declaration, (found = spans));
  }
  return found;
}

export function foldingRanges(source: Source): readonly FoldingRange[] {
  const { lines, tree } = source;
  const lineAt = (offset: number): number => lines.position(offset).line;
  const ranges: FoldingRange[] = [];
  const add = (start: number, end: number, kind?: FoldingRange['kind']): void => {
    if (end > start) ranges.push(kind === undefined ? { startLine: start, endLine: end } : { startLine: start, endLine: end, kind });
  };
  // The line of the closing bracket stays in sight.
  for (const declaration of tree.declarations) for (const { start, end } of bracketsIn(declaration)) add(lineAt(start), lineAt(end) - 1);

  const imports = tree.declarations.filter(({ kind }) => kind === 'import');
  if (imports.length > 1) add(lineAt(imports[0]!.span.start), lineAt(imports.at(-1)!.span.end), 'imports');

  const whole = source.comments.map(({ span }) => lineAt(span.start)).filter((line) => lines.line(line).trimStart().startsWith('#'));
  for (let first = 0; first < whole.length; ) {
    let last = first;
    while (whole[last + 1] === whole[last]! + 1) last++;
    add(whole[first]!, whole[last]!, 'comment');
    first = last + 1;
  }
  return ranges.sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
}
