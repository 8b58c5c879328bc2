// What a name stands for across files: through imports, calls by name, members of results, and sizes of models.

import type * as ast from '../../../grammar/ast';
import { type Node, walk } from '../../../grammar/walk';
import type { Span } from '../base/span';
import { builtins } from '../semantics/builtins';
import { namesInSize } from '../semantics/types';
import { importedAddress, type NamedDeclaration } from './names';
import { type Introduction, introductionOf, nameAt, pathTo } from './scopes';
import type { Source } from './workspace';

/** The files that names are looked up in, each in its newest text. */
export interface Files {
  source(uri: string): Source | undefined;
  /** All that are known: the open ones, and those of the folders. */
  readonly all: readonly Source[];
}

/** Something that has a name, by the place that introduces it. */
export interface Entity extends Introduction {
  readonly source: Source;
}

export interface Occurrence {
  readonly source: Source;
  readonly name: ast.Name;
  /** The nodes around the name, the outermost first. */
  readonly path: readonly Node[];
}

interface Declared {
  readonly source: Source;
  readonly declaration: NamedDeclaration;
}

/** How many names may stand for one another in a row. */
const longestChain = 64;

/** What the name at an offset stands for. */
export function entityAt(files: Files, source: Source, offset: number): Entity | undefined {
  const found = nameAt(source, offset);
  return found && entityOf(files, { source, ...found });
}

/** What a name stands for; undefined for names of the language, and for those that nothing declares. */
export function entityOf(files: Files, { source, name, path }: Occurrence): Entity | undefined {
  const parent = path.at(-1);
  if (parent?.kind === 'argument' && parent.name === name) return argumentNamed(files, source, name.text, path);
  if (parent?.kind === 'member' && parent.name === name) return outputNamed(files, source, name.text, parent, path);
  if (parent?.kind === 'imported-name' && name === parent.name) {
    const statement = path.at(-2);
    const exported = statement?.kind === 'import' ? exportOf(files, source, statement, name.text) : undefined;
    return exported ?? (parent.alias === undefined ? { source, name, by: parent } : undefined);
  }
  const introduction = introductionOf(name, path);
  if (introduction === undefined) return undefined;
  const { by } = introduction;
  if (by.kind !== 'imported-name' || by.alias !== undefined) return { source, ...introduction };
  return entityOf(files, { source, name: by.name, path: pathTo(source.tree, by.name) });
}

/** What is behind the other names that imports give. */
export function behindAliases(files: Files, entity: Entity, depth = 0): Entity {
  const { source, by } = entity;
  const statement = by.kind === 'imported-name' ? pathTo(source.tree, by).at(-1) : undefined;
  const exported = by.kind === 'imported-name' && statement?.kind === 'import' ? exportOf(files, source, statement, by.name.text) : undefined;
  return exported === undefined || depth > longestChain ? entity : behindAliases(files, exported, depth + 1);
}

