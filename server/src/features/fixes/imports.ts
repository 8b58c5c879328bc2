// Fixes of imports: the name that the other file has, the file that has the name, and an import where one is missing.

import { nearestName } from '../../base/nearest';
import { importEdit, relativePath } from '../completion/imports';
import type { Source } from '../workspace';
import { around, type Fixer, marked, replace, textOf } from './site';

/** The names that a file declares. */
function namesOf({ tree }: Source): readonly string[] {
  return tree.declarations.flatMap((each) => ('name' in each ? [each.name.text] : []));
}

/** The nearest name that the file of an import declares. */
export const nearestImport: Fixer = (site) => {
  const name = marked(site, 'name');
  const statement = around(site, 'import');
  if (name === undefined || statement?.path === undefined) return [];
  const source = site.files.source(new URL(statement.path.value, site.document.uri).href);
  const declared = source === undefined ? [] : namesOf(source);
  const nearest = nearestName(name.text, declared);
  return nearest === undefined ? [] : [replace(`Change to ${nearest}`, name.span, nearest)];
};

/** The files that declare all that is imported, by the paths to them. */
export const fileThatDeclares: Fixer = (site) => {
  const { document, files } = site;
  const statement = around(site, 'import');
  if (statement?.path === undefined) return [];
  const names = statement.names.map(({ name }) => name.text);
  const others = files.all.filter(({ uri }) => uri !== document.uri);
  const fitting = others.filter((source) => names.length > 0 && names.every((name) => namesOf(source).includes(name)));
  const paths = fitting.flatMap(({ uri }) => relativePath(document.uri, uri) ?? []);
  const nearest = nearestName(statement.path.value, paths);
  const span = statement.path.span;
  return [...new Set([...(nearest === undefined ? [] : [nearest]), ...paths])].slice(0, 4).map((path) => replace(`Import from "${path}"`, span, `"${path}"`));
};

/** An import of a name that another file declares. */
export const importName: Fixer = (site) => {
  const { document, files } = site;
  const name = textOf(site, site.diagnostic);
  if (around(site, 'import') !== undefined || !/^\w+$/.test(name)) return [];
  const paths = files.all.flatMap((source) => (source.uri !== document.uri && namesOf(source).includes(name) ? (relativePath(document.uri, source.uri) ?? []) : []));
  return paths.slice(0, 4).map((path) => ({ title: `Import ${name} from "${path}"`, edits: [importEdit(document, path, name)] }));
};
