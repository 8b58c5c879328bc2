// Which expressions stand by themselves where they are put.

import type * as ast from '../../../../grammar/ast';
import type { Node } from '../../../../grammar/walk';

/** Whether an expression needs no parentheses as a step of a chain. */
export function needsNoParentheses({ kind }: ast.Expression): boolean {
  return kind === 'name' || kind === 'call' || kind === 'member' || kind === 'residual' || kind === 'parallel';
}

/** What holds whole expressions, or binds less than arithmetic does. */
const loose: ReadonlySet<Node['kind']> = new Set(['argument', 'binding', 'comparison', 'list', 'repeat', 'slice', 'type']);

/** The text of an argument or an item where a name stood. @param holder What holds the name. */
export function inPlaceOf(holder: Node | undefined, { kind }: ast.Expression, text: string): string {
  const isArithmetic = kind === 'binary' || kind === 'negate';
  return isArithmetic && !(holder !== undefined && loose.has(holder.kind)) ? `(${text})` : text;
}
