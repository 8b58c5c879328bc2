// What each name is, for its colour: layers, functions, stacks, models, sizes, arguments, parameters, values.

import type * as ast from '../../../grammar/ast';
import { type Node, walk } from '../../../grammar/walk';
import { overlaps, type Span } from '../base/span';
import { functions, layers } from '../layers/catalog';
import { optimizers } from '../layers/optimizers';
import { builtins } from '../semantics/builtins';
import { filesOf } from './definition';
import { behindAliases, type Entity, entityOf, type Files, type Occurrence } from './entity';
import type { Document, Source } from './workspace';

/** The types of tokens, in the order of the legend. */
export const tokenTypes = ['class', 'struct', 'interface', 'function', 'parameter', 'typeParameter', 'property', 'variable', 'enumMember'] as const;
/** What is further known of a token, in the order of the legend. */
export const tokenModifiers = ['declaration', 'readonly', 'defaultLibrary'] as const;

export type TokenType = (typeof tokenTypes)[number];
export type TokenModifier = (typeof tokenModifiers)[number];

export interface SemanticToken {
  readonly span: Span;
  readonly type: TokenType;
  readonly modifiers: readonly TokenModifier[];
}

/** The names of a document, or of the range, in the order of the text. */
export function semanticTokens(document: Document, range: Span = document.tree.span): readonly SemanticToken[] {
  const files = filesOf(document);
  const surroundings = surroundingsOf(document);
  const same = new Map<Surroundings, boolean>();
  const isSame = (other: Surroundings): boolean => {
    let known = same.get(other);
    if (known === undefined) same.set(other, (known = sameSurroundings(other, surroundings)));
    return known;
  };
  const tokens: SemanticToken[] = [];
  for (const declaration of document.tree.declarations) {
    if (!overlaps(declaration.span, range)) continue;
    let known = tokensByDeclaration.get(declaration);
    if (known === undefined || !isSame(known.surroundings)) tokensByDeclaration.set(declaration, (known = { surroundings, tokens: tokensIn(document, files, declaration) }));
    for (const token of known.tokens) if (overlaps(token.span, range)) tokens.push(token);
  }
  return tokens;
}

/** All that names of one declaration may mean in the others: its tokens count on while that is the same. */
interface Surroundings {
  readonly outlines: string;
  /** The other files that are read. */
  readonly sources: readonly (Source | undefined)[];
}

const tokensByDeclaration = new WeakMap<ast.Declaration, { readonly surroundings: Surroundings; readonly tokens: readonly SemanticToken[] }>();
const outlines = new WeakMap<ast.Declaration, string>();

function surroundingsOf(document: Document): Surroundings {
  const own = document.tree.declarations.map((declaration) => {
    let outline = outlines.get(declaration);
    if (outline === undefined) outlines.set(declaration, (outline = outlineOf(declaration, document.text)));
    return outline;
  });
  return { outlines: own.join('\n'), sources: [...document.dependencies].flatMap(([uri, source]) => (uri === document.uri ? [] : [source])) };
}

function sameSurroundings(a: Surroundings, b: Surroundings): boolean {
  return a.outlines === b.outlines && a.sources.length === b.sources.length && a.sources.every((source, index) => source === b.sources[index]);
}

/** What others see of a declaration: its names, or, where it stands for something else, the whole of it. */
function outlineOf(declaration: ast.Declaration, text: string): string {
  if (declaration.kind === 'assert') return '';
  if (declaration.kind === 'import' || declaration.kind === 'let' || (declaration.kind === 'model' && declaration.variant !== undefined)) return text.slice(declaration.span.start, declaration.span.end);
  const names = [declaration.kind, declaration.name.text, ...declaration.parameters.map(({ name }) => name.text)];
  walk(declaration, {
    enter(node) {
      if (node.kind === 'output') names.push(`output ${node.name.text}`);
      // The sizes of an input are asked about by their names.
      if (node.kind === 'input') names.push(text.slice(node.span.start, node.span.end));
      return undefined;
    },
  });
  return names.join(' ');
}

function tokensIn(source: Document, files: Files, declaration: ast.Declaration): readonly SemanticToken[] {
  const tokens: SemanticToken[] = [];
  walk(declaration, {
    enter(name, ancestors) {
      if (name.kind !== 'name' || name.text === '') return undefined;
      const found = meaningOf(files, { source, name, path: [source.tree, ...ancestors] });
      if (found !== undefined) tokens.push({ span: name.span, ...found });
      return undefined;
    },
  });
  return tokens;
}

function meaningOf(files: Files, occurrence: Occurrence): Omit<SemanticToken, 'span'> | undefined {
  const { name, path } = occurrence;
  const entity = entityOf(files, occurrence);
  if (entity !== undefined) {
    const { type, modifiers = [] } = meaningOfEntity(behindAliases(files, entity));
    return { type, modifiers: name === entity.name ? ['declaration', ...modifiers] : modifiers };
  }
  const parent = path.at(-1);
  if (parent?.kind === 'argument' && parent.name === name) return { type: 'parameter', modifiers: [] };
  if (parent?.kind === 'member' && parent.name === name) return { type: 'property', modifiers: [] };
  if (layers.has(name.text) || (optimizers.has(name.text) && path.some(({ kind }) => kind === 'optimizer'))) return { type: 'class', modifiers: ['defaultLibrary'] };
  if (functions.has(name.text) || builtins.has(name.text)) return { type: 'function', modifiers: ['defaultLibrary'] };
  return undefined;
}

function meaningOfEntity({ by }: Entity): { readonly type: TokenType; readonly modifiers?: readonly TokenModifier[] } {
  return meanings[by.kind] ?? { type: 'variable' };
}

const meanings: Partial<Record<Node['kind'], { readonly type: TokenType; readonly modifiers?: readonly TokenModifier[] }>> = {
  stack: { type: 'struct' },
  model: { type: 'interface' },
  function: { type: 'function' },
  let: { type: 'variable', modifiers: ['readonly'] },
  parameter: { type: 'parameter' },
  // A name in a type that stands for a size.
  name: { type: 'typeParameter' },
  param: { type: 'property' },
  output: { type: 'enumMember' },
};
