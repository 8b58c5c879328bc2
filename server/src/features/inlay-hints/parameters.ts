// The column of parameters: what each line brings into being, so that the lines of a model add up to all that it has.

import type * as ast from '../../../../grammar/ast';
import { children, type Node } from '../../../../grammar/walk';
import { countParameters } from '../../semantics/cost';
import type { Creation } from '../../semantics/findings';
import type { Run } from '../../semantics/run';
import type { Dimension } from '../../symbolic/dimension';
import { written } from '../numbers';
import type { Settings } from '../settings';
import type { Document } from '../workspace';

/** A statement that may make parameters. */
export type Resulting = ast.Binding | ast.ExpressionStatement | ast.Param | ast.Loss;

/** `9,408 params` by the end of each line of a statement that makes any, in one evaluation of a model. */
export function parameterColumn(document: Document, statement: Resulting, run: object | undefined, style: Settings['numbers.style']): ReadonlyMap<number, string> {
  const all = document.analysis.created(statement);
  const wanted = run ?? all[0]?.run;
  const rounds = all.filter((creation) => creation.run === wanted);
  const column = new Map<number, string>();
  if (rounds.length === 0) return column;
  const { parameters } = (wanted as Run).graph;
  const ends = statement.value === undefined ? [] : endingLines(statement.value, document);
  const created = ends.map((end) => document.analysis.created(end).filter((creation) => creation.run === wanted));
  const counts: Dimension[][] = [];
  for (const { from, to } of rounds) {
    // Each parameter counts on the first line that has made it.
    let rest = range(from, to);
    const made = [...created.map((creations) => within(creations, from, to)), new Set(rest)];
    for (const [line, ofLine] of made.entries()) {
      const here = rest.filter((index) => ofLine.has(index));
      if (here.length > 0) (counts[line] ??= []).push(countParameters(here.map((index) => parameters[index]!)));
      rest = rest.filter((index) => !ofLine.has(index));
    }
  }
  for (const [line, end] of [...ends, undefined].entries()) {
    const label = labelOf(counts[line] ?? [], style);
    if (label !== undefined) column.set(end?.span.end ?? statement.span.end, label);
  }
  return column;
}

/** What in an expression ends a line and flows into the next one, in the order of evaluation; what stands in blocks belongs to statements there. */
function endingLines(node: Node, document: Document): readonly ast.Expression[] {
  if (node.kind === 'block') return [];
  if (node.kind !== 'pipe') return children(node).flatMap((child) => endingLines(child, document));
  const steps: ast.Pipe[] = [];
  let first: ast.Expression = node;
  for (; first.kind === 'pipe'; first = first.left) steps.push(first);
  return [...endingLines(first, document), ...steps.reverse().flatMap(({ left, right }) => [
    ...(lineOf(left.span.end, document) === lineOf(right.span.start, document) ? [] : [left]),
    ...endingLines(right, document),
  ])];
}

function lineOf(offset: number, { lines }: Document): number {
  return lines.position(offset).line;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Of what a pipeline has made, the part in one evaluation of its statement. */
function within(creations: readonly Creation[], from: number, to: number): ReadonlySet<number> {
  return new Set(creations.filter((creation) => from <= creation.from && creation.to <= to).flatMap((creation) => range(creation.from, creation.to)));
}

/** One number, or the least and the most where rounds differ. */
function labelOf(counts: readonly Dimension[], style: Settings['numbers.style']): string | undefined {
  const [first] = counts;
  if (first === undefined) return undefined;
  const known = counts.filter((count) => typeof count === 'number');
  if (known.length < counts.length) return counts.length === 1 ? `${written(first, style)} params` : undefined;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  if (most === 0) return undefined;
  return least < most ? `${written(least, style)} … ${written(most, style)} params` : `${written(most, style)} ${most === 1 ? 'param' : 'params'}`;
}
