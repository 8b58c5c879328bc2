// Selected lines into a stack of their own, applied where they stood.

import type * as ast from '../../../../grammar/ast';
import { keywords } from '../../../../grammar/tokens';
import { walk } from '../../../../grammar/walk';
import { functions, layers } from '../../layers/catalog';
import { builtins } from '../../semantics/builtins';
import type { Value } from '../../semantics/values';
import { introductionOf, introductionsAround } from '../scopes';
import type { Document } from '../workspace';
import { indentAt, isFlowLayer, type Offer, reindented, runsInOrder, type Selected, selectedStatements, spanOf, withoutBlanks } from './site';

export const extractStack: Offer = (document, selection) => {
  if (withoutBlanks(document.text, selection).end === selection.start) return undefined;
  const selected = selectedStatements(document, selection);
  const declaration = selected?.around[1];
  if (selected === undefined || (declaration?.kind !== 'stack' && declaration?.kind !== 'model') || !runsInOrder(selected.around)) return undefined;
  const { statements } = selected;
  if (!statements.every(({ kind }) => kind === 'expression-statement' || kind === 'binding') || asksForTheModel(statements)) return undefined;
  const span = spanOf(statements);
  if (isNamedBehind(selected, span.end)) return undefined;

  const first = statements.find((statement) => statement.kind === 'expression-statement');
  if (first?.kind !== 'expression-statement' || first.value.kind === 'if') return undefined;
  const readsFlow = isFlowLayer(document, first);
  if (!readsFlow && document.analysis.observations(first.value.kind === 'pipe' ? first.value.right : first.value) === undefined) return undefined;
  const free = freeNames(document, selected);
  if (free === undefined) return undefined;
  // Tensors are inputs where the lines do not read what flows in; what flows in would be the first input else.
  const inputs = readsFlow ? [] : free.filter(({ isTensor }) => isTensor).map(({ text }) => text);
  const given = free.map(({ text }) => text).filter((text) => !inputs.includes(text));
  if (!readsFlow && inputs.length === 0) return undefined;

  const name = freshName(document, 'Extracted');
  const end = endingOf(document, span.end);
  const list = given.length === 0 ? '' : `(${given.join(', ')})`;
  const indent = indentAt(document, span.start);
  const body = reindented(document.text.slice(span.start, end), indent, '  ');
  const lines = [...inputs.map((input) => `  input ${input}`), `  ${body}`];
  const application = inputs.length === 0 ? `${name}${list}` : inputs.length === 1 ? `${inputs[0]!} -> ${name}${list}` : `${name}${list === '' ? '()' : list}(${inputs.join(', ')})`;
  const top = topOf(document, declaration);
  return {
    title: statements.length === 1 ? 'Extract to a stack' : `Extract ${String(statements.length)} statements to a stack`,
    kind: 'extract',
    edits: [
      { span: { start: top, end: top }, text: `stack ${name}${list} {\n${lines.join('\n')}\n}\n\n` },
      { span: { start: span.start, end }, text: application },
    ],
    madeUp: name,
  };
};

/** Whether any statement speaks of the whole model that runs it: a question without a subject, or its loss. */
function asksForTheModel(statements: readonly ast.Statement[]): boolean {
  let asks = false;
  for (const statement of statements) {
    walk(statement, {
      enter(node) {
        if (node.kind === 'input' || node.kind === 'target' || node.kind === 'loss' || node.kind === 'assert' || node.kind === 'optimizer' || node.kind === 'param') asks = true;
        if (node.kind === 'name' && node.text === 'loss') asks = true;
        if (node.kind === 'call' && node.callee.kind === 'name' && builtins.has(node.callee.text) && !node.arguments.some(({ name }) => name === undefined)) asks = true;
        return undefined;
      },
    });
  }
  return asks;
}

/** Whether what the statements bind or publish is named elsewhere. */
function isNamedBehind({ block, statements, around }: Selected, end: number): boolean {
  const bound = new Set<object>();
  for (const statement of statements) for (const level of introductionsAround([...around, block, statement])) for (const introduction of level) if (isWithin(introduction.name, statement)) bound.add(introduction.name);
  let named = false;
  walk(around[1]!, {
    enter(node, ancestors) {
      if (node.kind === 'output' && node.span.end <= end && statements.some((statement) => isWithin(node, statement))) named = true;
      if (node.kind !== 'name' || statements.some((statement) => isWithin(node, statement))) return undefined;
      const introduction = introductionOf(node, [around[0]!, ...ancestors]);
      if (introduction !== undefined && bound.has(introduction.name)) named = true;
      return undefined;
    },
  });
  return named;
}

function isWithin(inner: { readonly span: { readonly start: number; readonly end: number } }, outer: { readonly span: { readonly start: number; readonly end: number } }): boolean {
  return outer.span.start <= inner.span.start && inner.span.end <= outer.span.end;
}

interface Free {
  readonly text: string;
  readonly isTensor: boolean;
}

/** The names that the statements take from the body and the arguments around; undefined where a value is not known. */
function freeNames(document: Document, { statements, block, around }: Selected): readonly Free[] | undefined {
  const found = new Map<string, Free>();
  let isKnown = true;
  for (const statement of statements) {
    walk(statement, {
      enter(node, ancestors) {
        if (node.kind !== 'name' || node.text === '') return undefined;
        const introduction = introductionOf(node, [...around, block, ...ancestors]);
        if (introduction === undefined || isOfFile(introduction.by.kind) || statements.some((each) => isWithin(introduction.name, each))) return undefined;
        const values = document.analysis.observations(introduction.name)?.first.map(({ value }) => value) ?? [];
        if (values.length === 0 || values.some((value) => value.kind === 'unknown')) isKnown = false;
        if (!found.has(node.text)) found.set(node.text, { text: node.text, isTensor: values.length > 0 && values.every(isTensor) });
        return undefined;
      },
    });
  }
  return isKnown ? [...found.values()] : undefined;
}

function isTensor({ kind }: Value): boolean {
  return kind === 'tensor';
}

function isOfFile(kind: string): boolean {
  return kind === 'stack' || kind === 'model' || kind === 'function' || kind === 'let' || kind === 'imported-name';
}

/** A name that nothing has. */
export function freshName({ text }: Document, stem: string): string {
  const words = new Set(text.match(/[A-Za-z_]\w*/g));
  const isTaken = (name: string): boolean => words.has(name) || layers.has(name) || functions.has(name) || builtins.has(name) || (keywords as readonly string[]).includes(name);
  let name = stem;
  for (let number = 2; isTaken(name); number++) name = `${stem}${String(number)}`;
  return name;
}

/** Where a declaration begins, with the comments right above it. */
function topOf(document: Document, { span }: { readonly span: { readonly start: number } }): number {
  let { line } = document.lines.position(span.start);
  while (line > 0 && document.lines.line(line - 1).trimStart().startsWith('#')) line--;
  return document.lines.offset({ line, character: 0 });
}

/** The end of a statement, with the comment behind it on its line. */
function endingOf(document: Document, end: number): number {
  const { line } = document.lines.position(end);
  const behind = document.lines.offset({ line, character: Infinity });
  return /^\s*#/.test(document.text.slice(end, behind)) ? behind : end;
}
