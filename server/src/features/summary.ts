// The layers of an evaluated model in the order of evaluation, with figures and totals: for tables, JSON and views.

import { nameLeaves } from '../check/lower';
import { elements } from '../layers/tensor';
import type { Chain } from '../semantics/findings';
import type { GraphNode, Place, Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import type { ReceptiveField } from '../semantics/receptive-field';
import { requirementsOf } from '../semantics/requirements';
import { type Dimension, print } from '../symbolic/dimension';
import { type Cost, costOf, costOfModel, lastOutput, receptiveFieldsOf } from './figures';
import { catalogLayer, spellShortCall } from './spelling';

/** A size in JSON: a number, or the expression over free dimensions. */
export type Figure = number | string;

/** Per axis; `global` where every position is seen; null where there is no field, or none that is known. */
export type FieldFigures =
  | { readonly size: readonly (number | 'all')[]; readonly stride: readonly (number | null)[]; readonly padding: readonly (readonly [number, number] | null)[] }
  | 'global'
  | null;

export interface LayerSummary {
  /** The name that it is bound to, or its operation with a number, as in gradient reports. */
  readonly name: string;
  readonly operation: string;
  /** As written. */
  readonly arguments: string;
  /** With the values of its arguments, but for defaults: `Conv2d(64, 3, padding = 1)`. */
  readonly call: string;
  readonly output: readonly Figure[];
  /** Those that it shares with an earlier row count there. */
  readonly params: number;
  readonly buffers: number;
  readonly macs: Figure;
  readonly receptiveField: FieldFigures;
  readonly line: number;
  /** The stacks and models around it, the outermost first. */
  readonly within: readonly string[];
}

export interface ModelSummary {
  readonly name: string;
  readonly params: number;
  readonly buffers: number;
  readonly macs: Figure;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly Figure[] }[];
  /** The dimensions of the last output. */
  readonly output: readonly Figure[] | null;
  readonly outputs: readonly { readonly name: string; readonly shape: readonly Figure[] }[];
  /** Of the last output. */
  readonly receptiveField: FieldFigures;
  readonly requirements: readonly string[];
  readonly layers: readonly LayerSummary[];
}

/** A row of the table: a layer, or a stack with the layers in it. */
export type SummaryRow =
  | { readonly kind: 'layer'; readonly depth: number; readonly layer: LayerSummary }
  | { readonly kind: 'group'; readonly depth: number; readonly name: string; readonly line: number; readonly cost: Cost };

/** Texts and lines of places, wherever their files come from. */
export interface Places {
  lineOf(place: Place): number;
  textOf(place: Place): string;
}

export function figure(dimension: Dimension): Figure {
  return typeof dimension === 'number' ? dimension : print(dimension);
}

export function summaryOf(model: EvaluatedModel, places: Places): ModelSummary {
  const { graph } = model;
  const { parameters, buffers, macs } = costOfModel(model);
  const outputs = graph.outputs.flatMap(({ name, tensors }) => tensors.map((tensor) => ({ name, shape: tensor.type.shape.map(figure) })));
  const output = lastOutput(model)?.tensors.at(-1);
  return {
    name: model.name,
    params: parameters as number,
    buffers: buffers as number,
    macs: figure(macs),
    inputs: graph.inputs.map(({ source, type }) => ({ name: source.kind === 'input' ? source.name : '', shape: type.shape.map(figure) })),
    output: output === undefined ? null : output.type.shape.map(figure),
    outputs,
    receptiveField: output === undefined ? null : fieldFigures(receptiveFieldsOf(graph, output)),
    requirements: requirementsOf(model).flatMap(({ conditions }) => conditions),
    layers: layersOf(model, places).map(({ layer }) => layer),
  };
}

/** The rows of the table: each application of a stack or model is a group of its own. */
export function summaryRows(model: EvaluatedModel, places: Places): readonly SummaryRow[] {
  const rows: SummaryRow[] = [];
  const layers = layersOf(model, places);
  const members = new Map<Chain, GraphNode[]>();
  for (const { node } of layers) {
    for (const link of linksOf(node.chain)) {
      const known = members.get(link);
      if (known === undefined) members.set(link, [node]);
      else known.push(node);
    }
  }
  let open: readonly Chain[] = [];
  for (const { node, layer } of layers) {
    const links = linksOf(node.chain);
    for (const [index, link] of links.entries()) {
      if (open[index] !== link) rows.push({ kind: 'group', depth: index, name: link.name, line: places.lineOf(link.place), cost: costOf(members.get(link)!) });
    }
    open = links;
    rows.push({ kind: 'layer', depth: links.length, layer });
  }
  return rows;
}

