// Norms whose eps is larger than the variance that they divide by, as where PyTorch's number of features was written.

import type { Lint } from './lint';
import { argumentPlace } from './edits';
import { everywhere, layerOf, named } from './network';

const isNorm = named(/^(?:(?:Batch|Instance)Norm[123]d|LayerNorm|GroupNorm|RMSNorm)$/);

export const largeNormEps: Lint = ({ graph }, report) => {
  const found = everywhere(
    graph,
    (node) => {
      const eps = layerOf(node)?.arguments.eps;
      return typeof eps === 'number' && eps >= 1 ? { node, eps } : undefined;
    },
    isNorm,
    'made',
  );
  for (const { node, eps } of found) {
    report({
      code: 'large-norm-eps',
      severity: 'warning',
      place: argumentPlace(node, 'eps'),
      message: `this is eps, which ${node.operation.name} adds to a variance: ${String(eps)} outweighs it, so that hardly anything is normalized; how many features come in is known and not written`,
    });
  }
};
