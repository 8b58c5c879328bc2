// Lines into a pipeline `a -> b -> c`, and back.

import type * as ast from '../../../../grammar/ast';
import { spell } from '../../../../grammar/print';
import { hasComment, isFlowLayer, type Offer, reindented, indentAt, runsInOrder, selectedStatements, separatorAt, spanOf, written } from './site';

/** What may follow an arrow on one line as it stands. */
const steps: ReadonlySet<ast.Expression['kind']> = new Set(['name', 'call', 'pipe', 'member']);

export const joinLines: Offer = (document, selection) => {
  const selected = selectedStatements(document, selection);
  if (selected === undefined || selected.statements.length < 2 || !runsInOrder(selected.around)) return undefined;
  const [first, ...rest] = selected.statements;
  const span = spanOf(selected.statements);
  if (first?.kind !== 'expression-statement' || first.value.kind === 'if') return undefined;
  // A tensor goes on into the layers; of layers, the first is applied to the flow.
  if (!isFlowLayer(document, first) && !isTensor(document, first.value)) return undefined;
  if (!rest.every((statement) => isFlowLayer(document, statement) && statement.kind === 'expression-statement' && steps.has(statement.value.kind))) return undefined;
  const texts = selected.statements.map((statement) => written(document, statement));
  const title = `Join ${String(texts.length)} lines to a pipeline`;
  if (hasComment(document, span)) return { title, kind: 'rewrite', reason: 'a comment stands between them' };
  return { title, kind: 'rewrite', edits: [{ span, text: texts.join(' -> ') }] };
};

function isTensor(document: Parameters<Offer>[0], node: ast.Expression): boolean {
  const last = node.kind === 'pipe' ? node.right : node;
  const seen = document.analysis.observations(last)?.first ?? [];
  return seen.some(({ value, application }) => value.kind === 'tensor' && (node.kind !== 'pipe' || application !== undefined));
}

export const splitPipeline: Offer = (document, selection) => {
  const selected = selectedStatements(document, selection);
  const [statement] = selected?.statements ?? [];
  if (selected?.statements.length !== 1 || statement?.kind !== 'expression-statement' || statement.value.kind !== 'pipe' || !runsInOrder(selected.around)) return undefined;
  const title = 'Split the pipeline into lines';
  if (hasComment(document, statement.span)) return { title, kind: 'rewrite', reason: 'a comment stands in it' };
  const chain = stepsOf(statement.value);
  // A statement `if` runs in the body around it, an `if` in a chain does not.
  if (chain.some(({ kind }) => kind === 'if') || /^loss\b/.test(spell(chain[0]!)) || document.analysis.observations(chain.at(-1)!) === undefined) return undefined;
  const indent = indentAt(document, statement.span.start);
  const texts = chain.map((step) => reindented(written(document, step), indentAt(document, step.span.start), indent));
  if (texts.some((text) => /^[-+]/.test(text))) return undefined;
  return { title, kind: 'rewrite', edits: [{ span: statement.span, text: texts.join(separatorAt(document, statement)) }] };
};

/** The steps of a pipe, the first one in front. */
export function stepsOf(node: ast.Expression): readonly ast.Expression[] {
  return node.kind === 'pipe' ? [...stepsOf(node.left), node.right] : [node];
}
