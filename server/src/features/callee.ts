// What a call calls, for whoever needs to know its arguments: hover, signature help, completion.

import type * as ast from '../../../grammar/ast';
import type { ArgumentDefinitions } from '../layers/arguments';
import { functions, layers } from '../layers/catalog';
import type { Arguments, Operation } from '../layers/definition';
import { optimizers } from '../layers/optimizers';
import type { Value } from '../semantics/values';
import { definitionsOf } from './spelling';
import type { Document } from './workspace';

export type Callee =
  | {
      readonly kind: 'operation';
      readonly operation: {
        readonly name: string;
        readonly summary: string;
        readonly arguments: ArgumentDefinitions<Arguments>;
        readonly inputs?: Operation['inputs'];
      };
      readonly isFunction: boolean;
    }
  | { readonly kind: 'declaration'; readonly declaration: ast.Stack | ast.Model | ast.FunctionDeclaration; readonly file: string };

/** What a call calls, by the values that its callee had; where it was never evaluated, by its name. */
export function calleeOf(call: ast.Call, document: Document): Callee | undefined {
  const { callee } = call;
  for (const { value } of document.analysis.observations(callee)?.first ?? []) {
    const found = calleeOfValue(value);
    if (found !== undefined) return found;
  }
  return callee.kind === 'name' ? calleeNamed(callee.text, document) : undefined;
}

function calleeOfValue(value: Value): Callee | undefined {
  if (value.kind !== 'constructor' && value.kind !== 'function') return undefined;
  const { target } = value;
  if (target.kind === 'declaration') return { kind: 'declaration', declaration: target.declaration, file: target.file };
  if (target.operation === undefined) return undefined;
  return { kind: 'operation', operation: target.operation, isFunction: value.kind === 'function' };
}

/** What a name calls where nothing around it hides the file's declarations. */
export function calleeNamed(name: string, document: Document): Callee | undefined {
  for (const declaration of document.tree.declarations) {
    if (declaration.kind !== 'stack' && declaration.kind !== 'model' && declaration.kind !== 'function') continue;
    if (declaration.name.text === name) return { kind: 'declaration', declaration, file: document.uri };
  }
  const layer = layers.get(name) ?? optimizers.get(name);
  if (layer !== undefined) return { kind: 'operation', operation: layer, isFunction: false };
  const operation = functions.get(name);
  return operation && { kind: 'operation', operation, isFunction: true };
}

/** The name of an argument as written, or of the place where it stands. */
export function nameOfArgument(call: ast.Call, argument: ast.Argument, callee: Callee): string | undefined {
  if (argument.name !== undefined) return argument.name.text;
  const index = call.arguments.indexOf(argument);
  if (callee.kind === 'declaration') return callee.declaration.parameters[index]?.name.text;
  const inputs = callee.isFunction ? (callee.operation.inputs ?? []).map((input) => input.name) : [];
  const names = [...inputs, ...Object.keys(callee.operation.arguments)];
  const last = names.at(-1);
  return names[index] ?? (last !== undefined && definitionsOf(callee.operation)[last]?.rest === true ? last : undefined);
}
