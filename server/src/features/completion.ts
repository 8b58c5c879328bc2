// What can be written at the cursor: arguments that are not given yet, names in scope, layers, functions, keywords.

import { keywordGroups } from '../../../grammar/tokens';
import { type Node, nodePathAt } from '../../../grammar/walk';
import { functions, layers } from '../layers/catalog';
import { optimizers } from '../layers/optimizers';
import { builtins } from '../semantics/builtins';
import type { Value } from '../semantics/values';
import { callSiteAt, type CallSite } from './call-site';
import { typeOf } from './figures';
import { importedSource } from './names';
import { introductionsAround } from './scopes';
import { signatureOfSite } from './signature-help';
import { definitionsOf, printSignature, signatureOfOperation, spellValue } from './spelling';
import type { Document } from './workspace';

export type CompletionKind = 'argument' | 'value' | 'name' | 'declaration' | 'layer' | 'function' | 'keyword' | 'member';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** What is written, where that is more than the label. */
  readonly insert?: string;
  readonly detail?: string;
  readonly documentation?: string;
}

/** All that fits at an offset, the nearest first; the client filters by what is written already. */
export function completions(document: Document, offset: number): readonly Completion[] {
  const before = document.text.slice(0, offset).replace(/\w*$/, '');
  const line = before.slice(before.lastIndexOf('\n') + 1);
  // Comments and strings are free text.
  if (/^[^"#]*("[^"]*"[^"#]*)*(#|"[^"]*$)/.test(line)) return [];
  const path = nodePathAt(document.tree, before.length);
  const last = document.tree.declarations.findLast(({ span }) => span.start <= offset);
  if (last?.kind === 'import' && /\bimport\b/.test(line)) return exportsOf(last, document);
  if (/\.\s*$/.test(before) && !/\.\.\.\s*$/.test(before)) return membersBefore(document, before.length);
  if (/^\s*optimizer\s+$/.test(line)) return optimizerNames();
  const inside = path.some((node) => node.kind === 'block' || node.kind === 'let' || node.kind === 'function' || node.kind === 'assert' || (node.kind === 'model' && node.variant !== undefined));
  const startsLine = /(^|[;{])\s*$/.test(line);
  if (!inside && startsLine) return words([...keywordGroups.declaration, 'assert', 'from']);

  const site = callSiteAt(document, before.length);
  const value = site?.argument === undefined ? undefined : valuesOf(site, site.argument);
  if (value !== undefined && value.length > 0) return value;
  return unique([
    ...(site === undefined || site.argument !== undefined ? [] : argumentsOf(site, document)),
    ...(startsLine ? words([...keywordGroups.statement, 'if', 'repeat', 'for', ...keywordGroups.block, ...keywordGroups.parallel]) : []),
    ...namesAround(path, document),
    ...standardNames(),
    ...(startsLine ? [] : words([...keywordGroups.constant, 'if', 'repeat', 'not', 'residual'])),
  ]);
}

function unique(items: readonly Completion[]): readonly Completion[] {
  const seen = new Set<string>();
  return items.filter(({ label }) => !seen.has(label) && seen.add(label));
}

function words(labels: readonly string[]): Completion[] {
  return labels.map((label) => ({ label, kind: 'keyword' }));
}

/** `stride = ` for each argument that is not given. */
function argumentsOf(site: CallSite, document: Document): Completion[] {
  const { arguments: all } = signatureOfSite(site, document);
  const given = new Set([...site.named, ...all.slice(0, site.index - site.named.length).map(({ name }) => name)]);
  const inputs = site.callee.kind === 'operation' && site.callee.isFunction ? (site.callee.operation.inputs ?? []).map(({ name }) => name) : [];
  return all
    .filter(({ name }) => !given.has(name) && !inputs.includes(name))
    .map(({ name, label, documentation }) => ({ label: name, kind: 'argument', insert: `${name} = `, detail: label, documentation }));
}

/** The words that an argument accepts. */
function valuesOf({ callee }: CallSite, argument: string): Completion[] {
  if (callee.kind !== 'operation') return [];
  const definition = definitionsOf(callee.operation)[argument];
  if (definition === undefined) return [];
  const choices = definition.accepts.match(/"[^"]*"|`\w+`/g) ?? [];
  return choices.map((choice) => ({ label: choice.replaceAll('`', ''), kind: 'value', documentation: definition.documentation }));
}

function namesAround(path: readonly Node[], document: Document): Completion[] {
  return [...introductionsAround(path)]
    .flat()
    .filter(({ name }) => name.text !== '')
    .map(({ name, by }) => {
      const isDeclaration = by.kind === 'stack' || by.kind === 'model' || by.kind === 'function' || by.kind === 'imported-name';
      const value = document.analysis.observations(name)?.first[0]?.value;
      return {
        label: name.text,
        kind: isDeclaration ? 'declaration' : 'name',
        detail: isDeclaration ? by.kind.replace('imported-name', 'imported') : value && detailOf(value),
        documentation: 'documentation' in by ? by.documentation : undefined,
      } satisfies Completion;
    });
}

function detailOf(value: Value): string {
  return typeOf(value) ?? spellValue(value);
}

let standard: readonly Completion[] | undefined;

/** Layers and functions that the language brings along. */
function standardNames(): readonly Completion[] {
  standard ??= [
    ...[...layers.values()].map((layer): Completion => ({ label: layer.name, kind: 'layer', detail: printSignature(signatureOfOperation(layer)), documentation: layer.summary })),
    ...[...builtins.values()].map((builtin): Completion => ({ label: builtin.name, kind: 'function', detail: builtin.signature, documentation: builtin.summary })),
    ...[...functions.values()].map((each): Completion => ({ label: each.name, kind: 'function', detail: printSignature(signatureOfOperation(each, true), true), documentation: each.summary })),
  ];
  return standard;
}

function optimizerNames(): Completion[] {
  return [...optimizers.values()].map((optimizer) => ({ label: optimizer.name, kind: 'layer', detail: printSignature(signatureOfOperation(optimizer)), documentation: optimizer.summary }));
}

/** Behind a dot: the results of a stack or layer, the parameters of a layer. */
function membersBefore(document: Document, offset: number): Completion[] {
  const path = nodePathAt(document.tree, offset);
  const member = path.findLast((node) => node.kind === 'member');
  if (member?.kind !== 'member') return [];
  const { object } = member;
  const found = new Map<string, Completion>();
  for (const { value } of document.analysis.observations(object)?.first ?? []) {
    if (value.kind === 'tensor') for (const [label, result] of value.results ?? []) found.set(label, { label, kind: 'member', detail: detailOf(result) });
    if (value.kind !== 'layer' || value.layer.kind !== 'catalog') continue;
    for (const { source, type } of value.layer.parameters ?? []) {
      if (source.kind === 'parameter') found.set(source.name, { label: source.name, kind: 'member', detail: `[${type.shape.map(String).join(', ')}]` });
    }
  }
  return [...found.values()];
}

function exportsOf(statement: Extract<Node, { kind: 'import' }>, document: Document): Completion[] {
  const source = importedSource(statement, document, document);
  const given = new Set(statement.names.map(({ name }) => name.text));
  return (source?.tree.declarations ?? []).flatMap((declaration): Completion[] =>
    declaration.kind === 'import' || declaration.kind === 'assert' || given.has(declaration.name.text)
      ? []
      : [{ label: declaration.name.text, kind: 'declaration', detail: declaration.kind, documentation: declaration.documentation }],
  );
}
