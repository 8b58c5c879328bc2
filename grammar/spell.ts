// How nodes are spelled on one line, with no more parentheses than the tree needs, or people: `(h // 2) * w`.

import type { Argument, Block, Dimension, Expression, IndexItem, Name, Parameter, Statement, Type } from './ast';
import { quote } from './literals';
import { negatePrecedence, notPrecedence, precedence } from './operators';

/** A node that stands inside statements, or is one. */
export type Spellable = Expression | Dimension | IndexItem | Argument | Parameter | Type | Statement;

const atomStrength = 8;
/** Whole quotients and remainders bind a little less than products, so that they stand in parentheses as factors. */
const whole: ReadonlySet<string> = new Set(['//', '%']);
const aLittle = 0.05;
const hasBlock = new Set<Expression['kind']>(['block', 'if', 'repeat', 'for', 'residual', 'parallel']);

/** Where an expression stands: how strongly it must bind there, and whether a `{` would be taken for a header's body. */
export interface Place {
  readonly least: number;
  readonly inHeader: boolean;
}

export const anywhere: Place = { least: 0, inHeader: false };
export const inHeader: Place = { least: 0, inHeader: true };

/** The places of the operands of an operator. */
export function operandPlaces(operator: string, inHeader: boolean): { left: Place; right: Place } {
  const strength = precedence.get(operator)!;
  if (operator === '^') return { left: { least: strength + 0.1, inHeader }, right: { least: negatePrecedence, inHeader } };
  const isComparison = strength === precedence.get('==');
  return {
    left: { least: isComparison ? strength + 0.1 : whole.has(operator) ? strength - aLittle : strength, inHeader },
    right: { least: strength + 0.1, inHeader },
  };
}

/** The place of what a suffix such as `(…)`, `[…]` or `.name` follows. */
export function objectPlace(inHeader: boolean): Place {
  return { least: atomStrength, inHeader };
}

/** The place of what a prefix stands before. */
export function prefixedPlace(kind: 'not' | 'negate', inHeader: boolean): Place {
  return { least: kind === 'not' ? notPrecedence : negatePrecedence, inHeader };
}

/** Whether an expression needs parentheses in a place. */
export function needsParentheses(node: Expression, { least, inHeader }: Place): boolean {
  return strengthOf(node) < least || (inHeader && hasBlock.has(node.kind));
}

function strengthOf(node: Expression): number {
  switch (node.kind) {
    case 'pipe':
      return precedence.get('->')!;
    case 'logical':
      return precedence.get(node.operator)!;
    case 'binary':
      return precedence.get(node.operator)! - (whole.has(node.operator) ? aLittle : 0);
    case 'comparison':
      return precedence.get('==')!;
    case 'not':
      return notPrecedence;
    case 'negate':
      return negatePrecedence;
    default:
      return atomStrength;
  }
}

/** Whether an expression begins with the value of the loss; a statement would become the loss statement by that. */
export function beginsWithLoss(text: string): boolean {
  return /^loss\b/.test(text);
}

/** Spells nodes; each spelling is made once. */
export class Speller {
  private readonly known = new Map<Spellable, string>();

  /** The text of an expression in a place. */
  expression(node: Expression, place: Place = anywhere): string {
    return needsParentheses(node, place) ? `(${this.node(node)})` : this.node(node, place.inHeader);
  }

  /** The text of a node by itself. */
  node(node: Spellable, isInHeader = false): string {
    if (isInHeader) return this.spell(node, true);
    let text = this.known.get(node);
    if (text === undefined) {
      text = this.spell(node, false);
      this.known.set(node, text);
    }
    return text;
  }

  list(nodes: readonly Spellable[]): string {
    return nodes.map((node) => this.node(node)).join(', ');
  }

  /** What stands before the body of an `if`, `repeat` or `for`. */
  header(node: Extract<Expression, { kind: 'repeat' | 'for' }> | { kind: 'if'; condition: Expression }): string {
    switch (node.kind) {
      case 'if':
        return `if ${this.expression(node.condition, inHeader)}`;
      case 'repeat':
        return `repeat ${this.expression(node.count, inHeader)}`;
      case 'for':
        return `for ${this.list(node.names)} in ${this.expression(node.iterable, inHeader)}`;
    }
  }

