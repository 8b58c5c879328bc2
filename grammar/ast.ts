// The abstract syntax of .nn texts: one interface per construct, told apart by `kind`.

import type { Span } from '../server/src/base/span';

interface Node {
  readonly span: Span;
}

/** A name as written. `text` is empty where recovery had to invent it. */
export interface Name extends Node {
  readonly kind: 'name';
  readonly text: string;
}

export interface File extends Node {
  readonly kind: 'file';
  /** The `##` lines at the top of the file that a blank line follows. */
  readonly documentation?: string;
  readonly declarations: readonly Declaration[];
}

// ── Declarations ─────────────────────────────────────────────────────────────

export type Declaration = Import | Let | FunctionDeclaration | Stack | Model | Assert;

export interface Import extends Node {
  readonly kind: 'import';
  readonly path?: StringLiteral;
  readonly names: readonly ImportedName[];
}

export interface ImportedName extends Node {
  readonly kind: 'imported-name';
  readonly name: Name;
  readonly alias?: Name;
}

export interface Let extends Node {
  readonly kind: 'let';
  readonly documentation?: string;
  readonly name: Name;
  readonly value: Expression;
}

export interface FunctionDeclaration extends Node {
  readonly kind: 'function';
  readonly documentation?: string;
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly body: Expression;
}

export interface Stack extends Node {
  readonly kind: 'stack';
  readonly documentation?: string;
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly body: Block;
}

/** `model A(…) { … }` has a body; `model B = A(…)` a variant; damaged text may have neither. */
export interface Model extends Node {
  readonly kind: 'model';
  readonly documentation?: string;
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly body?: Block;
  readonly variant?: Expression;
}

export interface Parameter extends Node {
  readonly kind: 'parameter';
  readonly name: Name;
  readonly default?: Expression;
}

// ── Statements ───────────────────────────────────────────────────────────────

export type Statement =
  | Input
  | Target
  | Param
  | Output
  | Loss
  | Optimizer
  | Assert
  | Binding
  | ExpressionStatement;

export interface Block extends Node {
  readonly kind: 'block';
  readonly statements: readonly Statement[];
}

export interface Input extends Node {
  readonly kind: 'input';
  readonly name: Name;
  readonly type?: Type;
}

export interface Target extends Node {
  readonly kind: 'target';
  readonly name: Name;
  readonly type?: Type;
}

export interface Param extends Node {
  readonly kind: 'param';
  readonly name: Name;
  readonly type?: Type;
  readonly value?: Expression;
}

export interface Output extends Node {
  readonly kind: 'output';
  readonly name: Name;
}

export interface Loss extends Node {
  readonly kind: 'loss';
  readonly value: Expression;
}

export interface Optimizer extends Node {
  readonly kind: 'optimizer';
  readonly value: Expression;
}

export interface Assert extends Node {
  readonly kind: 'assert';
  readonly condition: Expression;
}

export interface Binding extends Node {
  readonly kind: 'binding';
  /** Several names unpack a list. */
  readonly names: readonly Name[];
  readonly value: Expression;
}

export interface ExpressionStatement extends Node {
  readonly kind: 'expression-statement';
  readonly value: Expression;
}

/** `float[3, H, W]`, `int[T]`, `[]`, `int`. No `shape` means that none was written (`int` alone: a scalar). */
export interface Type extends Node {
  readonly kind: 'type';
  readonly element?: 'int' | 'float';
  readonly shape?: readonly Dimension[];
}

export type Dimension = Expression | Ellipsis;

// ── Expressions ──────────────────────────────────────────────────────────────

export type Expression =
  | IntegerLiteral
  | FloatLiteral
  | StringLiteral
  | BooleanLiteral
  | NoneLiteral
  | Name
  | List
  | Block
  | If
  | Repeat
  | For
  | Residual
  | Parallel
  | Pipe
  | Logical
  | Not
  | Comparison
  | Binary
  | Negate
  | Call
  | Index
  | Member
  | Missing;

export interface IntegerLiteral extends Node {
  readonly kind: 'integer';
  /** Exact up to 2⁵³; beyond it the nearest double, which the analyser refuses by `text`. */
  readonly value: number;
  readonly text: string;
}

export interface FloatLiteral extends Node {
  readonly kind: 'float';
  readonly value: number;
  readonly text: string;
}

export interface StringLiteral extends Node {
  readonly kind: 'string';
  readonly value: string;
}

export interface BooleanLiteral extends Node {
  readonly kind: 'boolean';
  readonly value: boolean;
}

export interface NoneLiteral extends Node {
  readonly kind: 'none';
}

export interface List extends Node {
  readonly kind: 'list';
  readonly items: readonly Expression[];
}

/** `if … else if … else …`; the branches in order, each with its condition. */
export interface If extends Node {
  readonly kind: 'if';
  readonly branches: readonly IfBranch[];
  readonly otherwise?: Block;
}

export interface IfBranch extends Node {
  readonly kind: 'if-branch';
  readonly condition: Expression;
  readonly body: Block;
}

export interface Repeat extends Node {
  readonly kind: 'repeat';
  readonly count: Expression;
  readonly body: Block;
}

export interface For extends Node {
  readonly kind: 'for';
  readonly names: readonly Name[];
  readonly iterable: Expression;
  readonly body: Block;
}

export interface Residual extends Node {
  readonly kind: 'residual';
  readonly body: Block;
}

/** `concat(dim = -1) { … }`: each statement is a branch. Without a block it is a `Call` of the name. */
export interface Parallel extends Node {
  readonly kind: 'parallel';
  readonly operation: 'concat' | 'add' | 'multiply';
  readonly arguments: readonly Argument[];
  readonly body: Block;
}

/** `left -> right`, left associative. */
export interface Pipe extends Node {
  readonly kind: 'pipe';
  readonly left: Expression;
  readonly right: Expression;
}

export interface Logical extends Node {
  readonly kind: 'logical';
  readonly operator: 'and' | 'or';
  readonly left: Expression;
  readonly right: Expression;
}

export interface Not extends Node {
  readonly kind: 'not';
  readonly operand: Expression;
}

export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** `a < b <= c`: one operand more than operators. */
export interface Comparison extends Node {
  readonly kind: 'comparison';
  readonly operands: readonly Expression[];
  readonly operators: readonly ComparisonOperator[];
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '@' | '^';

export interface Binary extends Node {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly operatorSpan: Span;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Negate extends Node {
  readonly kind: 'negate';
  readonly operand: Expression;
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
}

export interface Argument extends Node {
  readonly kind: 'argument';
  readonly name?: Name;
  readonly value: Expression;
}

export interface Index extends Node {
  readonly kind: 'index';
  readonly object: Expression;
  readonly items: readonly IndexItem[];
}

export type IndexItem = Expression | Slice | Ellipsis;

/** `start:stop:step`, each part optional. */
export interface Slice extends Node {
  readonly kind: 'slice';
  readonly start?: Expression;
  readonly stop?: Expression;
  readonly step?: Expression;
}

export interface Ellipsis extends Node {
  readonly kind: 'ellipsis';
}

export interface Member extends Node {
  readonly kind: 'member';
  readonly object: Expression;
  readonly name: Name;
}

/** Where recovery found no expression; it has an empty span and evaluates to unknown without a second error. */
export interface Missing extends Node {
  readonly kind: 'missing';
}
