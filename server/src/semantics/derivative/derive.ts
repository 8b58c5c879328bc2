// The derivative of a scalar of a graph as an expression in the names of the spec, by reverse accumulation.

import type { AnyNode, Graph, GraphNode, Tensor } from '../graph';
import { sum } from './algebra';
import { constant, type Expression, one, symbol, zero } from './expression';
import { shortest, symbolsIn } from './forms';
import { refolded } from './refold';
import type { Rule } from './rule';
import { ruleOf } from './rules';

/** What a tensor is called where it was written; undefined for what has no name. */
export type Naming = (tensor: Tensor) => string | undefined;

/** Longer ways from a tensor to the scalar are not written out. */
const mostNodes = 60;
/** Names are looked behind where that is soon done. */
const mostUnfolded = 20;

/** Why a derivative is not written as an expression: what it flows through has no short one, or that is too much. */
export type Obstacle = { readonly kind: 'operation'; readonly node: AnyNode } | { readonly kind: 'steps'; readonly count: number };

/** Expressions for the tensors of a graph. */
export class Derivatives {
  private readonly values = new Map<Tensor, Expression | undefined>();

  constructor(
    private readonly graph: Graph,
    private readonly naming: Naming,
  ) {}

  /** ∂y/∂x of a scalar y, for one example; undefined where it cannot be written well. */
  derivative(y: Tensor, x: Tensor): Expression | undefined {
    const found = this.derived(y, x);
    if ('node' in found || 'count' in found) return undefined;
    return this.withoutNames(y, x, found) ?? found;
  }

  /** The same through what names stand for, where terms cancel that names hide: of p = e/sum(e), e = exp(z), all that is left is p − y. */
  private withoutNames(y: Tensor, x: Tensor, named: Expression): Expression | undefined {
    const between = this.nodesBetween(y, x);
    const inner = between.flatMap((node) => (node.kind === 'operation' ? node.outputs : [])).filter((tensor) => tensor !== x && this.naming(tensor) !== undefined);
    if (inner.length === 0 || between.length > mostUnfolded) return undefined;
    const least = symbolsIn(shortest(named));
    // All names, or one of them that hides what the others do not.
    const found = [inner, ...(inner.length > 1 ? inner.map((tensor) => [tensor]) : [])].flatMap((hidden) => this.behind(y, x, hidden) ?? []).sort((a, b) => symbolsIn(a) - symbolsIn(b))[0];
    return found !== undefined && symbolsIn(found) < least ? found : undefined;
  }

  /** The derivative through what some names stand for, with these names wherever what they stand for is left. */
  private behind(y: Tensor, x: Tensor, hidden: readonly Tensor[]): Expression | undefined {
    const found = new Derivatives(this.graph, (tensor) => (hidden.includes(tensor) ? undefined : this.naming(tensor))).derived(y, x);
    if ('node' in found || 'count' in found) return undefined;
    return hidden.reduce((expression, tensor) => {
      const definition = this.definition(tensor);
      return definition === undefined ? expression : shortest(refolded(expression, shortest(definition), this.value(tensor)!));
    }, shortest(found));
  }

  /** What stands in the way of writing ∂y/∂x; undefined if nothing does. */
  obstacle(y: Tensor, x: Tensor): Obstacle | undefined {
    const found = this.derived(y, x);
    return 'node' in found || 'count' in found ? found : undefined;
  }

  private derived(y: Tensor, x: Tensor): Expression | Obstacle {
    const between = this.nodesBetween(y, x);
    if (between.length > mostNodes) return { kind: 'steps', count: between.length };
    const flowing = new Map<Tensor, Expression>([[y, one]]);
    for (const node of [...between].reverse()) {
      if (node.kind === 'gradient' || node.outputs.length > 1) return { kind: 'operation', node };
      const cotangent = this.gradientNamed(y, node.outputs[0]!, x) ?? flowing.get(node.outputs[0]!);
      if (cotangent === undefined) continue;
      if (!this.passBack(node, cotangent, x, flowing, new Set(between))) return { kind: 'operation', node: this.unwrittenIn(node) ?? node };
    }
    return flowing.get(x) ?? zero;
  }

  /** The operation behind an operand that cannot be written, where the node itself can. */
  private unwrittenIn(node: GraphNode): GraphNode | undefined {
    if (ruleOf(node) === undefined) return undefined;
    const { source } = node.inputs.find((input) => this.value(input) === undefined) ?? node.outputs[0]!;
    if (source.kind !== 'node' || source.node.kind !== 'operation' || source.node === node) return undefined;
    return this.unwrittenIn(source.node) ?? source.node;
  }

  /** What a tensor is: its name, or else how it is made; undefined where that cannot be written well. */
  value(tensor: Tensor): Expression | undefined {
    if (!this.values.has(tensor)) this.values.set(tensor, this.expressionOf(tensor));
    return this.values.get(tensor);
  }

  /** How a tensor is made, even if it has a name. */
  definition(tensor: Tensor): Expression | undefined {
    const { source } = tensor;
    if (source.kind !== 'node' || source.node.kind !== 'operation' || source.node.outputs.length > 1) return undefined;
    const rule = ruleOf(source.node);
    const inputs = rule && this.inputsOf(source.node);
    return inputs && rule.value({ node: source.node, inputs, weights: this.weightsOf(source.node) });
  }

