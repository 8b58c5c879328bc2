// Which name stands for which, within one file: by the rules of scopes, from the tree alone.

import type * as ast from '../../../grammar/ast';
import { type Node, nodePathAt } from '../../../grammar/walk';
import { namesInSize } from '../semantics/types';
import type { Source } from './workspace';

/** A name where it is introduced, and the construct that does so. */
export interface Introduction {
  readonly name: ast.Name;
  readonly by: Node;
}

/** What one body, one list of parameters, or a file introduces, by name and in the order of the text. */
type Level = ReadonlyMap<string, readonly Introduction[]>;

/** The name at an offset, with the nodes around it, the outermost first. */
export function nameAt(source: Source, offset: number): { readonly name: ast.Name; readonly path: readonly Node[] } | undefined {
  const path = nodePathAt(source.tree, offset);
  const name = path.at(-1);
  return name?.kind === 'name' && name.text !== '' ? { name, path: path.slice(0, -1) } : undefined;
}

/** The nodes around a node of a file, the outermost first. */
export function pathTo(file: ast.File, node: Node): readonly Node[] {
  const path = nodePathAt(file, node.span.start);
  const index = path.indexOf(node);
  return index < 0 ? path : path.slice(0, index);
}

/**
 * Where a name of this file is introduced in this file; undefined for names of the language, of arguments and of members.
 * Of several introductions of one name in one body, as in the sides of an `if`, it is the first.
 */
export function introductionOf(name: ast.Name, path: readonly Node[]): Introduction | undefined {
  const parent = path.at(-1);
  if ((parent?.kind === 'argument' && parent.name === name) || (parent?.kind === 'member' && parent.name === name)) return undefined;
  if (parent?.kind === 'imported-name' && parent.alias !== undefined && parent.name === name) return undefined;
  // Asserts see the finished body.
  return nearest(name, path, false) ?? (path.some(({ kind }) => kind === 'assert') ? nearest(name, path, true) : undefined);
}

/** The nearest introduction that is known at the name, or, of a finished body, the nearest of all. */
function nearest(name: ast.Name, path: readonly Node[], isFinished: boolean): Introduction | undefined {
  let size: Introduction | undefined;
  for (const level of levelsAround(path)) {
    const same = level.get(name.text);
    if (same === undefined) continue;
    if (size !== undefined) {
      const outer = same.find((each) => maySize(each.by) && isKnownAt(each, name.span.start));
      if (outer !== undefined) return outer;
    } else if (isFinished || same.some((introduction) => introduction.name === name || isKnownAt(introduction, name.span.start))) {
      // A name in a type is fresh unless a size of that name is known around it.
      if (same[0]!.by.kind !== 'name') return same[0];
      size = same[0];
    }
  }
  return size;
}

/** A name means what was bound before it: `x = x + 1` reads the outer x. */
function isKnownAt({ name, by }: Introduction, offset: number): boolean {
  return isOfFile(by) || by.kind === 'parameter' || (by.kind === 'for' && by.names.includes(name)) || end(by) <= offset;
}

function maySize({ kind }: Node): boolean {
  return kind === 'let' || kind === 'parameter' || kind === 'for' || kind === 'name' || kind === 'binding';
}

function isOfFile({ kind }: Node): boolean {
  return kind === 'let' || kind === 'function' || kind === 'stack' || kind === 'model' || kind === 'imported-name';
}

/** Where the names of a construct begin to count. */
function end(by: Node): number {
  return by.kind === 'input' || by.kind === 'target' || by.kind === 'param' ? by.name.span.end : by.span.end;
}

/** Everything that is introduced around a place, the innermost bodies first, the file last. */
export function* introductionsAround(path: readonly Node[]): Iterable<readonly Introduction[]> {
  for (const level of levelsAround(path)) yield [...level.values()].flat();
}

/** What can be named at a place, the innermost first. */
export function introductionsKnownAt(path: readonly Node[], offset: number): readonly Introduction[] {
  const isAssert = path.some(({ kind }) => kind === 'assert');
  return [...introductionsAround(path)].flat().filter((introduction) => isAssert || isKnownAt(introduction, offset));
}

const levels = new WeakMap<Node, Level>();

function* levelsAround(path: readonly Node[]): Iterable<Level> {
  for (let index = path.length - 1; index >= 0; index--) {
    const node = path[index]!;
    if (!introduces(node, path, index)) continue;
    let level = levels.get(node);
    if (level === undefined) levels.set(node, (level = byName(introducedIn(node))));
    yield level;
  }
}

function introduces(node: Node, path: readonly Node[], index: number): boolean {
  switch (node.kind) {
    case 'block':
      return !isSideOfStatement(path, index);
    case 'for':
      return path[index + 1] !== node.iterable;
    case 'stack':
    case 'model':
    case 'function':
    case 'file':
      return true;
    default:
      return false;
  }
}

/** The sides of an `if` that is a statement belong to the body around it. */
function isSideOfStatement(path: readonly Node[], index: number): boolean {
  const above = path[index - 1];
  const at = above?.kind === 'if-branch' ? index - 2 : index - 1;
  const statement = path[at - 1];
  return path[at]?.kind === 'if' && statement?.kind === 'expression-statement' && statement.value === path[at] && path[at - 3]?.kind !== 'parallel';
}

/** What a node that `introduces` something does. */
function introducedIn(node: Node): readonly Introduction[] {
  switch (node.kind) {
    case 'block':
      return introducedBy(node.statements);
    case 'for':
      return node.names.map((name) => ({ name, by: node }));
    case 'stack':
    case 'model':
    case 'function':
      return node.parameters.map((parameter) => ({ name: parameter.name, by: parameter }));
    case 'file':
      return ofFile(node);
    default:
      return [];
  }
}

function byName(introductions: readonly Introduction[]): Level {
  const level = new Map<string, Introduction[]>();
  for (const introduction of introductions) {
    const { text } = introduction.name;
    const same = level.get(text);
    if (same === undefined) level.set(text, [introduction]);
    else same.push(introduction);
  }
  return level;
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
        found.push({ name: statement.name, by: statement });
        for (const name of (statement.type?.shape ?? []).flatMap(namesInSize)) found.push({ name, by: name });
        break;
      case 'output':
        found.push({ name: statement.name, by: statement });
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
  if (node.kind === 'if') return sidesOf(node).flatMap((block) => introducedBy(block.statements));
  if (node.kind !== 'for' && node.kind !== 'repeat') return [];
  // Behind the loop, an output's name stands for what it stood for in the rounds.
  const inside = introducedBy(node.body.statements);
  const outputs = new Set(inside.filter(({ by }) => by.kind === 'output').map(({ name }) => name.text));
  return [...outputs].map((text) => ({ name: inside.find(({ name }) => name.text === text)!.name, by: node }));
}

/** The blocks of an `if`. */
export function sidesOf(node: ast.If): readonly ast.Block[] {
  return [...node.branches.map((branch) => branch.body), ...(node.otherwise === undefined ? [] : [node.otherwise])];
}
