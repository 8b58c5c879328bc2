// What can be written at the cursor: arguments that are not given yet, names in scope, layers, functions, constructs.

import { keywordGroups } from '../../../grammar/tokens';
import type * as ast from '../../../grammar/ast';
import { type Node, nodePathAt } from '../../../grammar/walk';
import type { Value } from '../semantics/values';
import { type Ahead, aheadOf, type CallSite, callSiteAt } from './call-site';
import { argumentsOf, valuesOf } from './completion/arguments';
import { exportsOf, importable, pathsOf } from './completion/imports';
import { type Completion, words } from './completion/item';
import { declaredItem } from './completion/declared';
import { counting, type Expected, expectedBehind, ordered, wordsBehind } from './completion/expected';
import { answeringNames, optimizerNames, standardNames } from './completion/layers';
import { declarationSnippets, elementTypeSnippets, expressionSnippets, statementSnippets } from './completion/snippets';
import { filesOf } from './definition';
import type { Files } from './entity';
import { tensorsIn, typeOf } from './figures';
import { type Flow, flowInto } from './flow';
import { declarationNamed } from './names';
import { introductionsKnownAt } from './scopes';
import { positionOf, signatureOfSite } from './signature-help';
import { definitionsOf, printSignature, signatureOfDeclaration, spellValue } from './spelling';
import type { Document } from './workspace';

/** Characters that are looked at in front of the cursor, beyond its line. */
const longestName = 400;

