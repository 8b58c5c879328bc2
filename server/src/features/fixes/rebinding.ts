// A name that a body binds again, as Python does: each of its values gets a name of its own.

import type * as ast from '../../../../grammar/ast';
import { walk } from '../../../../grammar/walk';
import type { Span } from '../../base/span';
import { introductionOf } from '../scopes';
import { freeName } from './expressions';
import { around, type Fixer, type Site, textOf } from './site';

/** Renames a binding, and what is read of it behind, up to the next one of the name. */
export const renameValue: Fixer = (site) => {
  const block = around(site, 'block');
  const written = textOf(site, site.diagnostic);
  if (block === undefined) return [];
  const binders = block.statements.filter((statement) => bindingOf(statement, written) !== undefined);
  const own = binders.findIndex((statement) => bindingOf(statement, written)!.span.start === site.diagnostic.span.start);
  if (own < 0) return [];
  const name = freeName(site, written, own + 1);
  const behind = block.statements.slice(block.statements.indexOf(binders[own]!) + 1);
  const next = binders[own + 1];
  const reading = next === undefined ? behind : behind.slice(0, behind.indexOf(next) + 1);
  const places = [site.diagnostic.span, ...reading.flatMap((statement) => usesIn(site, block, statement, written))];
  return [{ title: places.length === 1 ? `Rename this one to ${name}` : `Rename this one, and what reads it, to ${name}`, edits: places.map((span) => ({ span, text: name })) }];
};

/** The name as a statement of the body itself introduces it. */
function bindingOf(statement: ast.Statement, name: string): ast.Name | undefined {
  switch (statement.kind) {
    case 'input':
    case 'target':
    case 'param':
      return statement.name.text === name ? statement.name : undefined;
    case 'binding':
      return statement.names.find(({ text }) => text === name);
    default:
      return undefined;
  }
}

/** Where a statement reads a name of the body. */
function usesIn({ document }: Site, block: ast.Block, statement: ast.Statement, name: string): readonly Span[] {
  const found: Span[] = [];
  walk(document.tree, {
    enter(node, ancestors) {
      if (node.span.end < statement.span.start || node.span.start > statement.span.end) return false;
      if (node.kind !== 'name' || node.text !== name || !ancestors.includes(statement)) return undefined;
      const by = introductionOf(node, ancestors);
      const isOfBody = by !== undefined && block.statements.some((each) => bindingOf(each, name) === by.name);
      if (isOfBody && bindingOf(statement, name) !== node) found.push(node.span);
      return undefined;
    },
  });
  return found;
}
