// The declarations of all files by name.

import type { Span } from '../base/span';
import type { SymbolKind } from './symbols';
import type { Source } from './workspace';

export interface WorkspaceSymbol {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly source: Source;
  readonly span: Span;
}

const kinds = { let: 'constant', function: 'function', stack: 'stack', model: 'model' } as const;

/** The declarations whose names contain the query's letters in their order; all, where it is empty. */
export function workspaceSymbols(sources: readonly Source[], query: string): readonly WorkspaceSymbol[] {
  const wanted = query.toLowerCase();
  return sources.flatMap((source) =>
    source.tree.declarations.flatMap((declaration): WorkspaceSymbol[] => {
      if (declaration.kind === 'import' || declaration.kind === 'assert' || declaration.name.text === '') return [];
      const { name } = declaration;
      return hasLetters(name.text.toLowerCase(), wanted) ? [{ name: name.text, kind: kinds[declaration.kind], source, span: name.span }] : [];
    }),
  );
}

function hasLetters(text: string, letters: string): boolean {
  let from = 0;
  for (const letter of letters) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}
