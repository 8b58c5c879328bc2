// Asserts: assumptions bound what is fed, claims are judged on the finished body.

import type * as ast from '../../../grammar/ast';
import { children } from '../../../grammar/walk';
import { penalties } from '../layers/penalty';
import { type Dimension, print } from '../symbolic/dimension';
import { conditions } from '../symbolic/domain';
import type { Assignment } from '../symbolic/solve';
import { applyFunction, asOperand } from './apply';
import { compare } from './arithmetic';
import { evaluate } from './evaluate';
import type { Judgement, Tensor } from './graph';
import { at, type Context } from './run';
import { type ConditionValue, describe, toNumber, unknown, type Value } from './values';

/**
 * Takes an assert about inputs and free dimensions only as an assumption; that of a stack or an applied model is a
 * requirement. False where it is a claim.
 */
export function assume(context: Context, statement: ast.Assert): boolean {
  const subjects = subjectsOf(context, statement.condition);
  if (subjects === undefined) return false;
  const value = context.run.onTrial(() => evaluate(context, statement.condition));
  if (value.kind === 'condition' && value.verdict.holds !== 'never') {
    evaluate(context, statement.condition);
    const possible = takeCondition(context, value, statement);
    judge(context, statement, possible ? 'assumed' : 'fails');
    if (!possible) context.run.report(context, { code: 'assert-fails', place: at(context, statement.condition), message: `no size that is possible here satisfies ${value.text}` });
    return true;
  }
  if (value.kind === 'tensor') {
    judge(context, statement, 'assumed', comparisonsOf(context, statement.condition));
    return true;
  }
  return false;
}

/** Restricts the free dimensions by what a condition needs; false where nothing is left. */
function takeCondition(context: Context, { parts, condition, verdict, text }: ConditionValue, statement: ast.Assert): boolean {
  if (parts !== undefined) return parts.every((part) => takeCondition(context, part, statement));
  const { requirement } = verdict;
  if (condition === undefined && requirement === undefined) return true;
  const { run, chain } = context;
  // Alternatives are known by the sizes that satisfy one of them.
  const asked = condition ?? { kind: 'nonnegative', value: 0 };
  if (chain === undefined && !run.freeParameters) return run.learn(asked, verdict);
  const spell = (): string => (requirement === undefined ? text : conditions(requirement.symbol.name, requirement.range).join(' and '));
  return run.require(asked, verdict, spell, at(context, statement.condition), chain?.name ?? 'the assert');
}

/** The inputs and free dimensions that an expression is about; undefined where it is about anything else, or about nothing. */
function subjectsOf(context: Context, node: ast.Expression): true | undefined {
  let about = false;
  const visit = (each: ast.Expression | { readonly kind: string }): boolean => {
    if (each.kind === 'name') {
      const value = context.scope.lookup((each as ast.Name).text)?.value;
      if (value === undefined) return true;
      if (value.kind === 'tensor') {
        const { kind } = value.tensor.source;
        about = true;
        return kind === 'input' || kind === 'target';
      }
      if (value.kind === 'size' && typeof value.value !== 'number') about = true;
      return value.kind === 'size' || value.kind === 'number' || value.kind === 'formula' || value.kind === 'boolean';
    }
    if (each.kind === 'call') {
      const { callee } = each as ast.Call;
      if (callee.kind === 'name' && [...Object.keys(aboutTheModel), 'grad', 'shape', 'receptive_field', 'stride'].includes(callee.text)) return false;
    }
    return children(each as ast.Expression).every((child) => visit(child as ast.Expression));
  };
  return visit(node) && about ? true : undefined;
}

/** Questions that, without an argument, are about the whole model. */
const aboutTheModel: Readonly<Record<string, unknown>> = { params: true, buffers: true, macs: true, flops: true, memory: true, ...penalties };

export function postponeAssert(context: Context, statement: ast.Assert): void {
  // What an applied model says of itself as a whole is judged where it stands by itself.
  if (context.inAppliedModel === true && asksForWhole(statement.condition, aboutTheModel)) return;
  context.run.postponed.push({ context, statement });
}

/** Whether one of these questions is asked about the whole model: without naming a part of it. */
export function asksForWhole(node: { readonly kind: string }, questions: Readonly<Record<string, unknown>>): boolean {
  const { callee, arguments: given } = node as ast.Call;
  if (node.kind === 'call' && callee.kind === 'name' && callee.text in questions && given.every(({ name }) => name !== undefined)) return true;
  return children(node as ast.Expression).some((child) => asksForWhole(child, questions));
}

/** Judges all claims; the body is finished. */
export function judgePostponed(context: Context): void {
  for (const { context: where, statement } of context.run.postponed.splice(0)) judgeClaim(where, statement);
}

