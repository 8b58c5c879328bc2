// The figures of a part of a network, as data and in words: types, receptive fields, parameters, buffers, costs.

import type * as ast from '../../../grammar/ast';
import { printType } from '../layers/tensor';
import type { Dimension } from '../symbolic/dimension';
import type { Analysis } from '../semantics/analyse';
import { countBuffersOf, countMacs, countParameters, parametersOf } from '../semantics/cost';
import type { Chain, Observation, Observations } from '../semantics/findings';
import type { AnyNode, Graph, GraphNode, NamedOutput, Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import { type AxisReport, type Misalignment, type ReceptiveField, ReceptiveFields } from '../semantics/receptive-field';
import type { Run } from '../semantics/run';
import type { Value } from '../semantics/values';
import { grouped } from './numbers';
import type { Document } from './workspace';

const fields = new WeakMap<Graph, ReceptiveFields>();
const modelsByDeclaration = new WeakMap<Analysis, ReadonlyMap<ast.Declaration, EvaluatedModel>>();

/** The evaluated model that a declaration stands for; undefined for templates and all that is no model. */
export function modelOf(document: Document, declaration: ast.Declaration | undefined): EvaluatedModel | undefined {
  const { analysis } = document;
  let models = modelsByDeclaration.get(analysis);
  if (models === undefined) modelsByDeclaration.set(analysis, (models = new Map(analysis.models.map((model) => [model.declaration, model]))));
  return declaration && models.get(declaration);
}

const parameterCounts = new WeakMap<Graph, Dimension>();

/** The parameters of a finished graph, counted once. */
export function parameterCount(graph: Graph): Dimension {
  let known = parameterCounts.get(graph);
  if (known === undefined) parameterCounts.set(graph, (known = countParameters(graph.parameters)));
  return known;
}

/** The receptive fields of a tensor of a graph, one for each input with positions that it depends on. */
export function receptiveFieldsOf(graph: Graph, tensor: Tensor): readonly ReceptiveField[] {
  let known = fields.get(graph);
  if (known === undefined) fields.set(graph, (known = new ReceptiveFields()));
  return known.of(tensor);
}

/** Where the operands of an operation look at an input from different middles. */
export function misalignmentsAt(graph: Graph, node: AnyNode): readonly Misalignment[] {
  const [output] = node.outputs;
  if (output !== undefined) receptiveFieldsOf(graph, output);
  return fields.get(graph)?.misalignmentsAt(node) ?? [];
}

/** The evaluation that an observation was made in. */
export function runOf(observation: Observation): Run {
  return observation.run as Run;
}

/** One application of a layer, a stack or a function, with the nodes that it added to its graph. */
export interface Application {
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly graph: Graph;
  readonly nodes: readonly AnyNode[];
  /** The model that was evaluated. */
  readonly model: string;
  readonly run: object;
  readonly chain?: Chain;
  /** It and the equal ones behind it that were not remembered. */
  readonly times: number;
  /** How many were not remembered behind it that may be of other types. */
  readonly unlisted: number;
}

/** The applications among what was observed at an expression, in the order of evaluation. */
export function applicationsAt(document: Document, node: object): readonly Application[] {
  return applicationsAmong(document, document.analysis.observations(node), node);
}

/** Those in models, where the stack around the expression is understood by itself. */
export function applicationsInModels(document: Document, node: object): readonly Application[] {
  return applicationsAmong(document, document.analysis.applied(node), node);
}

function applicationsAmong(document: Document, observations: Observations | undefined, node: object): readonly Application[] {
  if (observations === undefined) return [];
  // What a call of a layer is worth is noted once more when it is evaluated.
  const applying = new Set(observations.first.filter(({ application }) => application !== undefined).map(({ run }) => run));
  const applications = observations.first.flatMap((observation) => (observation.application === undefined && applying.has(observation.run) ? [] : applicationOf(document, observation, node)));
  for (const { run, count, isUniform } of countsOf(observations)) {
    const here = applications.filter((application) => application.run === run);
    const last = here.at(-1);
    const further = count - here.length;
    if (last === undefined || further <= 0) continue;
    applications[applications.indexOf(last)] = isUniform ? { ...last, times: 1 + further } : { ...last, unlisted: further };
  }
  return applications;
}

/** How often an expression is applied in each evaluation of a model. */
export function applicationCounts(document: Document, node: object): readonly { readonly run: Run; readonly count: number }[] {
  const observations = document.analysis.applied(node);
  return observations === undefined ? [] : countsOf(observations);
}

/** Where all that are not remembered are like the last one that is, the count is uniform. */
function countsOf(observations: Observations): readonly { readonly run: Run; readonly count: number; readonly isUniform: boolean }[] {
  return (observations.each ?? [observations]).flatMap(({ first: [observation], count, applied, others }) =>
    // A call or an operator is one application each time that it is evaluated.
    observation === undefined ? [] : [{ run: runOf(observation), count: applied > 0 ? applied : count, isUniform: others === 0 }],
  );
}

/** How many applications some stand for. */
export function countOf(applications: readonly Application[]): number {
  return applications.reduce((sum, { times, unlisted }) => sum + times + unlisted, 0);
}

/** Whether an application is that of a stack by itself. */
export function isAlone(application: Application | undefined): boolean {
  return application !== undefined && (application.run as Run).freeParameters;
}

function applicationOf(document: Document, observation: Observation, node: object): Application[] {
  const { value, application, chain } = observation;
  if (value.kind === 'unknown') return [];
  const run = runOf(observation);
  const { graph } = run;
  const common = { output: value, graph, model: run.name, run, chain, times: 1, unlisted: 0 };
  if (application !== undefined) return [{ ...common, inputs: application.inputs, nodes: graph.nodes.slice(application.from, application.to) }];
  const made = madeBy(value, document.uri, node as ast.Expression);
  return made === undefined ? [] : [{ ...common, inputs: made.inputs.map((tensor): Value => ({ kind: 'tensor', tensor })), nodes: [made] }];
}

/** The operation that an expression itself, a call or an operator, added to the graph. */
function madeBy(value: Value, uri: string, node: ast.Expression): AnyNode | undefined {
  const [tensor] = tensorsIn(value);
  if (tensor?.source.kind !== 'node') return undefined;
  const { node: made } = tensor.source;
  const { file, span } = made.place;
  return file === uri && span.start === node.span.start && span.end === node.span.end ? made : undefined;
}

/** Of applications in several evaluated models, those of the first: one consistent picture. */
export function ofOneRun(applications: readonly Application[]): readonly Application[] {
  return applications.filter((application) => application.run === applications[0]?.run);
}

/** The tensors in a value, lists included. */
export function tensorsIn(value: Value): readonly Tensor[] {
  if (value.kind === 'tensor') return [value.tensor];
  return value.kind === 'list' ? value.items.flatMap(tensorsIn) : [];
}

/** `[64, 16, 16]`, for a list of tensors `2 × [64, 16]` or `[[64, 16], [32, 16]]`; undefined where anything is no tensor. */
export function typeOf(value: Value): string | undefined {
  if (value.kind === 'tensor') return printType(value.tensor.type);
  if (value.kind !== 'list' || value.items.length === 0) return undefined;
  const types = value.items.map(typeOf);
  if (types.some((type) => type === undefined)) return undefined;
  const [first] = types;
  if (types.length > 1 && types.every((type) => type === first)) return `${String(types.length)} × ${first!}`;
  return `[${types.join(', ')}]`;
}

/** `[3, 32, 32] → [32, 32, 32]` */
export function signatureOf(application: Pick<Application, 'inputs' | 'output'>): string {
  const inputs = application.inputs.map((input) => typeOf(input) ?? '?').join(', ');
  return `${inputs}${inputs === '' ? '' : ' '}→ ${typeOf(application.output) ?? '?'}`;
}

/** What a part of a graph costs. */
export interface Cost {
  readonly parameters: Dimension;
  readonly buffers: Dimension;
  readonly macs: Dimension;
}

export function costOf(nodes: readonly AnyNode[]): Cost {
  // A `param` that a single operation reads is none of its own: it is counted where it is declared.
  const parameters = onlyOperation(nodes)?.parameters ?? parametersOf(nodes);
  return { parameters: countParameters(parameters), buffers: countBuffersOf(nodes), macs: countMacs(nodes) };
}

/** The cost of all that a model's body does. */
export function costOfModel({ graph }: EvaluatedModel): Cost {
  const nodes = graph.nodes.slice(0, graph.bodyNodes);
  return { parameters: countParameters(graph.parameters), buffers: countBuffersOf(nodes), macs: countMacs(nodes) };
}

/** The single operation among the nodes, where there is one. */
export function onlyOperation(nodes: readonly AnyNode[]): GraphNode | undefined {
  const [only] = nodes;
  return nodes.length === 1 && only?.kind === 'operation' ? only : undefined;
}

/** The last output of a model: what its totals speak of. */
export function lastOutput(model: EvaluatedModel): NamedOutput | undefined {
  return model.graph.outputs.at(-1);
}

/** `5 × 5`, `whole input`, `7 × all`; undefined where it is not known. */
export function fieldSize(field: ReceptiveField): string | undefined {
  if (field.global) return 'whole input';
  if (field.axes.some((axis) => axis.kind === 'unknown')) return undefined;
  return field.axes.map((axis) => (axis.kind === 'window' ? grouped(axis.size) : 'all')).join(' × ');
}

/** `stride 4 × 4`, `padding 3 at every border` or `padding [3, 2] × [3, 2]`: the rest of what a field is. */
export function fieldDetails(field: ReceptiveField): string {
  const windows = field.axes.filter((axis) => axis.kind === 'window');
  if (windows.length === 0) return '';
  const strides = field.axes.map((axis) => (axis.kind === 'window' ? grouped(axis.stride) : '–')).join(' × ');
  // Behind enlargements neighbouring units see parts of different sizes.
  const least = field.axes.map((axis) => (axis.kind === 'window' ? grouped(axis.least ?? axis.size) : '–')).join(' × ');
  const varies = windows.some((axis) => axis.least !== undefined) ? `${least} at the least, ` : '';
  // Behind a pick, such as x[:, 0], all units look at one place.
  const steps = windows.every((axis) => axis.stride === 0) ? 'at one place' : `effective stride ${strides}`;
  return `${varies}${steps}${paddingText(field.axes)}`;
}

function paddingText(axes: readonly AxisReport[]): string {
  const pairs = axes.map((axis) => (axis.kind === 'window' && axis.before !== undefined && axis.after !== undefined ? ([axis.before, axis.after] as const) : undefined));
  const known = pairs.filter((pair) => pair !== undefined);
  const [first] = known;
  if (first === undefined) return '';
  if (known.flat().every((padding) => padding === first[0])) return first[0] === 0 ? ', no padding' : `, padding ${grouped(first[0])} at both ends`;
  return `, padding ${pairs.map((pair) => (pair === undefined ? '–' : pair.map((padding) => grouped(padding)).join(' + '))).join(' × ')}`;
}

/** What a unit saw of the same input in front of the node that made its field global; undefined where that is no window either. */
export function fieldBefore(graph: Graph, since: AnyNode, { input }: ReceptiveField): ReceptiveField | undefined {
  const before = since.inputs.flatMap((tensor) => receptiveFieldsOf(graph, tensor)).filter((field) => field.input === input);
  return before.length === 1 && before[0]!.axes.every((axis) => axis.kind === 'window') ? before[0] : undefined;
}

/** The node since which a field is global. */
export function globalSince(field: ReceptiveField): AnyNode | undefined {
  for (const axis of field.axes) if (axis.kind === 'all' && axis.since !== undefined) return axis.since;
  return undefined;
}

/** Why a receptive field is not known. */
export function unknownReason(field: ReceptiveField): string | undefined {
  const axis = field.axes.find((each) => each.kind === 'unknown');
  return axis?.reason;
}

/** The applications that give one picture of an expression: in a model, those of its own evaluation; elsewhere, of the first that has any. */
export function picturedApplications(document: Document, node: object, declaration: ast.Declaration | undefined): readonly Application[] {
  const all = applicationsAt(document, node);
  const own = modelOf(document, declaration);
  const inOwn = own === undefined ? [] : all.filter((application) => application.run === own.run);
  return inOwn.length > 0 ? inOwn : all;
}
