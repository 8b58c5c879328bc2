// What flows into a place of a body, as it was observed: the tensors that a layer written there would be applied to.

import type * as ast from '../../../grammar/ast';
import type { Node } from '../../../grammar/walk';
import { bindArguments } from '../layers/bind';
import type { TensorType } from '../layers/tensor';
import type { Domain } from '../symbolic/domain';
import type { Observation } from '../semantics/findings';
import type { Value } from '../semantics/values';
import { runOf, tensorsIn } from './figures';
import { sidesOf } from './scopes';
import { tryOperation } from './trial';
import type { Document } from './workspace';

export interface Flow {
  /** The tensors that flow: several, where it is a list; none, where nothing is known of them. */
  readonly types: readonly TensorType[];
  readonly isList: boolean;
  /** What is known of the free dimensions. */
  readonly domain: Domain;
}

/**
 * What flows into the last node of a path, which ends in a body or in a step of a chain;
 * undefined where nothing flows, as in an argument, or where it is not known.
 */
export function flowInto(document: Document, path: readonly Node[], offset: number): Flow | undefined {
  const flow = incoming(document, path, offset);
  return flow === undefined || flow.types.length === 0 ? undefined : flow;
}

function incoming(document: Document, path: readonly Node[], offset: number): Flow | undefined {
  const node = path.at(-1);
  const around = path.slice(0, -1);
  const parent = around.at(-1);
  if (node?.kind === 'block') return within(document, node, around, node.statements.filter(({ span }) => span.end < offset).length);
  if (parent?.kind === 'pipe' && parent.right === node) return intoStep(document, parent, around, offset);
  if (parent?.kind === 'expression-statement') {
    const block = around.at(-2);
    return block?.kind === 'block' ? within(document, block, around.slice(0, -2), block.statements.indexOf(parent)) : undefined;
  }
  const isCallee = parent?.kind === 'call' && parent.callee === node;
  return parent?.kind === 'pipe' || isCallee ? incoming(document, around, offset) : undefined;
}

/** What the left side of an arrow gives. */
function intoStep(document: Document, pipe: ast.Pipe, path: readonly Node[], offset: number): Flow | undefined {
  return after(document, pipe.left) ?? chained(document, pipe.left, incoming(document, path, offset));
}

/** The flow in front of a statement of a body. */
function within(document: Document, block: ast.Block, around: readonly Node[], index: number): Flow | undefined {
  const parent = around.at(-1);
  const before = block.statements.slice(0, index);
  // Every branch is off the same incoming value.
  if (parent?.kind !== 'parallel') {
    for (const statement of before.toReversed()) {
      const moved = statement.kind === 'expression-statement' ? movedBy(document, statement.value) : undefined;
      if (moved !== undefined) return moved;
    }
  }
  const input = before.find((statement) => statement.kind === 'input');
  if (input !== undefined) return observed(document, input.name);
  switch (parent?.kind) {
    case 'if-branch':
      return incoming(document, around.slice(0, -1), block.span.start);
    case 'if':
    case 'residual':
    case 'repeat':
    case 'for':
    case 'parallel':
      return incoming(document, around, block.span.start);
    case 'pipe':
      return parent.right === block ? intoStep(document, parent, around, block.span.start) : incoming(document, around, block.span.start);
    default:
      return incomingOf(document, block.statements[index]);
  }
}

/** What came into a statement that is a layer. */
function incomingOf(document: Document, statement: ast.Statement | undefined): Flow | undefined {
  if (statement?.kind !== 'expression-statement') return undefined;
  for (const observation of document.analysis.observations(statement.value)?.first ?? []) {
    const value = observation.application?.inputs[0];
    if (value !== undefined) return flowOf(observation, value);
  }
  return undefined;
}

/** What the flow is after a statement's expression; undefined where it did not move, or was not evaluated. */
function movedBy(document: Document, node: ast.Expression): Flow | undefined {
  if (node.kind !== 'if') return after(document, node);
  for (const side of sidesOf(node)) {
    for (const statement of side.statements.toReversed()) {
      const moved = statement.kind === 'expression-statement' ? movedBy(document, statement.value) : undefined;
      if (moved !== undefined) return moved;
    }
  }
  return undefined;
}

/** The tensor or list that an expression is worth, or that the layer that it is gave. */
function after(document: Document, node: ast.Expression): Flow | undefined {
  if (node.kind === 'pipe') return applied(document, node.right) ?? applied(document, node);
  return applied(document, node) ?? observed(document, node);
}

function applied(document: Document, node: ast.Expression): Flow | undefined {
  const found = document.analysis.observations(node)?.first.find(({ application }) => application !== undefined);
  return found && flowOf(found, found.value);
}

function observed(document: Document, node: Node): Flow | undefined {
  const found = document.analysis.observations(node)?.first.find(({ value }) => value.kind === 'tensor' || value.kind === 'list' || value.kind === 'unknown');
  return found && flowOf(found, found.value);
}

function flowOf(observation: Observation, value: Value): Flow {
  return { types: tensorsIn(value).map(({ type }) => type), isList: value.kind === 'list', domain: runOf(observation).graph.domain };
}

/** A chain of layers that is not finished was never applied: its layers are asked one after the other. */
function chained(document: Document, node: ast.Expression, flow: Flow | undefined): Flow | undefined {
  if (node.kind === 'pipe') return chained(document, node.right, chained(document, node.left, flow));
  const value = document.analysis.observations(node)?.first[0]?.value;
  const layer = value?.kind === 'layer' && value.layer.kind === 'catalog' ? value.layer : undefined;
  const operation = layer?.operation ?? (value?.kind === 'constructor' && value.target.kind === 'catalog' ? value.target.operation : undefined);
  const given = layer?.arguments ?? (operation && bindArguments(operation, []).arguments);
  if (flow === undefined || operation === undefined || given === undefined) return undefined;
  const { effect } = tryOperation(operation, given, flow.types, flow.domain);
  return effect && { ...flow, types: effect.list ?? [effect.output], isList: effect.list !== undefined };
}
