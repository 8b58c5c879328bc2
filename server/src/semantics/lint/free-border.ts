// Strides over maps of a free size: at which sizes of the input every layer reads all positions, and at which some stay unread.

import { add, type Dimension, multiply, print, subtract } from '../../symbolic/dimension';
import { evaluateAt } from '../../symbolic/evaluate';
import { conditions, intersect, rangeOf, type Requirement, type SymbolRange } from '../../symbolic/domain';
import { type Assignment, decideNonNegative } from '../../symbolic/solve';
import type { Graph, GraphNode, Tensor } from '../graph';
import type { Lint } from './lint';
import { applies, bodyOf, named } from './network';

const isWindowed = named(/^(?:Conv|MaxPool|AvgPool|LPPool)[123]d$/);

/** A layer that leaves positions unread at some sizes. */
interface Loss {
  readonly node: GraphNode;
  /** How many, as an expression; nothing is lost where it is 0 or less. */
  readonly left: Dimension;
  readonly example: Assignment;
  readonly needs: Requirement;
}

/** Where one free dimension decides whether the last window ends before the input does. */
function lossesOf(graph: Graph): readonly Loss[] {
  const found: Loss[] = [];
  for (const node of bodyOf(graph)) {
    if (node.kind !== 'operation' || !isWindowed(node.operation)) continue;
    for (const window of node.effect.dependence.windows) {
      if (window.from === 0 || !(window.stride > 1 && window.stride <= window.extent)) continue;
      const from = node.inputs[0]!.type.shape[window.from];
      const to = node.outputs[0]!.type.shape[window.to];
      if (from === undefined || to === undefined || typeof from === 'number') continue;
      // The last window ends at (output − 1)·stride − before + extent.
      const left = subtract(from, add(multiply(window.stride, to), window.extent - window.stride - window.before));
      const { holds, requirement, counterexample } = decideNonNegative(multiply(-1, left), graph.domain);
      if (holds === 'sometimes' && requirement !== undefined && counterexample !== undefined) found.push({ node, left, example: counterexample, needs: requirement });
    }
  }
  return found;
}

export const freeBorder: Lint = ({ graph }, report) => {
  if (!applies(graph, isWindowed)) return;
  const losses = lossesOf(graph);
  for (const input of graph.inputs) {
    const wanted = new Map<string, { readonly name: string; readonly range: SymbolRange; readonly losses: readonly Loss[] }>();
    for (const loss of losses.filter(({ needs }) => isOf(input, needs))) {
      const { key, name } = loss.needs.symbol;
      const before = wanted.get(key);
      const range = intersect(before?.range ?? rangeOf(graph.domain, key), loss.needs.range);
      // Where no size suits all layers, there is nothing to say.
      if (range !== undefined) wanted.set(key, { name, range, losses: [...(before?.losses ?? []), loss] });
    }
    const sizes = [...wanted].flatMap(([key, { name, range }]) => {
      const known = new Set(conditions(name, rangeOf(graph.domain, key)));
      // The least size of the residue class is no condition of its own.
      return conditions(name, range).filter((condition) => !known.has(condition) && !condition.startsWith(`${name} >=`));
    });
    const [first] = [...wanted.values()].flatMap((each) => each.losses);
    if (first === undefined || sizes.length === 0) continue;
    const left = evaluateAt(first.left, ({ key }) => first.example.find(([symbol]) => symbol.key === key)?.[1] ?? NaN);
    const at = first.example.map(([{ name }, value]) => `${name} = ${String(value)}`).join(', ');
    report({
      code: 'unread-at-some-sizes',
      severity: 'information',
      place: input.place,
      message: `every stride reads all positions of ${nameOf(input)} where ${sizes.join(' and ')}; at ${at}, ${first.node.operation.name} leaves the last ${left === 1 ? 'one' : String(left)} unread`,
      data: { condition: sizes.join(' and ') },
      related: [...wanted.values()].flatMap((each) => each.losses.slice(-3).map(({ node, left: lost }) => ({ message: `${node.operation.name} leaves ${print(lost)} unread`, place: node.place }))),
    });
  }
};

function isOf({ type }: Tensor, { symbol }: Requirement): boolean {
  return type.shape.some((size) => print(size) === symbol.name);
}

function nameOf({ source }: Tensor): string {
  return source.kind === 'input' ? source.name : 'the input';
}
