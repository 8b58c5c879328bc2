// Which expressions stand by themselves wherever a layer may.

import type * as ast from '../../../../grammar/ast';

/** Whether an expression needs no parentheses as a step of a chain. */
export function needsNoParentheses({ kind }: ast.Expression): boolean {
  return kind === 'name' || kind === 'call' || kind === 'member' || kind === 'residual' || kind === 'parallel';
}
