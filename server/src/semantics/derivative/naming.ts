// What the tensors of a model are called in its text.

import type { Tensor } from '../graph';
import type { EvaluatedModel } from '../model';
import type { Observations } from '../findings';
import type { Place } from '../graph';
import type { Naming } from './derive';

/** Where names and texts are looked up. */
export interface Sources {
  observations(node: object): Observations | undefined;
  textAt(place: Place): string;
}

/** Inputs, parameters and bindings of a model's own body, weights of bound layers, and numbers by the names that they were given. */
export function namingOf(model: EvaluatedModel, sources: Sources): Naming {
  const names = new Map<Tensor, string>();
  const add = (tensor: Tensor, name: string): void => {
    if (!names.has(tensor)) names.set(tensor, name);
  };
  for (const tensor of [...model.graph.inputs, ...model.graph.targets]) {
    if (tensor.source.kind === 'input' || tensor.source.kind === 'target') add(tensor, tensor.source.name);
  }
  for (const tensor of model.graph.parameters) {
    if (tensor.source.kind !== 'parameter') continue;
    const { layer, name } = tensor.source;
    if (layer === undefined) add(tensor, name);
    else if (layer.label !== undefined) add(tensor, `${layer.label}.${name}`);
  }
  for (const statement of model.declaration.body?.statements ?? []) {
    const bound = statement.kind === 'binding' ? statement.names : statement.kind === 'output' ? [statement.name] : [];
    for (const name of bound) {
      const observed = sources.observations(name)?.first.find(({ run }) => run === model.run);
      if (observed?.value.kind === 'tensor') add(observed.value.tensor, name.text);
    }
  }
  return (tensor) => names.get(tensor) ?? numberName(tensor, sources);
}

/** A number is called as it was written, if that was a name. */
export function numberName({ source, place }: Tensor, { textAt }: Pick<Sources, 'textAt'>): string | undefined {
  const text = source.kind === 'constant' ? textAt(place) : '';
  return /^[A-Za-z_]\w*$/.test(text) && !['pi', 'inf', 'true', 'false'].includes(text) ? text : undefined;
}
