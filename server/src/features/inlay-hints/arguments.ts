// The names of arguments that are given by their places, in front of numbers: `Conv2d(out_channels: 64, kernel_size: 3)`.

import type * as ast from '../../../../grammar/ast';
import { children, type Node } from '../../../../grammar/walk';
import { overlaps, type Span } from '../../base/span';
import type { ArgumentDefinition } from '../../layers/arguments';
import { calleeOf, nameOfArgument } from '../callee';
import type { InlayHint } from '../inlay-hints';
import { definitionsOf } from '../spelling';
import type { Settings } from '../settings';
import type { Document } from '../workspace';

/** The hints of all calls in a declaration that touch the range. */
export function argumentHints(document: Document, declaration: ast.Declaration, range: Span, wanted: Settings['inlayHints.argumentNames']): readonly InlayHint[] {
  if (wanted === 'off') return [];
  const least = wanted === 'several' ? 2 : 1;
  const hints: InlayHint[] = [];
  const visit = (node: Node): void => {
    if (!overlaps(node.span, range)) return;
    if (node.kind === 'call') {
      const named = namesIn(node, document);
      if (named.length >= least) hints.push(...named);
    }
    for (const child of children(node)) visit(child);
  };
  visit(declaration);
  return hints;
}

function namesIn(call: ast.Call, document: Document): readonly InlayHint[] {
  const numbers = call.arguments.filter((argument) => argument.name === undefined && isNumber(argument.value));
  const callee = numbers.length === 0 ? undefined : calleeOf(call, document);
  if (callee === undefined) return [];
  return numbers.flatMap((argument) => {
    const name = nameOfArgument(call, argument, callee);
    if (name === undefined || (callee.kind === 'operation' && !needsName(definitionsOf(callee.operation)[name]))) return [];
    return [{ kind: 'argument' as const, offset: argument.span.start, label: `${name}:` }];
  });
}

/** Tensors, and the many sizes of a shape, need no name. */
function needsName(definition: ArgumentDefinition<unknown> | undefined): boolean {
  return definition !== undefined && definition.rest !== true;
}

/** A number, a negative one, or a list of them. */
function isNumber(node: ast.Expression): boolean {
  switch (node.kind) {
    case 'integer':
    case 'float':
      return true;
    case 'negate':
      return isNumber(node.operand);
    case 'list':
      return node.items.length > 0 && node.items.every(isNumber);
    default:
      return false;
  }
}
