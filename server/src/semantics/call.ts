// Calls: of constructors, layers, and the three kinds of functions.

import type * as ast from '../../../grammar/ast';
import type { Fix } from '../base/diagnostic';
import { layers } from '../layers/catalog';
import type { FunctionOperation } from '../layers/definition';
import { apply, applyFunction, applyOperation, asOperand } from './apply';
import { bindCatalogArguments, bindParameters, construct, missingParameters } from './construct';
import { evaluate } from './evaluate';
import { formulaOfCall } from './formula';
import type { Place, Tensor } from './graph';
import { at, type Context } from './run';
import { type BoundArgument, describe, type FunctionLayer, type FunctionValue, type Layer, layerName, size, toNumber, unknown, type Value } from './values';

export function evaluateArgument(context: Context, argument: ast.Argument): BoundArgument {
  return {
    name: argument.name?.text,
    value: evaluate(context, argument.value),
    place: at(context, argument.value),
    namePlace: argument.name && at(context, argument.name),
  };
}

export function evaluateCall(context: Context, node: ast.Call): Value {
  const callee = evaluate(context, node.callee);
  const given: BoundArgument[] = [];
  for (const argument of node.arguments) given.push(evaluateArgument(context, argument));
  const misplaced = firstMisplaced(given);
  if (misplaced !== undefined) {
    context.run.report(context, {
      code: 'positional-after-named',
      place: misplaced.place,
      message: 'an argument without a name stands behind a named one; move it to the front or name it',
    });
    return unknown;
  }
  switch (callee.kind) {
    case 'unknown':
      return unknown;
    case 'constructor':
      return construct(context, callee, given, node);
    case 'layer':
      return applyToArguments(context, callee.layer, given, node);
    case 'function':
      return callFunction(context, callee, given, node);
    default:
      context.run.report(context, {
        code: 'not-callable',
        place: at(context, node.callee),
        message: `only layers, stacks, models and functions can be called, but this is ${describe(callee)}`,
      });
      return unknown;
  }
}

/** The first argument without a name behind one that has a name. */
function firstMisplaced(given: readonly BoundArgument[]): BoundArgument | undefined {
  let isNamed = false;
  for (const argument of given) {
    if (argument.name !== undefined) isNamed = true;
    else if (isNamed) return argument;
  }
  return undefined;
}

/** Applies a layer to what stands in its parentheses: inputs in order, then inputs and arguments of its forward by name. */
function applyToArguments(context: Context, layer: Layer, given: readonly BoundArgument[], node: ast.Call): Value {
  const named = given.filter((argument) => argument.name !== undefined);
  const positional = given.filter((argument) => argument.name === undefined).map((argument) => argument.value);
  if (named.length === 0) return apply(context, layer, positional, node);
  const operation = layer.kind === 'catalog' ? layer.operation : undefined;
  const inputs = operation?.inputs.map((input) => input.name) ?? [];
  const forward = operation?.forward ?? {};
  const odd = named.find((argument) => !inputs.includes(argument.name!) && !(argument.name! in forward));
  if (odd !== undefined) {
    const known = [...inputs, ...Object.keys(forward)];
    context.run.report(context, {
      code: 'unknown-argument',
      place: odd.namePlace ?? odd.place,
      message: `${layerName(layer)} takes no ${odd.name!} where it is applied${known.length === 0 ? '' : `; it takes ${known.join(', ')}`}`,
    });
    return unknown;
  }
  const tensors = named.filter((argument) => inputs.includes(argument.name!));
  const rest = named.filter((argument) => !tensors.includes(argument));
  const bound = rest.length === 0 ? undefined : bindCatalogArguments(context, { name: layerName(layer), arguments: forward }, rest, node);
  if (rest.length > 0 && bound === undefined) return unknown;
  const count = positional.reduce((total, value) => total + (value.kind === 'list' ? value.items.length : 1), 0);
  return apply(context, layer, [...positional, ...tensors.map((argument) => argument.value)], node, {
    names: [...inputs.slice(0, count), ...tensors.map((argument) => argument.name!)],
    forward: bound?.arguments,
  });
}

