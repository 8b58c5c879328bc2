// Constructs layers: binds the arguments of catalog layers, stacks and models.

import type * as ast from '../../../grammar/ast';
import type { Fix } from '../base/diagnostic';
import { namesAround, nearestName } from '../base/nearest';
import { movingWith } from '../base/span';
import { counted } from '../base/words';
import { bindArguments } from '../layers/bind';
import type { ArgumentDefinitions } from '../layers/arguments';
import type { Arguments, Operation } from '../layers/definition';
import type { Binding } from './again';
import { runBody } from './body';
import { Activation, Body } from './body-state';
import { evaluate } from './evaluate';
import type { Finding } from './findings';
import type { Place } from './graph';
import { at, type Context } from './run';
import { Scope } from './scope';
import {
  type BodyLayer,
  type BoundArgument,
  type ConstructorValue,
  hasUnknown,
  holdsLayer,
  type Insertion,
  type Layer,
  type Memory,
  toRaw,
  unknown,
  type Value,
} from './values';

/** A fresh layer, or, where a shared body runs again, the one that this expression made before. */
export function construct(
  context: Context,
  constructor: ConstructorValue,
  given: readonly BoundArgument[],
  node: ast.Expression,
): Value {
  const known = context.activation.recall<Value>(node);
  if (known !== undefined) return known;
  const { target } = constructor;
  const made = target.kind === 'catalog' ? constructCatalog(context, target.operation, given, node) : constructBody(context, constructor, given, node);
  return context.activation.keep(node, made);
}

function constructCatalog(
  context: Context,
  operation: Operation,
  given: readonly BoundArgument[],
  node: ast.Expression,
): Value {
  const misused = given.length === 0 ? undefined : given.find((argument) => argument.value.kind === 'tensor');
  if (misused !== undefined) {
    context.run.report(context, {
      code: 'layer-called-on-tensor',
      place: misused.place,
      message: `${operation.name}(…) constructs a layer and takes no tensor; write x -> ${operation.name} to apply it`,
    });
    return unknown;
  }
  const bound = bindCatalogArguments(context, operation, given, node);
  if (bound === undefined) return unknown;
  return {
    kind: 'layer',
    layer: {
      kind: 'catalog',
      operation: operation.specialize?.(bound.arguments) ?? operation,
      arguments: bound.arguments,
      argumentPlaces: bound.places,
      insertion: (bound.insertion ??= insertionInto(context, node)),
      wraps: wrapped(given),
      origin: { place: at(context, node), node },
    },
  };
}

const nothingWrapped: readonly Layer[] = [];

function wrapped(given: readonly BoundArgument[]): readonly Layer[] {
  return given.some(({ value }) => value.kind === 'layer') ? given.flatMap(({ value }) => (value.kind === 'layer' ? [value.layer] : [])) : nothingWrapped;
}

/** Where a further argument goes: before the closing parenthesis of a call, or in new ones behind a bare name. */
function insertionInto(context: Context, node: ast.Expression): Insertion | undefined {
  const { file } = context.scope;
  const { end } = node.span;
  if (node.kind === 'name') return { place: { file, span: movingWith(node.span, end, end) }, before: '(', after: ')' };
  if (node.kind !== 'call') return undefined;
  const separator = node.arguments.length === 0 ? '' : ', ';
  return { place: { file, span: movingWith(node.span, end - 1, end - 1) }, before: separator, after: '' };
}