export function judgeClaim(context: Context, statement: ast.Assert): void {
  const { condition } = statement;
  if (condition.kind !== 'comparison') {
    conclude(context, statement, evaluate(context, condition), undefined);
    return;
  }
  const operands = condition.operands.map((operand) => evaluate(context, operand));
  if (operands.some(holdsUnknown)) {
    judge(context, statement, 'unknown');
    return;
  }
  for (const [index, operator] of condition.operators.entries()) {
    const [left, right] = [operands[index]!, operands[index + 1]!];
    if (left.kind === 'tensor' || right.kind === 'tensor') {
      const comparison = tensorComparison(context, operator, left, right, condition);
      judge(context, statement, comparison === undefined ? 'unknown' : 'waits', comparison && [comparison]);
      return;
    }
    const value = compare(context, operator, left, right, condition);
    if (value.kind === 'boolean' && value.value) continue;
    conclude(context, statement, value, { operator, left, right });
    return;
  }
  judge(context, statement, 'holds');
}

function holdsUnknown(value: Value): boolean {
  return value.kind === 'unknown' || (value.kind === 'list' && value.items.some(holdsUnknown));
}

interface Sides {
  readonly operator: string;
  readonly left: Value;
  readonly right: Value;
}

function conclude(context: Context, statement: ast.Assert, value: Value, sides: Sides | undefined): void {
  const place = at(context, statement.condition);
  switch (value.kind) {
    case 'boolean':
      if (value.value) judge(context, statement, 'holds');
      else {
        judge(context, statement, 'fails');
        context.run.report(context, { code: 'assert-fails', place, message: `this assert fails${sides === undefined ? '' : `: ${failure(sides)}`}`, data: sides && { values: [sides.left, sides.right].map(written) } });
      }
      return;
    case 'condition': {
      const { counterexample, holds } = value.verdict;
      if (counterexample === undefined || counterexample.length === 0) {
        judge(context, statement, 'unknown');
        context.run.report(context, {
          code: 'assert-undecided',
          severity: 'information',
          place,
          message: `${value.text} could be neither proven nor refuted for all sizes`,
        });
        return;
      }
      judge(context, statement, 'fails');
      context.run.report(context, {
        code: 'assert-fails',
        place,
        message: `this assert fails ${holds === 'never' ? 'for every size, for example' : ''} at ${printAssignment(counterexample)}: ${value.text} does not hold there`.replace('  ', ' '),
      });
      return;
    }
    case 'tensor':
      judge(context, statement, 'waits', comparisonsOf(context, statement.condition));
      return;
    default:
      judge(context, statement, 'unknown');
      if (value.kind !== 'unknown') {
        context.run.report(context, { code: 'assert-not-condition', place, message: `an assert needs a condition, but this is ${describe(value)}` });
      }
  }
}

export function printAssignment(assignment: Assignment): string {
  return assignment.map(([symbol, value]) => `${symbol.name} = ${String(value)}`).join(', ');
}

/** Both numbers, and by how much they differ. */
function failure({ operator, left, right }: Sides): string {
  const [a, b] = [left, right].map(spell) as [string, string];
  const [x, y] = [toNumber(left), toNumber(right)];
  const difference =
    operator === '==' && x !== undefined && y !== undefined
      ? ` (${Math.abs(x - y).toLocaleString('en-US')} ${x < y ? 'less' : 'more'})`
      : '';
  return operator === '==' ? `${a} is not ${b}${difference}` : `${a} ${operator} ${b} does not hold`;
}

/** As it would stand in the text. */
function written(value: Value): string {
  return value.kind === 'size' || value.kind === 'number' ? String(value.value) : describe(value);
}

function spell(value: Value): string {
  if (value.kind !== 'size' && value.kind !== 'number') return describe(value);
  return typeof value.value === 'number' ? value.value.toLocaleString('en-US', { maximumFractionDigits: 12 }) : print(value.value as Dimension);
}

function tensorComparison(
  context: Context,
  operator: ast.ComparisonOperator,
  left: Value,
  right: Value,
  node: ast.Expression,
): { operator: string; left: Tensor; right: Tensor } | undefined {
  const place = at(context, node);
  const [a, b] = [asOperand(context, left, operator, place), asOperand(context, right, operator, place)];
  if (a === undefined || b === undefined) return undefined;
  // The difference has a shape only where the sides fit each other.
  const fits = applyFunction(context, 'subtract', [left, right], node);
  return fits === unknown ? undefined : { operator, left: a, right: b };
}

function comparisonsOf(context: Context, node: ast.Expression): { operator: string; left: Tensor; right: Tensor }[] | undefined {
  if (node.kind !== 'comparison') return undefined;
  const found = [];
  for (const [index, operator] of node.operators.entries()) {
    const comparison = tensorComparison(
      context,
      operator,
      evaluate(context, node.operands[index]!),
      evaluate(context, node.operands[index + 1]!),
      node,
    );
    if (comparison === undefined) return undefined;
    found.push(comparison);
  }
  return found;
}

function judge(context: Context, statement: ast.Assert, outcome: Judgement['outcome'], comparisons?: Judgement['comparisons']): void {
  const place = at(context, statement);
  context.run.graph.judgements.push({ place, text: context.run.program.textAt(at(context, statement.condition)), outcome, comparisons });
}

