// What a rule for the derivative of one operation is.

import type { Dimension } from '../../symbolic/dimension';
import type { GraphNode } from '../graph';
import { applied, type Expression, type Shape } from './expression';

/** One application: its operands and what they are called, and the same of its result. */
export interface Site {
  readonly node: GraphNode;
  readonly inputs: readonly Expression[];
  readonly output: Expression;
  /** Of layers with weights, by name. */
  readonly weights: ReadonlyMap<string, Expression>;
}

/** 'zero' where nothing flows back by structure; undefined where it cannot be written well. */
export type Flow = Expression | 'zero' | undefined;

export interface Rule {
  /** The result of an operation whose operands are known; undefined where it cannot be written well. */
  value(site: Omit<Site, 'output'>): Expression | undefined;
  /** What flows back into each input, and behind them into each weight, when `cotangent` flows into the result. */
  flow(site: Site, cotangent: Expression): readonly Flow[];
}

/** Of its operands. */
export const shapesOf = (node: GraphNode): readonly Shape[] => node.inputs.map((input) => input.type.shape);
/** Of its result. */
export const shapeOf = (node: GraphNode): Shape => node.effect.output.shape;

/** A function of operands as a tensor of another shape. */
export function reshaped(expression: Expression | undefined, shape: Shape): Expression | undefined {
  return expression?.kind === 'applied' ? applied(expression.name, expression.operands, shape) : expression;
}

/** Whether an argument has its usual value. */
function usual(node: GraphNode, name: string): boolean {
  const definition = node.operation.arguments[name];
  return definition === undefined || !(name in node.arguments) || JSON.stringify(node.arguments[name]) === JSON.stringify(definition.default);
}

/** Whether all arguments have their usual values. */
export function allUsual(node: GraphNode, except: readonly string[] = []): boolean {
  return Object.keys(node.operation.arguments).every((name) => except.includes(name) || usual(node, name));
}

export function numberOf(size: Dimension): number | undefined {
  return typeof size === 'number' ? size : undefined;
}