/** Reads arguments against their definitions and reports what is wrong with them; undefined if any has no value. */
export function bindCatalogArguments(
  context: Context,
  target: { readonly name: string; readonly arguments: ArgumentDefinitions<Arguments> },
  given: readonly BoundArgument[],
  node: ast.Expression,
): Binding | undefined {
  const { again } = context.run;
  const before = again.bindingAt(node, target.arguments, given);
  if (before !== undefined) return before;
  const bound = bindArguments(
    target,
    given.map(({ name, value }) => ({ name, value: toRaw(value) })),
  );
  const isIncomplete = given.some((argument) => hasUnknown(argument.value));
  const misnamed = bound.problems.some((problem) => problem.code === 'unknown-argument');
  for (const problem of bound.problems) {
    // The argument that is missing is probably the one whose name is wrong.
    if (problem.code === 'missing-argument' && misnamed) continue;
    // What an unknown value lacks was reported where it became unknown.
    if (problem.at !== undefined && hasUnknown(given[problem.at]!.value)) continue;
    if (problem.at === undefined && isIncomplete && problem.code === 'missing-argument') continue;
    const argument = problem.at === undefined ? undefined : given[problem.at]!;
    const aboutName = problem.code === 'unknown-argument' || problem.code === 'repeated-argument';
    const place = (aboutName ? argument?.namePlace : undefined) ?? argument?.place ?? at(context, node);
    context.run.report(context, { code: problem.code, message: problem.message, place, fixes: renaming(place, problem.nearest) });
  }
  if (bound.arguments === undefined || isIncomplete) return undefined;
  const places = new Map<string, Place>();
  for (const [name, index] of bound.written) places.set(name, given[index]!.place);
  const binding: Binding = { arguments: bound.arguments, places };
  if (bound.problems.length === 0) again.noteBinding(node, target.arguments, given, binding);
  return binding;
}

function constructBody(
  context: Context,
  constructor: ConstructorValue,
  given: readonly BoundArgument[],
  node: ast.Expression,
): Value {
  if (constructor.target.kind !== 'declaration') return unknown;
  const { declaration, file, defaults } = constructor.target;
  if (reportInputs(context, constructor.name, declaration, given)) return unknown;
  const scope = bindParameters(context, constructor.name, declaration.parameters, file, defaults, given, at(context, node));
  if (scope === undefined || declaration.body === undefined) return unknown;
  const { body } = declaration;
  const memory: Memory = new Map();
  const layer: BodyLayer = {
    kind: 'body',
    name: constructor.name,
    node: declaration,
    body,
    scope,
    origin: { place: at(context, node), node },
    memory,
    run: (inputs, place) => {
      const names = new Scope(scope, file);
      const inner: Context = {
        run: context.run,
        scope: names,
        body: new Body(inputs, false),
        activation: new Activation(memory),
        chain: { place, name: constructor.name, outer: context.chain, declaration, scope: names },
        depth: context.depth + 1,
        inAppliedModel: context.inAppliedModel === true || declaration.kind === 'model',
        round: context.round,
      };
      return runBody(inner, body, place, constructor.name);
    },
  };
  return { kind: 'layer', layer };
}

/** `Attend(query, memory)` of a stack without arguments constructs one with two too many: what it is to be applied to stands behind. */
function reportInputs(context: Context, name: string, { parameters, body }: ast.Stack | ast.Model, given: readonly BoundArgument[]): boolean {
  const surplus = given[parameters.length];
  if (surplus?.value.kind !== 'tensor' || given.some((argument) => argument.name !== undefined)) return false;
  const inputs = body?.statements.flatMap((statement) => (statement.kind === 'input' ? [statement.name.text] : [])) ?? [];
  const layer = `${name}(${parameters.map((parameter) => parameter.name.text).join(', ')})`;
  const before = given[parameters.length - 1]?.place.span.end ?? surplus.place.span.start;
  context.run.report(context, {
    code: 'layer-called-on-tensor',
    place: surplus.place,
    message: `${name}(…) constructs a layer and takes no tensor; write ${layer}(${inputs.length === 0 ? 'x' : inputs.join(', ')}) to apply it`,
    // A tensor among the arguments was rather meant to be applied to, too, and they are missing.
    fixes: given.slice(0, parameters.length).some(({ value }) => value.kind === 'tensor') ? undefined : [{ title: `Apply ${layer}`, edits: [{ span: { start: before, end: surplus.place.span.start }, text: ')(' }] }],
  });
  return true;
}

interface ParameterNames {
  readonly names: readonly string[];
  /** Where each parameter stands among all; of two of one name, the first. */
  readonly indices: ReadonlyMap<string, number>;
}

const namesByParameters = new WeakMap<readonly ast.Parameter[], ParameterNames>();

function namesOf(parameters: readonly ast.Parameter[]): ParameterNames {
  let known = namesByParameters.get(parameters);
  if (known === undefined) {
    const names = parameters.map((parameter) => parameter.name.text);
    const indices = new Map<string, number>();
    for (const [index, name] of names.entries()) if (!indices.has(name)) indices.set(name, index);
    namesByParameters.set(parameters, (known = { names, indices }));
  }
  return known;
}

