// What a call calls, for whoever needs to know its arguments: hover, signature help, completion.

import type * as ast from '../../../grammar/ast';
import { functions, layers } from '../layers/catalog';
import { optimizers } from '../layers/optimizers';
import { builtins } from '../semantics/builtins';
import type { Builtin } from '../semantics/questions';
import type { Layer, Value } from '../semantics/values';
import { type Callable, signatureOfOperation } from './spelling';
import type { Document } from './workspace';

export type Callee =
  | {
      readonly kind: 'operation';
      readonly operation: Callable & { readonly summary: string };
      readonly isFunction: boolean;
    }
  | { readonly kind: 'declaration'; readonly declaration: ast.Stack | ast.Model | ast.FunctionDeclaration; readonly file: string };

/** What a call constructs, or which function it calls, by the values that its callee had; where it was never evaluated, by its name. */
export function calleeOf(call: ast.Call, document: Document): Callee | undefined {
  const { callee } = call;
  for (const { value } of document.analysis.observations(callee)?.first ?? []) {
    const found = calleeOfValue(value);
    if (found !== undefined) return found;
  }
  return callee.kind === 'name' ? calleeNamed(callee.text, document) : undefined;
}

/** The same, also of layers that are applied and of functions that are answered while analysing. */
export function calledBy(call: ast.Call, document: Document): Callee | undefined {
  const { callee } = call;
  for (const { value } of document.analysis.observations(callee)?.first ?? []) if (value.kind === 'layer') return application(value.layer);
  const builtin = callee.kind === 'name' ? builtins.get(callee.text) : undefined;
  return calleeOf(call, document) ?? (builtin && question(builtin));
}

function calleeOfValue(value: Value): Callee | undefined {
  if (value.kind !== 'constructor' && value.kind !== 'function') return undefined;
  const { target } = value;
  if (target.kind === 'declaration') return { kind: 'declaration', declaration: target.declaration, file: target.file };
  if (target.operation === undefined) return undefined;
  return { kind: 'operation', operation: target.operation, isFunction: value.kind === 'function' };
}

/** What a layer that is called takes: its inputs, and the arguments of its forward. */
function application(layer: Layer): Callee | undefined {
  if (layer.kind === 'catalog') {
    const { name, summary, inputs, forward } = layer.operation;
    return { kind: 'operation', operation: { name: layer.label ?? name, summary, arguments: forward ?? {}, inputs }, isFunction: true };
  }
  if (layer.kind !== 'body' || (layer.node.kind !== 'stack' && layer.node.kind !== 'model')) return undefined;
  const inputs = layer.body.statements.flatMap((statement) => (statement.kind === 'input' ? [{ name: statement.name.text }] : []));
  return { kind: 'operation', operation: { name: layer.name, summary: layer.node.documentation ?? '', arguments: {}, inputs: inputs.length === 0 ? [{ name: 'input' }] : inputs }, isFunction: true };
}

/** A function that is answered while analysing, by what its signature says; of several forms by the longest, which is the last. */
function question({ name, signature, summary }: Builtin): Callee {
  const parts = /\(([^()]*)\)$/.exec(signature)![1]!.split(', ');
  const takesRest = parts.at(-1) === '…';
  const inputs = parts.filter((part) => part !== '…').map((part, index, { length }) => ({
    name: /^\w+/.exec(part)![0],
    label: takesRest && index === length - 1 ? `${part}, …` : part,
    optional: /[?=]/.test(part),
    variadic: takesRest && index === length - 1,
  }));
  return { kind: 'operation', operation: { name, summary, arguments: {}, inputs }, isFunction: true };
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
  const all = signatureOfOperation(callee.operation, callee.isFunction).arguments;
  const rest = all.findIndex(({ takesRest }) => takesRest === true);
  return all[rest >= 0 ? Math.min(index, rest) : index]?.name;
}
