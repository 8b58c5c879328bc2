// What a model requires of its free dimensions, said at the input that declares them.

import { symbolsOf } from '../symbolic/dimension';
import { conditions, rangeOf } from '../symbolic/domain';
import type { Findings } from './findings';
import type { DerivedRequirement, Tensor } from './graph';
import type { EvaluatedModel } from './model';

export interface InputRequirement {
  readonly input: Tensor;
  /** `H % 16 == 0` */
  readonly conditions: readonly string[];
  /** The places that need it. */
  readonly needed: readonly DerivedRequirement[];
}

/** The conditions on the free dimensions of each input, all derived requirements taken together. */
export function requirementsOf(model: Pick<EvaluatedModel, 'graph'>): readonly InputRequirement[] {
  const { graph } = model;
  const found: InputRequirement[] = [];
  const said = new Set<string>();
  for (const input of graph.inputs) {
    for (const symbol of input.type.shape.flatMap((dimension) => symbolsOf(dimension))) {
      if (said.has(symbol.key)) continue;
      said.add(symbol.key);
      const needed = graph.requirements.filter((requirement) => requirement.symbols.includes(symbol.key));
      if (needed.length === 0) continue;
      const texts = conditions(symbol.name, rangeOf(graph.domain, symbol.key));
      if (texts.length > 0) found.push({ input, conditions: texts, needed });
    }
  }
  const relations = graph.requirements.filter((requirement) => requirement.symbols.length === 0);
  const [input] = graph.inputs;
  if (relations.length > 0 && input !== undefined) {
    found.push({ input, conditions: relations.map((requirement) => requirement.text), needed: relations });
  }
  return found;
}

/** Reports them as information at the inputs. */
export function requirementsAtInputs(model: EvaluatedModel, findings: Findings): void {
  const requirements = requirementsOf(model);
  for (const input of new Set(requirements.map((requirement) => requirement.input))) {
    const here = requirements.filter((requirement) => requirement.input === input);
    findings.report(
      {
        code: 'size-requirement',
        severity: 'information',
        place: input.place,
        message: `${model.name} requires ${here.flatMap((requirement) => requirement.conditions).join(' and ')}`,
        related: here.flatMap(({ needed }) => needed.slice(-2).map(({ reason, text, place }) => ({ message: `${reason} needs ${text}`, place }))),
      },
      undefined,
    );
  }
}
