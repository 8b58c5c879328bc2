// Applies layers and functions to values: each application of a catalog operation becomes a node of the graph.

import type * as ast from '../../../grammar/ast';
import type { Fix } from '../base/diagnostic';
import { functions } from '../layers/catalog';
import type { Arguments, Call, Effect, Operation, Problem } from '../layers/definition';
import { elements, printShape } from '../layers/tensor';
import type { Dimension } from '../symbolic/dimension';
import { tooComplex } from './arithmetic';
import { construct } from './construct';
import { callFunction, takesOneTensor } from './call';
import type { GraphNode, Place, Tensor } from './graph';
import { stepsOf } from './limits';
import { at, type Context, creating, placeOfProblem } from './run';
import {
  type BodyLayer,
  type CatalogLayer,
  describe,
  type Insertion,
  type Layer,
  layerName,
  list,

  tensor,
  toNumber,
  unknown,
  type Value,
} from './values';

/** The value as a layer; a constructor stands for a fresh one. Undefined, and reported, if it is none. */
export function asLayer(context: Context, value: Value, node: ast.Expression): Layer | undefined {
  switch (value.kind) {
    case 'layer':
      return value.layer;
    case 'constructor': {
      const made = construct(context, value, [], node);
      if (made.kind !== 'layer') return undefined;
      const binding = node.kind === 'name' ? context.scope.lookup(node.text) : undefined;
      if (binding?.bound !== undefined) context.run.fresh.push({ binding, layer: made.layer });
      return made.layer;
    }
    case 'function':
      return { kind: 'function', function: value, given: [], origin: { place: at(context, node), node } };
    case 'unknown':
      return undefined;
    default:
      context.run.report(context, {
        code: 'not-a-layer',
        place: at(context, node),
        message: `a layer is needed here, but this is ${describe(value)}`,
      });
      return undefined;
  }
}

export function isLayerLike(value: Value): boolean {
  return value.kind === 'layer' || value.kind === 'constructor' || value.kind === 'function';
}

/** What an application gives by name: inputs of a catalog layer, and arguments of its forward. */
export interface NamedInputs {
  /** The names of all inputs, where one in between is left out. */
  readonly names: readonly string[];
  readonly forward?: Arguments;
}

/** Applies a layer to its inputs and notes the application where the layer is applied and where it was made. */
export function apply(context: Context, layer: Layer, inputs: readonly Value[], node: ast.Expression, named?: NamedInputs): Value {
  const { run } = context;
  const from = run.graph.nodes.length;
  const value = applyUnnoted(context, layer, inputs, node, named);
  const application = { inputs, from, to: run.graph.nodes.length };
  run.findings.observe(node, value, context, application);
  if (layer.origin.node !== node) run.findings.observe(layer.origin.node, value, context, application);
  run.applied.push({ layer, from, to: application.to });
  if (layer.kind === 'catalog' && layer.wraps !== undefined) for (const wrapped of layer.wraps) run.findings.observe(wrapped.origin.node, value, context, application);
  return value;
}

function applyUnnoted(context: Context, layer: Layer, inputs: readonly Value[], node: ast.Expression, named: NamedInputs | undefined): Value {
  const isBlock = layer.kind === 'composition' || (layer.kind === 'body' && layer.node.kind !== 'stack' && layer.node.kind !== 'model');
  if (inputs.some(isUnknown) && !(context.run.isBlind && isBlock)) return unknown;
  const place = at(context, node);
  switch (layer.kind) {
    case 'body': {
      const [only] = inputs;
      if (inputs.length === 1 && only?.kind === 'list' && takesTensors(layer)) {
        return list(only.items.map((item) => applyUnnoted(context, layer, [item], node, named)));
      }
      return layer.run(inputs, place);
    }
    case 'composition': {
      const { node: first } = layer.first.origin;
      const middle = creating(context, first, () => apply(context, layer.first, inputs, first));
      return apply(context, layer.second, [middle], layer.second.origin.node);
    }
    case 'function': {
      const [only] = inputs;
      if (inputs.length === 1 && only?.kind === 'list' && takesOneTensor(layer)) {
        return list(only.items.map((item) => applyUnnoted(context, layer, [item], node, named)));
      }
      return callFunction(context, layer.function, [...inputs.map((value) => ({ value, place })), ...layer.given], node);
    }
    case 'catalog':
      return applyCatalog(context, layer, inputs, node, named);
  }
}

