// What rules ask of a network: who reads a tensor, what holds at a place of the text in all its applications, and edits of layers.

import type * as ast from '../../../../grammar/ast';
import { nodePathAt } from '../../../../grammar/walk';
import type { Fix } from '../../base/diagnostic';
import type { Span } from '../../base/span';
import type { AnyNode, Graph, GraphNode, Place, Tensor } from '../graph';
import type { EvaluatedModel } from '../model';
import { statementSpan } from '../text-spans';
import type { CatalogLayer } from '../values';

const readers = new WeakMap<Graph, ReadonlyMap<Tensor, readonly AnyNode[]>>();

/** The nodes of the body that read a tensor. */
export function readersOf(graph: Graph, tensor: Tensor): readonly AnyNode[] {
  let known = readers.get(graph);
  if (known === undefined) {
    const made = new Map<Tensor, AnyNode[]>();
    for (const node of bodyOf(graph)) {
      for (const input of new Set(node.inputs)) {
        const before = made.get(input);
        if (before === undefined) made.set(input, [node]);
        else before.push(node);
      }
    }
    readers.set(graph, (known = made));
  }
  return known.get(tensor) ?? [];
}

/** The nodes that the body made; those of asserts come behind them. */
export function bodyOf(graph: Graph): readonly AnyNode[] {
  return graph.bodyNodes === graph.nodes.length ? graph.nodes : graph.nodes.slice(0, graph.bodyNodes);
}

/** The operation that made a tensor. */
export function makerOf(tensor: Tensor | undefined): GraphNode | undefined {
  return tensor?.source.kind === 'node' && tensor.source.node.kind === 'operation' ? tensor.source.node : undefined;
}

/** The layer that a node applies; undefined for functions. */
export function layerOf(node: GraphNode): CatalogLayer | undefined {
  return node.layer as CatalogLayer | undefined;
}

/** `ReLU` and `relu` are one operation, and so are `LogSoftmax` and `log_softmax`. */
export function kindOf(node: GraphNode): string {
  return node.operation.name.toLowerCase().replaceAll('_', '');
}

/**
 * What a rule finds at each place of the text: nothing where any application there is as it should be,
 * since a stack is written for all its uses.
 */
export function everywhere<T>(
  graph: Graph,
  find: (node: GraphNode) => T | undefined,
  concerns: (node: GraphNode) => boolean,
  placeOf: (node: GraphNode) => Place = (node) => node.place,
): readonly T[] {
  const found = new Map<string, T | undefined>();
  for (const node of bodyOf(graph)) {
    if (node.kind !== 'operation' || !concerns(node)) continue;
    const { file, span } = placeOf(node);
    const key = `${String(span.start)}:${String(span.end)}:${file}`;
    if (found.has(key) && found.get(key) === undefined) continue;
    const here = find(node);
    found.set(key, here === undefined ? undefined : (found.get(key) ?? here));
  }
  return [...found.values()].filter((each) => each !== undefined);
}

/** Where the layer of a node is made, which is where its arguments are; a function is made where it is called. */
export function madeAt(node: GraphNode): Place {
  return layerOf(node)?.origin.place ?? node.place;
}

/** Where an argument of a node's layer was written, or the whole layer. */
export function argumentPlace(node: GraphNode, name: string): Place {
  return layerOf(node)?.argumentPlaces.get(name) ?? madeAt(node);
}

/** The edit that gives an argument of a node's layer a value, where the layer is made; undefined where it cannot be written there. */
export function argumentEdit(node: GraphNode, name: string, value: string): { readonly span: Span; readonly text: string } | undefined {
  const layer = layerOf(node);
  if (layer === undefined) return undefined;
  const { file } = layer.origin.place;
  const written = layer.argumentPlaces.get(name);
  if (written !== undefined) return written.file === file ? { span: written.span, text: value } : undefined;
  const { insertion } = layer;
  return insertion && { span: insertion.place.span, text: `${insertion.before}${name} = ${value}${insertion.after}` };
}

/** The fix that sets arguments of one layer; undefined where one of them cannot be written. */
export function argumentFix(title: string, node: GraphNode, values: Readonly<Record<string, string>>): readonly Fix[] | undefined {
  const edits = Object.entries(values).map(([name, value]) => argumentEdit(node, name, value));
  if (!edits.every((edit) => edit !== undefined)) return undefined;
  // Several arguments that are added go into one pair of parentheses.
  const merged = new Map<string, { span: Span; text: string }>();
  for (const edit of edits) {
    const key = `${String(edit.span.start)}:${String(edit.span.end)}`;
    const before = merged.get(key);
    if (before === undefined) merged.set(key, edit);
    else merged.set(key, { span: edit.span, text: before.text.endsWith(')') ? `${before.text.slice(0, -1)}, ${edit.text.slice(1)}` : `${before.text}${edit.text.startsWith(', ') ? edit.text : `, ${edit.text}`}` });
  }
  return [{ title, edits: [...merged.values()] }];
}

/** The fix that takes an operation away, so that its input goes on; undefined where the text does not allow it. */
export function removal(model: EvaluatedModel, place: Place, title: string): readonly Fix[] | undefined {
  const source = model.run.program.file(place.file)?.source;
  const edit = source && removalIn(source.text, source.tree, place.span);
  return edit && [{ title, edits: [edit] }];
}

function removalIn(text: string, tree: ast.File, span: Span): { span: Span; text: string } | undefined {
  const before = text.slice(0, span.start);
  const after = text.slice(span.end);
  const arrowBefore = /\s*->\s*$/.exec(before);
  if (arrowBefore !== null) return { span: { start: span.start - arrowBefore[0].length, end: span.end }, text: '' };
  const inner = argumentOfCall(text, tree, span);
  if (inner !== undefined) return { span, text: inner };
  const path = nodePathAt(tree, span.start);
  const statement = path.find((node) => node.kind === 'expression-statement');
  if (statement === undefined || statement.span.start !== span.start) return undefined;
  const arrowAfter = /^\s*->\s*/.exec(after);
  if (arrowAfter !== null) return { span: { start: span.start, end: span.end + arrowAfter[0].length }, text: '' };
  if (statement.span.end !== span.end) return undefined;
  return { span: statementSpan(text, span), text: '' };
}

/** Of `softmax(x, dim = 0)`: the text of x, in parentheses where it is more than a name or a call. */
function argumentOfCall(text: string, tree: ast.File, span: Span): string | undefined {
  const call = nodePathAt(tree, span.start).find((node) => node.kind === 'call' && node.span.start === span.start && node.span.end === span.end);
  if (call?.kind !== 'call' || call.callee.kind !== 'name' || /^[A-Z]/.test(call.callee.text)) return undefined;
  const [argument] = call.arguments;
  if (argument === undefined || (argument.name !== undefined && argument.name.text !== 'input')) return undefined;
  const { value } = argument;
  const inner = text.slice(value.span.start, value.span.end);
  return ['name', 'call', 'index', 'member', 'integer', 'list'].includes(value.kind) ? inner : `(${inner})`;
}
