// Who applies a stack, model or function, and what it applies in turn.

import type * as ast from '../../../grammar/ast';
import { walk } from '../../../grammar/walk';
import type { Span } from '../base/span';
import { behindAliases, type Entity, entityAt, entityOf, type Files } from './entity';
import { referencesTo } from './references';
import type { SymbolKind } from './symbols';
import type { Source } from './workspace';

type Callable = ast.Stack | ast.Model | ast.FunctionDeclaration;

export interface CallItem {
  readonly source: Source;
  readonly name: string;
  readonly kind: SymbolKind;
  readonly span: Span;
  readonly selection: Span;
}

export interface CallRelation {
  /** Who calls, or is called. */
  readonly item: CallItem;
  /** Where, in the one that calls. */
  readonly spans: readonly Span[];
}

/** The declaration that the name at an offset stands for. */
export function callItem(files: Files, source: Source, offset: number): CallItem | undefined {
  const entity = entityAt(files, source, offset);
  return entity && itemOf(behindAliases(files, entity));
}

function itemOf({ source, by }: Entity): CallItem | undefined {
  return isCallable(by) ? { source, name: by.name.text, kind: by.kind, span: by.span, selection: by.name.span } : undefined;
}

function isCallable(node: { readonly kind: string }): node is Callable {
  return node.kind === 'stack' || node.kind === 'model' || node.kind === 'function';
}

/** The declarations whose bodies name the one at an offset. */
export function incomingCalls(files: Files, source: Source, offset: number): readonly CallRelation[] {
  const entity = entityAt(files, source, offset);
  if (entity === undefined) return [];
  const found = new Map<object, { item: CallItem; spans: Span[] }>();
  for (const { source: from, name, path } of referencesTo(files, behindAliases(files, entity))) {
    const declaration = path[1];
    if (declaration === undefined || !isCallable(declaration) || declaration.name === name) continue;
    add(found, declaration, itemOf({ source: from, name: declaration.name, by: declaration })!, name.span);
  }
  return [...found.values()];
}

/** The declarations that the body of the one at an offset names. */
export function outgoingCalls(files: Files, source: Source, offset: number): readonly CallRelation[] {
  const entity = entityAt(files, source, offset);
  const caller = entity && behindAliases(files, entity);
  if (caller === undefined || !isCallable(caller.by)) return [];
  const found = new Map<object, { item: CallItem; spans: Span[] }>();
  walk(caller.by, {
    enter(node, ancestors) {
      if (node.kind !== 'name' || node === caller.name || node.text === '') return undefined;
      const named = entityOf(files, { source: caller.source, name: node, path: [caller.source.tree, ...ancestors] });
      const callee = named && behindAliases(files, named);
      const item = callee && itemOf(callee);
      if (item !== undefined) add(found, callee!.by, item, node.span);
      return undefined;
    },
  });
  return [...found.values()];
}

function add(found: Map<object, { item: CallItem; spans: Span[] }>, key: object, item: CallItem, span: Span): void {
  const known = found.get(key);
  if (known === undefined) found.set(key, { item, spans: [span] });
  else known.spans.push(span);
}