/** Whether a stack or model declares that a tensor comes in: over a list it maps. In any other body a list is the flow. */
function takesTensors({ node, body }: BodyLayer): boolean {
  if (node.kind !== 'stack' && node.kind !== 'model') return false;
  const input = body.statements.find((statement) => statement.kind === 'input');
  return input?.type !== undefined;
}

function isList(value: Value): boolean {
  return value.kind === 'list';
}

function isUnknown(value: Value): boolean {
  return value.kind === 'unknown';
}

function applyCatalog(
  context: Context,
  layer: CatalogLayer,
  inputs: readonly Value[],
  node: ast.Expression,
  named: NamedInputs | undefined,
): Value {
  const [only] = inputs;
  if (inputs.length === 1 && only?.kind === 'list' && !layer.operation.inputs.some((input) => input.variadic === true)) {
    return list(only.items.map((item) => applyCatalog(context, layer, [item], node, named)));
  }
  // Lists give their items: concat takes any number, and the states of LSTM(d)(x, [h0, c0]) are two.
  const values = inputs.some(isList) ? inputs.flatMap((input) => (input.kind === 'list' ? input.items : [input])) : inputs;
  const tensors: Tensor[] = [];
  for (const value of values) {
    if (value.kind === 'unknown') return unknown;
    if (value.kind !== 'tensor') {
      reportNoTensor(context, value, layerName(layer), at(context, node));
      return unknown;
    }
    tensors.push(value.tensor);
  }
  return applyOperation(context, layer.operation, layer.arguments, tensors, {
    place: at(context, node),
    argumentPlaces: layer.argumentPlaces,
    layer,
    named,
  });
}

/** A value as an operand of a tensor operation: numbers become constants. Undefined, and reported, for anything else. */
export function asOperand(context: Context, value: Value, user: string, place: Place): Tensor | undefined {
  if (value.kind === 'tensor') return value.tensor;
  if (value.kind === 'unknown') return undefined;
  const number = value.kind === 'boolean' ? Number(value.value) : toNumber(value);
  if (number !== undefined) {
    const element = value.kind === 'number' ? 'float' : 'int';
    return context.run.newTensor({ element, shape: [] }, false, { kind: 'constant', value: number }, place);
  }
  if (value.kind !== 'size' && value.kind !== 'formula') return reportNoTensor(context, value, user, place);
  // A network with free dimensions never runs: at given sizes this is a number.
  const element = value.kind === 'size' ? 'int' : 'float';
  return context.run.newTensor({ element, shape: [] }, false, { kind: 'constant', value: NaN, text: describe(value) }, place);
}

function reportNoTensor(context: Context, value: Value, user: string, place: Place): undefined {
  context.run.report(context, { code: 'not-a-tensor', place, message: `${user} takes a tensor, but gets ${describe(value)}` });
}

export interface ApplicationSite {
  readonly place: Place;
  readonly argumentPlaces?: ReadonlyMap<string, Place>;
  readonly layer?: CatalogLayer;
  readonly named?: NamedInputs;
}

/** How many inputs an operation needs, and how many it takes at most. */
function inputCounts({ inputs }: Operation): { readonly needed: number; readonly most: number } {
  let needed = 0;
  let most = 0;
  for (const { optional, variadic } of inputs) {
    if (optional !== true && variadic !== true) needed++;
    most += variadic === true ? Infinity : 1;
  }
  return { needed, most };
}

