// What other files offer: their paths, what they declare, and the imports that bring it here.

import type * as ast from '../../../../grammar/ast';
import type { Files } from '../entity';
import { importedAddress, importedSource, type NamedDeclaration } from '../names';
import type { TextEdit } from '../text-edits';
import type { Document, Source } from '../workspace';
import type { Completion } from './item';

/** More names than these are not offered at once. */
const most = 300;

/** The names that the file of an import declares, but for those that it names already. */
export function exportsOf(statement: ast.Import, document: Document): Completion[] {
  const source = importedSource(statement, document, document);
  const given = new Set(statement.names.map(({ name }) => name.text));
  return (source === undefined ? [] : declarationsOf(source)).flatMap((declaration): Completion[] =>
    given.has(declaration.name.text) ? [] : [{ label: declaration.name.text, kind: 'declaration', detail: declaration.kind, documentation: declaration.documentation }],
  );
}

function declarationsOf({ tree }: Source): readonly NamedDeclaration[] {
  return tree.declarations.filter((declaration): declaration is NamedDeclaration => declaration.kind !== 'import' && declaration.kind !== 'assert' && declaration.name.text !== '');
}

/** The paths of the other files, instead of what the string holds. */
export function pathsOf(document: Document, files: Files, replaces: TextEdit['span']): Completion[] {
  return files.all.flatMap((source): Completion[] => {
    const path = source.uri === document.uri ? undefined : relativePath(document.uri, source.uri);
    return path === undefined ? [] : [{ label: path, kind: 'file', replaces, documentation: source.tree.documentation }];
  });
}

/** `./blocks.nn`, as an import in one file writes the other one; undefined where no relative address leads there. */
export function relativePath(from: string, to: string): string | undefined {
  const [here, there] = [new URL(from), new URL(to)];
  if (here.protocol !== there.protocol || here.host !== there.host) return undefined;
  const parts = here.pathname.split('/').slice(0, -1);
  const wanted = there.pathname.split('/');
  let common = 0;
  while (common < parts.length && common < wanted.length - 1 && parts[common] === wanted[common]) common++;
  const up = '../'.repeat(parts.length - common);
  return decodeURI((up === '' ? './' : up) + wanted.slice(common).join('/'));
}

/** What other files declare and nothing here hides, each with the edit that imports it; with a prefix, what begins alike. */
export function importable(document: Document, files: Files, known: ReadonlySet<string>, prefix: string): Completion[] {
  const found: Completion[] = [];
  const first = prefix.charAt(0).toLowerCase();
  for (const source of files.all) {
    if (source.uri === document.uri || reaches(files, source, document.uri)) continue;
    const path = relativePath(document.uri, source.uri);
    if (path === undefined) continue;
    for (const declaration of declarationsOf(source)) {
      const { text } = declaration.name;
      if (known.has(text) || !text.toLowerCase().startsWith(first)) continue;
      found.push({ label: text, kind: 'declaration', origin: path, detail: `${declaration.kind}, imported from ${path}`, documentation: declaration.documentation, further: [importEdit(document, path, text)] });
      if (found.length === most) return found;
    }
  }
  return found;
}

/** Whether a file imports another, directly or not: importing it there would make a circle. */
function reaches(files: Files, from: Source, to: string, seen = new Set<string>()): boolean {
  if (seen.has(from.uri)) return false;
  seen.add(from.uri);
  return from.tree.declarations.some((declaration) => {
    const address = declaration.kind === 'import' ? importedAddress(declaration, from.uri) : undefined;
    const next = address === undefined ? undefined : files.source(address);
    return next !== undefined && (next.uri === to || reaches(files, next, to, seen));
  });
}

/** The edit that imports a name: in the import of that file that there is, or in a line of its own. */
export function importEdit({ tree, uri, lines, text, comments }: Document, path: string, name: string): TextEdit {
  const imports = tree.declarations.filter((declaration) => declaration.kind === 'import');
  const same = imports.find((statement) => statement.names.length > 0 && importedAddress(statement, uri) === new URL(path, uri).href);
  const behind = same?.names.at(-1);
  if (behind !== undefined) return { span: { start: behind.span.end, end: behind.span.end }, text: `, ${name}` };
  const line = `from "${path}" import ${name}`;
  const last = imports.at(-1);
  if (last !== undefined) return { span: { start: last.span.end, end: last.span.end }, text: `\n${line}` };
  // Behind what documents the file.
  let row = 0;
  if (tree.documentation !== undefined) while (comments.some(({ span }) => lines.position(span.start).line === row)) row++;
  const at = lines.offset({ line: tree.documentation === undefined ? 0 : row + 1, character: 0 });
  const start = Math.min(at, text.length);
  return { span: { start, end: start }, text: `${line}\n\n` };
}
