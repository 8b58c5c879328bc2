// Variants of models, `model B = A(args)`: the same body with other defaults.

import type * as ast from '../../../grammar/ast';
import { namesAround } from '../base/nearest';
import { counted } from '../base/words';
import { listed, suggestion } from './construct';
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
  const names = callee.target.declaration.parameters.map((parameter) => parameter.name.text);
  const known = new Set(names);
  const given = new Map<string, BoundArgument>();
  for (const [index, argument] of node.arguments.entries()) {
    const name = argument.name?.text ?? names[index];
    const value = program.orUnknown(() => evaluate(context, argument.value));
    if (name === undefined || !known.has(name)) {
      context.run.report(context, {
        code: name === undefined ? 'too-many-arguments' : 'unknown-argument',
        place: at(context, argument),
        message:
          name === undefined
            ? `${callee.name} takes ${counted(names.length, 'argument')} (${listed(names)}), but this is one more`
            : `${callee.name} has no argument ${name}${suggestion(name, namesAround(name, names))}`,
      });
      continue;
    }
    if (given.has(name)) {
      context.run.report(context, { code: 'repeated-argument', place: at(context, argument), message: `${name} is given twice` });
      continue;
    }
    given.set(name, { name, value, place: at(context, argument.value), written: { node: argument.value, file: context.scope.file } });
  }
  return [...given.values()];
}