/** Infers what an operation does to these tensors, and adds it to the graph. */
export function applyOperation(
  context: Context,
  operation: Operation,
  given: Arguments,
  inputs: readonly Tensor[],
  site: ApplicationSite,
): Value {
  const { run } = context;
  const { needed, most } = inputCounts(operation);
  if (inputs.length < needed || inputs.length > most) {
    run.report(context, {
      code: 'wrong-input-count',
      place: site.place,
      message: `${operation.name} takes ${needed === most ? String(needed) : most === Infinity ? `${String(needed)} or more` : `${String(needed)} to ${String(most)}`} ${most === 1 ? 'tensor' : 'tensors'} (${operation.inputs.map((input) => input.name).join(', ')}), but gets ${String(inputs.length)}`,
    });
    return unknown;
  }

  const isPlain = site.named === undefined;
  const effect = (isPlain ? run.again.effectOf(operation, given, inputs) : undefined) ?? infer(context, operation, given, inputs, site);
  if (effect === undefined) return unknown;

  const types = effect.list ?? [effect.output, ...(effect.further?.values() ?? [])];
  if (!types.every((type) => sizesAreExact(context, type.shape, operation, site.place))) return unknown;
  const id = run.newNodeId(context, site.place);
  const parameters = parametersOf(context, effect.parameters ?? [], operation, site);
  if (parameters === undefined) return unknown;
  if (site.layer === undefined || site.layer.parameters === undefined) {
    for (const buffer of effect.buffers ?? []) {
      run.graph.buffers.push({ name: buffer.name, owner: operation.name, type: { element: 'float', shape: buffer.shape } });
    }
  }
  if (site.layer !== undefined) site.layer.parameters ??= parameters;

  const batched = inputs.some((input) => input.batched);
  const outputs: Tensor[] = [];
  const node: GraphNode = {
    id,
    kind: 'operation',
    operation,
    arguments: given,
    effect,
    macs: run.simplified(effect.macs ?? 0),
    inputs,
    parameters,
    outputs,
    place: site.place,
    layer: site.layer,
    chain: context.chain,
  };
  for (const type of types) outputs.push(run.newTensor(type, batched, { kind: 'node', node }, site.place));
  run.graph.nodes.push(node);

  if (effect.list !== undefined) return list(outputs.map((output) => tensor(output)));
  if (effect.further === undefined) return tensor(outputs[0]!);
  const results = new Map<string, Value>([...effect.further.keys()].map((name, index) => [name, tensor(outputs[index + 1]!)]));
  return tensor(outputs[0]!, results);
}

/** What an operation does to these tensors; undefined, and reported, where it cannot be applied to them. */
function infer(context: Context, operation: Operation, given: Arguments, inputs: readonly Tensor[], site: ApplicationSite): Effect | undefined {
  const { run } = context;
  const isSymbolic = inputs.some(({ type }) => type.shape.some((size) => typeof size !== 'number'));
  run.spendOnce(context, site.place, isSymbolic ? stepsOf.symbolicInference : stepsOf.inference);
  const places = site.argumentPlaces ?? new Map<string, Place>();
  let hasProblem = false;
  const reportProblem = (problem: Problem, severity: 'error' | 'warning'): void => {
    hasProblem = true;
    const { fix, ...rest } = problem;
    run.report(context, {
      ...rest,
      severity,
      place: placeOfProblem(problem, site.place, places),
      fixes: fix && argumentFix(fix, places, site.layer?.insertion),
    });
  };
  const call: Call = {
    inputs: inputs.map((input) => input.type),
    inputNames: site.named?.names,
    arguments: given,
    forward: site.named?.forward,
    freeParameters: run.freeParameters,
    problem: (problem) => {
      reportProblem(problem, 'error');
      return undefined;
    },
    warn: (problem) => {
      reportProblem(problem, 'warning');
    },
    requireEqual: (a, b) => run.requireEqual(a, b, site.place, operation.name),
    requireAtLeast: (value, bound) => run.requireAtLeast(value, bound, site.place, operation.name),
  };
  const effect = operation.infer(call);
  // What is wrong is said again where it is met again, and a trial is as if it had never been.
  const isPlain = call.inputNames === undefined && call.forward === undefined && !hasProblem && !run.isOnTrial;
  if (effect !== undefined && isPlain) run.again.noteEffect(operation, given, call.inputs, effect);
  return effect;
}

