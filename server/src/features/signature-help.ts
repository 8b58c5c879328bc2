// The signature of the call that the cursor is in, with the argument that is being written.

import { callSiteAt, type CallSite } from './call-site';
import { paragraphs } from './markdown';
import { parameterNotes } from './parameter-notes';
import { capitalized, printSignature, type Signature, type SignatureArgument, signatureOfDeclaration, signatureOfOperation } from './spelling';
import { validHere } from './valid-range';
import type { Document } from './workspace';

export interface SignatureHelp {
  readonly label: string;
  readonly documentation?: string;
  /** Where each argument stands in the label. */
  readonly parameters: readonly { readonly start: number; readonly end: number; readonly documentation?: string }[];
  /** The argument that the cursor is in; undefined behind the last one. */
  readonly active?: number;
}

export function signatureHelp(document: Document, offset: number): SignatureHelp | undefined {
  const site = callSiteAt(document, offset);
  if (site === undefined) return undefined;
  const signature = signatureOfSite(site, document);
  const position = positionOf(site, signature.arguments);
  let start = signature.name.length + 1;
  const parameters = signature.arguments.map(({ name, label, documentation }, index) => {
    const end = start + label.length;
    // What fits here is asked of the layer, for the one argument that is being written.
    const here = index === position ? validHere(document, site, name) : undefined;
    const parameter = { start, end, documentation: here === undefined ? documentation : `${documentation ?? ''} ${capitalized(here)}.`.trim() };
    start = end + ', '.length;
    return parameter;
  });
  return {
    label: printSignature(signature, true),
    documentation: paragraphs(site.callee.kind === 'operation' ? site.callee.operation.summary : site.callee.declaration.documentation) || undefined,
    parameters,
    active: position >= 0 && position < parameters.length ? position : undefined,
  };
}

/** Which argument is being written. */
export function positionOf({ index, argument, named }: CallSite, all: readonly SignatureArgument[]): number {
  const rest = all.findIndex(({ takesRest }) => takesRest === true);
  if (argument !== undefined) {
    const found = all.findIndex(({ name }) => name === argument);
    return found < 0 && all[rest]?.label.includes('=') === true ? rest : found;
  }
  // Behind one that is given by name, any of those that are missing may follow; the first of them is as good as any.
  const byPlace = index - named.length;
  if (named.length > 0) return all.findIndex(({ name }, at) => at >= byPlace && !named.includes(name));
  return rest >= 0 ? Math.min(index, rest) : index;
}

/** The signature of what a call calls. */
export function signatureOfSite({ callee }: CallSite, document: Document): Signature {
  if (callee.kind === 'operation') return signatureOfOperation(callee.operation, callee.isFunction);
  const source = document.dependencies.get(callee.file) ?? document;
  const { name, arguments: all } = signatureOfDeclaration(callee.declaration, source.text);
  const notes = parameterNotes(callee.declaration, source, document);
  return { name, arguments: all.map((argument) => ({ ...argument, documentation: notes.get(argument.name) })) };
}
