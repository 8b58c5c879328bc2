// What a stack of a file would do to tensors, asked before anybody applies it: its body is run once, aside from all findings.

import type * as ast from '../../../grammar/ast';
import { walk } from '../../../grammar/walk';
import type { TensorType } from '../layers/tensor';
import { freeSymbol } from '../symbolic/dimension';
import { runBody } from './body';
import { Activation, Body } from './body-state';
import { evaluate } from './evaluate';
import { Findings } from './findings';
import type { Program } from './program';
import { type Context, LimitReached, Run } from './run';
import { Scope } from './scope';
import { size, tensor, type Value } from './values';

/** A list of suggestions asks many stacks at once: what would take longer is left open. */
const limits = { nodes: 1_000, steps: 10_000 } as const;

/** What the stack gives, or what is wrong with it here; undefined where that is not known. */
export type StackEffect = { readonly output: Value; readonly problem?: undefined } | { readonly problem: string };

/** Applies the stack of a name to tensors; arguments without a default are free sizes of their names. */
export function stackEffect(program: Program, file: string, name: string, inputs: readonly TensorType[]): StackEffect | undefined {
  const unit = program.newUnit(name);
  const value = program.valueNamed(file, name, unit);
  if (value?.kind !== 'constructor' || value.target.kind !== 'declaration' || value.target.declaration.kind !== 'stack') return undefined;
  const { declaration, file: from } = value.target;
  if (mayHoldLayers(declaration)) return undefined;
  const findings = new Findings(0);
  const run = new Run(program, unit, name, false, { incoming: 'free', findings, limits: { ...program.limits, ...limits } });
  const place = { file: from, span: declaration.name.span };
  const incoming = inputs.map((type) => tensor(run.newTensor(type, true, { kind: 'input', name: '' }, place)));
  const parameters = new Scope(undefined, from);
  const context: Context = { run, scope: parameters, body: new Body(incoming, false), activation: new Activation(new Map()), depth: 0 };
  try {
    for (const parameter of declaration.parameters) {
      const given = parameter.default === undefined ? size(freeSymbol(parameter.name.text)) : evaluate(context, parameter.default);
      parameters.bind(parameter.name.text, { value: given, place });
    }
    const output = runBody({ ...context, scope: new Scope(parameters, from) }, declaration.body, place, name);
    // A size in the place of a layer: the argument is meant for something else.
    if (findings.has('no-effect')) return undefined;
    if (run.errors === 0) return output.kind === 'unknown' ? undefined : { output };
    // What errs for free sizes need not err for those that somebody writes.
    if (declaration.parameters.some((parameter) => parameter.default === undefined)) return undefined;
    const problem = findings.diagnosticsOf(from).find(({ severity }) => severity === 'error')?.message;
    return problem === undefined ? undefined : { problem };
  } catch (error) {
    if (error instanceof LimitReached) return undefined;
    throw error;
  }
}

/** Whether an argument without a default stands where a layer does. */
function mayHoldLayers({ parameters, body }: ast.Stack): boolean {
  const open = new Set(parameters.filter((parameter) => parameter.default === undefined).map(({ name }) => name.text));
  let found = false;
  walk(body, {
    enter(node, ancestors) {
      const parent = ancestors.at(-1);
      const isLayer = parent?.kind === 'expression-statement' || parent?.kind === 'pipe' || (parent?.kind === 'call' && parent.callee === node);
      if (node.kind === 'name' && open.has(node.text) && isLayer) found = true;
      return found ? false : undefined;
    },
  });
  return found;
}