/** Calls a function with arguments that are evaluated. */
export function callFunction(
  context: Context,
  callee: FunctionValue,
  given: readonly BoundArgument[],
  node: ast.Expression,
): Value {
  const { target } = callee;
  if (lacksItsTensor(callee, given)) return { kind: 'layer', layer: { kind: 'function', function: callee, given, origin: { place: at(context, node), node } } };
  if (target.kind === 'builtin') {
    const value = target.builtin.call(context, given, node);
    if (value !== undefined) return value;
    if (target.operation === undefined) return unknown;
    return callOperation(context, target.operation, given, node);
  }
  if (target.kind === 'catalog') return callOperation(context, target.operation, given, node);

  const { declaration, file } = target;
  if (context.depth >= context.run.limits.depth) {
    return context.run.stop(context, at(context, node), 'too-deep', `${callee.name} calls itself more than ${String(context.run.limits.depth)} deep`);
  }
  const scope = bindParameters(context, callee.name, declaration.parameters, file, [], given, at(context, node));
  if (scope === undefined) return unknown;
  const inner: Context = {
    ...context,
    scope,
    chain: { place: at(context, node), name: callee.name, outer: context.chain },
    depth: context.depth + 1,
  };
  return evaluate(inner, declaration.body);
}

/** Whether a call gives all by name but the one tensor that the function takes: `mean(dim = 0)` is a layer. */
function lacksItsTensor({ target }: FunctionValue, given: readonly BoundArgument[]): boolean {
  if (given.length === 0 || given.some(({ name }) => name === undefined)) return false;
  if (target.kind === 'declaration') {
    const [first, ...others] = target.declaration.parameters.map((parameter) => parameter.name.text);
    return missingParameters(target.declaration.parameters, given).join() === first && given.every(({ name }) => others.includes(name!));
  }
  const { operation } = target;
  const required = operation?.inputs.filter(({ optional }) => optional !== true);
  return required?.length === 1 && required[0]!.variadic !== true && given.every(({ name }) => name! in operation!.arguments);
}

/** Whether it is a function of one tensor: over a list it maps. */
export function takesOneTensor({ function: { target }, given }: FunctionLayer): boolean {
  if (target.kind === 'declaration') return missingParameters(target.declaration.parameters, given).length === 1;
  const { operation } = target;
  return operation?.inputs.length === 1 && operation.inputs[0]?.variadic !== true;
}

/** Of a list with something unknown in it, nothing is known: it may be one of tensors. */
function isUnknown(value: Value): boolean {
  return value.kind === 'unknown' || (value.kind === 'list' && value.items.some(isUnknown));
}

function isTensorLike(value: Value): boolean {
  return value.kind === 'tensor' || (value.kind === 'list' && value.items.length > 0 && value.items.every(isTensorLike));
}

/** Functions that take a list of tensors, of any length, as the blocks of their names do branches. */
const joins: ReadonlySet<string> = new Set(['add', 'multiply']);

/** Tensors first, then the arguments; plain numbers among the tensors become constants. */
function callOperation(
  context: Context,
  operation: FunctionOperation,
  given: readonly BoundArgument[],
  node: ast.Expression,
): Value {
  if (given.some((argument) => isUnknown(argument.value))) return unknown;
  const [only] = given;
  if (joins.has(operation.name) && given.length === 1 && only?.value.kind === 'list') {
    const [first, ...others] = only.value.items;
    if (first !== undefined) return others.reduce((joined, next) => applyFunction(context, operation.name, [joined, next], node), first);
  }
  const variadic = operation.inputs.some((input) => input.variadic === true);
  const positional = given.filter((argument) => argument.name === undefined);
  let count = 0;
  if (!variadic) count = countOperands(operation, positional);

  // Inputs may be named, too: cross_entropy(input = …, target = …).
  const namedInputs = operation.inputs
    .slice(count)
    .map((input) => given.find((argument) => argument.name === input.name && !(input.name in operation.arguments)))
    .filter((argument) => argument !== undefined);
  // The tensors of einsum("ij,jk->ik", a, b) stand behind its string.
  const inOrder = variadic ? positional.filter((argument) => isTensorLike(argument.value)) : positional.slice(0, count);
  const operands = [...inOrder, ...namedInputs];
  const rest = given.filter((argument) => !operands.includes(argument));

  if (!operands.some((operand) => isTensorLike(operand.value)) && operation.numeric !== undefined && rest.length === 0) {
    return callNumeric(context, operation, operation.numeric, operands, node);
  }
  if (arrangesAxes(operation) && positional.length > 0 && isNumeric(positional[0]!.value)) {
    reportMissingTensor(context, operation, given, node);
    return unknown;
  }
  const bound = bindCatalogArguments(context, operation, rest, node);
  if (bound === undefined) return unknown;
  const tensors: Tensor[] = [];
  for (const { value, place } of operands) {
    for (const item of value.kind === 'list' ? value.items : [value]) {
      const operand = asOperand(context, item, operation.name, place);
      if (operand === undefined) return unknown;
      tensors.push(operand);
    }
  }
  const places = new Map<string, Place>(bound.places);
  return applyOperation(context, operation, bound.arguments, tensors, { place: at(context, node), argumentPlaces: places });
}

