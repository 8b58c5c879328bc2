// Lines that repeat, rolled up to a `repeat`; where numbers in them differ, to a `for` over these.

import type * as ast from '../../../../grammar/ast';
import { nodePathAt, walk } from '../../../../grammar/walk';
import { calleeOf, nameOfArgument } from '../callee';
import type { Document } from '../workspace';
import { freshName } from './extract';
import { hasComment, indentAt, type Offer, reindented, runsInOrder, selectedStatements, separatorAt, spanOf } from './site';

/** Names of a loop beyond which nobody reads it more easily than the lines. */
const mostNames = 3;

export const rollUp: Offer = (document, selection) => {
  const selected = selectedStatements(document, selection);
  if (selected === undefined || selected.statements.length < 2 || !runsInOrder(selected.around)) return undefined;
  const { statements } = selected;
  if (!statements.every((statement) => statement.kind === 'expression-statement') || bindsInIf(statements)) return undefined;
  const span = spanOf(statements);
  const loop = loopOf(document, statements);
  if (loop === undefined) return undefined;
  const indent = indentAt(document, span.start);
  const separator = separatorAt(document, statements[0]!);
  const { header, body } = loop;
  const text = separator === '; ' || (loop.period === 1 && !body.includes('\n')) ? `${header} { ${body} }` : `${header} {\n${indent}  ${reindented(body, indent, `${indent}  `)}\n${indent}}`;
  const title = `Roll up to ${header.replace(/^(for \S+( \S+)*?) in .*/, '$1')}`;
  if (hasComment(document, span)) return { title, kind: 'rewrite', reason: 'a comment stands between them' };
  return { title, kind: 'rewrite', edits: [{ span, text }] };
};

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

interface Loop {
  readonly header: string;
  readonly body: string;
  readonly period: number;
}

/** The shortest round of which all statements are made, equal ones before those that differ in numbers. */
function loopOf(document: Document, statements: readonly ast.Statement[]): Loop | undefined {
  const periods = Array.from({ length: Math.floor(statements.length / 2) }, (_, index) => index + 1).filter((period) => statements.length % period === 0);
  const found = periods.flatMap((period) => loopWith(document, statements, period) ?? []);
  return found.find(({ header }) => header.startsWith('repeat')) ?? found[0];
}

function loopWith(document: Document, statements: readonly ast.Statement[], period: number): Loop | undefined {
  const rounds = Array.from({ length: statements.length / period }, (_, round) => tokensOf(document.text, spanOf(statements.slice(round * period, (round + 1) * period))));
  const [first] = rounds;
  if (first === undefined || rounds.some(({ length }) => length !== first.length)) return undefined;
  const names = new Map<string, string>();
  const edits: { readonly at: number; readonly length: number; readonly text: string }[] = [];
  for (const [index, token] of first.entries()) {
    const alike = rounds.map((round) => round[index]!.text);
    if (alike.every((text) => text === token.text)) continue;
    if (!alike.every((text) => /^[\d"]/.test(text))) return undefined;
    const values = alike.join(', ');
    const name = names.get(values) ?? freshName(document, nameFor(document, token.at, [...names.values()]));
    names.set(values, name);
    edits.push({ at: token.at, length: token.text.length, text: name });
  }
  if (names.size > mostNames) return undefined;
  const { start, end } = spanOf(statements.slice(0, period));
  let body = document.text.slice(start, end);
  for (const { at, length, text } of edits.reverse()) body = body.slice(0, at - start) + text + body.slice(at - start + length);
  const lists = [...names.keys()].map((values) => `[${values}]`);
  const header = names.size === 0 ? `repeat ${String(rounds.length)}` : `for ${[...names.values()].join(', ')} in ${lists.length === 1 ? lists[0]! : `zip(${lists.join(', ')})`}`;
  return { header, body, period };
}

/** The words, numbers, strings and signs of a text, without blanks; a `;` and a new line separate alike. */
function tokensOf(text: string, { start, end }: { readonly start: number; readonly end: number }): readonly { readonly text: string; readonly at: number }[] {
  return [...text.slice(start, end).matchAll(/"(?:[^"\\]|\\.)*"|\d[\w.]*|\w+|[^\s;]/g)].map((match) => ({ text: match[0], at: start + match.index }));
}

/** What to call a number that differs from round to round: after its argument. */
function nameFor(document: Document, at: number, taken: readonly string[]): string {
  const path = nodePathAt(document.tree, at);
  const index = path.findLastIndex(({ kind }) => kind === 'argument');
  const argument = path[index];
  const call = path[index - 1];
  const callee = call?.kind === 'call' ? calleeOf(call, document) : undefined;
  const name = (argument?.kind === 'argument' && call?.kind === 'call' && callee && nameOfArgument(call, argument, callee)) || 'n';
  const short = name.replace(/^out_/, '').replace(/_size$/, '');
  return taken.includes(short) ? `${short}_2` : short;
}
