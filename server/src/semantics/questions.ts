// Questions about a part of a network: parameters, costs, memory, and sums over its parameters.

import type * as ast from '../../../grammar/ast';
import type { DiagnosticData } from '../base/diagnostic';
import { penalties } from '../layers/penalty';
import { type Dimension, substitute, symbolsOf } from '../symbolic/dimension';
import { simplify } from '../symbolic/knowledge';
import { applyOperation } from './apply';
import { checkedSize } from './arithmetic';
import { ancestorsOf, countBuffersOf, countFlops, countMacs, countParameters, parametersOf, parametersOfLayer } from './cost';
import type { AnyNode, Graph, Tensor } from './graph';
import { neededIn } from './kept';
import { memoryOf } from './memory';
import { type EvaluatedModel, evaluateLayer } from './model';
import { whyImpossible } from './requirements';
import { at, type ChosenOptimizer, type Context } from './run';
import { type BoundArgument, describe, type Layer, toNumber, unknown, type Value } from './values';

export interface Builtin {
  readonly name: string;
  readonly signature: string;
  readonly summary: string;
  /** The value; undefined where the call is for the catalog function of the same name (a tensor is among the arguments). */
  call(context: Context, given: readonly BoundArgument[], node: ast.Expression): Value | undefined;
}

export function wrong(context: Context, node: ast.Expression, builtin: string, wanted: string, got: Value | undefined): Value {
  if (got?.kind !== 'unknown') {
    context.run.report(context, {
      code: 'wrong-operand',
      place: at(context, node),
      message: `${builtin} takes ${wanted}${got === undefined ? '' : `, but gets ${describe(got)}`}`,
    });
  }
  return unknown;
}

/** What a question is about: a part of a graph. */
interface Subject {
  readonly graph: Graph;
  readonly nodes: readonly AnyNode[];
  readonly parameters: readonly Tensor[];
  readonly optimizer: ChosenOptimizer | undefined;
}

/** The model, layer or tensor that is asked about; without an argument the model that asks. Undefined where it is not known whole. */
function subjectOf(context: Context, value: Value | undefined, node: ast.Expression, builtin: string): Subject | undefined {
  const { graph, optimizer } = context.run;
  switch (value?.kind) {
    case undefined:
      return enclosingModel(context, node, builtin);
    case 'tensor': {
      const nodes = ancestorsOf(graph, value.tensor);
      const own = value.tensor.source.kind === 'parameter' ? [value.tensor] : [];
      return { graph, nodes, parameters: [...parametersOf(nodes), ...own], optimizer };
    }
    case 'layer':
      return layerSubject(context, value.layer, node, builtin);
    case 'constructor': {
      const { target } = value;
      if (target.kind !== 'declaration' || target.declaration.kind !== 'model') break;
      const { errors } = context.run;
      const model = context.run.program.model(value, context, at(context, node));
      if (model === undefined && context.run.errors === errors) wrong(context, node, builtin, 'a model that can be built without arguments', value);
      return model && modelSubject(model);
    }
  }
  wrong(context, node, builtin, 'a model, a layer or a tensor', value);
  return undefined;
}

function enclosingModel(context: Context, node: ast.Expression, builtin: string): Subject | undefined {
  const { run } = context;
  const { graph, optimizer } = run;
  if (run.isFile) {
    wrong(context, node, builtin, 'a model here, outside of all models', undefined);
    return undefined;
  }
  if (graph.finished || (run.closing && builtin in penalties)) {
    return { graph, nodes: graph.nodes.slice(0, graph.bodyNodes), parameters: graph.parameters, optimizer };
  }
  if (run.isSound) {
    const asker = builtin in penalties ? 'a loss or an assert' : 'an assert';
    run.report(context, { code: 'model-not-finished', place: at(context, node), message: `${builtin} of the whole model is known at the end of its body; only ${asker} can ask for it` });
  }
  return undefined;
}

/** A layer with all its applications; a model that is made but never applied is looked at by itself. */
function layerSubject(context: Context, layer: Layer, node: ast.Expression, builtin: string): Subject | undefined {
  const { run } = context;
  const { graph, optimizer } = run;
  const parameters = parametersOfLayer(layer);
  if (parameters === undefined) {
    const model = evaluateLayer(run, layer);
    if (model !== undefined) return modelSubject(model);
    // In a body with errors, one of them may be why.
    if (!run.isBlind && (graph.finished || run.isSound)) {
      run.report(context, {
        code: 'layer-never-applied',
        place: at(context, node),
        message: `${builtin} of a layer is known once the layer is applied, but ${describe({ kind: 'layer', layer })} never is`,
      });
    }
    return undefined;
  }
  const ids = new Set<number>();
  for (const { layer: applied, from, to } of run.applied) {
    if (applied === layer) for (let id = from; id < to; id++) ids.add(id);
  }
  return { graph, nodes: graph.nodes.filter(({ id }) => ids.has(id)), parameters, optimizer };
}

