// Where a name is introduced: in its body, in its file, or in the file that it is imported from.

import type * as ast from '../../../grammar/ast';
import { type Node, nodePathAt } from '../../../grammar/walk';
import type { Span } from '../base/span';
import type { Place } from '../semantics/graph';
import { calleeOf } from './callee';
import { type Declared, declarationNamed, importedSource } from './names';
import { introductionOf, nameAt, occurrencesOf } from './scopes';
import type { Document } from './workspace';

/** The place that introduces the name at an offset; of an import's path, the beginning of that file. */
export function definition(document: Document, offset: number): Place | undefined {
  const found = nameAt(document, offset);
  if (found === undefined) return importedFile(document, offset);
  const { name, path } = found;
  const parent = path.at(-1);
  if (parent?.kind === 'argument' && parent.name === name) {
    const call = path.at(-2);
    const callee = call?.kind === 'call' ? calleeOf(call, document) : undefined;
    const parameter = callee?.kind === 'declaration' ? callee.declaration.parameters.find((each) => each.name.text === name.text) : undefined;
    return parameter && callee?.kind === 'declaration' ? { file: callee.file, span: parameter.name.span } : undefined;
  }
  if (parent?.kind === 'imported-name') return placeOf(importedDeclaration(parent, path.at(-2), document));
  const introduction = introductionOf(name, path);
  const declared = introduction?.by.kind === 'imported-name' ? declarationNamed(name.text, document, document) : undefined;
  if (declared !== undefined) return placeOf(declared);
  return introduction && { file: document.uri, span: introduction.name.span };
}

/** What an import names, in the file that it names. */
export function importedDeclaration({ name }: ast.ImportedName, statement: Node | undefined, document: Document): Declared | undefined {
  const source = statement?.kind === 'import' ? importedSource(statement, document, document) : undefined;
  return source && declarationNamed(name.text, source, document);
}

function placeOf(declared: Declared | undefined): Place | undefined {
  return declared && { file: declared.source.uri, span: declared.declaration.name.span };
}

function importedFile(document: Document, offset: number): Place | undefined {
  const statement = nodePathAt(document.tree, offset).find((node) => node.kind === 'import');
  const source = statement && importedSource(statement, document, document);
  return source && { file: source.uri, span: { start: 0, end: 0 } };
}

/** All places in the document that name what the name at an offset names. */
export function references(document: Document, offset: number, includeDeclaration = true): readonly Span[] {
  const found = nameAt(document, offset);
  const introduction = found && introductionOf(found.name, found.path);
  if (introduction === undefined) return [];
  return occurrencesOf(introduction, document)
    .filter((name) => includeDeclaration || name !== introduction.name)
    .map(({ span }) => span);
}
