// A function of a file by itself: what it does to single numbers, as a graph.

import { Activation, Body } from './body-state';
import { callFunction } from './call';
import type { Graph, Tensor } from './graph';
import type { Program } from './program';
import { type Context, LimitReached, Run } from './run';
import { Scope } from './scope';
import type { BoundArgument, FunctionValue } from './values';

export interface FunctionGraph {
  readonly graph: Graph;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
}

/** Applies a declared function to single numbers in place of its arguments without defaults; undefined where it takes anything else. */
export function functionGraph(program: Program, callee: FunctionValue): FunctionGraph | undefined {
  const { target, name } = callee;
  if (target.kind !== 'declaration') return undefined;
  const { declaration, file } = target;
  const run = new Run(program, program.newUnit(name), name, false);
  const context: Context = { run, scope: new Scope(undefined, file), body: new Body([], false), activation: new Activation(new Map()), depth: 0 };
  const inputs = declaration.parameters
    .filter((parameter) => parameter.default === undefined)
    .map((parameter) => run.newTensor({ element: 'float', shape: [] }, true, { kind: 'input', name: parameter.name.text }, { file, span: parameter.name.span }));
  run.graph.inputs.push(...inputs);
  const given = inputs.map((tensor): BoundArgument => ({ value: { kind: 'tensor', tensor }, place: tensor.place }));
  try {
    const value = run.findings.quietly(() => callFunction(context, callee, given, declaration.body));
    return value.kind === 'tensor' && run.errors === 0 && value.tensor.type.shape.length === 0 ? { graph: run.graph, inputs, output: value.tensor } : undefined;
  } catch (error) {
    if (error instanceof LimitReached) return undefined;
    throw error;
  }
}
