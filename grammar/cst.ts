// How lowering reads what the parser built.

import type { CstNode, IToken } from 'chevrotain';

/** The first token of a kind in a node. */
export function tokenIn(node: CstNode, kind: string): IToken | undefined {
  return node.children[kind]?.[0] as IToken | undefined;
}

/** All tokens of a kind in a node, in their order. */
export function tokensIn(node: CstNode, kind: string): readonly IToken[] {
  return (node.children[kind] as IToken[] | undefined) ?? [];
}

/** The first subtree of a kind in a node. */
export function nodeIn(node: CstNode, kind: string): CstNode | undefined {
  return node.children[kind]?.[0] as CstNode | undefined;
}

/** All subtrees of a kind in a node, in their order. */
export function nodesIn(node: CstNode, kind: string): readonly CstNode[] {
  return (node.children[kind] as CstNode[] | undefined) ?? [];
}

/** Whether nothing was found for an expression. */
export function isEmpty(expression: CstNode): boolean {
  return nodesIn(expression, 'term').length === 1 && Object.keys(nodeIn(expression, 'term')!.children).length === 0;
}
