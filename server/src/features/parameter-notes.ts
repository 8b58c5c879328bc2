// What is known of an argument of a stack, model or function: what its author has written of it, and what it is used as.

import type * as ast from '../../../grammar/ast';
import { type Node, walk } from '../../../grammar/walk';
import { calledBy, nameOfArgument } from './callee';
import { code } from './markdown';
import { introductionOf } from './scopes';
import type { Document, Source } from './workspace';

export type WithParameters = ast.Stack | ast.Model | ast.FunctionDeclaration;

/** Uses that are named. */
const shownUses = 2;
/** Characters of a call that is shown whole. */
const longestCall = 48;

/**
 * A sentence or two for each argument of a declaration, by its name: the comment behind or above it, or its line in the
 * documentation; and the arguments of others that it is given as.
 * @param source The file of the declaration.
 */
export function parameterNotes(declaration: WithParameters, source: Source, document: Document): ReadonlyMap<string, string> {
  const uses = usesOf(declaration, source, document);
  const notes = declaration.parameters.flatMap((parameter, index): readonly (readonly [string, string])[] => {
    const name = parameter.name.text;
    const written = commentOf(declaration, index, source) ?? lineOf(name, declaration.documentation);
    const used = uses.get(parameter) ?? [];
    const note = [...(written === undefined ? [] : [sentence(written)]), ...(used.length === 0 ? [] : [`Used as ${used.slice(0, shownUses).join(', ')}${used.length > shownUses ? ' …' : ''}.`])];
    return note.length === 0 ? [] : [[name, note.join(' ')]];
  });
  return new Map(notes);
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…:)]$/.test(whole) ? whole : `${whole}.`;
}

/** The comment behind a parameter on its line, or those on the lines of their own above it. */
function commentOf({ name, parameters }: WithParameters, index: number, { comments, lines, text }: Source): string | undefined {
  const { span } = parameters[index]!;
  const [from, to] = [parameters[index - 1]?.span.end ?? name.span.end, parameters[index + 1]?.span.start ?? closing(text, span.end)];
  const line = lines.position(span.end).line;
  const behind = comments.find((each) => each.span.start >= span.end && each.span.start < to && lines.position(each.span.start).line === line);
  if (behind !== undefined) return contentOf([behind.text]);
  const above: string[] = [];
  for (let at = lines.position(span.start).line - 1; ; at--) {
    const comment = comments.find((each) => each.span.start >= from && each.span.start < span.start && lines.position(each.span.start).line === at);
    if (comment === undefined || lines.line(at).trim() !== comment.text) break;
    above.unshift(comment.text);
  }
  return above.length === 0 ? undefined : contentOf(above);
}

/** Where the parenthesis behind the last parameter stands, past comments. */
function closing(text: string, offset: number): number {
  return offset + /^(?:[^()#\n]|#[^\n]*|\n)*/.exec(text.slice(offset, offset + 1_000))![0].length;
}

function contentOf(comments: readonly string[]): string | undefined {
  return comments.map((each) => each.replace(/^#+\s*/, '')).join(' ').trim() || undefined;
}

/** What a line such as `- kernel: an odd number` says of a name. */
function lineOf(name: string, documentation: string | undefined): string | undefined {
  const pattern = new RegExp(`^\\s*(?:[-*+]\\s+|[@:]param:?\\s+)?[\`*]*${name}[\`*]*\\s*(?::|–|—|\\s-\\s)\\s*(.+)$`, 'm');
  return pattern.exec(documentation ?? '')?.[1]?.trim();
}

/** The arguments that parameters are given as: "`out_channels` of `Conv2d(channels, 3)`", each of one callee once. */
function usesOf(declaration: WithParameters, source: Source, document: Document): ReadonlyMap<ast.Parameter, readonly string[]> {
  const uses = new Map<ast.Parameter, Map<string, string>>();
  const names = new Set(declaration.parameters.map(({ name }) => name.text));
  walk(declaration, {
    enter(node, ancestors) {
      if (node.kind !== 'name' || !names.has(node.text)) return true;
      const [around, holder] = [ancestors.at(-2), ancestors.at(-1)];
      const use = holder?.kind === 'repeat' ? { key: 'repeat', text: `the rounds of ${code(`repeat ${node.text}`)}` } : holder?.kind === 'argument' && around?.kind === 'call' && holder.value === node ? given(around, holder, source, document) : undefined;
      const by = use && introductionOf(node, [source.tree, ...ancestors] as readonly Node[])?.by;
      if (by?.kind !== 'parameter') return true;
      const known = uses.get(by) ?? new Map<string, string>();
      uses.set(by, known);
      if (!known.has(use!.key)) known.set(use!.key, use!.text);
      return true;
    },
  });
  return new Map([...uses].map(([parameter, found]) => [parameter, [...found.values()]]));
}

/** An argument of a call that a parameter is given as. */
function given(call: ast.Call, argument: ast.Argument, { text }: Source, document: Document): { readonly key: string; readonly text: string } | undefined {
  const callee = calledBy(call, document);
  const name = callee && nameOfArgument(call, argument, callee);
  if (callee === undefined || name === undefined) return undefined;
  const written = ({ span }: ast.Expression | ast.Argument): string => text.slice(span.start, span.end).replace(/\s+/g, ' ');
  const [whole, all] = [written(call), call.arguments];
  const shown = whole.length <= longestCall ? whole : `${written(call.callee)}(${argument === all[0] ? '' : '…, '}${written(argument)}${argument === all.at(-1) ? '' : ', …'})`;
  return { key: `${name} of ${callee.kind === 'operation' ? callee.operation.name : callee.declaration.name.text}`, text: `${code(name)} of ${code(shown)}` };
}