/** The parameters that have no default and are not given by name. */
export function missingParameters(parameters: readonly ast.Parameter[], given: readonly BoundArgument[]): readonly string[] {
  const names = new Set(given.map((argument) => argument.name));
  return parameters.filter((parameter) => parameter.default === undefined && !names.has(parameter.name.text)).map((parameter) => parameter.name.text);
}

/** The scope of a declaration's arguments: given ones, then a variant's, then the declared defaults. */
export function bindParameters(
  context: Context,
  name: string,
  parameters: readonly ast.Parameter[],
  file: string,
  defaults: readonly BoundArgument[],
  given: readonly BoundArgument[],
  place: Place,
): Scope | undefined {
  const { run } = context;
  /** By parameter; of two of one name the first stands for both. */
  const written: (BoundArgument | undefined)[] = [];
  const { indices } = namesOf(parameters);
  let complete = true;
  const take = (all: readonly BoundArgument[], onRepeat: 'report' | 'replace'): void => {
    const taken = new Set<number>();
    let position = 0;
    for (const argument of all) {
      const key = argument.name ?? parameters[position++]?.name.text;
      const index = key === undefined ? undefined : indices.get(key);
      const problem = index === undefined ? noArgument(name, key, argument, parameters) : taken.has(index) && onRepeat === 'report' ? repeatedArgument(key!) : undefined;
      if (problem !== undefined) {
        run.report(context, { ...problem, place: argument.namePlace ?? argument.place });
        complete = false;
        continue;
      }
      taken.add(index!);
      written[index!] = argument;
    }
  };
  if (defaults.length > 0) take(defaults, 'replace');
  if (given.length > 0) take(given, 'report');

  const scope = new Scope(undefined, file);
  if (parameters.length === 0) return complete ? scope : undefined;
  const inDeclaration: Context = { ...context, scope };
  for (const parameter of parameters) {
    const key = parameter.name.text;
    const argument = written[indices.get(key)!];
    if (argument === undefined && parameter.default === undefined) {
      run.report(context, {
        code: 'missing-argument',
        place,
        message: `${name} needs ${key}, which has no default`,
        related: [{ message: `${key} is declared here`, place: { file, span: parameter.span } }],
      });
      complete = false;
      continue;
    }
    const value =
      argument === undefined
        ? evaluate(inDeclaration, parameter.default!)
        : argument.written !== undefined && holdsLayer(argument.value)
          ? evaluate({ ...context, scope: new Scope(undefined, argument.written.file) }, argument.written.node)
          : argument.value;
    scope.bind(key, { value, place: { file, span: parameter.name.span } });
    run.findings.observe(parameter.name, value, context);
  }
  return complete ? scope : undefined;
}

export function repeatedArgument(name: string): Omit<Finding, 'place'> {
  return { code: 'repeated-argument', message: `${name} is given twice` };
}

/** What is wrong with an argument that no parameter takes. */
export function noArgument(name: string, key: string | undefined, argument: BoundArgument, parameters: readonly ast.Parameter[]): Omit<Finding, 'place'> {
  const { names } = namesOf(parameters);
  if (key === undefined) return { code: 'too-many-arguments', message: `${name} takes ${names.length === 0 ? 'no arguments' : `${counted(names.length, 'argument')} (${listed(names)})`}, but this is one more` };
  const nearest = nearestName(key, namesAround(key, names));
  return { code: 'unknown-argument', message: `${name} has no argument ${key}${didYouMean(nearest)}`, fixes: renaming(argument.namePlace, nearest) };
}

/** Names as a message lists them. */
export function listed(names: readonly string[]): string {
  return names.length <= 30 ? names.join(', ') : `${names.slice(0, 30).join(', ')}, …`;
}

/** The fix that writes another name. */
export function renaming(place: Place | undefined, name: string | undefined): readonly Fix[] | undefined {
  if (place === undefined || name === undefined) return undefined;
  return [{ title: `Change to ${name}`, edits: [{ span: place.span, text: name }] }];
}

export function suggestion(name: string, candidates: Iterable<string>): string {
  return didYouMean(nearestName(name, candidates));
}

export function didYouMean(nearest: string | undefined): string {
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}
