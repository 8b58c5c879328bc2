// Which expressions mean the same wherever and however often they are written.

import type * as ast from '../../../../grammar/ast';

/** Whether writing an expression several times means what one value does: numbers, strings, names, and arithmetic on them. */
export function isSimple(node: ast.Expression): boolean {
  switch (node.kind) {
    case 'integer':
    case 'float':
    case 'string':
    case 'boolean':
    case 'none':
    case 'name':
      return true;
    case 'negate':
      return isSimple(node.operand);
    case 'binary':
      return node.operator !== '@' && isSimple(node.left) && isSimple(node.right);
    case 'list':
      return node.items.every(isSimple);
    default:
      return false;
  }
}
