// Selected lines into a stack of their own, applied where they stood.

import type * as ast from '../../../../grammar/ast';
import { keywords } from '../../../../grammar/tokens';
import { type Node, nodePathAt, walk } from '../../../../grammar/walk';
import type { Span } from '../../base/span';
import { functions, layers } from '../../layers/catalog';
import { builtins } from '../../semantics/builtins';
import type { Value } from '../../semantics/values';
import { wordsOf } from '../names';
import { introductionOf, introductionsAround } from '../scopes';
import type { TextEdit } from '../text-edits';
import type { Document } from '../workspace';
import { stepsOf } from './pipeline';
import { hasComment, indentAt, isFlowLayer, type Offer, reindented, type Refactoring, type Refused, runsInOrder, type Selected, selectedStatements, separatorAt, spanOf, withoutBlanks, written } from './site';

export const extractStack: Offer = (document, selection) => {
  if (withoutBlanks(document.text, selection).end === selection.start) return undefined;
  const selected = selectedStatements(document, selection);
  const declaration = selected?.around[1];
  if (selected === undefined || (declaration?.kind !== 'stack' && declaration?.kind !== 'model')) return undefined;
  const steps = selectedSteps(document, selection);
  if (steps !== undefined) return extractSteps(document, declaration, steps);
  if (!runsInOrder(selected.around)) return undefined;
  const { statements } = selected;
  const title = statements.length === 1 ? 'Extract to a stack' : `Extract ${String(statements.length)} statements to a stack`;
  const refused = (reason: string): Refused => ({ title, kind: 'extract', reason });
  if (!statements.every(({ kind }) => kind === 'expression-statement' || kind === 'binding') || asksForTheModel(statements)) {
    return statements.some(({ kind }) => kind === 'input' || kind === 'target' || kind === 'output' || kind === 'loss' || kind === 'optimizer') ? refused(`inputs, outputs and the loss belong to the ${declaration.kind} itself`) : undefined;
  }
  const results = resultsOf(document, selected);
  if (typeof results === 'string') return refused(results);
  const first = statements.find((statement) => statement.kind === 'expression-statement');
  if (first?.kind === 'expression-statement' && first.value.kind === 'if') return undefined;
  const readsFlow = first !== undefined && isFlowLayer(document, first);
  if (first !== undefined && results.length > 0) return refused(`the lines change what flows, and ${results[0]!} is read behind them`);
  if (first === undefined && results.length === 0) return undefined;
  if (first !== undefined && !readsFlow && document.analysis.observations(first.value.kind === 'pipe' ? first.value.right : first.value) === undefined) return undefined;
  const free = freeNames(document, selected.statements, [...selected.around, selected.block]);
  if (free === undefined) return undefined;
  // Tensors are inputs where the lines do not read what flows in; what flows in would be the first input else.
  const inputs = readsFlow ? [] : free.filter(({ isTensor }) => isTensor).map(({ text }) => text);
  const given = free.map(({ text }) => text).filter((text) => !inputs.includes(text));
  if (!readsFlow && inputs.length === 0) return undefined;

  const name = freshName(document, 'Extracted');
  const span = spanOf(statements);
  const end = endingOf(document, span.end);
  const indent = indentAt(document, span.start);
  const body = reindented(withResults(document, statements, results, end), indent, '  ');
  const list = given.length === 0 ? '' : `(${given.join(', ')})`;
  const applied = inputs.length === 0 ? `${name}${list}` : inputs.length === 1 && results.length <= 1 ? `${inputs[0]!} -> ${name}${list}` : `${name}${list === '' ? '()' : list}(${inputs.join(', ')})`;
  const published = results.length <= 1 ? [] : results.map((result) => `output ${result}`);
  const bound = freshName(document, 'extracted');
  const application = results.length === 0 ? applied : results.length === 1 ? `${results[0]!} = ${applied}` : [`${bound} = ${applied}`, ...results.map((result) => `${result} = ${bound}.${result}`)].join(separatorAt(document, statements[0]!));
  return {
    title,
    kind: 'extract',
    edits: [declared(document, declaration, `${name}${list}`, [...inputs.map((input) => `input ${input}`), body, ...published]), { span: { start: span.start, end }, text: application }],
    madeUp: name,
  };
};

/** The edit that declares a stack above another declaration. */
function declared(document: Document, declaration: Node, header: string, lines: readonly string[]): TextEdit {
  const top = topOf(document, declaration);
  return { span: { start: top, end: top }, text: `stack ${header} {\n${lines.map((line) => `  ${line}`).join('\n')}\n}\n\n` };
}

/** What is bound by the statements and read behind them; a sentence where that cannot be the result of a stack. */
function resultsOf(document: Document, selected: Selected): readonly string[] | string {
  const read = namedBehind(selected);
  if (read === undefined) return 'what a loop or a choice publishes stays in its body';
  const names = selected.statements.flatMap((statement) => (statement.kind === 'binding' ? statement.names : [])).filter((name) => read.has(name));
  if (names.length < read.size) return 'what a loop publishes is read behind the lines';
  for (const name of names) {
    const values = document.analysis.observations(name)?.first.map(({ value }) => value) ?? [];
    if (values.length === 0) return `nothing is known of ${name.text}`;
    if (!values.every(isTensor)) return `${name.text}, which is read behind the lines, is no tensor`;
    if (values.some((value) => value.kind === 'tensor' && (value.results?.size ?? 0) > 0)) return `${name.text}, which is read behind the lines, has results of its own`;
  }
  return names.map(({ text }) => text);
}

