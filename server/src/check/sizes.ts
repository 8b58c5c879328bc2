// The sizes that a check takes for free dimensions.

import type { Graph } from '../semantics/graph';
import { symbolsOf } from '../symbolic/dimension';
import { rangeOf, smallestFrom, type SymbolRange } from '../symbolic/domain';
import { evaluateAt } from '../symbolic/evaluate';
import { conditionOf, holdsAt, type Relation } from '../symbolic/knowledge';

/** Free dimensions get the smallest size from here on that the model allows: small enough to be fast, large enough that kernels meet more than padding. */
export const preferredSize = 8;

/** How many sizes of each free dimension, and how many choices in all, are tried where relations between them matter. */
const triedSizes = 64;
const triedChoices = 10_000;

/**
 * Sizes for all free dimensions of a graph; undefined where the model admits none, or none was found.
 * @param from Where they are sought: upwards from there, then downwards.
 */
export function chooseSizes(graph: Graph, given: Readonly<Record<string, number>>, from = preferredSize): Record<string, number> | undefined {
  const symbols = new Map([...graph.inputs, ...graph.targets].flatMap(({ type }) => type.shape.flatMap((size) => symbolsOf(size))).map((symbol) => [symbol.key, symbol]));
  const free = [...symbols.values()].filter(({ name }) => !(name in given));
  const candidates = free.map(({ key }) => sizesIn(rangeOf(graph.domain, key), from, graph.relations.length === 0 ? 1 : triedSizes));
  let tried = 0;
  const choose = (chosen: Readonly<Record<string, number>>, index: number): Record<string, number> | undefined => {
    if (!mayHold(graph.relations, chosen)) return undefined;
    if (index === free.length) return { ...chosen };
    for (const size of candidates[index]!) {
      if (tried++ > triedChoices) return undefined;
      const found = choose({ ...chosen, [free[index]!.name]: size }, index + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return choose(given, 0);
}

/** The sizes of a range from one on upwards, then those below it from the largest down. */
function sizesIn(range: SymbolRange, from: number, count: number): readonly number[] {
  const found: number[] = [];
  for (let size = smallestFrom(range, from); size !== undefined && found.length < count; size = smallestFrom(range, size + 1)) found.push(size);
  for (let size = Math.min(from - 1, range.maximum); size >= range.minimum && found.length < 2 * count; size--) {
    if (smallestFrom(range, size) === size) found.push(size);
  }
  return found;
}

/** Whether all relations hold whose sizes are chosen. */
function mayHold(relations: readonly Relation[], chosen: Readonly<Record<string, number>>): boolean {
  return relations.every((relation) => {
    const condition = conditionOf(relation);
    if (symbolsOf(condition.value).some(({ name }) => !(name in chosen))) return true;
    return holdsAt(condition, evaluateAt(condition.value, ({ name }) => chosen[name]!));
  });
}
