// What picks, moves and joins entries, as expressions: x[i], x[1:4], reshape, flatten, concat.

import type { IndexItem } from '../../layers/indexing';
import type { Dimension } from '../../symbolic/dimension';
import type { GraphNode } from '../graph';
import { product } from './algebra';
import { applied, constant, type Expression, sameShape, type Shape } from './expression';
import { drawn } from './matrix';
import { allUsual, type Flow, numberOf, type Rule, shapeOf, shapesOf } from './rule';

/** By the names of functions. */
export const shaping = new Map<string, Rule>();

// ── x[i], x[a:b] of vectors ──────────────────────────────────────────────────

type Pick = { readonly kind: 'entry'; readonly at: number | 'index' } | { readonly kind: 'slice'; readonly start: number; readonly stop: number };

function pickOf({ arguments: given, inputs, effect }: GraphNode): Pick | undefined {
  const [item, ...others] = given.items as readonly IndexItem[];
  const { shape } = inputs[0]!.type;
  const size = numberOf(shape[0] ?? 1);
  if (others.length > 0 || item === undefined || typeof item === 'string' || shape.length !== 1 || size === undefined) return undefined;
  if ('tensor' in item) return inputs[item.tensor]!.type.shape.length === 0 ? { kind: 'entry', at: 'index' } : undefined;
  const placeOf = (place: Dimension): number | undefined => (typeof place !== 'number' ? undefined : place < 0 ? place + size : place);
  if ('integer' in item) {
    const at = placeOf(item.integer);
    return at === undefined ? undefined : { kind: 'entry', at };
  }
  const [from, , step] = item.slice;
  const [start, count] = [placeOf(from ?? 0), numberOf(effect.output.shape[0]!)];
  return start === undefined || count === undefined || (step ?? 1) !== 1 ? undefined : { kind: 'slice', start: Math.max(0, start), stop: Math.max(0, start) + count };
}

shaping.set('index', {
  value: ({ node, inputs: [x, index] }) => {
    const pick = pickOf(node);
    if (pick === undefined || !sameShape(x!.shape, shapesOf(node)[0]!)) return undefined;
    return pick.kind === 'entry' ? applied('pick', [x!, pick.at === 'index' ? index! : constant(pick.at)], []) : drawn('slice', [x!], shapeOf(node), `${String(pick.start)}:${String(pick.stop)}`);
  },
  flow: ({ node, inputs: [, index] }, g) => {
    const pick = pickOf(node);
    const [shape] = shapesOf(node) as [Shape];
    return [pick && backOf(pick, g, shape, index, shapeOf(node)), ...node.inputs.slice(1).map((): Flow => 'zero')];
  },
});

function backOf(pick: Pick, g: Expression, shape: Shape, index: Expression | undefined, own: Shape): Expression | undefined {
  if (pick.kind === 'entry') return product([g, applied('onehot', [pick.at === 'index' ? index! : constant(pick.at)], shape)]);
  return sameShape(g.shape, own) ? drawn('pad', [g], shape, `[${String(pick.start)}, ${String((shape[0] as number) - pick.stop)}]`) : undefined;
}

// Of class numbers, 1 at each one's place.
shaping.set('one_hot', { value: ({ node, inputs: [x] }) => applied('onehot', [x!], shapeOf(node)), flow: () => ['zero'] });

// ── The same entries in another shape ────────────────────────────────────────

for (const name of ['flatten', 'reshape', 'unflatten']) {
  shaping.set(name, {
    value: ({ node, inputs: [x] }) => {
      const shape = shapeOf(node);
      if (!sameShape(x!.shape, shapesOf(node)[0]!)) return undefined;
      return name === 'flatten' && shape.length === 1 && allUsual(node) ? drawn('flatten', [x!], shape) : reshaped(x!, shape);
    },
    flow: ({ node }, g) => {
      const [shape] = shapesOf(node) as [Shape];
      return [g.shape.length === 0 ? g : sameShape(g.shape, shapeOf(node)) ? reshaped(g, shape) : undefined];
    },
  });
}

function reshaped(x: Expression, shape: Shape): Expression | undefined {
  const sizes = shape.map(numberOf);
  return sizes.includes(undefined) ? undefined : drawn('reshape', [x], shape, sizes.join(', '));
}

// ── One behind the other ─────────────────────────────────────────────────────

shaping.set('concat', {
  value: ({ node, inputs }) => (shapeOf(node).length === 1 && inputs.every((x, index) => sameShape(x.shape, shapesOf(node)[index]!)) ? applied('concat', inputs, shapeOf(node)) : undefined),
  flow: ({ node }, g) => {
    const axis = axisOf(node);
    let start = 0;
    return shapesOf(node).map((shape): Flow => {
      const size = numberOf(shape[axis]!);
      if (size === undefined || Number.isNaN(start)) {
        start = NaN;
        return undefined;
      }
      const [from, to] = [start, (start += size)];
      if (g.shape.length === 0) return g;
      return sameShape(g.shape, shapeOf(node)) ? drawn('slice', [g], shape, `${':, '.repeat(axis)}${String(from)}:${String(to)}`) : undefined;
    });
  },
});

function axisOf(node: GraphNode): number {
  const { dim = 0 } = node.arguments as { dim?: number };
  return dim < 0 ? dim + shapeOf(node).length : dim;
}
