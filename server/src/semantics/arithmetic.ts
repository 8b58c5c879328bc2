// Operators on values: exact integers and sizes, floats, lists, conditions, and tensors through the catalog.

import type * as ast from '../../../grammar/ast';
import {
  add,
  type Dimension,
  Expression,
  floorDivide,
  identical,
  modulo,
  multiply,
  print,
  subtract,
  symbolsOf,
} from '../symbolic/dimension';
import { includes, rangeOf, smallestFrom, union } from '../symbolic/domain';
import { knownNonNegative, knownZero, type SizeCondition } from '../symbolic/knowledge';
import type { Verdict } from '../symbolic/solve';
import { applyFunction, isLayerLike } from './apply';
import { evaluate } from './evaluate';
import { comparableSizes, formulaOf, isNumeric } from './formula';
import type { Limits } from './limits';
import { at, type Context } from './run';
import { boolean, type ConditionValue, describe, hasUnknown, list, size, toNumber, unknown, type Value } from './values';

/** The catalog functions behind the operators on tensors. */
const tensorFunctions: Readonly<Record<ast.BinaryOperator, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '//': 'floor_divide',
  '%': 'remainder',
  '@': 'matmul',
  '^': 'power',
};

export function evaluateBinary(context: Context, node: ast.Binary): Value {
  const left = evaluate(context, node.left);
  const right = evaluate(context, node.right);
  if (left.kind === 'unknown' || right.kind === 'unknown') return unknown;
  const layer = isLayerLike(left) ? left : right;
  if (isLayerLike(layer)) {
    context.run.report(context, {
      code: 'arithmetic-on-layer',
      place: at(context, node),
      message: `${node.operator} works on tensors and numbers, but one side is ${describe(layer)}; -> binds weaker than ${node.operator}, so put (x -> f) in parentheses`,
    });
    return unknown;
  }
  if (left.kind === 'tensor' || right.kind === 'tensor') {
    return applyFunction(context, tensorFunctions[node.operator], [left, right], node, {}, [node.left, node.right]);
  }
  if (node.operator === '+' && left.kind === 'list' && right.kind === 'list') {
    context.run.spend(context, { span: node.span }, left.items.length + right.items.length);
    return list([...left.items, ...right.items]);
  }
  return arithmetic(context, node.operator, left, right, node);
}

export function evaluateNegate(context: Context, node: ast.Negate): Value {
  const operand = evaluate(context, node.operand);
  if (operand.kind === 'tensor') return applyFunction(context, 'negative', [operand], node);
  return arithmetic(context, '-', size(0), operand, node);
}

function arithmetic(context: Context, operator: ast.BinaryOperator, left: Value, right: Value, node: ast.Expression): Value {
  if (left.kind === 'unknown' || right.kind === 'unknown') return unknown;
  if (left.kind === 'size' && right.kind === 'size') {
    if (summands(operator, left.value, right.value) > context.run.limits.terms) {
      context.run.report(context, { code: 'size-too-complex', place: at(context, node), message: `this size would have more than ${String(context.run.limits.terms)} summands, the limit of the analysis` });
      return unknown;
    }
    const exact = onSizes(operator, left.value, right.value);
    if (exact === 'division by zero') {
      context.run.report(context, { code: 'division-by-zero', place: at(context, node), message: `${describe(left)} ${operator} ${describe(right)} divides by zero` });
      return unknown;
    }
    if (exact !== undefined) return checkedSize(context, exact, node);
  }
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a !== undefined && b !== undefined && operator !== '@') return { kind: 'number', value: onNumbers(operator, a, b) };
  if (isNumeric(left) && isNumeric(right) && operator !== '@') return formulaOf(context, operator, left, right);
  if (hasUnknown(left) || hasUnknown(right)) return unknown;
  context.run.report(context, { code: 'wrong-operand', place: at(context, node), message: `${operator} cannot join ${describe(left)} and ${describe(right)}` });
  return unknown;
}