/** Undefined for one with errors: they were reported where they stand, and totals without what they hide would be wrong. */
function modelSubject({ graph, optimizer }: EvaluatedModel): Subject | undefined {
  return graph.finished ? { graph, nodes: graph.nodes.slice(0, graph.bodyNodes), parameters: graph.parameters, optimizer } : undefined;
}

/** The sizes that a question gives to free dimensions; undefined after a problem was reported. */
function givenSizes(context: Context, { graph }: Subject, named: readonly BoundArgument[], node: ast.Expression, builtin: string): ReadonlyMap<string, number> | undefined {
  const values = new Map<string, number>();
  const free = new Map([...graph.inputs, ...graph.targets].flatMap(({ type }) => type.shape.flatMap((each) => symbolsOf(each))).map((symbol) => [symbol.name, symbol]));
  const report = (code: 'unknown-dimension' | 'size-not-possible', argument: BoundArgument, message: string, data?: DiagnosticData): undefined => {
    context.run.report(context, { code, place: argument.place, message, data });
  };
  for (const argument of named) {
    const value = toNumber(argument.value);
    if (value === undefined) {
      wrong(context, node, builtin, `a number for ${argument.name!}`, argument.value);
      return undefined;
    }
    const symbol = free.get(argument.name!);
    if (symbol === undefined) return report('unknown-dimension', argument, `${argument.name!} is no free dimension of the model`, { names: [...free.keys()] });
    values.set(argument.name!, value);
  }
  const impossible = whyImpossible(graph, values, 'the model');
  if (impossible !== undefined) return report('size-not-possible', named.find(({ name }) => name === impossible.name)!, impossible.message, { sizes: impossible.nearest });
  return values;
}

/** Splits what is asked about from the sizes, and finds it; undefined after a problem was reported. */
function read(context: Context, given: readonly BoundArgument[], node: ast.Expression, name: string): { subject: Subject; sizes: ReadonlyMap<string, number> } | undefined {
  const [asked, ...more] = given.filter((argument) => argument.name === undefined).map(({ value }) => value);
  if (asked?.kind === 'unknown') return undefined;
  if (more.length > 0) {
    wrong(context, node, name, 'one model, layer or tensor', more[0]);
    return undefined;
  }
  const subject = subjectOf(context, asked, node, name);
  const sizes = subject && givenSizes(context, subject, given.filter((argument) => argument.name !== undefined), node, name);
  return sizes === undefined ? undefined : { subject: subject!, sizes };
}

/** A question whose answer is one number, perhaps in free dimensions, for which values may be given by name. */
function question(name: string, summary: string, answer: (subject: Subject) => Dimension | { readonly unknown: string }): Builtin {
  return {
    name,
    signature: `${name}(x?, DIMENSION = size, …)`,
    summary,
    call(context, given, node) {
      const asked = read(context, given, node, name);
      if (asked === undefined) return unknown;
      const total = answer(asked.subject);
      if (typeof total === 'object' && 'unknown' in total) {
        context.run.report(context, { code: 'unknown-memory', severity: 'information', place: at(context, node), message: `${name} is not known: what ${total.unknown} keeps for the backward pass is not known in numbers` });
        return unknown;
      }
      const result = substitute(simplify(total, asked.subject.graph), (symbol) => asked.sizes.get(symbol.name));
      return result === undefined ? unknown : checkedSize(context, result, node);
    },
  };
}

/** A sum over the parameters that `params` counts, as a tensor of shape []. */
function penalty(name: keyof typeof penalties): Builtin {
  const operation = penalties[name];
  return {
    name,
    signature: `${name}(x?)`,
    summary: `${operation.summary} ${operation.formula}, over the parameters that params(x) counts.`,
    call(context, given, node) {
      const asked = read(context, given, node, name);
      if (asked === undefined) return unknown;
      const { graph, parameters } = asked.subject;
      if (graph !== context.run.graph) return wrong(context, node, name, 'a part of the model around it', given[0]?.value);
      if (parameters.length === 0) return { kind: 'number', value: 0 };
      return applyOperation(context, operation, {}, parameters, { place: at(context, node) });
    },
  };
}

export const questions: readonly Builtin[] = [
  question('params', 'The number of trainable parameters; shared ones count once.', ({ parameters }) => countParameters(parameters)),
  question('buffers', 'The numbers in buffers, such as the running statistics of batch norms: state that is not trained.', ({ nodes }) => countBuffersOf(nodes)),
  question('macs', 'The multiply-accumulates of convolutions and matrix products, for one example.', ({ nodes }) => countMacs(nodes)),
  question('flops', 'The floating-point operations of the forward pass, for one example: two for each multiply-accumulate, and the elementwise work.', ({ nodes }) => countFlops(nodes)),
  question('memory', 'The bytes that training takes at one float32 example: parameters, buffers, gradients, optimizer state, and what the backward pass needs.', ({ graph, nodes, parameters, optimizer }) => {
    const memory = memoryOf({ nodes, parameters, needsGradient: neededIn(graph), buffers: countBuffersOf(nodes), state: optimizer?.definition.state(optimizer.arguments) ?? 0 });
    return 'total' in memory ? memory.total : memory;
  }),
  penalty('l1'),
  penalty('l2'),
];