/** The edit that gives an argument another value, or adds it. */
function argumentFix(
  fix: NonNullable<Problem['fix']>,
  places: ReadonlyMap<string, Place>,
  insertion: Insertion | undefined,
): readonly Fix[] | undefined {
  const written = places.get(fix.argument);
  if (written !== undefined) return [{ title: fix.title, edits: [{ span: written.span, text: fix.value }] }];
  if (insertion === undefined) return undefined;
  const text = `${insertion.before}${fix.argument} = ${fix.value}${insertion.after}`;
  return [{ title: fix.title, edits: [{ span: insertion.place.span, text }] }];
}

function sizesAreExact(context: Context, shape: readonly Dimension[], operation: Operation, place: Place): boolean {
  const { run } = context;
  if (shape.length > run.limits.rank) {
    run.report(context, { code: 'rank-too-high', place, message: `tensors may have up to ${String(run.limits.rank)} dimensions, but the output of ${operation.name} would have ${String(shape.length)}` });
    return false;
  }
  let count = 1;
  let isExact = true;
  for (const dimension of shape) {
    if (typeof dimension !== 'number') {
      if (!run.isTooComplex(dimension)) continue;
      run.report(context, { code: 'size-too-complex', place, message: `the output of ${operation.name} cannot be told: ${tooComplex(run.limits)}` });
      return false;
    }
    count *= dimension;
    isExact &&= Number.isSafeInteger(dimension);
  }
  if (isExact && Number.isSafeInteger(count)) return true;
  run.report(context, {
    code: 'size-too-large',
    place,
    message: `the output of ${operation.name}, ${printShape(shape)}, has more than 2^53 elements, the largest size that is exact`,
  });
  return false;
}

/** The parameters of this application: those of the layer's first one, or new ones. */
function parametersOf(
  context: Context,
  wanted: readonly { readonly name: string; readonly shape: readonly Dimension[]; readonly initial: object }[],
  operation: Operation,
  site: ApplicationSite,
): readonly Tensor[] | undefined {
  const { run } = context;
  const before = site.layer?.parameters;
  if (before !== undefined) {
    const clash = before.findIndex((parameter, index) => parameter.type.shape !== wanted[index]!.shape && printShape(parameter.type.shape) !== printShape(wanted[index]!.shape));
    if (clash < 0) return before;
    run.report(context, {
      code: 'shared-shape-clash',
      place: site.place,
      message: `this ${operation.name} shares its weights, and its ${wanted[clash]!.name} was fixed as ${printShape(before[clash]!.type.shape)} where it was first applied, but this input needs ${printShape(wanted[clash]!.shape)}`,
      related: [{ message: 'first applied here', place: before[clash]!.place }],
    });
    return undefined;
  }
  const parameters: Tensor[] = [];
  for (const { name, shape, initial } of wanted) {
    const count = elements(shape);
    if (typeof count === 'number' && !Number.isSafeInteger(count)) {
      run.report(context, {
        code: 'size-too-large',
        place: site.place,
        message: `the ${name} of ${operation.name}, ${printShape(shape)}, has more than 2^53 elements, the largest size that is exact`,
      });
      return undefined;
    }
    parameters.push(
      run.newTensor(
        { element: 'float', shape },
        false,
        { kind: 'parameter', name, layer: site.layer, initial: initial as { constant: number } },
        site.place,
      ),
    );
  }
  run.graph.parameters.push(...parameters);
  return parameters;
}

/** Applies a function of the catalog by name, as operators and blocks do. */
export function applyFunction(
  context: Context,
  name: string,
  operands: readonly Value[],
  node: ast.Expression,
  given: Readonly<Record<string, Value>> = {},
  /** Where the operands stand, if that is known better than by the whole. */
  operandNodes: readonly ast.Expression[] = [],
): Value {
  const operation = functions.get(name)!;
  return callFunction(
    context,
    { kind: 'function', name, target: { kind: 'catalog', operation } },
    [
      ...operands.map((value, index) => ({ value, place: at(context, operandNodes[index] ?? node) })),
      ...Object.entries(given).map(([argument, value]) => ({ name: argument, value, place: at(context, node) })),
    ],
    node,
  );
}

