// Ways through the tree: a node's children in the order of the text, all nodes, and those around an offset.

import type { Span } from '../server/src/base/span';
import { touches } from '../server/src/base/span';
import { firstWhere } from '../server/src/base/sorted';
import type {
  Argument,
  Declaration,
  Dimension,
  Expression,
  File,
  IfBranch,
  ImportedName,
  IndexItem,
  Parameter,
  Statement,
  Type,
} from './ast';

/** Any node of the abstract syntax. */
export type Node =
  | File
  | Declaration
  | Statement
  | Expression
  | Dimension
  | IndexItem
  | ImportedName
  | Parameter
  | Argument
  | IfBranch
  | Type;

export type NodeKind = Node['kind'];
export type NodeOf<Kind extends NodeKind> = Extract<Node, { kind: Kind }>;

type Parts = readonly (Node | readonly Node[] | undefined)[];

/** For each kind of node, its parts in the order of the text; leaves have none. */
const parts: { readonly [Kind in NodeKind]: (node: NodeOf<Kind>) => Parts } = {
  file: (node) => [node.declarations],
  import: (node) => [node.path, node.names],
  'imported-name': (node) => [node.name, node.alias],
  let: (node) => [node.name, node.value],
  function: (node) => [node.name, node.parameters, node.body],
  stack: (node) => [node.name, node.parameters, node.body],
  model: (node) => [node.name, node.parameters, node.body, node.variant],
  parameter: (node) => [node.name, node.default],
  block: (node) => [node.statements],
  input: (node) => [node.name, node.type],
  target: (node) => [node.name, node.type],
  param: (node) => [node.name, node.type, node.value],
  output: (node) => [node.name],
  loss: (node) => [node.value],
  optimizer: (node) => [node.value],
  assert: (node) => [node.condition],
  binding: (node) => [node.names, node.value],
  'expression-statement': (node) => [node.value],
  type: (node) => [node.shape],
  name: () => [],
  integer: () => [],
  float: () => [],
  string: () => [],
  boolean: () => [],
  none: () => [],
  missing: () => [],
  ellipsis: () => [],
  list: (node) => [node.items],
  if: (node) => [node.branches, node.otherwise],
  'if-branch': (node) => [node.condition, node.body],
  repeat: (node) => [node.count, node.body],
  for: (node) => [node.names, node.iterable, node.body],
  residual: (node) => [node.body],
  parallel: (node) => [node.arguments, node.body],
  pipe: (node) => [node.left, node.right],
  logical: (node) => [node.left, node.right],
  not: (node) => [node.operand],
  comparison: (node) => [node.operands],
  binary: (node) => [node.left, node.right],
  negate: (node) => [node.operand],
  call: (node) => [node.callee, node.arguments],
  argument: (node) => [node.name, node.value],
  index: (node) => [node.object, node.items],
  slice: (node) => [node.start, node.stop, node.step],
  member: (node) => [node.object, node.name],
};

/** The children of a node in the order of the text. */
export function children(node: Node): Node[] {
  const partsOf = parts[node.kind] as (node: Node) => Parts;
  const result: Node[] = [];
  for (const part of partsOf(node)) {
    if (part === undefined) continue;
    if ('kind' in part) result.push(part);
    else for (const item of part) result.push(item);
  }
  return result;
}

/** What a walk does at a node: by kind of node, before its children (`enter`) and after them (`leave`). */
export interface Visitor {
  /** Called before a node's children, with the nodes around it, outermost first; `false` leaves the children out. */
  enter?(node: Node, ancestors: readonly Node[]): boolean | undefined;
  leave?(node: Node, ancestors: readonly Node[]): void;
}

/** Visits a node and all nodes in it, in the order of the text. */
export function walk(root: Node, visitor: Visitor): void {
  const ancestors: Node[] = [];
  const visit = (node: Node): void => {
    if (visitor.enter?.(node, ancestors) !== false) {
      ancestors.push(node);
      for (const child of children(node)) visit(child);
      ancestors.pop();
    }
    visitor.leave?.(node, ancestors);
  };
  visit(root);
}

/**
 * The nodes whose place touches an offset, the outermost first. Between two nodes that meet there
 * the one that begins is taken, unless only the one that ends is a word.
 */
export function nodePathAt(file: File, offset: number): Node[] {
  const path: Node[] = [];
  for (let node: Node | undefined = file; node !== undefined; node = closest(node, offset)) path.push(node);
  return path;
}

/** The child of a node that an offset touches. */
function closest(node: Node, offset: number): Node | undefined {
  const partsOf = parts[node.kind] as (node: Node) => Parts;
  const touching: Node[] = [];
  for (const part of partsOf(node)) {
    if (part === undefined) continue;
    if ('kind' in part) {
      if (touches(part.span, offset)) touching.push(part);
      continue;
    }
    for (let index = firstWhere(part.length, (each) => part[each]!.span.end >= offset); index < part.length && touches(part[index]!.span, offset); index++) touching.push(part[index]!);
  }
  return touching.find(({ span }) => contains(span, offset)) ?? touching[0];
}

function contains(span: Span, offset: number): boolean {
  return span.start <= offset && offset < span.end;
}
