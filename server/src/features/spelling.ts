// Values, arguments and signatures in the spelling of the language.

import type * as ast from '../../../grammar/ast';
import type { ArgumentDefinition, ArgumentDefinitions, LayerArgument, RawValue } from '../layers/arguments';
import type { Arguments, InputDefinition } from '../layers/definition';
import { writtenNumber } from '../base/words';
import { Expression, print } from '../symbolic/dimension';
import type { Scope } from '../semantics/scope';
import { type CatalogLayer, describe, type Layer, type Value } from '../semantics/values';

type Definitions = Readonly<Record<string, ArgumentDefinition<unknown>>>;

/** The definitions of all arguments, by name and in their order. */
export function definitionsOf(target: { readonly arguments: ArgumentDefinitions<Arguments> }): Definitions {
  return target.arguments;
}

/** An argument's value as it is written: the shortest spelling that is read as that value. */
export function spellArgument(definition: ArgumentDefinition<unknown>, value: unknown): string {
  if (Array.isArray(value) && definition.rest !== true) {
    const items = value as readonly RawValue[];
    const [first] = items;
    const reading = first === undefined ? undefined : definition.read(first);
    if (reading !== undefined && 'value' in reading && sameList(reading.value, items)) return spell(first);
  }
  return spell(value);
}

function sameList(value: unknown, items: readonly unknown[]): boolean {
  return Array.isArray(value) && value.length === items.length && value.every((item, index) => item === items[index]);
}

function isLayerArgument(value: unknown): value is LayerArgument {
  return typeof value === 'object' && value !== null && 'operation' in value;
}

function spell(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (value instanceof Expression) return print(value);
  if (Array.isArray(value)) return `[${(value as readonly unknown[]).map(spell).join(', ')}]`;
  if (isLayerArgument(value)) return spellCall(value.operation, value.arguments);
  if (typeof value === 'number') return writtenNumber(value);
  return typeof value === 'string' ? `"${value}"` : String(value as boolean);
}

/** `Conv2d(out_channels = 32, kernel_size = 5, …)` with the values of all arguments. */
export function spellCall(target: { readonly name: string; readonly arguments: ArgumentDefinitions<Arguments> }, given: Arguments): string {
  const parts = Object.entries(definitionsOf(target)).map(([name, definition]) => `${name} = ${spellArgument(definition, given[name])}`);
  return parts.length === 0 ? target.name : `${target.name}(${parts.join(', ')})`;
}

/** `Conv2d(64, 3, padding = 1)`: what has no default, and what is not the default. */
export function spellShortCall(target: { readonly name: string; readonly arguments: ArgumentDefinitions<Arguments> }, given: Arguments): string {
  const parts = Object.entries(definitionsOf(target)).flatMap(([name, definition]) => {
    const value = spellArgument(definition, given[name]);
    if (definition.default === undefined) return [value];
    return value === spellArgument(definition, definition.default) ? [] : [`${name} = ${value}`];
  });
  return parts.length === 0 ? target.name : `${target.name}(${parts.join(', ')})`;
}

/** One argument of a signature, and what may be written for it. */
export interface SignatureArgument {
  readonly name: string;
  /** `kernel_size` or `stride = 1` */
  readonly label: string;
  readonly documentation?: string;
  readonly optional: boolean;
  /** It takes all that is given by places from its own on. */
  readonly takesRest?: boolean;
}

export interface Signature {
  readonly name: string;
  readonly arguments: readonly SignatureArgument[];
}

/** What a call is of: a catalog entry, an optimizer, or anything else that says what it takes. */
export interface Callable {
  readonly name: string;
  readonly arguments: ArgumentDefinitions<Arguments>;
  readonly inputs?: readonly (InputDefinition & { readonly label?: string })[];
}

