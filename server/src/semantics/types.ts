// Declared types: `[3, H, W]` matched against a value's shape, or made into one with free dimensions.

import { counted } from '../base/words';
import type * as ast from '../../../grammar/ast';
import { printShape, type TensorType } from '../layers/tensor';
import { add, type Dimension, floorDivide, freeSymbol, multiply, print, subtract } from '../symbolic/dimension';
import { evaluate } from './evaluate';
import { at, type Context } from './run';
import { Scope } from './scope';
import { describe, size, unknown, type Value } from './values';

/** Whether a name in a type is a size that is known already; any other name is fresh. */
function knownSize(context: Context, node: ast.Name): Dimension | 'unknown' | undefined {
  const found = context.scope.lookup(node.text)?.value ?? letValue(context, node);
  if (found?.kind === 'unknown') return 'unknown';
  return found?.kind === 'size' ? found.value : undefined;
}

function letValue(context: Context, node: ast.Name): Value | undefined {
  const { run, scope } = context;
  return run.program.isLet(scope.file, node.text, run) ? run.program.declared(scope.file, node.text, context, at(context, node)) : undefined;
}

function bindDimension(context: Context, node: ast.Name, value: Dimension): void {
  context.scope.bind(node.text, { value: size(value), place: at(context, node) });
  context.run.findings.observe(node, size(value), context);
}

/** The names that a size computes with, such as m in `2 * m`: where they are new, the size tells them. */
export function namesInSize(node: ast.Dimension): readonly ast.Name[] {
  switch (node.kind) {
    case 'name':
      return node.text === '' ? [] : [node];
    case 'negate':
      return namesInSize(node.operand);
    case 'binary':
      return [...namesInSize(node.left), ...namesInSize(node.right)];
    default:
      return [];
  }
}

/** The names that a size such as `2 * m` is the first to use, each once. */
function freshNames(context: Context, node: ast.Expression): readonly ast.Name[] {
  const fresh = new Map<string, ast.Name>();
  for (const name of namesInSize(node)) {
    if (!fresh.has(name.text) && context.scope.lookup(name.text) === undefined && !context.run.program.isLet(context.scope.file, name.text, context.run)) fresh.set(name.text, name);
  }
  return [...fresh.values()];
}

/** The type that a declaration of the network makes: fresh names are free dimensions, or the sizes given for them. */
export function declaredType(context: Context, type: ast.Type | undefined, what: string): TensorType | undefined {
  const shape: Dimension[] = [];
  for (const dimension of type?.shape ?? []) {
    const value = declaredDimension(context, dimension, what);
    if (value === undefined) return undefined;
    shape.push(value);
  }
  if (shape.length > context.run.limits.rank) {
    context.run.report(context, { code: 'rank-too-high', place: at(context, type!), message: `tensors may have up to ${String(context.run.limits.rank)} dimensions, but this has ${String(shape.length)}` });
    return undefined;
  }
  return { element: type?.element ?? 'float', shape };
}

function declaredDimension(context: Context, node: ast.Dimension, what: string): Dimension | undefined {
  const { run } = context;
  if (node.kind === 'ellipsis') {
    run.report(context, { code: 'open-shape', place: at(context, node), message: `${what} needs all its dimensions; ... only stands for the dimensions of an incoming value` });
    return undefined;
  }
  if (node.kind === 'name' && node.text !== '' && knownSize(context, node) === undefined) {
    return declareSize(context, node);
  }
  for (const name of freshNames(context, node)) declareSize(context, name);
  const value = sizeOf(context, node);
  if (value === undefined || run.requireAtLeast(value, 1, at(context, node), what)) return value;
  run.report(context, { code: 'invalid-size', place: at(context, node), message: `a dimension must be a positive integer, but ${print(value)} never is` });
  return undefined;
}

function declareSize(context: Context, node: ast.Name): Dimension {
  const value = context.run.given.get(node.text) ?? freeSymbol(node.text);
  bindDimension(context, node, value);
  return value;
}

/** The fresh names of a type whose tensor is not known. */
export function bindUnknownSizes(context: Context, type: ast.Type): void {
  for (const dimension of type.shape ?? []) {
    if (dimension.kind === 'name' && dimension.text !== '' && knownSize(context, dimension) === undefined) {
      bindUnknown(context, [dimension]);
    } else if (dimension.kind !== 'ellipsis' && dimension.kind !== 'name') bindUnknown(context, freshNames(context, dimension));
  }
}

function bindUnknown(context: Context, names: readonly ast.Name[]): void {
  for (const name of names) context.scope.bind(name.text, { value: unknown, place: at(context, name) });
}

/**
 * Binds the one fresh name of a size such as `2 * m + 1` so that the size is the actual one, rounded down: whoever calls
 * compares the two. Undefined where the expression cannot be turned round.
 */
function solved(context: Context, node: ast.Expression, fresh: ast.Name, actual: Dimension): Dimension | undefined {
  const isIn = (part: ast.Expression): boolean => namesInSize(part).some(({ text }) => text === fresh.text);
  let [left, value]: [ast.Expression, Dimension | undefined] = [node, actual];
  while (value !== undefined && left.kind !== 'name') {
    if (left.kind === 'negate') [left, value] = [left.operand, multiply(-1, value)];
    else if (left.kind === 'binary' && isIn(left.left) !== isIn(left.right)) {
      const onLeft: boolean = isIn(left.left);
      const other = evaluate(context, onLeft ? left.right : left.left);
      if (other.kind !== 'size') return undefined;
      const { operator } = left;
      left = onLeft ? left.left : left.right;
      if (operator === '+') value = subtract(value, other.value);
      else if (operator === '-') value = onLeft ? add(value, other.value) : subtract(other.value, value);
      else value = operator === '*' ? floorDivide(value, other.value) : undefined;
    } else return undefined;
  }
  return value;
}

