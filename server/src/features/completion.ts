// What can be written at the cursor: arguments that are not given yet, names in scope, layers, functions, constructs.

import { keywordGroups } from '../../../grammar/tokens';
import { type Node, nodePathAt } from '../../../grammar/walk';
import type { Value } from '../semantics/values';
import { callSiteAt } from './call-site';
import { argumentsOf, valuesOf } from './completion/arguments';
import { exportsOf, importable, pathsOf } from './completion/imports';
import { type Completion, words } from './completion/item';
import { declaredItem } from './completion/declared';
import { answeringNames, optimizerNames, standardNames } from './completion/layers';
import { declarationSnippets, expressionSnippets, statementSnippets } from './completion/snippets';
import { filesOf } from './definition';
import type { Files } from './entity';
import { typeOf } from './figures';
import { type Flow, flowInto } from './flow';
import { introductionsKnownAt } from './scopes';
import { spellValue } from './spelling';
import type { Document } from './workspace';

/** Characters that are looked at in front of the cursor, beyond its line. */
const longestName = 400;

/** All that fits at an offset, the nearest first; the client filters by what is written already. */
export function completions(document: Document, offset: number, files: Files = filesOf(document)): readonly Completion[] {
  const prefix = /\w*$/.exec(document.text.slice(Math.max(0, offset - longestName), offset))![0];
  const start = offset - prefix.length;
  const line = document.text.slice(document.text.lastIndexOf('\n', start - 1) + 1, start);
  const before = document.text.slice(Math.max(0, start - longestName), start);
  const path = /^\s*from\s+"([^"]*)$/.exec(line + prefix);
  if (path !== null) return pathsOf(document, files, { start: offset - path[1]!.length, end: offset + /^[^"\r\n]*/.exec(document.text.slice(offset))![0].length });
  // Comments and other strings are free text, and so are new names.
  if (/^[^"#]*("[^"]*"[^"#]*)*(#|"[^"]*$)/.test(line)) return [];
  if (/\b(let|function|stack|model|input|target|param|as)\s+$/.test(line) || /(^|[;{>])\s*for\s+(\w+\s*,\s*)*$/.test(line) || /\d\.$/.test(before)) return [];
  const last = document.tree.declarations.findLast(({ span }) => span.start <= offset);
  if (last?.kind === 'import' && /\bimport\b/.test(line)) return exportsOf(last, document);
  if (/\.\s*$/.test(before) && !/\.\.\.\s*$/.test(before)) return membersBefore(document, start);
  if (/^\s*optimizer\s+$/.test(line)) return optimizerNames();

  const nodes = nodePathAt(document.tree, start);
  const startsLine = /(^|[;{])\s*$/.test(line);
  if (startsLine && !isInside(nodes, start)) return declarationSnippets;
  if (/^\s*output\s+$/.test(line) || nodes.some(({ kind }) => kind === 'type')) return namesAround(nodes, start, document).filter(({ kind }) => kind === 'name');

  const site = callSiteAt(document, start);
  const given = site === undefined ? [] : site.argument === undefined ? argumentsOf(site, document) : valuesOf(site, site.argument);
  const operators = words([...keywordGroups.constant, 'not', 'and', 'or', 'else']);
  // A layer's arguments are numbers, sizes and words: no tensor, no layer, and no function of those.
  if (site?.callee.kind === 'operation' && !site.callee.isFunction) {
    const names = namesAround(nodes, start, document).filter(({ kind, detail, isTensor }) => (kind === 'name' && isTensor !== true) || detail === 'function');
    const isWord = site.argument !== undefined && given.length > 0;
    return unique([...given, ...names, ...(isWord ? [] : [...answeringNames(), ...operators])]);
  }
  const flow = startsLine ? flowInto(document, withoutWord(nodes, start), start) : /->\s*$/.test(before) ? flowBehindArrow(document, start - before.length + before.trimEnd().length) : undefined;
  const names = namesAround(nodes, start, document, flow);
  const near = [
    ...given,
    ...names,
    ...standardNames(flow),
    ...(startsLine ? statementSnippets : [...expressionSnippets, ...operators]),
  ];
  const known = new Set(near.map(({ label }) => label));
  return unique([...near, ...importable(document, files, known, prefix)]);
}

/** Whether an offset is in a body or an expression rather than between declarations. */
function isInside(path: readonly Node[], offset: number): boolean {
  return path.some(({ kind, span }) => {
    if (kind === 'block') return span.start < offset;
    return (kind === 'let' || kind === 'function' || kind === 'assert' || kind === 'model') && span.start < offset && offset < span.end;
  });
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

function namesAround(path: readonly Node[], offset: number, document: Document, flow?: Flow): (Completion & { readonly isTensor?: boolean })[] {
  return introductionsKnownAt(path, offset)
    .filter(({ name }) => name.text !== '')
    .map(({ name, by }) => {
      const documentation = 'documentation' in by ? by.documentation : undefined;
      if (by.kind === 'stack' || by.kind === 'imported-name') return declaredItem(name.text, by, document, flow);
      if (by.kind === 'model' || by.kind === 'function') return { label: name.text, kind: 'declaration', detail: by.kind, documentation };
      const value = document.analysis.observations(name)?.first[0]?.value;
      const detail = value && detailOf(value);
      return { label: name.text, kind: 'name', effect: detail, detail, documentation, isTensor: value?.kind === 'tensor' };
    });
}

function detailOf(value: Value): string {
  return typeOf(value) ?? spellValue(value);
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
