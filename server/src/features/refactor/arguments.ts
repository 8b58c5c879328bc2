// An argument by its place into one by its name, and back.

import type * as ast from '../../../../grammar/ast';
import { nodePathAt } from '../../../../grammar/walk';
import { layers } from '../../layers/catalog';
import { optimizers } from '../../layers/optimizers';
import { declarationNamed } from '../names';
import { introductionOf } from '../scopes';
import { definitionsOf } from '../spelling';
import type { Document } from '../workspace';
import { hasComment, type Offer } from './site';

interface Site {
  readonly call: ast.Call;
  readonly index: number;
  /** The names of the callee's arguments in their order. */
  readonly names: readonly string[];
}

function siteAt(document: Document, offset: number): Site | undefined {
  const path = nodePathAt(document.tree, offset);
  const at = path.findLastIndex((node) => node.kind === 'argument');
  const argument = path[at];
  const call = path[at - 1];
  if (argument?.kind !== 'argument' || call?.kind !== 'call' || call.callee.kind !== 'name') return undefined;
  const names = namesOf(document, call.callee, path.slice(0, at));
  return names && { call, index: call.arguments.indexOf(argument), names };
}

/** The arguments of a callee that its name alone tells. */
function namesOf(document: Document, callee: ast.Name, path: Parameters<typeof introductionOf>[1]): readonly string[] | undefined {
  const introduction = introductionOf(callee, path);
  if (introduction === undefined) {
    const operation = layers.get(callee.text) ?? (path.some(({ kind }) => kind === 'optimizer') ? optimizers.get(callee.text) : undefined);
    const definitions = operation && Object.entries(definitionsOf(operation));
    return definitions?.some(([, { rest }]) => rest === true) === true ? undefined : definitions?.map(([name]) => name);
  }
  const declared = declarationNamed(callee.text, document, document);
  const { kind } = introduction.by;
  if (declared === undefined || (kind !== 'stack' && kind !== 'model' && kind !== 'function' && kind !== 'imported-name')) return undefined;
  const { declaration } = declared;
  return declaration.kind === 'let' || (declaration.kind === 'model' && declaration.variant !== undefined) ? undefined : declaration.parameters.map(({ name }) => name.text);
}

export const nameArgument: Offer = (document, selection) => {
  const site = siteAt(document, selection.start);
  if (site === undefined) return undefined;
  const { call, index, names } = site;
  // What follows an argument with a name needs one, too.
  const unnamed = call.arguments.slice(index).filter(({ name }) => name === undefined);
  if (call.arguments[index]!.name !== undefined || index + unnamed.length > names.length) return undefined;
  const edits = unnamed.map(({ span }, further) => ({ span: { start: span.start, end: span.start }, text: `${names[index + further]!} = ` }));
  const title = unnamed.length === 1 ? `Name the argument ${names[index]!}` : `Name the argument ${names[index]!} and those behind it`;
  return { title, kind: 'rewrite', edits };
};

export const unnameArgument: Offer = (document, selection) => {
  const site = siteAt(document, selection.start);
  if (site === undefined) return undefined;
  const { call, index, names } = site;
  const argument = call.arguments[index]!;
  const isNext = call.arguments.slice(0, index).every(({ name }) => name === undefined) && names[index] === argument.name?.text;
  if (argument.name === undefined || !isNext) return undefined;
  const span = { start: argument.span.start, end: argument.value.span.start };
  return hasComment(document, span) ? undefined : { title: `Give ${argument.name.text} by its place`, kind: 'rewrite', edits: [{ span, text: '' }] };
};