/** The statements as the body of a stack: a single result is what flows at its end. */
function withResults(document: Document, statements: readonly ast.Statement[], results: readonly string[], end: number): string {
  const { start } = statements[0]!.span;
  const text = document.text.slice(start, end);
  const [result] = results;
  if (result === undefined || results.length > 1) return text;
  const last = statements.at(-1)!;
  if (last.kind === 'binding' && last.names.length === 1 && last.names[0]!.text === result && !needsItsName(last)) {
    return `${text.slice(0, last.span.start - start)}${text.slice(last.value.span.start - start)}`;
  }
  const indent = indentAt(document, start);
  return `${text}\n${indent}${result}`;
}

/** Whether a value would be something else as a statement: a sign would join it to the line before, and an `if` runs in the body around. */
function needsItsName({ value }: ast.Binding): boolean {
  return value.kind === 'if' || value.kind === 'negate' || value.kind === 'block';
}

/** Some steps of a pipe, selected from the first letter to the last. */
function selectedSteps(document: Document, selection: Span): { readonly steps: readonly ast.Expression[]; readonly path: readonly Node[] } | undefined {
  const { start, end } = withoutBlanks(document.text, selection);
  const path = nodePathAt(document.tree, start);
  for (const [index, node] of path.entries()) {
    if (node.kind !== 'pipe' || path[index - 1]?.kind === 'pipe') continue;
    const all = stepsOf(node);
    const steps = all.filter(({ span }) => start <= span.start && span.end <= end);
    const isWhole = steps.length > 1 && steps[0]!.span.start === start && steps.at(-1)!.span.end === end;
    if (isWhole && steps.length < all.length) return { steps, path: path.slice(0, index) };
  }
  return undefined;
}

/** Steps of a pipe that are applied one after the other become the lines of a stack. */
function extractSteps(document: Document, declaration: ast.Stack | ast.Model, { steps, path }: { readonly steps: readonly ast.Expression[]; readonly path: readonly Node[] }): Refactoring | undefined {
  const span = spanOf(steps);
  const isLayer = (node: ast.Expression): boolean => {
    const seen = document.analysis.observations(node)?.first ?? [];
    return seen.some(({ application }) => application !== undefined) && seen.every(({ value, application }) => application !== undefined || value.kind === 'layer' || value.kind === 'constructor' || value.kind === 'function');
  };
  if (!steps.every((step) => (step.kind === 'call' || step.kind === 'name') && isLayer(step)) || asksForTheModel(steps) || hasComment(document, span)) return undefined;
  const free = freeNames(document, steps, path);
  if (free === undefined) return undefined;
  const name = freshName(document, 'Extracted');
  const list = free.length === 0 ? '' : `(${free.map(({ text }) => text).join(', ')})`;
  return {
    title: `Extract ${String(steps.length)} steps to a stack`,
    kind: 'extract',
    edits: [declared(document, declaration, `${name}${list}`, steps.map((step) => written(document, step))), { span, text: `${name}${list}` }],
    madeUp: name,
  };
}

/** Whether any statement speaks of the whole model that runs it: a question without a subject, or its loss. */
function asksForTheModel(statements: readonly Node[]): boolean {
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

/** What the statements bind that is named elsewhere; undefined where they publish something. */
function namedBehind({ block, statements, around }: Selected): ReadonlySet<ast.Name> | undefined {
  const bound = new Set<ast.Name>();
  for (const statement of statements) for (const level of introductionsAround([...around, block, statement])) for (const { name } of level) if (isWithin(name, statement)) bound.add(name);
  const named = new Set<ast.Name>();
  let publishes = false;
  walk(around[1]!, {
    enter(node, ancestors) {
      if (node.kind === 'output' && statements.some((statement) => isWithin(node, statement))) publishes = true;
      if (node.kind !== 'name' || statements.some((statement) => isWithin(node, statement))) return undefined;
      const introduction = introductionOf(node, [around[0]!, ...ancestors]);
      if (introduction !== undefined && bound.has(introduction.name)) named.add(introduction.name);
      return undefined;
    },
  });
  return publishes ? undefined : named;
}

function isWithin(inner: { readonly span: { readonly start: number; readonly end: number } }, outer: { readonly span: { readonly start: number; readonly end: number } }): boolean {
  return outer.span.start <= inner.span.start && inner.span.end <= outer.span.end;
}

interface Free {
  readonly text: string;
  readonly isTensor: boolean;
}

/** The names that statements or steps take from the body and the arguments around; undefined where a value is not known. */
function freeNames(document: Document, nodes: readonly Node[], around: readonly Node[]): readonly Free[] | undefined {
  const found = new Map<string, Free>();
  let isKnown = true;
  for (const taking of nodes) {
    walk(taking, {
      enter(node, ancestors) {
        if (node.kind !== 'name' || node.text === '') return undefined;
        const introduction = introductionOf(node, [...around, ...ancestors]);
        if (introduction === undefined || isOfFile(introduction.by.kind) || nodes.some((each) => isWithin(introduction.name, each))) return undefined;
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
export function freshName(document: Document, stem: string): string {
  const words = wordsOf(document);
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
