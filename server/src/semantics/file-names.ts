// What is wrong with the names that a file declares and imports, whoever uses them.

import type * as ast from '../../../grammar/ast';
import type { Findings } from './findings';
import type { Program } from './program';

/** Reports names that are declared twice, and imports of what is not there or in a circle. */
export function reportNames(tree: ast.File, program: Program, findings: Findings, file: string): void {
  reportRepeatedNames(tree, findings, file);
  reportImports(tree, program, findings, file);
}

function reportRepeatedNames(tree: ast.File, findings: Findings, file: string): void {
  const first = new Map<string, ast.Name>();
  for (const declaration of tree.declarations) {
    if (declaration.kind === 'assert') continue;
    const names = declaration.kind === 'import' ? declaration.names.map((name) => name.alias ?? name.name) : [declaration.name];
    for (const name of names) {
      if (name.text === '') continue;
      const before = first.get(name.text);
      if (before === undefined) {
        first.set(name.text, name);
        continue;
      }
      findings.report(
        {
          code: 'declared-twice',
          place: { file, span: name.span },
          message: `${name.text} is declared already in this file; take another name`,
          related: [{ message: 'first declared here', place: { file, span: before.span } }],
        },
        undefined,
      );
    }
  }
}

/** Missing files and names, imports in a circle, and too many of them. */
function reportImports(tree: ast.File, program: Program, findings: Findings, file: string): void {
  const { circular, tooDeep } = followImports(program, file);
  for (const statement of tree.declarations) {
    if (statement.kind !== 'import' || statement.path === undefined) continue;
    const uri = program.resolve(statement, file);
    const imported = uri === undefined ? undefined : program.file(uri);
    const place = { file, span: statement.path.span };
    if (uri === undefined || imported === undefined) {
      findings.report({ code: 'missing-file', place, message: `there is no file ${statement.path.value}` }, undefined);
      continue;
    }
    if (circular.has(uri)) {
      findings.report({ code: 'cyclic-import', place, message: `${statement.path.value} imports this file in turn; move what both need to a third file` }, undefined);
    }
    if (uri === tooDeep) {
      findings.report({ code: 'too-deep', place, message: `more than ${String(program.limits.importDepth)} files import each other in a row from here; import from where the names are declared` }, undefined);
    }
    for (const { name } of statement.names) {
      if (name.text === '' || imported.own.has(name.text) || imported.imported.has(name.text)) continue;
      findings.report({ code: 'unknown-name', place: { file, span: name.span }, message: `${statement.path.value} declares no ${name.text}` }, undefined);
    }
  }
}

/** All files that a file imports, directly or not: those that import it in turn, and the first import behind which there are too many. */
function followImports(program: Program, file: string): { readonly circular: ReadonlySet<string>; readonly tooDeep: string | undefined } {
  const importers = new Map<string, string[]>();
  const seen = new Map<string, { readonly depth: number; readonly first: string | undefined }>([[file, { depth: 0, first: undefined }]]);
  let tooDeep: string | undefined;
  for (const [next, { depth, first }] of seen) {
    for (const uri of program.importsOf(next)) {
      if (depth >= program.limits.importDepth) {
        tooDeep ??= first;
        continue;
      }
      importers.set(uri, [...(importers.get(uri) ?? []), next]);
      if (!seen.has(uri)) seen.set(uri, { depth: depth + 1, first: first ?? uri });
    }
  }
  const circular = new Set([file]);
  for (const next of circular) for (const importer of importers.get(next) ?? []) circular.add(importer);
  // A file that nobody imports is in no circle.
  return { circular: importers.has(file) ? circular : new Set(), tooDeep };
}