  /** f′ where the node maps each entry by itself: y = f(x). */
  slope(node: AnyNode): Expression | undefined {
    if (node.kind === 'gradient' || node.operation.pointwise !== true) return undefined;
    const rule = ruleOf(node);
    const flow = rule && this.flowsOf(node, rule, one, () => true)?.[0];
    return typeof flow === 'object' ? flow : undefined;
  }

  /** What flows back to the inputs and parameters of one node from the gradient of its output, where it is needed; undefined where that cannot be written well. */
  local(node: GraphNode, cotangent: Expression, needed: (tensor: Tensor) => boolean): readonly (Expression | 'zero' | undefined)[] | undefined {
    const rule = ruleOf(node);
    return rule && this.flowsOf(node, rule, cotangent, needed);
  }

  private expressionOf(tensor: Tensor): Expression | undefined {
    const name = this.naming(tensor);
    const { source, type } = tensor;
    if (name !== undefined) return symbol(name, type.shape, isDistribution(tensor));
    return source.kind === 'constant' ? constant(source.value) : this.definition(tensor);
  }

  private inputsOf(node: GraphNode): readonly Expression[] | undefined {
    const inputs = node.inputs.map((input) => this.value(input));
    return inputs.includes(undefined) ? undefined : (inputs as Expression[]);
  }

  private weightsOf(node: GraphNode): ReadonlyMap<string, Expression> {
    const weights = new Map<string, Expression>();
    for (const [index, parameter] of node.parameters.entries()) {
      const name = this.naming(parameter);
      if (name !== undefined) weights.set(node.effect.parameters![index]!.name, symbol(name, parameter.type.shape));
    }
    return weights;
  }

  /** Adds what flows back through one node; false where that cannot be written well. */
  private passBack(node: GraphNode, cotangent: Expression, x: Tensor, flowing: Map<Tensor, Expression>, between: ReadonlySet<AnyNode>): boolean {
    const rule = ruleOf(node);
    const reaches = (tensor: Tensor): boolean => tensor === x || (tensor.source.kind === 'node' && between.has(tensor.source.node));
    const flows = rule && this.flowsOf(node, rule, cotangent, reaches);
    if (flows === undefined) return false;
    for (const [position, tensor] of [...node.inputs, ...node.parameters].entries()) {
      if (!reaches(tensor)) continue;
      const flow = flows[position];
      if (flow === undefined) return false;
      if (flow === 'zero') continue;
      const before = flowing.get(tensor);
      flowing.set(tensor, before === undefined ? flow : sum([flow, before]));
    }
    return true;
  }

  /** Where an operand cannot be written, it may still not be needed: it is named by a sign that must not remain. */
  private flowsOf(node: GraphNode, rule: Rule, cotangent: Expression, reaches: (tensor: Tensor) => boolean): readonly (Expression | 'zero' | undefined)[] | undefined {
    const inputs = node.inputs.map((input) => this.value(input) ?? symbol(unwritten, input.type.shape));
    const weights = this.weightsOf(node);
    const output = this.value(node.outputs[0]!) ?? symbol(unwritten, node.outputs[0]!.type.shape);
    const flows = rule.flow({ node, inputs, output, weights }, cotangent);
    const needed = [...node.inputs, ...node.parameters].map(reaches);
    const holds = flows.every((flow, position) => needed[position] !== true || typeof flow !== 'object' || !flow.key.includes(unwritten));
    return holds ? flows : undefined;
  }

  /** A gradient of the same scalar that has a name of its own: `dw = grad(loss, w)`. */
  private gradientNamed(y: Tensor, by: Tensor, x: Tensor): Expression | undefined {
    if (by === x) return undefined;
    for (const node of this.graph.nodes) {
      if (node.kind !== 'gradient' || node.inputs[0] !== y || node.inputs[1] !== by) continue;
      const name = this.naming(node.outputs[0]!);
      if (name !== undefined) return symbol(name, by.type.shape);
    }
    return undefined;
  }

  /** The nodes that depend on x and that y depends on, in their order. */
  private nodesBetween(y: Tensor, x: Tensor): readonly AnyNode[] {
    const depends = new Set<Tensor>([x]);
    const needed = ancestors(y);
    const between: AnyNode[] = [];
    for (const node of this.graph.nodes) {
      if (!needed.has(node)) continue;
      const operands = node.kind === 'operation' ? [...node.inputs, ...node.parameters] : node.inputs;
      if (!operands.some((operand) => depends.has(operand))) continue;
      for (const output of node.outputs) depends.add(output);
      // What x itself is made of lies in front of it.
      if (!node.outputs.includes(x)) between.push(node);
    }
    return between;
  }
}

const unwritten = '\u0000';

/** Whether what is along the last axis sums to one. */
function isDistribution({ source, type }: Tensor): true | undefined {
  if (source.kind !== 'node' || source.node.kind !== 'operation') return undefined;
  const { operation, arguments: { dim } } = source.node;
  if (operation.name === 'one_hot') return true;
  return ['softmax', 'Softmax', 'softmin', 'Softmin'].includes(operation.name) && (dim === -1 || dim === type.shape.length - 1) ? true : undefined;
}

function ancestors(tensor: Tensor): ReadonlySet<AnyNode> {
  const found = new Set<AnyNode>();
  const pending: Tensor[] = [tensor];
  while (pending.length > 0) {
    const { source } = pending.pop()!;
    if (source.kind !== 'node' || found.has(source.node)) continue;
    found.add(source.node);
    for (const input of source.node.inputs) pending.push(input);
  }
  return found;
}
