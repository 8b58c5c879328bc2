// What rules ask of a network: who reads a tensor, and what holds at a place of the text in all its applications.

import type { Span } from '../../base/span';
import type { Operation } from '../../layers/definition';
import type { AnyNode, Graph, GraphNode, Place, Tensor } from '../graph';
import type { CatalogLayer } from '../values';

/** A value for each tensor of a body: an array, as the tensors of an evaluation are numbered. */
export class ByTensor<T> {
  private readonly values: (T | undefined)[];

  constructor(graph: Graph) {
    this.values = new Array<T | undefined>(networkOf(graph).tensors);
  }

  get(tensor: Tensor | undefined): T | undefined {
    return tensor && this.values[tensor.id];
  }

  set({ id }: Tensor, value: T): void {
    this.values[id] = value;
  }
}

/** Some tensors of a body. */
export class TensorSet {
  private readonly flags: Uint8Array;

  constructor(graph: Graph) {
    this.flags = new Uint8Array(networkOf(graph).tensors);
  }

  has({ id }: Tensor): boolean {
    return this.flags[id] === 1;
  }

  add({ id }: Tensor): void {
    this.flags[id] = 1;
  }
}

/** Spells places, most of which are the very spans of nodes of the tree, once each. */
export class PlaceKeys {
  private readonly known = new Map<Span, { readonly file: string; readonly key: string }>();

  of({ file, span }: Place): string {
    let known = this.known.get(span);
    if (known?.file !== file) this.known.set(span, (known = { file, key: `${String(span.start)}:${String(span.end)}:${file}` }));
    return known.key;
  }
}

/** One place of the text, with what is applied there, by operation and in order. */
type Site = Map<Operation, GraphNode[]>;

/** Where a rule looks: at the places where operations are applied, or where their layers are made. */
type Where = 'applied' | 'made';

/** What rules ask of a graph, worked out once for all of them. */
class Network {
  /** The nodes of the body. */
  readonly body: readonly AnyNode[];
  readonly operations = new Set<Operation>();
  /** All tensors that the body knows have smaller numbers. */
  readonly tensors: number;
  private readers: ByTensor<AnyNode[]> | undefined;
  private readonly sites: Partial<Record<Where, readonly Site[]>> = {};

  constructor(private readonly graph: Graph) {
    this.body = graph.bodyNodes === graph.nodes.length ? graph.nodes : graph.nodes.slice(0, graph.bodyNodes);
    for (const node of this.body) if (node.kind === 'operation') this.operations.add(node.operation);
    // What a node reads is older than what it makes.
    const newest = [graph.inputs, graph.targets, graph.parameters, this.body.at(-1)?.outputs ?? []].map((each) => each.at(-1)?.id ?? 0);
    this.tensors = 1 + newest.reduce((most, id) => Math.max(most, id), -Infinity);
  }

  readersOf(tensor: Tensor): readonly AnyNode[] {
    return (this.readers ??= this.findReaders()).get(tensor) ?? [];
  }

  private findReaders(): ByTensor<AnyNode[]> {
    const found = new ByTensor<AnyNode[]>(this.graph);
    for (const node of this.body) {
      for (const input of node.inputs) {
        const before = found.get(input);
        if (before === undefined) found.set(input, [node]);
        else if (before.at(-1) !== node) before.push(node);
      }
    }
    return found;
  }

  sitesOf(where: Where): readonly Site[] {
    return (this.sites[where] ??= this.findSites(where === 'applied' ? ({ place }) => place : madeAt));
  }

  private findSites(placeOf: (node: GraphNode) => Place): readonly Site[] {
    const keys = new PlaceKeys();
    const found = new Map<string, Site>();
    for (const node of this.body) {
      if (node.kind !== 'operation') continue;
      const key = keys.of(placeOf(node));
      let site = found.get(key);
      if (site === undefined) found.set(key, (site = new Map()));
      const nodes = site.get(node.operation);
      if (nodes === undefined) site.set(node.operation, [node]);
      else nodes.push(node);
    }
    return [...found.values()];
  }
}

const networks = new WeakMap<Graph, Network>();

/** Rules look at a graph that does not change any more. */
function networkOf(graph: Graph): Network {
  let known = networks.get(graph);
  if (known === undefined) networks.set(graph, (known = new Network(graph)));
  return known;
}

/** The nodes of the body that read a tensor. */
export function readersOf(graph: Graph, tensor: Tensor): readonly AnyNode[] {
  return networkOf(graph).readersOf(tensor);
}

/** The nodes that the body made; those of asserts come behind them. */
export function bodyOf(graph: Graph): readonly AnyNode[] {
  return networkOf(graph).body;
}

/** Whether the body applies an operation of some kind at all: most rules have nothing to look at in most networks. */
export function applies(graph: Graph, isMeant: (operation: Operation) => boolean): boolean {
  for (const operation of networkOf(graph).operations) if (isMeant(operation)) return true;
  return false;
}

/** The operation that made a tensor. */
export function makerOf(tensor: Tensor | undefined): GraphNode | undefined {
  return tensor?.source.kind === 'node' && tensor.source.node.kind === 'operation' ? tensor.source.node : undefined;
}

/** The layer that a node applies; undefined for functions. */
export function layerOf(node: GraphNode): CatalogLayer | undefined {
  return node.layer as CatalogLayer | undefined;
}

/** Something that is worked out of an operation, once for each. */
export function perOperation<T>(of: (operation: Operation) => T): (operation: Operation) => T {
  const known = new WeakMap<Operation, T>();
  return (operation) => {
    let value = known.get(operation);
    if (value === undefined) known.set(operation, (value = of(operation)));
    return value;
  };
}

/** Whether an operation's name is of a pattern. */
export function named(pattern: RegExp): (operation: Operation) => boolean {
  return perOperation(({ name }) => pattern.test(name));
}

/** `ReLU` and `relu` are one operation, and so are `LogSoftmax` and `log_softmax`. */
export const kindOfOperation = perOperation(({ name }) => name.toLowerCase().replaceAll('_', ''));

export function kindOf({ operation }: GraphNode): string {
  return kindOfOperation(operation);
}

/**
 * What a rule finds at each place of the text: nothing where any application there is as it should be,
 * since a stack is written for all its uses. A loop of ten thousand sound rounds is left at the first.
 */
export function everywhere<T>(
  graph: Graph,
  find: (node: GraphNode) => T | undefined,
  concerns: (operation: Operation) => boolean,
  where: Where = 'applied',
  /** Applications that are neither here nor there. */
  isMeant: (node: GraphNode) => boolean = () => true,
): readonly T[] {
  if (!applies(graph, concerns)) return [];
  return networkOf(graph).sitesOf(where).flatMap((site) => findAt(site, find, concerns, isMeant) ?? []);
}

function findAt<T>(site: Site, find: (node: GraphNode) => T | undefined, concerns: (operation: Operation) => boolean, isMeant: (node: GraphNode) => boolean): T | undefined {
  let found: T | undefined;
  for (const [operation, nodes] of site) {
    if (!concerns(operation)) continue;
    for (const node of nodes) {
      if (!isMeant(node)) continue;
      const here = find(node);
      if (here === undefined) return undefined;
      found ??= here;
    }
  }
  return found;
}

/** Where the layer of a node is made, which is where its arguments are; a function is made where it is called. */
export function madeAt(node: GraphNode): Place {
  return layerOf(node)?.origin.place ?? node.place;
}