/** What a file that is imported declares under a name, or imports in turn. */
function exportOf(files: Files, source: Source, statement: ast.Import, text: string, depth = 0): Entity | undefined {
  const address = importedAddress(statement, source.uri);
  const from = address === undefined ? undefined : files.source(address);
  if (from === undefined || depth > longestChain) return undefined;
  for (const declaration of from.tree.declarations) {
    if (declaration.kind === 'assert') continue;
    if (declaration.kind !== 'import') {
      if (declaration.name.text === text) return { source: from, name: declaration.name, by: declaration };
      continue;
    }
    const by = declaration.names.find((each) => (each.alias ?? each.name).text === text);
    if (by?.alias !== undefined) return { source: from, name: by.alias, by };
    const found = by && exportOf(files, from, declaration, by.name.text, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The declaration that an expression stands for, or that made the layer or the result that it is. */
function declaredBy(files: Files, source: Source, node: Node, path: readonly Node[], depth = 0): Declared | undefined {
  if (depth > longestChain) return undefined;
  const inside = [...path, node];
  switch (node.kind) {
    case 'name': {
      const entity = entityOf(files, { source, name: node, path });
      return entity && declaredAs(files, entity, depth + 1);
    }
    case 'call':
      return declaredBy(files, source, node.callee, inside, depth + 1);
    case 'pipe':
      return declaredBy(files, source, node.right, inside, depth + 1);
    case 'block': {
      const [only] = node.statements;
      if (node.statements.length !== 1 || only?.kind !== 'expression-statement') return undefined;
      return declaredBy(files, source, only.value, [...inside, only], depth + 1);
    }
    default:
      return undefined;
  }
}

function declaredAs(files: Files, entity: Entity, depth: number): Declared | undefined {
  const { source, by } = behindAliases(files, entity);
  switch (by.kind) {
    case 'stack':
    case 'model':
    case 'function':
      return { source, declaration: by };
    case 'let':
      return declaredBy(files, source, by.value, pathTo(source.tree, by.value), depth);
    case 'binding':
      return by.names.length === 1 ? declaredBy(files, source, by.value, [...pathTo(source.tree, by), by], depth) : undefined;
    default:
      return undefined;
  }
}

/** The stack or model whose body and arguments a declaration has: of a variant, its base. */
function templateOf(files: Files, declared: Declared | undefined, depth = 0): Declared | undefined {
  const { declaration, source } = declared ?? {};
  if (declaration?.kind !== 'model' || declaration.variant === undefined) return declared;
  const base = declaredBy(files, source!, declaration.variant, [source!.tree, declaration]);
  return depth > longestChain ? undefined : templateOf(files, base, depth + 1);
}

/** The declared argument that `name =` in a call gives a value, or the free dimension of the model that is asked about. */
function argumentNamed(files: Files, source: Source, text: string, path: readonly Node[]): Entity | undefined {
  const call = path.at(-2);
  if (call?.kind !== 'call' || call.callee.kind !== 'name') return undefined;
  const around = path.slice(0, -1);
  const callee = entityOf(files, { source, name: call.callee, path: around });
  if (callee === undefined) return builtins.has(call.callee.text) ? dimensionAsked(files, source, text, call, around) : undefined;
  const { source: from, declaration } = templateOf(files, declaredAs(files, callee, 0)) ?? {};
  if (declaration === undefined || declaration.kind === 'let') return undefined;
  const parameter = declaration.parameters.find(({ name }) => name.text === text);
  return parameter && { source: from!, name: parameter.name, by: parameter };
}

function dimensionAsked(files: Files, source: Source, text: string, call: ast.Call, around: readonly Node[]): Entity | undefined {
  const [first] = call.arguments;
  const asked = first === undefined || first.name !== undefined ? undefined : first.value;
  const enclosing = around[1];
  const declared = asked !== undefined ? declaredBy(files, source, asked, [...around, first!]) : enclosing?.kind === 'model' ? { source, declaration: enclosing } : undefined;
  const { source: from, declaration } = templateOf(files, declared) ?? {};
  if (declaration?.kind !== 'model') return undefined;
  for (const statement of declaration.body?.statements ?? []) {
    if (statement.kind !== 'input') continue;
    const name = statement.type?.shape?.flatMap(namesInSize).find((each) => each.text === text);
    if (name !== undefined) return entityOf(files, { source: from!, name, path: pathTo(from!.tree, name) });
  }
  return undefined;
}

/** The output that `.name` reads of the result of a stack or model. */
function outputNamed(files: Files, source: Source, text: string, member: ast.Member, path: readonly Node[]): Entity | undefined {
  const { source: from, declaration } = templateOf(files, declaredBy(files, source, member.object, path)) ?? {};
  if (declaration?.kind !== 'stack' && declaration?.kind !== 'model') return undefined;
  let found: Entity | undefined;
  walk(declaration, {
    enter(node, ancestors) {
      if (node.kind === 'output' && node.name.text === text) found ??= entityOf(files, { source: from!, name: node.name, path: [from!.tree, ...ancestors, node] });
      return found === undefined ? undefined : false;
    },
  });
  return found;
}

/** All places in all files that name an entity, by file and in the order of the text. */
export function occurrencesOf(files: Files, entity: Entity): readonly Occurrence[] {
  return files.all.flatMap((source) => occurrencesIn(files, source, entity));
}

/** The places in one file that name an entity. */
export function occurrencesIn(files: Files, source: Source, entity: Entity): readonly Occurrence[] {
  const { text } = entity.name;
  if (!source.text.includes(text)) return [];
  return namesOf(source, text).filter((occurrence) => entityOf(files, occurrence)?.name === entity.name);
}

/** The names of a file in the order of the text; with `text`, those that are spelled so. */
export function namesOf(source: Source, text?: string): readonly Occurrence[] {
  const found: Occurrence[] = [];
  eachName(source, source.tree.span, ({ name, path }) => {
    if (text === undefined || name.text === text) found.push({ source, name, path: [...path] });
  });
  return found;
}

/** Visits the names that touch a range, in the order of the text; the path is valid during the visit only. */
export function eachName(source: Source, range: Span, visit: (occurrence: Occurrence) => void): void {
  walk(source.tree, {
    enter(name, path) {
      if (name.span.end < range.start || name.span.start > range.end) return false;
      if (name.kind === 'name' && name.text !== '') visit({ source, name, path });
      return undefined;
    },
  });
}
