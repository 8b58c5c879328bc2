// Variants of models, `model B = A(args)`: the same body with other defaults.

import type * as ast from '../../../grammar/ast';
import { noArgument, repeatedArgument } from './construct';
import { evaluate } from './evaluate';
import { at, type Context } from './run';
import { type BoundArgument, type ConstructorValue, describe, unknown, type Value } from './values';

/** `model B = A(args)`: the constructor of A, whose defaults are the args. */
export function variantOf(context: Context, declaration: ast.Model): Value {
  const { program } = context.run;
  const node = declaration.variant!;
  const callee = program.orUnknown(() => evaluate(context, node.kind === 'call' ? node.callee : node));
  if (callee.kind === 'unknown') return unknown;
  if (callee.kind !== 'constructor' || callee.target.kind !== 'declaration' || callee.target.declaration.kind !== 'model') {
    context.run.report(context, {
      code: 'not-a-model',
      place: at(context, node),
      message: `a variant is made of a model, but this is ${describe(callee)}`,
    });
    return unknown;
  }
  const { target } = callee;
  const given = node.kind !== 'call' ? [] : argumentsOf(context, callee, node);
  const replaced = new Set(given.map((argument) => argument.name));
  const defaults = [...target.defaults.filter(({ name }) => !replaced.has(name)), ...given];
  return { kind: 'constructor', name: declaration.name.text, target: { ...target, defaults, variant: { declaration, file: context.scope.file } } };
}

/** The arguments of a variant, by name. */
function argumentsOf(context: Context, callee: ConstructorValue, node: ast.Call): readonly BoundArgument[] {
  if (callee.target.kind !== 'declaration') return [];
  const { program } = context.run;
  const { parameters } = callee.target.declaration;
  const names = new Set(parameters.map((parameter) => parameter.name.text));
  const given = new Map<string, BoundArgument>();
  for (const [index, argument] of node.arguments.entries()) {
    const name = argument.name?.text ?? parameters[index]?.name.text;
    const bound: BoundArgument = {
      name,
      namePlace: argument.name && at(context, argument.name),
      value: program.orUnknown(() => evaluate(context, argument.value)),
      place: at(context, argument.value),
      written: { node: argument.value, file: context.scope.file },
    };
    const problem = name === undefined || !names.has(name) ? noArgument(callee.name, name, bound, parameters) : given.has(name) ? repeatedArgument(name) : undefined;
    if (problem !== undefined) context.run.report(context, { ...problem, place: bound.namePlace ?? bound.place });
    else given.set(name!, bound);
  }
  return [...given.values()];
}
