// What each name is, for its colour: layers, functions, stacks, models, sizes, arguments, parameters, values.

import type { Node } from '../../../grammar/walk';
import type { Span } from '../base/span';
import { functions, layers } from '../layers/catalog';
import { optimizers } from '../layers/optimizers';
import { builtins } from '../semantics/builtins';
import { filesOf } from './definition';
import { behindAliases, eachName, type Entity, entityOf, type Files, type Occurrence } from './entity';
import type { Document } from './workspace';

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
  const tokens: SemanticToken[] = [];
  eachName(document, range, (occurrence) => {
    const found = meaningOf(files, occurrence);
    if (found !== undefined) tokens.push({ span: occurrence.name.span, ...found });
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
