// A name that a body gives to a constructor and uses several times: each use makes a layer with weights of its own.

import type { Binding } from '../scope';
import type { Layer } from '../values';
import type { Lint } from './lint';

export const separateWeights: Lint = ({ graph, run }, report) => {
  if (run.fresh.length < 2) return;
  const weighted = new Set<Layer>();
  const made = new Set(run.fresh.map(({ layer }) => layer));
  for (const { layer, from, to } of run.applied) {
    if (made.has(layer) && graph.nodes.slice(from, to).some((node) => node.kind === 'operation' && node.parameters.length > 0)) weighted.add(layer);
  }
  const uses = new Map<Binding, Set<Layer>>();
  for (const { binding, layer } of run.fresh) if (weighted.has(layer)) uses.set(binding, (uses.get(binding) ?? new Set()).add(layer));

  const said = new Set<number>();
  for (const [{ place, bound, value }, layers] of uses) {
    if (layers.size < 2 || bound?.kind !== 'name' || value.kind !== 'constructor' || said.has(place.span.start)) continue;
    said.add(place.span.start);
    const { text, span } = bound;
    report({
      code: 'separate-weights',
      severity: 'hint',
      place: { file: place.file, span },
      message: `each of the ${String(layers.size)} uses makes another ${value.name}, with weights of its own; ${text}() would be one that they share`,
      fixes: [{ title: `Share one ${value.name}`, edits: [{ span, text: `${text}()` }] }],
    });
  }
};