/** The signature of a layer or function of the catalog, or of an optimizer. */
export function signatureOfOperation(operation: Callable, isFunction = false): Signature {
  const given = Object.entries(definitionsOf(operation)).map(([name, definition]) => ({
    name,
    label: definition.default === undefined ? name : `${name} = ${spellArgument(definition, definition.default)}`,
    documentation: `${definition.documentation} ${capitalized(definition.accepts)}.`,
    optional: definition.default !== undefined,
    takesRest: definition.rest === true,
  }));
  if (!isFunction) return { name: operation.name, arguments: given };
  const inputs = (operation.inputs ?? []).map((input) => ({
    name: input.name,
    label: input.label ?? (input.variadic === true ? `${input.name}, …` : input.optional === true ? `${input.name}?` : input.name),
    documentation: input.documentation,
    optional: input.optional === true,
    takesRest: input.variadic === true,
  }));
  // Any number of tensors stand behind what must be given: `einsum(equation, operands, …)`.
  const first = inputs[0]?.takesRest === true ? given.filter(({ optional }) => !optional) : [];
  return { name: operation.name, arguments: [...first, ...inputs, ...given.filter((each) => !first.includes(each))] };
}

/** The signature of a stack, model or function of a file; `text` is the file's. */
export function signatureOfDeclaration(declaration: ast.Stack | ast.Model | ast.FunctionDeclaration, text: string): Signature {
  return {
    name: declaration.name.text,
    arguments: declaration.parameters.map((parameter) => ({
      name: parameter.name.text,
      label: parameter.default === undefined ? parameter.name.text : `${parameter.name.text} = ${textOf(parameter.default, text)}`,
      optional: parameter.default !== undefined,
    })),
  };
}

/** `Conv2d(out_channels, kernel_size, stride = 1, …)` */
export function printSignature({ name, arguments: given }: Signature, always = false): string {
  return given.length === 0 && !always ? name : `${name}(${given.map((argument) => argument.label).join(', ')})`;
}

/** A layer with the values of its arguments, as one would write it. */
export function spellLayer(layer: Layer): string {
  switch (layer.kind) {
    case 'catalog':
      return spellCall(layer.operation, layer.arguments);
    case 'body':
      return layer.node.kind === 'stack' || layer.node.kind === 'model' ? spellDeclared(layer.name, layer.node, layer.scope) : layer.name;
    case 'composition':
      return `${spellLayer(layer.first)} -> ${spellLayer(layer.second)}`;
    case 'function': {
      const { function: { name }, given } = layer;
      return given.length === 0 ? name : `${name}(${given.map((argument) => `${argument.name!} = ${spellValue(argument.value)}`).join(', ')})`;
    }
  }
}

function spellDeclared(name: string, declaration: ast.Stack | ast.Model, scope: Scope): string {
  const parts = declaration.parameters.map((parameter) => {
    const value = scope.lookup(parameter.name.text)?.value;
    return `${parameter.name.text} = ${value === undefined ? '?' : spellValue(value)}`;
  });
  return parts.length === 0 ? name : `${name}(${parts.join(', ')})`;
}

/** A value as one would write it; layers and functions by their names. */
export function spellValue(value: Value): string {
  switch (value.kind) {
    case 'layer':
      return spellLayer(value.layer);
    case 'constructor':
    case 'function':
      return value.name;
    case 'list':
      return `[${value.items.map(spellValue).join(', ')}]`;
    case 'condition':
      return value.text;
    default:
      return describe(value);
  }
}

/** The layer of a graph node, where it has one. */
export function catalogLayer(layer: object | undefined): CatalogLayer | undefined {
  return layer !== undefined && 'operation' in layer && 'arguments' in layer ? (layer as CatalogLayer) : undefined;
}

/** A node's text, with its line breaks as blanks. */
export function textOf(node: { readonly span: { readonly start: number; readonly end: number } }, text: string): string {
  return text.slice(node.span.start, node.span.end).replace(/\s*\n\s*/g, ' ');
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
