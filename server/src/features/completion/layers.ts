// Layers and functions of the language, with what they do to the tensor that flows here.

import { functions, layers } from '../../layers/catalog';
import type { Operation } from '../../layers/definition';
import { optimizers } from '../../layers/optimizers';
import { printShape } from '../../layers/tensor';
import { freeSymbol } from '../../symbolic/dimension';
import { builtins } from '../../semantics/builtins';
import type { Flow } from '../flow';
import { code, paragraphs, sourceLinks } from '../markdown';
import { printSignature, signatureOfOperation } from '../spelling';
import { printEffect, readArguments, tryOperation, usualArguments } from '../trial';
import type { Completion } from './item';

/** The signatures of layers and functions, as they are shown; each is written once. */
const signatures = new Map<Operation, string>();
let withoutFlow: readonly Completion[] | undefined;
let last: { readonly key: string; readonly found: readonly Completion[] } | undefined;

/** All of them: those that fit the flow first, those that would be an error last. */
export function standardNames(flow: Flow | undefined): readonly Completion[] {
  if (flow === undefined) return (withoutFlow ??= [...items()]);
  // While a word is written, the flow stays the same.
  const key = `${flow.types.map(({ element, shape }) => element + printShape(shape)).join()} ${String(flow.isList)} ${[...flow.domain.keys()].join()}`;
  if (last?.key === key) return last.found;
  const all = [...items(flow)];
  const found = [...all.filter(({ unfit }) => unfit !== true), ...all.filter(({ unfit }) => unfit === true)];
  last = { key, found };
  return found;
}

/** Tensors as they usually flow: maps of any size, a sequence, features. */
const usualShapes = [[64, freeSymbol('H'), freeSymbol('W')], [freeSymbol('T'), 64], [64]];

/** Works out lists that nobody has asked for, step by step: code is compiled when it first runs, for which the first list would wait. */
function* warmingUp(): Generator<undefined> {
  for (const shape of usualShapes) {
    const all = items({ types: [{ element: 'float', shape }], isList: false, domain: new Map() });
    while (all.next().done !== true) yield;
  }
}

/** The steps that are left of this; it is done once. */
export const warmNames: Iterator<undefined, void> = warmingUp();

function* items(flow?: Flow): Generator<Completion> {
  for (const layer of layers.values()) yield layerItem(layer, flow);
  yield* answeringNames();
  for (const each of functions.values()) yield functionItem(each, flow);
}

function signatureOf(operation: Operation, isFunction: boolean): string {
  let signature = signatures.get(operation);
  if (signature === undefined) signatures.set(operation, (signature = printSignature(signatureOfOperation(operation, isFunction), isFunction)));
  return signature;
}

function layerItem(layer: Operation, flow?: Flow): Completion {
  const type = flow?.types[0] ?? { element: 'float', shape: [] };
  const needed = usualArguments(layer, type);
  const written = needed.map(({ text }, index) => `\${${String(index + 1)}:${text}}`).join(', ');
  return {
    label: layer.name,
    kind: 'layer',
    detail: signatureOf(layer, false),
    ...(needed.length > 0 && { insert: `${layer.name}(${written})`, isSnippet: true }),
    ...(flow && effectOn(flow, layer, needed)),
  };
}

/** What a layer would give with the arguments that are written, or why it would not. */
function effectOn(flow: Flow, operation: Operation, written: ReturnType<typeof usualArguments>): Pick<Completion, 'effect' | 'unfit' | 'detail'> {
  const given = readArguments(operation, written);
  // Over a list a layer of one tensor maps.
  const maps = flow.isList && !operation.inputs.some(({ variadic }) => variadic === true);
  if (given === undefined || maps) return {};
  const { effect, problem } = tryOperation(operation, given, flow.types, flow.domain);
  return effect === undefined ? { unfit: true, detail: problem } : { effect: `→ ${printEffect(effect)}` };
}

function functionItem(each: Operation, flow?: Flow): Completion {
  // A function of one tensor is a layer, too.
  const isLayer = flow !== undefined && !flow.isList && each.inputs.filter(({ optional }) => optional !== true).length === 1 && usualArguments(each, flow.types[0]!).length === 0;
  return { label: each.name, kind: 'function', detail: signatureOf(each, true), ...(isLayer && effectOn(flow, each, [])) };
}

/** The functions that are answered while analysing: numbers, and questions about the network. */
export function answeringNames(): Completion[] {
  return [...builtins.values()].map((builtin) => ({ label: builtin.name, kind: 'function', detail: builtin.signature }));
}

export function optimizerNames(): Completion[] {
  return [...optimizers.values()].map((optimizer) => ({ label: optimizer.name, kind: 'layer', detail: printSignature(signatureOfOperation(optimizer)) }));
}

/** A formula of several parts, one below the other; the lines of a block would not wrap beside a list. */
function formulaLines(formula: string): string {
  return formula.split('; ').map(code).join('  \n');
}

/** The page of a name that the language brings along; its signature stands above it already. */
export function documentationOf(name: string): string | undefined {
  const builtin = builtins.get(name);
  const operation = layers.get(name) ?? functions.get(name);
  const optimizer = optimizers.get(name);
  const page = paragraphs(
    builtin?.summary,
    operation && paragraphs(operation.summary, formulaLines(operation.formula), sourceLinks(operation.source)),
    optimizer?.summary,
  );
  return page === '' ? undefined : page;
}
