// What the names of a file stand for, across imports: from the trees alone, without evaluating anything.

import type * as ast from '../../../grammar/ast';
import type { Document, Source } from './workspace';

export type NamedDeclaration = ast.Let | ast.FunctionDeclaration | ast.Stack | ast.Model;

export interface Declared {
  readonly source: Source;
  readonly declaration: NamedDeclaration;
}

/** All words of a text that could be names: a new name is none of them. */
export function wordsOf({ text }: { readonly text: string }): ReadonlySet<string> {
  return new Set(text.match(/\b[A-Za-z_]\w*/g));
}

/** The declaration that a name of a file stands for, in this file or in the one that it is imported from. */
export function declarationNamed(name: string, source: Source, document: Document): Declared | undefined {
  return lookup(name, source, document, new Set());
}

function lookup(name: string, source: Source, document: Document, seen: Set<Source>): Declared | undefined {
  if (name === '' || seen.has(source)) return undefined;
  seen.add(source);
  for (const declaration of source.tree.declarations) {
    if (declaration.kind === 'assert') continue;
    if (declaration.kind === 'import') {
      const imported = declaration.names.find((each) => (each.alias ?? each.name).text === name);
      const from = imported && importedSource(declaration, source, document);
      const found = imported && from && lookup(imported.name.text, from, document, seen);
      if (found !== undefined) return found;
    } else if (declaration.name.text === name) return { source, declaration };
  }
  return undefined;
}

/** The file that an import names, as the analysis has read it. */
export function importedSource(statement: ast.Import, source: Source, document: Document): Source | undefined {
  const address = importedAddress(statement, source.uri);
  return address === undefined ? undefined : document.dependencies.get(address);
}

/** The address of the file that an import in another file names. */
export function importedAddress({ path }: ast.Import, uri: string): string | undefined {
  try {
    return path && new URL(path.value, uri).href;
  } catch {
    return undefined;
  }
}