function layersOf(model: EvaluatedModel, places: Places): readonly { readonly node: GraphNode; readonly layer: LayerSummary }[] {
  const { graph } = model;
  const names = namesOf(model);
  const seen = new Set<object>();
  return graph.nodes.slice(0, graph.bodyNodes).flatMap((node) => {
    if (node.kind !== 'operation') return [];
    const isFirst = node.layer === undefined || !seen.has(node.layer);
    if (node.layer !== undefined) seen.add(node.layer);
    const cost = costOf([node]);
    const layer: LayerSummary = {
      name: names.get(node)!,
      operation: node.operation.name,
      arguments: writtenArguments(node, places),
      call: callOf(node),
      output: node.outputs[0]!.type.shape.map(figure),
      params: isFirst ? node.parameters.reduce((total, tensor) => total + (elements(tensor.type.shape) as number), 0) : 0,
      buffers: isFirst ? (cost.buffers as number) : 0,
      macs: figure(cost.macs),
      receptiveField: fieldFigures(receptiveFieldsOf(graph, node.outputs[0]!)),
      line: places.lineOf(node.place),
      within: linksOf(node.chain).map(({ name }) => name),
    };
    return [{ node, layer }];
  });
}

/** Layers with parameters are called as in gradient reports; the others are numbered in the same way. */
function namesOf({ graph }: EvaluatedModel): ReadonlyMap<GraphNode, string> {
  const leaves = nameLeaves(graph);
  const names = new Map<GraphNode, string>();
  const ofLayers = new Map<object, string>();
  const counts = new Map<string, number>();
  for (const node of graph.nodes.slice(0, graph.bodyNodes)) {
    if (node.kind !== 'operation') continue;
    const [parameter] = node.parameters;
    const leaf = parameter && leaves.get(parameter);
    // `encoder.self_attn.in_proj_weight` is `self_attn.in_proj_weight` of `encoder`.
    const known = leaf === undefined ? node.layer && ofLayers.get(node.layer) : leaf.slice(0, -`.${parameterName(parameter!)}`.length);
    const name = known ?? catalogLayer(node.layer)?.label ?? numbered(node.operation.name, counts);
    if (node.layer !== undefined) ofLayers.set(node.layer, name);
    names.set(node, name);
  }
  return names;
}

function parameterName({ source }: Tensor): string {
  return source.kind === 'parameter' ? source.name : '';
}

function numbered(name: string, counts: Map<string, number>): string {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return `${name}_${String(count)}`;
}

function linksOf(chain: Chain | undefined): readonly Chain[] {
  const links: Chain[] = [];
  for (let link = chain; link !== undefined; link = link.outer) links.push(link);
  return links.reverse();
}

function callOf(node: GraphNode): string {
  const layer = catalogLayer(node.layer);
  return layer === undefined ? node.operation.name : spellShortCall(layer.operation, layer.arguments);
}

/** The text between the parentheses of the expression that made the layer. */
function writtenArguments(node: GraphNode, places: Places): string {
  const origin = catalogLayer(node.layer)?.origin;
  if (origin === undefined || origin.node.kind !== 'call') return '';
  const { callee } = origin.node;
  const text = places.textOf({ file: origin.place.file, span: { start: callee.span.end, end: origin.node.span.end } }).trim();
  return text.replace(/^\(\s*/, '').replace(/\s*\)$/, '').replace(/\s*\n\s*/g, ' ');
}

/** The first input with positions stands for all. */
function fieldFigures([field]: readonly ReceptiveField[]): FieldFigures {
  if (field === undefined) return null;
  if (field.global) return 'global';
  if (field.axes.some((axis) => axis.kind === 'unknown')) return null;
  return {
    size: field.axes.map((axis) => (axis.kind === 'window' ? axis.size : 'all')),
    stride: field.axes.map((axis) => (axis.kind === 'window' ? axis.stride : null)),
    padding: field.axes.map((axis) => (axis.kind === 'window' && axis.before !== undefined && axis.after !== undefined ? [axis.before, axis.after] : null)),
  };
}
