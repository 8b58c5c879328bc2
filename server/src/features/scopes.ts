// Which name stands for which, within one file: by the rules of scopes, from the tree alone.

import type * as ast from '../../../grammar/ast';
import { type Node, nodePathAt, walk } from '../../../grammar/walk';
import type { Span } from '../base/span';
import type { Source } from './workspace';

/** A name where it is introduced, and the construct that does so. */
export interface Introduction {
  readonly name: ast.Name;
  readonly by: Node;
}

/** The name at an offset, with the nodes around it, the outermost first. */
export function nameAt(source: Source, offset: number): { readonly name: ast.Name; readonly path: readonly Node[] } | undefined {
  const path = nodePathAt(source.tree, offset);
  const name = path.at(-1);
  return name?.kind === 'name' && name.text !== '' ? { name, path: path.slice(0, -1) } : undefined;
}

/** Where a name of this file is introduced in this file; undefined for names of the language, of arguments and of members. */
export function introductionOf(name: ast.Name, path: readonly Node[]): Introduction | undefined {
  const parent = path.at(-1);
  if ((parent?.kind === 'argument' && parent.name === name) || (parent?.kind === 'member' && parent.name === name)) return undefined;
  if (parent?.kind === 'imported-name' && parent.alias !== undefined && parent.name === name) return undefined;
  for (const level of introductionsAround(path)) {
    const same = level.filter((introduction) => introduction.name.text === name.text);
    const own = same.find((introduction) => introduction.name === name);
    if (own !== undefined) return own;
    // A name means what was bound before it; `x = x + 1` reads the outer x.
    const before = same.filter(({ by }) => isOfFile(by) || isParameter(by) || end(by) <= name.span.start).at(-1);
    if (before !== undefined) return before;
  }
  // Asserts see the finished body.
  if (!path.some(({ kind }) => kind === 'assert')) return undefined;
  return [...introductionsAround(path)].flat().find((introduction) => introduction.name.text === name.text);
}

function isOfFile({ kind }: Node): boolean {
  return kind === 'let' || kind === 'function' || kind === 'stack' || kind === 'model' || kind === 'imported-name';
}

function isParameter({ kind }: Node): boolean {
  return kind === 'parameter' || kind === 'for';
}

/** Where the names of a construct begin to count. */
function end(by: Node): number {
  return by.kind === 'input' || by.kind === 'target' || by.kind === 'param' ? by.name.span.end : by.span.end;
}

/** Everything that is introduced around a place, the innermost bodies first, the file last. */
export function* introductionsAround(path: readonly Node[]): Iterable<readonly Introduction[]> {
  for (const node of [...path].reverse()) {
    if (node.kind === 'block') yield introducedBy(node.statements);
    else if (node.kind === 'for') yield node.names.map((name) => ({ name, by: node }));
    else if (node.kind === 'stack' || node.kind === 'model' || node.kind === 'function') yield node.parameters.map((parameter) => ({ name: parameter.name, by: parameter }));
    else if (node.kind === 'file') yield ofFile(node);
  }
}

function ofFile(file: ast.File): Introduction[] {
  return file.declarations.flatMap((declaration): Introduction[] => {
    if (declaration.kind === 'assert') return [];
    if (declaration.kind === 'import') return declaration.names.map((by) => ({ name: by.alias ?? by.name, by }));
    return [{ name: declaration.name, by: declaration }];
  });
}

/** What the statements of one body introduce; the sides of an `if` belong to it, and a loop leaves its outputs behind. */
function introducedBy(statements: readonly ast.Statement[]): Introduction[] {
  const found: Introduction[] = [];
  for (const statement of statements) {
    switch (statement.kind) {
      case 'input':
      case 'target':
      case 'param':
        found.push({ name: statement.name, by: statement }, ...dimensionsOf(statement, found));
        break;
      case 'output':
        if (!found.some(({ name }) => name.text === statement.name.text)) found.push({ name: statement.name, by: statement });
        break;
      case 'binding':
        found.push(...statement.names.map((name) => ({ name, by: statement })));
        break;
      case 'expression-statement':
        found.push(...introducedByExpression(statement.value));
    }
  }
  return found;
}

function introducedByExpression(node: ast.Expression): Introduction[] {
  if (node.kind === 'if') return [...node.branches.map((branch) => branch.body), ...(node.otherwise === undefined ? [] : [node.otherwise])].flatMap((block) => introducedBy(block.statements));
  if (node.kind !== 'for' && node.kind !== 'repeat') return [];
  return introducedBy(node.body.statements).filter(({ by }) => by.kind === 'output').map(({ name }) => ({ name, by: node }));
}

/** The fresh names in a type are sizes. */
function dimensionsOf(statement: ast.Input | ast.Target | ast.Param, known: readonly Introduction[]): Introduction[] {
  const found: Introduction[] = [];
  for (const dimension of statement.type?.shape ?? []) {
    if (dimension.kind !== 'name' || [...known, ...found].some(({ name }) => name.text === dimension.text)) continue;
    found.push({ name: dimension, by: dimension });
  }
  return found;
}

function contains(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** All places in the file where the same thing is named, its introduction included. */
export function occurrencesOf(introduction: Introduction, source: Source): readonly ast.Name[] {
  const found: ast.Name[] = [];
  const { name, by } = introduction;
  walk(source.tree, {
    enter(node, ancestors) {
      // What a body introduces is known in its declaration only.
      if (ancestors.length === 1 && !isOfFile(by) && !contains(node.span, name.span)) return false;
      if (node.kind === 'name' && node.text === name.text && introductionOf(node, ancestors)?.name === name) found.push(node);
      return undefined;
    },
  });
  return found;
}