  private spell(node: Spellable, isInHeader: boolean): string {
    switch (node.kind) {
      case 'name':
      case 'integer':
      case 'float':
        return node.text;
      case 'string':
        return quote(node.value);
      case 'boolean':
        return `${node.value}`;
      case 'none':
        return 'none';
      case 'missing':
        return '';
      case 'ellipsis':
        return '...';
      case 'list':
        return `[${this.list(node.items)}]`;
      case 'block':
        return this.block(node);
      case 'if':
        return this.if(node);
      case 'repeat':
      case 'for':
        return `${this.header(node)} ${this.block(node.body)}`;
      case 'residual':
        return `residual ${this.block(node.body)}`;
      case 'parallel':
        return `${this.parallelHead(node.operation, node.arguments)} ${this.block(node.body)}`;
      case 'pipe':
        return this.infix('->', node.left, node.right, isInHeader);
      case 'logical':
      case 'binary':
        return this.infix(node.operator, node.left, node.right, isInHeader);
      case 'comparison': {
        const { left } = operandPlaces('==', isInHeader);
        const operands = node.operands.map((operand) => this.expression(operand, left));
        return operands.map((text, i) => (i === 0 ? text : `${node.operators[i - 1]} ${text}`)).join(' ');
      }
      case 'not':
        return `not ${this.expression(node.operand, prefixedPlace('not', isInHeader))}`;
      case 'negate':
        return `-${this.expression(node.operand, prefixedPlace('negate', isInHeader))}`;
      case 'call':
        return `${this.expression(node.callee, objectPlace(isInHeader))}(${this.list(node.arguments)})`;
      case 'index':
        return `${this.expression(node.object, objectPlace(isInHeader))}[${this.list(node.items)}]`;
      case 'member':
        return `${this.expression(node.object, objectPlace(isInHeader))}.${node.name.text}`;
      case 'argument':
        return this.named(node.name, node.value);
      case 'parameter':
        return this.named(node.name, node.default);
      case 'slice':
        return this.slice(node);
      case 'type':
        return this.type(node);
      default:
        return this.statement(node);
    }
  }

  private infix(operator: string, left: Expression, right: Expression, isInHeader: boolean): string {
    const places = operandPlaces(operator, isInHeader);
    return `${this.expression(left, places.left)} ${operator} ${this.expression(right, places.right)}`;
  }

  private if({ branches, otherwise }: Extract<Expression, { kind: 'if' }>): string {
    const parts = branches.map(({ condition, body }) => `${this.header({ kind: 'if', condition })} ${this.block(body)}`);
    if (otherwise !== undefined) parts.push(this.block(otherwise));
    return parts.join(' else ');
  }

  parallelHead(operation: string, args: readonly Argument[]): string {
    return args.length === 0 ? operation : `${operation}(${this.list(args)})`;
  }

  private named(name: Name | undefined, value: Expression | undefined): string {
    if (name === undefined) return this.node(value!);
    return value === undefined ? name.text : `${name.text} = ${this.node(value)}`;
  }

  private slice({ start, stop, step }: Extract<IndexItem, { kind: 'slice' }>): string {
    const spell = (part: Expression | undefined): string => (part === undefined ? '' : this.node(part));
    return `${spell(start)}:${spell(stop)}${step === undefined ? '' : `:${spell(step)}`}`;
  }

  private type({ element, shape }: Type): string {
    return `${element ?? ''}${shape === undefined ? '' : `[${this.list(shape)}]`}`;
  }

  private block({ statements }: Block): string {
    if (statements.length === 0) return '{}';
    return `{ ${statements.map((statement) => this.node(statement)).join('; ')} }`;
  }

  /** What stands before the value of a statement, and the value if it has one. */
  statementParts(statement: Statement): { head: string; value?: Expression; place: Place } {
    switch (statement.kind) {
      case 'input':
      case 'target':
      case 'param': {
        const type = statement.type === undefined ? '' : `: ${this.node(statement.type)}`;
        const head = `${statement.kind} ${statement.name.text}${type}`;
        const value = statement.kind === 'param' ? statement.value : undefined;
        return value === undefined ? { head, place: anywhere } : { head: `${head} = `, value, place: anywhere };
      }
      case 'output':
        return { head: `output ${statement.name.text}`, place: anywhere };
      case 'loss':
        return { head: 'loss ', value: statement.value, place: anywhere };
      case 'optimizer':
        return { head: 'optimizer ', value: statement.value, place: objectPlace(false) };
      case 'assert':
        return { head: 'assert ', value: statement.condition, place: anywhere };
      case 'binding':
        return { head: `${this.list(statement.names)} = `, value: statement.value, place: anywhere };
      case 'expression-statement':
        return { head: '', value: statement.value, place: anywhere };
    }
  }

  private statement(statement: Statement): string {
    const { head, value, place } = this.statementParts(statement);
    if (value === undefined) return head;
    const text = this.expression(value, place);
    return statement.kind === 'expression-statement' && beginsWithLoss(text) ? `(${text})` : head + text;
  }
}

/** The text of an expression, a type or a statement on one line. */
export function spell(node: Spellable): string {
  return new Speller().node(node);
}