/** Functions of one tensor that a plain number can make no use of: a number has no axes. */
function arrangesAxes({ inputs, arguments: accepted, pointwise, indexBound }: FunctionOperation): boolean {
  return inputs.filter(({ optional }) => optional !== true).length === 1 && pointwise === undefined && indexBound === undefined && Object.keys(accepted).length > 0 && !('keepdim' in accepted);
}

function isNumeric(value: Value): boolean {
  return value.kind === 'size' || value.kind === 'number' || (value.kind === 'list' && value.items.every(isNumeric));
}

/** `permute(1, 2, 0)` has a layer, `Permute(1, 2, 0)`; a function without one is a layer where its arguments are named. */
function reportMissingTensor(context: Context, { name, arguments: accepted }: FunctionOperation, [first, ...others]: readonly BoundArgument[], node: ast.Expression): void {
  const layer = [...layers.keys()].find((known) => known.toLowerCase() === name.replaceAll('_', ''));
  const named = `${Object.keys(accepted)[0]!} = `;
  const fixes: Fix[] = [];
  if (layer !== undefined && node.kind === 'call') fixes.push({ title: `Change to ${layer}`, edits: [{ span: node.callee.span, text: layer }] });
  if (layer === undefined && others.every((argument) => argument.name !== undefined)) fixes.push({ title: `Write ${named}…`, edits: [{ span: { start: first!.place.span.start, end: first!.place.span.start }, text: named }] });
  context.run.report(context, {
    code: 'missing-tensor',
    place: at(context, node),
    message: `${name} takes its tensor first, but here are only numbers; as a layer it is written ${layer === undefined ? `${name}(${named}…)` : layer}`,
    fixes,
  });
}

/** How many positional arguments are inputs: all that can be, but optional ones only where a tensor stands. */
function countOperands(operation: FunctionOperation, positional: readonly BoundArgument[]): number {
  let count = 0;
  for (const input of operation.inputs) {
    const argument = positional[count];
    if (argument === undefined) break;
    if (input.optional === true && !isTensorLike(argument.value)) break;
    count++;
  }
  return count;
}

function callNumeric(
  context: Context,
  operation: FunctionOperation,
  compute: (...values: readonly number[]) => number,
  operands: readonly BoundArgument[],
  node: ast.Expression,
): Value {
  const numbers: number[] = [];
  for (const { value, place } of operands) {
    const number = toNumber(value);
    if (number === undefined && (value.kind === 'size' || value.kind === 'formula')) return formulaOfCall(operation.name, operands.map((operand) => operand.value));
    if (number === undefined) {
      context.run.report(context, {
        code: 'not-a-number',
        place,
        message: `${operation.name} takes a tensor or a number, but gets ${describe(value)}`,
      });
      return unknown;
    }
    numbers.push(number);
  }
  if (numbers.length === 0) {
    context.run.report(context, {
      code: 'missing-argument',
      place: at(context, node),
      message: `${operation.name} needs a tensor; as a layer it is written x -> ${operation.name}`,
    });
    return unknown;
  }
  const result = compute(...numbers);
  const whole = Number.isInteger(result) && ['floor', 'ceil', 'round', 'abs', 'sign'].includes(operation.name);
  return whole ? size(result) : { kind: 'number', value: result };
}
