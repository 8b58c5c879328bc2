// What an expression can be worth while analysing.

import type * as ast from '../../../grammar/ast';
import type { RawValue } from '../layers/arguments';
import type { Arguments, FunctionOperation, Operation } from '../layers/definition';
import { bindArguments } from '../layers/bind';
import { printType } from '../layers/tensor';
import { type Dimension, print } from '../symbolic/dimension';
import type { SizeCondition } from '../symbolic/knowledge';
import type { Verdict } from '../symbolic/solve';
import type { Place, Tensor } from './graph';
import type { Builtin } from './questions';
import type { Scope } from './scope';

export type Value =
  | SizeValue
  | NumberValue
  | FormulaValue
  | BooleanValue
  | StringValue
  | NoneValue
  | ListValue
  | ConditionValue
  | TensorValue
  | LayerValue
  | ConstructorValue
  | FunctionValue
  | UnknownValue;

/** An integer, or an expression over free dimensions. */
export interface SizeValue {
  readonly kind: 'size';
  readonly value: Dimension;
}

export interface NumberValue {
  readonly kind: 'number';
  readonly value: number;
}

/** A number that free dimensions decide and that is no size: `sqrt(D)`. */
export interface FormulaValue {
  readonly kind: 'formula';
  readonly text: string;
  /** What it is exactly, where it is a quotient of sizes; the denominator is positive. */
  readonly quotient?: readonly [numerator: Dimension, denominator: Dimension];
}

export interface BooleanValue {
  readonly kind: 'boolean';
  readonly value: boolean;
}

export interface StringValue {
  readonly kind: 'string';
  readonly value: string;
}

export interface NoneValue {
  readonly kind: 'none';
}

export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly Value[];
}

/** A comparison that the free dimensions decide. */
export interface ConditionValue {
  readonly kind: 'condition';
  readonly verdict: Verdict;
  readonly text: string;
  /** What the condition says of sizes, where it is a single one. */
  readonly condition?: SizeCondition;
  /** Of a conjunction: what must hold together. */
  readonly parts?: readonly ConditionValue[];
}

export interface TensorValue {
  readonly kind: 'tensor';
  readonly tensor: Tensor;
  /** Where it is the result of a stack, a model or a layer with several: the others, by name. */
  readonly results?: ReadonlyMap<string, Value>;
}

/** Something that maps a tensor to a tensor, as one object: applied twice, it shares its weights. */
export interface LayerValue {
  readonly kind: 'layer';
  readonly layer: Layer;
}

export type Layer = CatalogLayer | BodyLayer | Composition | FunctionLayer;

export interface CatalogLayer {
  readonly kind: 'catalog';
  readonly operation: Operation;
  readonly arguments: Arguments;
  /** Where each argument was written, for messages. */
  readonly argumentPlaces: ReadonlyMap<string, Place>;
  /** Where a further argument could be written. */
  readonly insertion?: Insertion;
  readonly origin: Origin;
  /** The name that it is bound to. */
  label?: string;
  /** Fixed at the first application. */
  parameters?: readonly Tensor[];
  /** Layers that it takes as arguments, which are applied with it. */
  readonly wraps?: readonly Layer[];
}

/** The text around an argument that is to be added at a place. */
export interface Insertion {
  readonly place: Place;
  readonly before: string;
  readonly after: string;
}

/** Everything that runs statements: stacks and models, blocks, loops, residual and parallel blocks. */
export interface BodyLayer {
  readonly kind: 'body';
  readonly name: string;
  readonly node: ast.Stack | ast.Model | ast.Block | ast.Repeat | ast.For | ast.Residual | ast.Parallel;
  readonly body: ast.Block;
  readonly scope: Scope;
  readonly origin: Origin;
  /** Layers made by earlier applications, which a later one takes again. */
  readonly memory: Memory;
  /** Runs one application; set where the layer is made. */
  run(inputs: readonly Value[], place: Place): Value;
}

export interface Composition {
  readonly kind: 'composition';
  readonly first: Layer;
  readonly second: Layer;
  readonly origin: Origin;
}

/** A function of one tensor, used as a layer: `relu`, `mean(dim = 0)`. */
export interface FunctionLayer {
  readonly kind: 'function';
  readonly function: FunctionValue;
  /** Its other arguments, by name. */
  readonly given: readonly BoundArgument[];
  readonly origin: Origin;
}

/** Where a layer was written: the expression that made it. */
export interface Origin {
  readonly place: Place;
  readonly node: ast.Expression;
}

/** Layers and parameters by the expression that makes them, in the order of making. */
export type Memory = Map<object, unknown[]>;

