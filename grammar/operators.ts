// How operators bind: from values and the operators between and before them to a tree.

import type { IToken } from 'chevrotain';
import type { BinaryOperator, ComparisonOperator, Expression } from './ast';
import { spanOf } from './messages';
import type { Operator } from './tokens';
import { operatorLevels } from './tokens';

/** A value with the place that it takes up; parentheses around it belong to the place, not to the value. */
export interface Operand {
  readonly node: Expression;
  readonly start: number;
  readonly end: number;
  /** A comparison that a further comparison extends: `a < b` in `a < b < c`, but not in `(a < b) < c`. */
  readonly extends?: boolean;
}

/** A value, the prefixes before it, and the operator before those. */
export interface Term {
  readonly operator: IToken | undefined;
  readonly prefixes: readonly IToken[];
  readonly operand: Operand;
}

/** How strongly each operator binds. */
export const precedence = new Map<string, number>(
  operatorLevels.flatMap((level, strength) => level.map((sign): [Operator, number] => [sign, strength])),
);

// The prefixes bind less than the operators named here, and more than those below.
export const notPrecedence = precedence.get('==')! - 0.5;
export const negatePrecedence = precedence.get('^')! - 0.5;

const comparisons = new Set<string>(operatorLevels.find((level) => (level as readonly string[]).includes('==')));

interface Pending {
  readonly token: IToken;
  readonly strength: number;
  readonly isPrefix: boolean;
}

/** Lets operators bind; an operator that binds more strongly than the one before it takes its left side from it. */
export function bind(terms: readonly Term[]): Operand {
  const values: Operand[] = [];
  const pending: Pending[] = [];
  const reduce = (): void => {
    const { token, isPrefix } = pending.pop()!;
    const right = values.pop()!;
    values.push(isPrefix ? prefixed(token, right) : joined(token, values.pop()!, right));
  };
  for (const { operator, prefixes, operand } of terms) {
    if (operator !== undefined) {
      const strength = precedence.get(operator.image)!;
      const least = operator.image === '^' ? strength + 0.1 : strength;
      while (pending.length > 0 && pending.at(-1)!.strength >= least) reduce();
      pending.push({ token: operator, strength, isPrefix: false });
    }
    for (const token of prefixes)
      pending.push({ token, strength: token.image === 'not' ? notPrecedence : negatePrecedence, isPrefix: true });
    values.push(operand);
  }
  while (pending.length > 0) reduce();
  return values[0]!;
}

function prefixed(token: IToken, { node, end }: Operand): Operand {
  const start = token.startOffset;
  const kind = token.image === 'not' ? 'not' : 'negate';
  return { node: { kind, operand: node, span: { start, end } }, start, end };
}

function joined(token: IToken, left: Operand, right: Operand): Operand {
  const { start } = left;
  const { end } = right;
  const span = { start, end };
  const sides = { left: left.node, right: right.node, span };
  const sign = token.image as Operator;
  if (sign === '->') return { node: { kind: 'pipe', ...sides }, start, end };
  if (sign === 'and' || sign === 'or') return { node: { kind: 'logical', operator: sign, ...sides }, start, end };
  if (comparisons.has(sign)) {
    const chain = left.extends === true && left.node.kind === 'comparison' ? left.node : undefined;
    const operands = [...(chain?.operands ?? [left.node]), right.node];
    const operators = [...(chain?.operators ?? []), sign as ComparisonOperator];
    return { node: { kind: 'comparison', operands, operators, span }, start, end, extends: true };
  }
  const operatorSpan = spanOf(token);
  return { node: { kind: 'binary', operator: sign as BinaryOperator, operatorSpan, ...sides }, start, end };
}
