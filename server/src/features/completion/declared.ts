// Stacks of the file and those that it imports, with what they do to the tensor that flows here.

import type * as ast from '../../../../grammar/ast';
import { declarationNamed } from '../names';
import { typeOf } from '../figures';
import type { Flow } from '../flow';
import { printSignature, signatureOfDeclaration } from '../spelling';
import type { Document } from '../workspace';
import type { Completion } from './item';

/** The entry of a stack, or of whatever an import brings. */
export function declaredItem(label: string, by: ast.Stack | ast.ImportedName, document: Document, flow: Flow | undefined): Completion {
  const found = declarationNamed(label, document, document);
  const declaration = by.kind === 'stack' ? by : found?.declaration;
  const origin = by.kind === 'imported-name' ? 'imported' : undefined;
  if (declaration?.kind !== 'stack') return { label, kind: 'declaration', detail: origin ?? declaration?.kind, documentation: declaration?.documentation };
  const text = by.kind === 'stack' ? document.text : (found?.source.text ?? '');
  const needed = declaration.parameters.filter((parameter) => parameter.default === undefined).map(({ name }) => name.text);
  const written = needed.map((name, index) => `\${${String(index + 1)}:${name}}`).join(', ');
  return {
    label,
    kind: 'declaration',
    detail: declaration.parameters.length === 0 ? 'stack' : `stack ${printSignature(signatureOfDeclaration(declaration, text))}`,
    documentation: declaration.documentation,
    origin,
    // Where a layer belongs, its arguments do, too.
    ...(flow !== undefined && needed.length > 0 && { insert: `${label}(${written})`, isSnippet: true }),
    ...(flow !== undefined && effectOn(flow, label, document)),
  };
}

function effectOn({ types, isList }: Flow, name: string, document: Document): Pick<Completion, 'effect' | 'unfit' | 'detail'> {
  if (isList) return {};
  const found = document.analysis.stackEffect(name, types);
  if (found === undefined) return {};
  if (found.problem !== undefined) return { unfit: true, detail: found.problem };
  const type = typeOf(found.output);
  return type === undefined ? {} : { effect: `→ ${type}` };
}