/** A bound of the number of summands that a result has. */
function summands(operator: ast.BinaryOperator, a: Dimension, b: Dimension): number {
  const left = typeof a === 'number' ? 1 : a.terms.length;
  const right = typeof b === 'number' ? 1 : b.terms.length;
  if (operator === '*') return left * right;
  return operator === '^' && typeof b === 'number' && left > 1 ? left ** b : left + right;
}

/** Integer results stay exact; undefined where the result is no integer. */
function onSizes(operator: ast.BinaryOperator, a: Dimension, b: Dimension): Dimension | 'division by zero' | undefined {
  switch (operator) {
    case '+':
      return add(a, b);
    case '-':
      return subtract(a, b);
    case '*':
      return multiply(a, b);
    case '//':
      return floorDivide(a, b) ?? 'division by zero';
    case '%':
      return modulo(a, b) ?? 'division by zero';
    case '^':
      if (typeof b !== 'number' || b < 0 || b > 64) return undefined;
      return multiply(...Array.from({ length: b }, () => a));
    case '/':
      return b === 0 ? 'division by zero' : undefined;
    case '@':
      return undefined;
  }
}

function onNumbers(operator: Exclude<ast.BinaryOperator, '@'>, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%':
      return a - b * Math.floor(a / b);
    case '^':
      return a ** b;
  }
}

/** What is said of a size that nobody could read. */
export function tooComplex({ sizeWeight, sizeDepth }: Limits): string {
  return `this size would have more than ${sizeWeight.toLocaleString('en-US')} parts, or quotients more than ${String(sizeDepth)} deep inside each other, the limits of the analysis`;
}

/** A size, or an error where it is too large to be exact, or to be read. */
export function checkedSize(context: Context, value: Dimension, node: ast.Expression): Value {
  const inexact = value instanceof Expression ? value.terms.some((term) => !Number.isSafeInteger(term.coefficient)) : !Number.isSafeInteger(value);
  if (context.run.isTooComplex(value)) {
    context.run.report(context, { code: 'size-too-complex', place: at(context, node), message: tooComplex(context.run.limits) });
    return unknown;
  }
  if (!inexact) return size(context.run.simplified(value));
  context.run.report(context, {
    code: 'size-too-large',
    place: at(context, node),
    message: `this size is above 2^53 and no longer exact`,
  });
  return unknown;
}

const comparisonFunctions: Readonly<Record<ast.ComparisonOperator, string>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};

/** `a < b < c` is `a < b and b < c`. */
export function evaluateComparison(context: Context, node: ast.Comparison): Value {
  const operands = node.operands.map((operand) => evaluate(context, operand));
  if (operands.some((operand) => operand.kind === 'unknown')) return unknown;
  let result: Value = boolean(true);
  for (const [index, operator] of node.operators.entries()) {
    const next = compare(context, operator, operands[index]!, operands[index + 1]!, node);
    result = index === 0 ? next : conjunction(context, result, next, node);
  }
  return result;
}

export function compare(context: Context, operator: ast.ComparisonOperator, left: Value, right: Value, node: ast.Expression): Value {
  if (left.kind === 'none' || right.kind === 'none') {
    const same = left.kind === right.kind;
    if (operator === '==' || operator === '!=') return boolean(same === (operator === '=='));
  }
  if (left.kind === 'tensor' || right.kind === 'tensor') {
    return applyFunction(context, comparisonFunctions[operator], [left, right], node);
  }
  if (left.kind === 'size' && right.kind === 'size') return compareSizes(context, operator, left.value, right.value);
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a !== undefined && b !== undefined) return boolean(compareNumbers(operator, a, b));
  if (isNumeric(left) && isNumeric(right)) {
    const sizes = comparableSizes(left, right);
    if (sizes !== undefined) return compareSizes(context, operator, ...sizes);
    return { kind: 'condition', verdict: { holds: 'unknown' }, text: `${describe(left)} ${operator} ${describe(right)}` };
  }
  if (left.kind === 'list' && right.kind === 'list') return compareLists(context, operator, left.items, right.items, node);
  if (left.kind === right.kind && (operator === '==' || operator === '!=') && 'value' in left && 'value' in right) {
    return boolean((left.value === right.value) === (operator === '=='));
  }
  if ((operator === '==' || operator === '!=') && left.kind !== right.kind && !isLayerLike(left) && !isLayerLike(right)) {
    return boolean(operator === '!=');
  }
  context.run.report(context, {
    code: 'wrong-operand',
    place: at(context, node),
    message: `${operator} cannot compare ${describe(left)} with ${describe(right)}`,
  });
  return unknown;
}

