// What a model requires of its free dimensions, said at the input that declares them.

import { symbolsOf } from '../symbolic/dimension';
import { conditions, rangeOf } from '../symbolic/domain';
import type { Finding } from './findings';
import type { DerivedRequirement, Tensor } from './graph';
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
    report({
      code: 'size-requirement',
      severity: 'information',
      place: input.place,
      message: `${model.name} requires ${here.flatMap((requirement) => requirement.conditions).join(' and ')}`,
      related: here.flatMap(({ needed }) => needed.slice(-2).map(({ reason, text, place }) => ({ message: `${reason} needs ${text}`, place }))),
    });
  }
}
