// Declared types: `[3, H, W]` matched against a value's shape, or made into one with free dimensions.

import type * as ast from '../../../grammar/ast';
import { printShape, type TensorType } from '../layers/tensor';
import { type Dimension, freeSymbol, print } from '../symbolic/dimension';
import { evaluate } from './evaluate';
import { at, type Context } from './run';
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
  context.run.findings.observe(node, { value: size(value), chain: context.chain, run: context.run });
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
    const given = run.given.get(node.text);
    const value = given ?? freeSymbol(node.text);
    bindDimension(context, node, value);
    return value;
  }
  return sizeOf(context, node);
}

/** The fresh names of a type whose tensor is not known. */
export function bindUnknownSizes(context: Context, type: ast.Type): void {
  for (const dimension of type.shape ?? []) {
    if (dimension.kind === 'name' && dimension.text !== '' && knownSize(context, dimension) === undefined) {
      context.scope.bind(dimension.text, { value: unknown, place: at(context, dimension) });
    }
  }
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
    run.report(context, { code: 'wrong-element', place, message: `${name} is declared as ${type.element}, but the value that comes in is ${incoming.element}` });
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
      message: `${name} is declared with ${String(fixed)}${open < 0 ? '' : ' or more'} dimensions, but the value that comes in is ${printShape(incoming.shape)}`,
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
    const wanted = sizeOf(context, dimension);
    if (wanted === undefined) matches = false;
    else if (!run.requireEqual(actual, wanted, at(context, dimension), `the type of ${name}`)) {
      run.report(context, {
        code: 'shape-mismatch',
        place: at(context, dimension),
        message: `${name} is declared with ${print(wanted)} here, but the value that comes in is ${printShape(incoming.shape)}, with ${print(actual)}`,
      });
      matches = false;
    }
  }
  return matches;
}
