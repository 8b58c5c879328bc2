// The hover on an argument: what it means, what it accepts, and its default.

import type * as ast from '../../../../grammar/ast';
import { shortened } from '../../base/words';
import { applicationsAt, onlyOperation } from '../figures';
import { code, codeBlock, escaped, paragraphs } from '../markdown';
import { parameterNotes } from '../parameter-notes';
import { definitionsOf, spellArgument, spellValue } from '../spelling';
import type { Document } from '../workspace';
import { calledBy, type Callee, nameOfArgument } from '../callee';
import { variationOf } from './variation';

/** The page of an argument of a call; undefined where the callee or the argument is not known. */
export function argumentPage(call: ast.Call, argument: ast.Argument, document: Document): string | undefined {
  const callee = calledBy(call, document);
  const name = callee && nameOfArgument(call, argument, callee);
  if (callee === undefined || name === undefined) return undefined;
  if (callee.kind === 'declaration') return declaredArgument(callee, name, document);
  const definition = definitionsOf(callee.operation)[name];
  if (definition === undefined) {
    const input = callee.operation.inputs?.find((each) => each.name === name);
    return input && paragraphs(codeBlock(`${callee.operation.name}(${name})`), input.documentation);
  }
  return paragraphs(
    codeBlock(`${callee.operation.name}(${name} = ${shortened(document.text.slice(argument.value.span.start, argument.value.span.end).replace(/\s+/g, ' '), 48)})`),
    definition.documentation,
    `Accepts ${definition.accepts}.${definition.default === undefined ? ' Required.' : ` Default ${code(spellArgument(definition, definition.default))}.`}`,
    variationAt(call, name, document),
  );
}

/** What another value would change, in the first application of what the call makes. */
function variationAt(call: ast.Call, name: string, document: Document): string | undefined {
  const [first] = applicationsAt(document, call);
  const node = first && onlyOperation(first.nodes);
  return node && variationOf(node, name, first.graph);
}

function declaredArgument(callee: Extract<Callee, { kind: 'declaration' }>, name: string, document: Document): string | undefined {
  const parameter = callee.declaration.parameters.find((each) => each.name.text === name);
  if (parameter === undefined) return undefined;
  const source = document.dependencies.get(callee.file) ?? document;
  const fallback = parameter.default === undefined ? '' : ` = ${source.text.slice(parameter.default.span.start, parameter.default.span.end)}`;
  const values = [...new Set((document.analysis.observations(parameter.name)?.first ?? []).map(({ value }) => spellValue(value)))];
  return paragraphs(
    codeBlock(`${callee.declaration.name.text}(${name}${fallback})`),
    parameterNotes(callee.declaration, source, document).get(name),
    `An argument of the ${callee.declaration.kind} ${escaped(callee.declaration.name.text)}${fallback === '' ? '; it has no default.' : '.'}`,
    values.length === 0 ? undefined : `Values: ${values.slice(0, 8).map(code).join(', ')}${values.length > 8 ? ' …' : ''}`,
  );
}