export interface ConstructorValue {
  readonly kind: 'constructor';
  readonly name: string;
  readonly target:
    | { readonly kind: 'catalog'; readonly operation: Operation }
    | {
        readonly kind: 'declaration';
        readonly declaration: ast.Stack | ast.Model;
        readonly file: string;
        /** For a variant: the arguments that are its defaults. */
        readonly defaults: readonly BoundArgument[];
        /** The declaration of the variant. */
        readonly variant?: { readonly declaration: ast.Model; readonly file: string };
      };
}

export interface BoundArgument {
  readonly name?: string;
  readonly value: Value;
  readonly place: Place;
  /** Where its name is written. */
  readonly namePlace?: Place;
  /** Of a variant's argument: what stands there. Layers in it are made anew for each construction. */
  readonly written?: { readonly node: ast.Expression; readonly file: string };
}

export interface FunctionValue {
  readonly kind: 'function';
  readonly name: string;
  readonly target:
    | { readonly kind: 'catalog'; readonly operation: FunctionOperation }
    | { readonly kind: 'builtin'; readonly builtin: Builtin; readonly operation?: FunctionOperation }
    | { readonly kind: 'declaration'; readonly declaration: ast.FunctionDeclaration; readonly file: string };
}

/** After an error: flows on without a second one. */
export interface UnknownValue {
  readonly kind: 'unknown';
}

export const unknown: UnknownValue = { kind: 'unknown' };
export const none: NoneValue = { kind: 'none' };

export function size(value: Dimension): SizeValue {
  return { kind: 'size', value };
}

export function boolean(value: boolean): BooleanValue {
  return { kind: 'boolean', value };
}

export function list(items: readonly Value[]): ListValue {
  return { kind: 'list', items };
}

export function tensor(value: Tensor, results?: ReadonlyMap<string, Value>): TensorValue {
  return { kind: 'tensor', tensor: value, results };
}

/** Whether it is or contains a layer, which has weights once it is applied. */
export function holdsLayer(value: Value): boolean {
  return value.kind === 'layer' || (value.kind === 'list' && value.items.some(holdsLayer));
}

/** What a value is, in words, for messages. */
export function describe(value: Value): string {
  switch (value.kind) {
    case 'size':
      return print(value.value);
    case 'number':
    case 'boolean':
      return String(value.value);
    case 'string':
      return `"${value.value}"`;
    case 'none':
      return 'none';
    case 'list':
      return `[${value.items.map(describe).join(', ')}]`;
    case 'formula':
      return value.text;
    case 'condition':
      return `the condition ${value.text}`;
    case 'tensor':
      return `a tensor ${printType(value.tensor.type)}`;
    case 'layer':
      return `a layer (${layerName(value.layer)})`;
    case 'constructor':
      return value.target.kind === 'catalog' ? `the layer ${value.name}` : `the ${value.target.declaration.kind} ${value.name}`;
    case 'function':
      return `the function ${value.name}`;
    case 'unknown':
      return 'unknown';
  }
}

/** The name of a layer as people call it. */
export function layerName(layer: Layer): string {
  switch (layer.kind) {
    case 'catalog':
      return layer.operation.name;
    case 'body':
      return layer.name;
    case 'composition':
      return 'a composition';
    case 'function':
      return layer.function.name;
  }
}

/** A value as an argument of a catalog operation. */
export function toRaw(value: Value): RawValue {
  switch (value.kind) {
    case 'size':
    case 'number':
    case 'boolean':
    case 'string':
      return value.value;
    case 'none':
      return null;
    case 'list':
      return value.items.map(toRaw);
    case 'layer':
      return value.layer.kind === 'catalog' ? { operation: value.layer.operation, arguments: value.layer.arguments, other: describe(value) } : { other: describe(value) };
    case 'constructor': {
      if (value.target.kind !== 'catalog') return { other: describe(value) };
      const { operation } = value.target;
      const bound = bindArguments(operation, []);
      return bound.arguments === undefined ? { other: describe(value) } : { operation, arguments: bound.arguments, other: describe(value) };
    }
    default:
      return { other: describe(value) };
  }
}

/** Whether it is unknown, or a list with something unknown in it: whatever is wrong with that was said where it became so. */
export function hasUnknown(value: Value): boolean {
  return value.kind === 'unknown' || (value.kind === 'list' && value.items.some(hasUnknown));
}

/** A plain number, if the value is one. */
export function toNumber(value: Value): number | undefined {
  if (value.kind === 'number') return value.value;
  return value.kind === 'size' && typeof value.value === 'number' ? value.value : undefined;
}
