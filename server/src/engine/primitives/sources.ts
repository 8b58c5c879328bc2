// Primitives without inputs: what the caller feeds, what the program carries, and the masks of dropout.

import { RandomStream } from '../../base/random';
import { EngineError } from '../errors';
import { fill } from '../kernels/fill';
import type { PrimitiveTable } from '../primitive';

const MASKS = 8;

export const sources: Pick<PrimitiveTable, 'leaf' | 'constant' | 'dropoutMask'> = {
  leaf: {
    shape: (_, { shape }) => shape,
    forward: (_output, _inputs, { attributes }) => {
      throw new EngineError(`no values were given for the leaf ${attributes.name}`);
    },
    vjp: 'zero',
  },

  // One value fills the shape.
  constant: {
    shape: (_, { shape }) => shape,
    forward: (output, _, { attributes: { values } }) => {
      if (values.length === 1) fill(output, values[0]!);
      else output.set(values);
    },
    vjp: 'zero',
  },

  // 0 with the given probability, else 1; the same for every evaluation. Where all would be dropped, nothing behind it could be
  // checked: of several masks, the first is taken that lets something through, else one that keeps a single entry.
  dropoutMask: {
    shape: (_, { shape }) => shape,
    forward: (output, _, { attributes: { probability, seed, key } }) => {
      for (let attempt = 0; attempt < MASKS; attempt++) {
        const random = new RandomStream(seed, attempt === 0 ? key : `${key} again ${attempt}`);
        for (let i = 0; i < output.length; i++) output[i] = random.uniform(i) < probability ? 0 : 1;
        if (probability === 1 || output.includes(1)) return;
      }
      if (output.length > 0) output[new RandomStream(seed, key).integer(0, output.length)] = 1;
    },
    vjp: 'zero',
  },
};
