// What a model requires of its free dimensions, said at the input that declares them.

import { substitute, symbolsOf } from '../symbolic/dimension';
import { conditions, rangeOf, smallestFrom, type SymbolRange } from '../symbolic/domain';
import { conditionOf, holdsAt } from '../symbolic/knowledge';
import type { Finding } from './findings';
import type { DerivedRequirement, Graph, Tensor } from './graph';
import type { EvaluatedModel } from './model';

export interface InputRequirement {
  readonly input: Tensor;
  /** `H % 16 == 0` */
  readonly conditions: readonly string[];
  /** The places that need it. */
  readonly needed: readonly DerivedRequirement[];
}

/**
 * The conditions on the free dimensions of each input, all derived requirements taken together; those on arguments of a
 * stack by itself, and on several dimensions at once, stand at the first input.
 */
export function requirementsOf({ graph }: Pick<EvaluatedModel, 'graph'>): readonly InputRequirement[] {
  const found: InputRequirement[] = [];
  const said = new Set<string>();
  const say = (input: Tensor, key: string, name: string): void => {
    if (said.has(key)) return;
    said.add(key);
    const needed = graph.requirements.filter((requirement) => requirement.symbols.includes(key));
    if (needed.length === 0) return;
    const texts = conditions(name, rangeOf(graph.domain, key));
    if (texts.length > 0) found.push({ input, conditions: texts, needed });
  };
  for (const input of graph.inputs) {
    for (const { key, name } of input.type.shape.flatMap((dimension) => symbolsOf(dimension))) say(input, key, name);
  }
  const [first] = graph.inputs;
  if (first === undefined) return found;
  for (const key of graph.requirements.flatMap(({ symbols }) => symbols)) say(first, key, key);
  const relations = graph.requirements.filter((requirement) => requirement.symbols.length === 0);
  if (relations.length > 0) found.push({ input: first, conditions: relations.map((requirement) => requirement.text), needed: relations });
  return found;
}

/** Reports them as information at the inputs. */
export function requirementsAtInputs(model: EvaluatedModel, report: (finding: Finding) => void): void {
  const requirements = requirementsOf(model);
  for (const input of new Set(requirements.map((requirement) => requirement.input))) {
    const here = requirements.filter((requirement) => requirement.input === input);
    const condition = here.flatMap((requirement) => requirement.conditions).join(' and ');
    report({
      code: 'size-requirement',
      severity: 'information',
      place: input.place,
      message: `${model.name} requires ${condition}`,
      data: { condition },
      related: here.flatMap(({ needed }) => needed.slice(-2).map(({ reason, text, place }) => ({ message: `${reason} needs ${text}`, place }))),
    });
  }
}

/** Why a model cannot have these sizes, and which of them is at fault; undefined where it can. */
export function whyImpossible(graph: Graph, sizes: ReadonlyMap<string, number>, subject: string): { readonly name: string; readonly message: string; readonly nearest?: readonly number[] } | undefined {
  for (const { key, name } of [...graph.inputs, ...graph.targets].flatMap(({ type }) => type.shape.flatMap((size) => symbolsOf(size)))) {
    const value = sizes.get(name);
    const range = rangeOf(graph.domain, key);
    if (value === undefined || (Number.isInteger(value) && value >= 1 && smallestFrom(range, value) === value)) continue;
    const wanted = conditions(name, range);
    return { name, message: `${name} = ${String(value)} is not possible: ${wanted.length === 0 ? 'a size is a positive integer' : `${subject} requires ${wanted.join(' and ')}`}`, nearest: nearestIn(range, Math.max(1, Math.round(value))) };
  }
  for (const relation of graph.relations) {
    const condition = conditionOf(relation);
    const { kind, value } = condition;
    const there = substitute(value, ({ name }) => sizes.get(name));
    if (typeof there !== 'number' || holdsAt(condition, there)) continue;
    const { name } = symbolsOf(value).find((symbol) => sizes.has(symbol.name))!;
    return { name, message: `these sizes are not possible together: ${subject} requires ${String(value)} ${{ zero: '==', nonzero: '!=', nonnegative: '>=' }[kind]} 0` };
  }
  return undefined;
}

/** The nearest sizes on both sides. */
function nearestIn(range: SymbolRange, value: number): readonly number[] {
  const period = Array.from({ length: range.modulus }, (_, distance) => Math.min(value, range.maximum) - distance);
  const below = period.find((size) => size >= 1 && smallestFrom(range, size) === size);
  const above = smallestFrom(range, value);
  return [below, above].filter((size) => size !== undefined);
}
