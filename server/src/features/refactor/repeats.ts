// `repeat` and `for` written out, and lines that repeat rolled up.

import type * as ast from '../../../../grammar/ast';
import { spell } from '../../../../grammar/print';
import { walk } from '../../../../grammar/walk';
import { toNumber, type Value } from '../../semantics/values';
import { introductionOf } from '../scopes';
import { spellValue } from '../spelling';
import { applied, type TextEdit } from '../text-edits';
import type { Document } from '../workspace';
import { hasComment, indentAt, type Offer, reindented, runsInOrder, selectedStatements, separatorAt, spanOf, written } from './site';

/** More rounds than these are not written out. */
const mostRounds = 32;

export const unroll: Offer = (document, selection) => {
  const selected = selectedStatements(document, { start: selection.start, end: selection.start });
  const statement = selected && [...selected.around, selected.block].length > 0 ? loopAt(document, selection.start) : undefined;
  if (statement === undefined) return undefined;
  const { loop, node } = statement;
  const { statements } = loop.body;
  // Names that a round binds would be bound twice in the body around; what it publishes is a list behind the loop.
  if (statements.length === 0 || !statements.every(({ kind }) => kind === 'expression-statement') || bindsInIf(statements) || hasComment(document, loop.span)) return undefined;
  const rounds = roundsOf(document, loop);
  if (rounds === undefined) return undefined;
  const body = spanOf(statements);
  const indent = indentAt(document, node.span.start);
  const separator = separatorAt(document, node);
  const inner = indentAt(document, statements[0]!.span.start);
  const texts = rounds.map((edits) => {
    const text = applied(document.text, edits.map((edit) => edit)).slice(body.start, body.end + edits.reduce((sum, { span, text: given }) => sum + given.length - (span.end - span.start), 0));
    return reindented(text, inner, indent);
  });
  return { title: `Unroll the ${loop.kind}`, kind: 'rewrite', edits: [{ span: node.span, text: texts.join(separator) }] };
};

/** The loop whose header an offset is in, where it is a statement of a body. */
function loopAt(document: Document, offset: number): { readonly loop: ast.Repeat | ast.For; readonly node: ast.ExpressionStatement } | undefined {
  const selected = selectedStatements(document, { start: offset, end: offset });
  const [node] = selected?.statements ?? [];
  if (selected === undefined || node?.kind !== 'expression-statement' || !runsInOrder(selected.around)) return undefined;
  const loop = node.value;
  return (loop.kind === 'repeat' || loop.kind === 'for') && offset < loop.body.span.start ? { loop, node } : undefined;
}

function bindsInIf(statements: readonly ast.Statement[]): boolean {
  let found = false;
  for (const statement of statements) {
    walk(statement, {
      enter(node) {
        if (node.kind === 'binding' || node.kind === 'output' || node.kind === 'param' || node.kind === 'assert' || node.kind === 'loss') found = true;
        return found ? false : undefined;
      },
    });
  }
  return found;
}

/** For each round, the replacements of the loop's names; undefined where they are not known for all evaluations alike. */
function roundsOf(document: Document, loop: ast.Repeat | ast.For): readonly (readonly TextEdit[])[] | undefined {
  if (loop.kind === 'repeat') {
    const count = loop.count.kind === 'integer' ? loop.count.value : undefined;
    return count === undefined || count < 1 || count > mostRounds ? undefined : Array.from({ length: count }, () => []);
  }
  const values = loop.names.map((name) => valuesOf(document, name, loop));
  const count = values[0]?.length;
  if (count === undefined || count < 1 || count > mostRounds || values.some((each) => each?.length !== count)) return undefined;
  return Array.from({ length: count }, (_, round) => loop.names.flatMap((name, index) => usesOf(document, loop, name).map((span) => ({ span, text: values[index]![round]! }))));
}

/** How the values of a name of a loop are written, round for round. */
function valuesOf(document: Document, name: ast.Name, loop: ast.For): readonly string[] | undefined {
  if (loop.iterable.kind === 'list') {
    const { items } = loop.iterable;
    if (loop.names.length === 1 && items.every(({ kind }) => kind === 'integer' || kind === 'float' || kind === 'string' || kind === 'boolean')) return items.map((item) => written(document, item));
  }
  const observations = document.analysis.observations(name);
  const observed = observations?.first ?? [];
  if (observed.length === 0 || observations!.count > observed.length) return undefined;
  const texts = observed.map(({ value }) => literalOf(value));
  if (!texts.every((text) => text !== undefined)) return undefined;
  // Every evaluation of the loop must have had the same rounds.
  const runs = new Set(observed.map(({ run, chain }) => `${String(idOf(run))} ${chain === undefined ? '' : String(idOf(chain))}`)).size;
  const length = texts.length / runs;
  return Number.isInteger(length) && texts.every((text, index) => text === texts[index % length]) ? texts.slice(0, length) : undefined;
}

const ids = new WeakMap<object, number>();
let nextId = 0;

function idOf(key: object): number {
  let id = ids.get(key);
  if (id === undefined) ids.set(key, (id = nextId++));
  return id;
}

function literalOf(value: Value): string | undefined {
  if (value.kind === 'string' || value.kind === 'boolean') return spellValue(value);
  const number = toNumber(value);
  return number === undefined || !Number.isFinite(number) || number < 0 || /e/.test(String(number)) ? undefined : String(number);
}

function usesOf({ tree }: Document, loop: ast.For, name: ast.Name): readonly { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  walk(tree, {
    enter(node, ancestors) {
      if (node.span.end < loop.body.span.start || node.span.start > loop.body.span.end) return false;
      if (node.kind === 'name' && node.text === name.text && introductionOf(node, ancestors)?.name === name) found.push(node.span);
      return undefined;
    },
  });
  return found;
}

export const rollUp: Offer = (document, selection) => {
  const selected = selectedStatements(document, selection);
  if (selected === undefined || selected.statements.length < 2 || !runsInOrder(selected.around)) return undefined;
  const { statements } = selected;
  if (!statements.every((statement) => statement.kind === 'expression-statement') || bindsInIf(statements)) return undefined;
  const span = spanOf(statements);
  if (hasComment(document, span)) return undefined;
  const spelled = statements.map((statement) => spell(statement));
  const period = Array.from({ length: Math.floor(spelled.length / 2) }, (_, index) => index + 1).find((length) => spelled.length % length === 0 && spelled.every((text, index) => text === spelled[index % length]));
  if (period === undefined) return undefined;
  const body = document.text.slice(span.start, statements[period - 1]!.span.end);
  const rounds = String(statements.length / period);
  const [first] = statements;
  const indent = indentAt(document, span.start);
  const separator = separatorAt(document, first!);
  const text = separator === '; ' || period === 1 && !body.includes('\n') ? `repeat ${rounds} { ${body} }` : `repeat ${rounds} {\n${indent}  ${reindented(body, indent, `${indent}  `)}\n${indent}}`;
  return { title: `Roll up to repeat ${rounds}`, kind: 'rewrite', edits: [{ span, text }] };
};
