// Where a name is introduced: in its body, in its file, or in the file that it is imported from.

import type * as ast from '../../../grammar/ast';
import { type Node, nodePathAt } from '../../../grammar/walk';
import type { Place } from '../semantics/graph';
import { calleeOf } from './callee';
import { behindAliases, entityOf, type Files } from './entity';
import { type Declared, declarationNamed, importedSource } from './names';
import { nameAt } from './scopes';
import type { Document, Source } from './workspace';

/** The files that a document's analysis has read. */
export function filesOf({ dependencies }: Document): Files {
  return {
    source: (uri) => dependencies.get(uri),
    get all() {
      return [...dependencies.values()].filter((source): source is Source => source !== undefined);
    },
  };
}

/** The place that introduces the name at an offset; of an import's path, the beginning of that file. */
export function definition(document: Document, offset: number): Place | undefined {
  const found = nameAt(document, offset);
  if (found === undefined) return importedFile(document, offset);
  const files = filesOf(document);
  const entity = entityOf(files, { source: document, ...found });
  if (entity !== undefined) {
    const { source, name } = behindAliases(files, entity);
    return { file: source.uri, span: name.span };
  }
  return argumentOfValue(found.name, found.path, document);
}

/** The argument that `name =` stands for where the callee is known by its value only, as an argument that holds a stack. */
function argumentOfValue(name: ast.Name, path: readonly Node[], document: Document): Place | undefined {
  const [call, argument] = path.slice(-2);
  if (argument?.kind !== 'argument' || argument.name !== name || call?.kind !== 'call') return undefined;
  const callee = calleeOf(call, document);
  if (callee?.kind !== 'declaration') return undefined;
  const parameter = callee.declaration.parameters.find((each) => each.name.text === name.text);
  return parameter && { file: callee.file, span: parameter.name.span };
}

/** What an import names, in the file that it names. */
export function importedDeclaration({ name }: ast.ImportedName, statement: Node | undefined, document: Document): Declared | undefined {
  const source = statement?.kind === 'import' ? importedSource(statement, document, document) : undefined;
  return source && declarationNamed(name.text, source, document);
}

function importedFile(document: Document, offset: number): Place | undefined {
  const statement = nodePathAt(document.tree, offset).find((node) => node.kind === 'import');
  const source = statement && importedSource(statement, document, document);
  return source && { file: source.uri, span: { start: 0, end: 0 } };
}