export function compareNumbers(operator: ast.ComparisonOperator, a: number, b: number): boolean {
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

function spellSize(size: Dimension): string {
  return typeof size === 'number' && Math.abs(size) >= 10_000 ? size.toLocaleString('en-US') : print(size);
}

function compareSizes(context: Context, operator: ast.ComparisonOperator, a: Dimension, b: Dimension): Value {
  if (typeof a === 'number' && typeof b === 'number') return boolean(compareNumbers(operator, a, b));
  if (identical(a, b)) return boolean(compareNumbers(operator, 0, 0));
  const text = `${spellSize(a)} ${operator} ${spellSize(b)}`;
  const decided = (condition: SizeCondition, negated = false): Value => {
    const verdict = (condition.kind === 'zero' ? knownZero : knownNonNegative)(condition.value, context.run.graph);
    if (verdict.holds === 'always' || verdict.holds === 'never') return boolean((verdict.holds === 'always') !== negated);
    const value: ConditionValue = { kind: 'condition', verdict, text, condition };
    return negated ? opposite(context, value, text) : value;
  };
  switch (operator) {
    case '==':
      return decided({ kind: 'zero', value: subtract(a, b) });
    case '!=':
      return decided({ kind: 'zero', value: subtract(a, b) }, true);
    case '<=':
      return decided({ kind: 'nonnegative', value: subtract(b, a) });
    case '<':
      return decided({ kind: 'nonnegative', value: subtract(subtract(b, a), 1) });
    case '>=':
      return decided({ kind: 'nonnegative', value: subtract(a, b) });
    case '>':
      return decided({ kind: 'nonnegative', value: subtract(subtract(a, b), 1) });
  }
}

/** `not` of a single condition on sizes; what it takes is known where residues decide, or where one size is ruled out. */
function opposite(context: Context, { verdict, condition }: ConditionValue, text: string): ConditionValue {
  const { requirement, holds } = verdict;
  if (condition === undefined || condition.kind === 'nonzero') return { kind: 'condition', verdict: { holds }, text };
  const { value } = condition;
  const negated = condition.kind === 'zero' ? ({ kind: 'nonzero', value } as const) : ({ kind: 'nonnegative', value: subtract(-1, value) } as const);
  if (requirement === undefined) return { kind: 'condition', verdict: { holds }, text, condition: negated };
  const { symbol, range } = requirement;
  const breaking = smallestFrom(range, 1);
  const counterexample = breaking === undefined ? undefined : symbolsOf(value).filter(({ key }) => key === symbol.key).map((each) => [each, breaking] as const);
  const around = rangeOf(context.run.graph.domain, symbol.key);
  if (range.minimum !== around.minimum || range.maximum !== around.maximum) {
    const exact = negated.kind === 'nonnegative' ? knownNonNegative(negated.value, context.run.graph).requirement : undefined;
    return { kind: 'condition', verdict: { holds, counterexample, requirement: exact }, text, condition: negated };
  }
  const others = Array.from({ length: range.modulus }, (_, residue) => residue).filter((residue) => !range.residues.includes(residue));
  return { kind: 'condition', verdict: { holds, counterexample, requirement: { symbol, range: { ...range, residues: others } } }, text, condition: negated };
}

function compareLists(
  context: Context,
  operator: ast.ComparisonOperator,
  left: readonly Value[],
  right: readonly Value[],
  node: ast.Expression,
): Value {
  if (operator !== '==' && operator !== '!=') {
    context.run.report(context, { code: 'wrong-operand', place: at(context, node), message: `lists can only be compared by == and !=` });
    return unknown;
  }
  let equal: Value = boolean(left.length === right.length);
  if (left.length === right.length) {
    for (const [index, item] of left.entries()) equal = conjunction(context, equal, compare(context, '==', item, right[index]!, node), node);
  }
  return operator === '==' ? equal : negation(context, equal, node);
}

/** `a and b`: conditions on free dimensions and tensors of 0 and 1 stay open. */
export function conjunction(context: Context, a: Value, b: Value, node: ast.Expression): Value {
  if (a.kind === 'boolean') return a.value ? b : a;
  if (b.kind === 'boolean') return b.value ? a : b;
  if (a.kind === 'condition' && b.kind === 'condition') {
    const counterexample = a.verdict.counterexample ?? b.verdict.counterexample;
    return { kind: 'condition', verdict: { holds: 'sometimes', counterexample }, text: `${a.text} and ${b.text}`, parts: [a, b] };
  }
  return logical(context, 'logical_and', a, b, node);
}

export function disjunction(context: Context, a: Value, b: Value, node: ast.Expression): Value {
  if (a.kind === 'boolean') return a.value ? a : b;
  if (b.kind === 'boolean') return b.value ? b : a;
  if (a.kind === 'condition' && b.kind === 'condition') {
    return { kind: 'condition', verdict: either(context, a.verdict, b.verdict), text: `${a.text} or ${b.text}` };
  }
  return logical(context, 'logical_or', a, b, node);
}

/** What two alternatives come to, where one size decides both: all sizes that satisfy one of them. */
function either(context: Context, a: Verdict, b: Verdict): Verdict {
  if (a.holds === 'always' || b.holds === 'never') return a;
  if (b.holds === 'always' || a.holds === 'never') return b;
  const [first, second] = [a.requirement, b.requirement];
  const range = first !== undefined && second !== undefined && first.symbol.key === second.symbol.key ? union(first.range, second.range) : undefined;
  if (range === undefined) return { holds: 'unknown' };
  const { symbol } = first!;
  const around = rangeOf(context.run.graph.domain, symbol.key);
  const counterexample = [...(a.counterexample ?? []), ...(b.counterexample ?? [])].find(([{ key }]) => key === symbol.key)?.[0];
  // Above the largest of some sizes none is among them; of classes, one of a period is not, if any.
  const last = Math.min(around.maximum, around.minimum + range.modulus * around.modulus + (Number.isFinite(range.maximum) ? range.maximum : 0));
  for (let size = around.minimum; counterexample !== undefined && size <= last; size++) {
    if (includes(around, size) && !includes(range, size)) return { holds: 'sometimes', requirement: { symbol, range }, counterexample: [[counterexample, size]] };
  }
  return { holds: 'unknown' };
}

export function negation(context: Context, value: Value, node: ast.Expression): Value {
  if (value.kind === 'boolean') return boolean(!value.value);
  if (value.kind === 'condition') return opposite(context, value, `not (${value.text})`);
  if (value.kind === 'tensor') return applyFunction(context, 'logical_not', [value], node);
  return notTruth(context, value, node);
}

function logical(context: Context, name: string, a: Value, b: Value, node: ast.Expression): Value {
  const wrong = [a, b].find((side) => side.kind !== 'tensor');
  return wrong === undefined ? applyFunction(context, name, [a, b], node) : notTruth(context, wrong, node);
}

function notTruth(context: Context, value: Value, node: ast.Expression): Value {
  if (value.kind !== 'unknown') {
    context.run.report(context, {
      code: 'wrong-operand',
      place: at(context, node),
      message: `true or false is needed here, but this is ${describe(value)}`,
    });
  }
  return unknown;
}
