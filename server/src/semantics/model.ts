// Evaluates a model by itself: its inputs become inputs of the network, its free dimensions symbols or given sizes.

import type * as ast from '../../../grammar/ast';
import { judgePostponed } from './asserts';
import { runLateLosses, runStatements } from './body';
import { Activation, Body } from './body-state';
import { bindParameters, missingParameters } from './construct';
import { Findings } from './findings';
import type { Graph, Tensor } from './graph';
import type { Program } from './program';
import { type ChosenOptimizer, type Context, LimitReached, Run } from './run';
import { Scope } from './scope';
import type { Unit } from './unit';
import type { ConstructorValue, Layer, Value } from './values';

/** A model that was evaluated. */
export interface EvaluatedModel {
  readonly name: string;
  readonly declaration: ast.Model;
  readonly file: string;
  readonly graph: Graph;
  readonly optimizer: ChosenOptimizer | undefined;
  readonly run: Run;
  /** Whether the evaluation came to its end; false where a limit stopped it. */
  readonly complete: boolean;
}

/** The arguments that a model still needs before it can be evaluated by itself. */
export function missingArguments(constructor: ConstructorValue): readonly string[] {
  if (constructor.target.kind !== 'declaration') return [];
  const { declaration, defaults } = constructor.target;
  return missingParameters(declaration.parameters, defaults);
}

/**
 * Evaluates a model with values for some of its free dimensions.
 * Undefined where it needs arguments or has no body.
 */
export function evaluateModel(
  program: Program,
  constructor: ConstructorValue,
  given: ReadonlyMap<string, number>,
  unit: Unit,
): EvaluatedModel | undefined {
  const { target, name } = constructor;
  if (target.kind !== 'declaration' || target.declaration.kind !== 'model') return undefined;
  const { declaration, file, defaults, variant } = target;
  const { body } = declaration;
  if (body === undefined || missingArguments(constructor).length > 0) return undefined;
  const run = new Run(program, unit, name, false, { given, variant: variant && { file: variant.file, span: variant.declaration.name.span } });
  const place = { file, span: declaration.name.span };
  return evaluateBody(run, variant?.declaration ?? declaration, body, file, (outer) => bindParameters(outer, name, declaration.parameters, file, defaults, [], place), unit);
}

/** Evaluates a model that was made with arguments but is applied to nothing; undefined for any other layer. */
export function evaluateLayer({ program, unit }: Run, layer: Layer): EvaluatedModel | undefined {
  if (layer.kind !== 'body' || layer.node.kind !== 'model') return undefined;
  const { node, body, scope, name } = layer;
  // What its body shows is that of its own evaluation.
  return evaluateBody(new Run(program, unit, name, false, { findings: new Findings(0) }), node, body, scope.file, () => scope);
}

/** `unit` may use the model before its claims are judged. */
function evaluateBody(run: Run, declaration: ast.Model, body: ast.Block, file: string, scopeOf: (outer: Context) => Scope | undefined, unit?: Unit): EvaluatedModel {
  const outer: Context = {
    run,
    scope: new Scope(undefined, file),
    body: new Body([], true),
    activation: new Activation(new Map()),
    depth: 0,
  };
  const model = { name: run.name, declaration, file, graph: run.graph, optimizer: run.optimizer, run, complete: false };
  try {
    const scope = scopeOf(outer);
    const context = { ...outer, scope: new Scope(scope, file) };
    if (scope !== undefined) runNetwork(context, body);
    model.optimizer = run.optimizer;
    unit?.isUsable(model);
    judgePostponed(context);
    model.complete = true;
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
  }
  return model;
}

function runNetwork(context: Context, block: ast.Block): void {
  const { body, run } = context;
  const { graph } = run;
  runStatements(context, block.statements);
  run.closing = true;
  if (run.isSound) runLateLosses(run);
  settleSizes(run);
  graph.bodyNodes = graph.nodes.length;
  graph.finished = run.isSound;
  for (const [name, value] of body.published) graph.outputs.push({ name, tensors: tensorsOf(value) });
  // The last flow is an output, too, unless the last `output` published it.
  if (body.moved && body.lastPublished === undefined && body.flow !== undefined) {
    const tensors = tensorsOf(body.flow);
    if (tensors.length > 0) graph.outputs.push({ name: 'output', tensors });
  }
}

/** Writes all sizes under what is known of free dimensions at the end of the body. */
export function settleSizes(run: Run): void {
  const { graph } = run;
  if (graph.domain.size === 0 && graph.relations.length === 0) return;
  for (const node of graph.nodes) {
    for (const output of node.outputs) output.type = run.simplifiedType(output.type);
    if (node.kind === 'operation') node.macs = run.simplified(node.macs);
  }
}

function tensorsOf(value: Value): readonly Tensor[] {
  if (value.kind === 'tensor') return [value.tensor];
  return value.kind === 'list' ? value.items.flatMap(tensorsOf) : [];
}
