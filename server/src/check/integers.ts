// Between which whole numbers an int input is drawn: what its uses take, directly and behind what only moves or shifts it.

import type { GraphNode, Graph, Tensor } from '../semantics/graph';

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

const unbounded: Bounds = { low: -Infinity, high: Infinity };

/** What all uses of an int tensor take: the rows of a table, the classes of a loss, the places of an axis. */
export function boundsOfUses(graph: Graph, tensor: Tensor): Bounds {
  return usesOf(graph, tensor).map(([node, position]) => boundsOfUse(graph, node, position)).reduce(common, unbounded);
}

function boundsOfUse(graph: Graph, node: GraphNode, position: number): Bounds {
  const { operation, inputs, outputs, effect } = node;
  const limit = operation.indexBound?.(position, inputs.map((each) => each.type), effect);
  if (typeof limit === 'number') return { low: 0, high: limit - 1 };
  const behind = (): Bounds => outputs.map((output) => boundsOfUses(graph, output)).reduce(common, unbounded);
  if (operation.rearranges === true) return behind();
  const other = inputs.length === 2 ? numberOf(inputs[1 - position]!) : undefined;
  if (other === undefined) return unbounded;
  switch (operation.name) {
    case 'add':
      return shifted(behind(), -other);
    case 'subtract':
      // b = i − other, or b = other − i
      return position === 0 ? shifted(behind(), other) : shifted(negated(behind()), other);
    case 'multiply':
      return other > 0 ? divided(behind(), other) : unbounded;
    default:
      return unbounded;
  }
}

const known = new WeakMap<Graph, ReadonlyMap<Tensor, readonly (readonly [GraphNode, number])[]>>();

function usesOf(graph: Graph, tensor: Tensor): readonly (readonly [GraphNode, number])[] {
  let uses = known.get(graph);
  if (uses === undefined) {
    const found = new Map<Tensor, [GraphNode, number][]>();
    for (const node of graph.nodes) {
      if (node.kind !== 'operation') continue;
      for (const [position, input] of node.inputs.entries()) {
        if (input.type.element !== 'int') continue;
        const before = found.get(input);
        if (before === undefined) found.set(input, [[node, position]]);
        else before.push([node, position]);
      }
    }
    known.set(graph, (uses = found));
  }
  return uses.get(tensor) ?? [];
}

function numberOf({ source }: Tensor): number | undefined {
  return source.kind === 'constant' ? source.value : undefined;
}

function common(a: Bounds, b: Bounds): Bounds {
  return { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) };
}

function shifted({ low, high }: Bounds, by: number): Bounds {
  return { low: low + by, high: high + by };
}

function negated({ low, high }: Bounds): Bounds {
  return { low: -high, high: -low };
}

function divided({ low, high }: Bounds, by: number): Bounds {
  return { low: Math.ceil(low / by), high: Math.floor(high / by) };
}