/** Finds what is fresh in a size from the actual one; false after a report. */
function bindFresh(context: Context, node: ast.Expression, actual: Dimension, name: string): boolean {
  const fresh = freshNames(context, node);
  const [first, second] = fresh;
  if (first === undefined) return true;
  const fail = (code: 'unknown-name' | 'shape-mismatch', message: string): boolean => {
    context.run.report(context, { code, place: at(context, node), message });
    bindUnknown(context, fresh);
    return false;
  };
  if (second !== undefined) return fail('unknown-name', `${first.text} and ${second.text} are new here, and one size cannot tell both; give them dimensions of their own, or make one an argument`);
  const value = solved(context, node, first, actual);
  if (value === undefined) {
    return fail('unknown-name', `${first.text} is new here, and this size does not tell it: only +, - and * can be turned round, as in 2 * ${first.text} + 1; name the whole size, and compute with that`);
  }
  if (typeof value === 'number' ? value < 1 : !context.run.requireAtLeast(value, 1, at(context, node), `the type of ${name}`)) {
    return fail('shape-mismatch', `${name} has ${print(actual)} here, for which ${first.text} would be ${print(value)}; a size is at least 1`);
  }
  bindDimension(context, first, value);
  return true;
}

/** What a size with a fresh name comes to next to the actual one: `6 for m = 3 and 8 for m = 4`. */
function possibleSizes(context: Context, node: ast.Expression, fresh: string | undefined): string | undefined {
  const bound = fresh === undefined ? undefined : context.scope.lookup(fresh);
  if (fresh === undefined || bound?.value.kind !== 'size') return undefined;
  const { value, place } = { value: bound.value.value, place: bound.place };
  const sized = (each: Dimension): string => {
    const scope = new Scope(context.scope, context.scope.file);
    scope.bind(fresh, { value: size(each), place });
    const found = context.run.onTrial(() => evaluate({ ...context, scope }, node));
    return `${describe(found)} for ${fresh} = ${print(each)}`;
  };
  return `${sized(value)} and ${sized(add(value, 1))}`;
}

/** An expression that must be a positive size. */
function sizeOf(context: Context, node: ast.Expression): Dimension | undefined {
  const value = evaluate(context, node);
  if (value.kind === 'size' && (typeof value.value !== 'number' || value.value >= 1)) return value.value;
  if (value.kind !== 'unknown') {
    context.run.report(context, {
      code: 'invalid-size',
      place: at(context, node),
      message: `a dimension must be a positive integer, but this is ${describe(value)}`,
    });
  }
  return undefined;
}

/** Matches a type against the shape that comes in: fresh names take its sizes, all else must agree. */
export function matchType(context: Context, type: ast.Type, incoming: TensorType, name: string): boolean {
  const { run } = context;
  const place = at(context, type);
  if (type.element !== undefined && type.element !== incoming.element) {
    run.report(context, { code: 'wrong-element', place, message: `${name} is declared as ${type.element}, but the value that comes in is ${incoming.element}`, data: { element: incoming.element } });
    return false;
  }
  const pattern = type.shape;
  if (pattern === undefined) return true;
  const open = pattern.findIndex((dimension) => dimension.kind === 'ellipsis');
  const fixed = open < 0 ? pattern.length : pattern.length - 1;
  if (open < 0 ? incoming.shape.length !== fixed : incoming.shape.length < fixed) {
    run.report(context, {
      code: 'wrong-rank',
      place,
      message: `${name} is declared with ${open < 0 ? counted(fixed, 'dimension') : `${String(fixed)} or more dimensions`}, but the value that comes in is ${printShape(incoming.shape)}`,
    });
    return false;
  }
  let matches = true;
  for (const [index, dimension] of pattern.entries()) {
    if (dimension.kind === 'ellipsis') continue;
    const axis = open >= 0 && index > open ? incoming.shape.length - pattern.length + index : index;
    const actual = incoming.shape[axis]!;
    if (dimension.kind === 'name' && dimension.text !== '' && knownSize(context, dimension) === undefined) {
      bindDimension(context, dimension, actual);
      continue;
    }
    if (dimension.kind === 'name' && knownSize(context, dimension) === 'unknown') continue;
    const fresh = freshNames(context, dimension).map(({ text }) => text);
    const wanted = bindFresh(context, dimension, actual, name) ? sizeOf(context, dimension) : undefined;
    if (wanted === undefined) matches = false;
    else if (!run.requireEqual(actual, wanted, at(context, dimension), `the type of ${name}`)) {
      run.report(context, {
        code: 'shape-mismatch',
        place: at(context, dimension),
        message: `${name} is declared with ${possibleSizes(context, dimension, fresh[0]) ?? print(wanted)} here, but the value that comes in is ${printShape(incoming.shape)}, with ${print(actual)}`,
        data: { values: [print(actual)] },
      });
      matches = false;
    }
  }
  return matches;
}