/** All that fits at an offset, what belongs there first; the client filters by what is written already. */
export function completions(document: Document, offset: number, files: Files = filesOf(document)): readonly Completion[] {
  const prefix = /\w*$/.exec(document.text.slice(Math.max(0, offset - longestName), offset))![0];
  const start = offset - prefix.length;
  const line = document.text.slice(document.text.lastIndexOf('\n', start - 1) + 1, start);
  const before = document.text.slice(Math.max(0, start - longestName), start);
  const path = /^\s*from\s+"([^"]*)$/.exec(line + prefix);
  if (path !== null) return pathsOf(document, files, { start: offset - path[1]!.length, end: offset + /^[^"\r\n]*/.exec(document.text.slice(offset))![0].length });
  // Comments are free text, and so are strings that are not the value of an argument.
  const string = /^[^"#]*(?:"[^"]*"[^"#]*)*"([^"]*)$/.exec(line);
  if (string !== null) return wordsOfString(document, start - string[1]!.length - 1);
  if (/^[^"#]*("[^"]*"[^"#]*)*#/.test(line) || /^\d/.test(prefix) || /\d\.$/.test(before)) return [];
  const last = document.tree.declarations.findLast(({ span }) => span.start <= offset);
  if (last?.kind === 'import' && /\bimport\b/.test(line) && !/\bas\s+$/.test(line)) {
    const named = /\bimport\b.*\w\s+$/.test(line);
    return named ? words(['as']) : exportsOf(last, document);
  }
  const ahead = aheadOf(document, start);
  if (ahead.last?.image === '.') return membersBefore(document, start);

  const nodes = nodePathAt(document.tree, start);
  let expected = expectedBehind(ahead);
  const site = callSiteAt(document, start, ahead);
  const given = site && argumentAt(site, document);
  if (expected === 'value' && given !== undefined) expected = takenBy(site!, given);
  switch (expected) {
    case 'nothing':
      return [];
    case 'operator':
      return words(wordsBehind(ahead));
    case 'declaration':
      return declarationSnippets;
    case 'type':
      return elementTypeSnippets;
    case 'optimizer':
      return optimizerNames();
    case 'model':
      return modelsFor(document, files, last);
  }
  const names = namesAround(nodes, start, document);
  if (isInType(ahead, nodes)) return names.filter(({ worth, kind }) => kind === 'name' && worth !== 'tensor' && worth !== 'layer');
  if (ahead.statement.length === 1 && ahead.last?.image === 'output') return names.filter(({ worth, kind }) => kind === 'name' && worth !== 'plain');

  const values = site?.argument === undefined ? [] : valuesOf(site, site.argument);
  // A word or a truth value may be that of a name, too.
  if (values.length > 0) return [...values, ...names.filter(({ worth, kind }) => kind === 'name' && worth !== 'tensor' && worth !== 'layer')];
  const constants = words([...keywordGroups.constant, 'not']);
  // A layer's arguments are numbers, sizes and words: no tensor, no layer, and no function of those.
  if (site?.callee.kind === 'operation' && !site.callee.isFunction && expected === 'number') {
    const fitting = names.filter(({ kind, detail, worth }) => (kind === 'name' && worth !== 'tensor' && worth !== 'layer') || detail?.startsWith('function') === true);
    return ordered(unique([...(site.argument === undefined ? argumentsOf(site, document) : []), ...fitting, ...answeringNames(), ...constants]), expected);
  }
  const flow = expected === 'statement' ? flowInto(document, withoutWord(nodes, start), start) : expected === 'layer' ? flowBehindArrow(document, start - before.length + before.trimEnd().length) : undefined;
  const near = [
    ...(site === undefined || site.argument !== undefined ? [] : argumentsOf(site, document)),
    ...(flow === undefined ? names : namesAround(nodes, start, document, flow)),
    ...(expected === 'question' || site !== undefined ? lossOf(last) : []),
    ...standardNames(flow),
    ...(expected === 'statement' ? statementSnippets : [...expressionSnippets, ...constants]),
  ];
  const known = new Set(near.map(({ label }) => label));
  return ordered(unique([...near, ...importable(document, files, known, prefix)]), expected);
}

/** What an argument accepts between quotes; nothing in any other string. */
function wordsOfString(document: Document, quote: number): Completion[] {
  const site = callSiteAt(document, quote);
  if (site === undefined) return [];
  const name = site.argument ?? argumentAt(site, document);
  const end = quote + /^"[^"\r\n]*"?/.exec(document.text.slice(quote))![0].length;
  return valuesOf(site, name ?? '').filter(({ label }) => label.startsWith('"')).map((item) => ({ ...item, replaces: { start: quote, end } }));
}

/** The argument that the cursor is in, by name. */
function argumentAt(site: CallSite, document: Document): string | undefined {
  const all = signatureOfSite(site, document).arguments;
  return all[positionOf(site, all)]?.name;
}

/** What an argument is: a tensor, a size or another number, or anything. */
function takenBy({ callee }: CallSite, argument: string): Expected {
  if (callee.kind !== 'operation') return 'value';
  const definition = definitionsOf(callee.operation)[argument];
  if (definition === undefined) return counting.has(callee.operation.name) ? 'value' : 'tensor';
  return /^(an integer|a number|sizes|integers)/.test(definition.accepts) ? 'number' : 'value';
}

/** The value of the loss, in a model that has one. */
function lossOf(declaration: ast.Declaration | undefined): Completion[] {
  const body = declaration?.kind === 'model' || declaration?.kind === 'stack' ? declaration.body : undefined;
  return body?.statements.some(({ kind }) => kind === 'loss') === true ? [{ label: 'loss', kind: 'name', worth: 'tensor', detail: 'the value of the loss' }] : [];
}

/** Whether a place is in the shape of an input, target or parameter. */
function isInType({ open, statement }: Ahead, nodes: readonly Node[]): boolean {
  if (nodes.some(({ kind }) => kind === 'type')) return true;
  return open.at(-1)?.opener === '[' && /^(input|target|param)$/.test(statement[0]?.image ?? '') && statement.every(({ image }) => image !== '=');
}

/** What a variant can be made of: the other models of the file, and those of other files. */
function modelsFor(document: Document, files: Files, own: ast.Declaration | undefined): Completion[] {
  const here = document.tree.declarations.flatMap((declaration): Completion[] => {
    if (declaration === own) return [];
    if (declaration.kind === 'model') return declaration.name.text === '' ? [] : [modelItem(declaration.name.text, declaration, document.text)];
    if (declaration.kind !== 'import') return [];
    return declaration.names.flatMap(({ name, alias }) => {
      const found = declarationNamed((alias ?? name).text, document, document);
      return found?.declaration.kind === 'model' ? [modelItem((alias ?? name).text, found.declaration, found.source.text)] : [];
    });
  });
  return [...here, ...importable(document, files, new Set(here.map(({ label }) => label)), '').filter(({ detail }) => detail?.startsWith('model') === true)];
}

/** On blanks a path may end in the word in front; what flows is asked of the body around it. */
function withoutWord(path: readonly Node[], offset: number): readonly Node[] {
  const index = path.findLastIndex(({ kind, span }) => kind === 'block' || span.end > offset || (span.start === offset && kind !== 'file'));
  return path.slice(0, index + 1);
}

/** What flows into the step that an arrow ending at an offset stands before. */
function flowBehindArrow(document: Document, offset: number): Flow | undefined {
  const path = nodePathAt(document.tree, offset);
  const index = path.findLastIndex((node) => node.kind === 'pipe' && node.left.span.end < offset);
  const pipe = path[index];
  return pipe?.kind === 'pipe' ? flowInto(document, [...path.slice(0, index + 1), pipe.right], offset) : undefined;
}

function unique(items: readonly Completion[]): readonly Completion[] {
  const seen = new Set<string>();
  return items.filter(({ label }) => !seen.has(label) && seen.add(label));
}

function namesAround(path: readonly Node[], offset: number, document: Document, flow?: Flow): Completion[] {
  return introductionsKnownAt(path, offset)
    .filter(({ name, by }) => name.text !== '' && !isGoingOn(by, path, offset, document.text) && !isVariant(by, path[1], document))
    .map(({ name, by }) => {
      const documentation = 'documentation' in by ? by.documentation : undefined;
      if (by.kind === 'stack' || by.kind === 'imported-name') return declaredItem(name.text, by, document, flow);
      if (by.kind === 'model') return modelItem(name.text, by, document.text);
      if (by.kind === 'function') return { label: name.text, kind: 'declaration', detail: `function ${printSignature(signatureOfDeclaration(by, document.text), true)}`, documentation };
      const value = document.analysis.observations(name)?.first[0]?.value;
      const detail = value && detailOf(value);
      return { label: name.text, kind: 'name', effect: detail, detail, documentation, worth: worthOf(by, value) };
    });
}

function modelItem(label: string, declaration: ast.Model, text: string): Completion {
  const detail = declaration.parameters.length === 0 ? 'model' : `model ${printSignature(signatureOfDeclaration(declaration, text))}`;
  return { label, kind: 'declaration', detail, documentation: declaration.documentation };
}

/** Whether something is a variant of a declaration, which it would apply again. */
function isVariant(by: Node, of: Node | undefined, { tree }: Document): boolean {
  const seen = new Set<Node>();
  for (let node: Node | undefined = by; node?.kind === 'model' && node.variant !== undefined && !seen.has(node); ) {
    seen.add(node);
    const variant: ast.Expression = node.variant;
    const callee: ast.Expression = variant.kind === 'call' ? variant.callee : variant;
    node = callee.kind === 'name' ? tree.declarations.find((each) => each.kind === 'model' && each.name.text === callee.text) : undefined;
    if (node !== undefined && node === of) return true;
  }
  return false;
}

/** Whether what introduces a name has not come to its end where the cursor is: in a value of its own it is not known. */
function isGoingOn(by: Node, path: readonly Node[], offset: number, text: string): boolean {
  if (path.includes(by)) return by.kind === 'model' || by.kind === 'binding' || by.kind === 'let' || by.kind === 'parameter';
  const between = text.slice(by.span.end, offset);
  if (by.kind === 'parameter') return /^\s*$/.test(between);
  if ((by.kind !== 'binding' && by.kind !== 'let') || by.span.end > offset) return false;
  return /^[ \t]*$/.test(between) || (/^\s*$/.test(between) && /(?:[-+*/%@^=,<>(]|\b(?:not|and|or))$/.test(text.slice(by.span.start, by.span.end)));
}

function worthOf(by: Node, value: Value | undefined): Completion['worth'] {
  if (by.kind === 'input' || by.kind === 'target' || by.kind === 'param' || by.kind === 'output') return 'tensor';
  if (by.kind === 'name') return 'plain';
  switch (value?.kind) {
    case undefined:
    case 'unknown':
      return undefined;
    case 'tensor':
      return 'tensor';
    case 'list':
      return tensorsIn(value).length > 0 ? 'tensor' : 'plain';
    case 'layer':
    case 'constructor':
    case 'function':
      return 'layer';
    default:
      return 'plain';
  }
}

function detailOf(value: Value): string | undefined {
  return value.kind === 'unknown' ? undefined : (typeOf(value) ?? spellValue(value));
}

/** Behind a dot: the results of a stack or layer, the parameters of a layer. */
function membersBefore(document: Document, offset: number): Completion[] {
  const path = nodePathAt(document.tree, offset);
  const member = path.findLast((node) => node.kind === 'member');
  if (member?.kind !== 'member') return [];
  const { object } = member;
  const found = new Map<string, Completion>();
  for (const { value } of document.analysis.observations(object)?.first ?? []) {
    if (value.kind === 'tensor') for (const [label, result] of value.results ?? []) found.set(label, { label, kind: 'member', effect: detailOf(result), detail: detailOf(result) });
    if (value.kind !== 'layer' || value.layer.kind !== 'catalog') continue;
    for (const { source, type } of value.layer.parameters ?? []) {
      const shape = `[${type.shape.map(String).join(', ')}]`;
      if (source.kind === 'parameter') found.set(source.name, { label: source.name, kind: 'member', effect: shape, detail: shape });
    }
  }
  return [...found.values()];
}
