// Primitives that combine entries at the same place of inputs of one shape.

import { EngineError } from '../errors';
import { entrywise, outputsDiffer } from '../primitive';
import type { Operands, Primitive, PrimitiveTable } from '../primitive';
import { formatShape, sameShape } from '../shape';
import type { Shape } from '../shape';

type BinaryNames =
  | 'add' | 'subtract' | 'multiply' | 'divide' | 'power' | 'maximum' | 'minimum' | 'equal' | 'less' | 'lessEqual' | 'select';

function commonShape(count: number): (inputs: readonly Shape[]) => Shape {
  return (inputs) => {
    if (inputs.length !== count) throw new EngineError(`expects ${count} inputs, not ${inputs.length}`);
    const other = inputs.find((shape) => !sameShape(shape, inputs[0]!));
    if (other) throw new EngineError(`shapes ${formatShape(inputs[0]!)} and ${formatShape(other)} differ`);
    return inputs[0]!;
  };
}

/** For maximum and minimum: whether the order of the two inputs changed anywhere. */
function ordersDiffer(current: Operands, base: Operands, start: number, stop: number): boolean {
  const [a, b] = current.inputs;
  const [baseA, baseB] = base.inputs;
  for (let i = start; i < stop; i++) {
    if (a![i]! < b![i]! !== baseA![i]! < baseB![i]! || a![i]! > b![i]! !== baseA![i]! > baseB![i]!) return true;
  }
  return false;
}

/** For maximum and minimum: the input that is the greater (or smaller, with sign −1) one in `base`. */
function alongOrder(sign: 1 | -1): NonNullable<Primitive<unknown>['alongBranch']> {
  return ({ inputs: [a, b], output }, { inputs: [baseA, baseB] }, start, stop) => {
    for (let i = start; i < stop; i++) {
      const difference = sign * (baseA![i]! - baseB![i]!);
      output[i] = difference > 0 ? a![i]! : difference < 0 ? b![i]! : (a![i]! + b![i]!) / 2;
    }
  };
}

/** For select: whether the mask chose otherwise anywhere. */
function choicesDiffer(current: Operands, base: Operands, start: number, stop: number): boolean {
  const mask = current.inputs[0]!;
  const baseMask = base.inputs[0]!;
  for (let i = start; i < stop; i++) if ((mask[i] !== 0) !== (baseMask[i] !== 0)) return true;
  return false;
}

export const binary: Pick<PrimitiveTable, BinaryNames> = {
  add: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = a![i]! + b![i]!;
    }),
    vjp: (_, g) => [g, g],
  },

  subtract: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = a![i]! - b![i]!;
    }),
    vjp: (builder, g, _inputs, _output, _attributes, needed) => [g, needed[1] ? builder.negate(g) : undefined],
  },

  multiply: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = a![i]! * b![i]!;
    }),
    vjp: (builder, g, [a, b], _output, _attributes, needed) => [
      needed[0] ? builder.multiply(g, b!) : undefined,
      needed[1] ? builder.multiply(g, a!) : undefined,
    ],
  },

  // ∂(a/b)/∂a = 1/b, ∂(a/b)/∂b = −(a/b)/b
  divide: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = a![i]! / b![i]!;
    }),
    vjp: (builder, g, [, b], y, _attributes, needed) => {
      const quotient = builder.divide(g, b!);
      return [quotient, needed[1] ? builder.negate(builder.multiply(quotient, y)) : undefined];
    },
  },

  // ∂aᵇ/∂a = b·aᵇ⁻¹, 0 where b = 0; ∂aᵇ/∂b = aᵇ·ln a, 0 where a = 0 and b ≥ 0
  power: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = Math.pow(a![i]!, b![i]!);
    }),
    vjp: (builder, g, [a, b], y, _attributes, needed) => {
      const zero = builder.scalar(0);
      const one = builder.scalar(1);
      return [
        needed[0]
          ? builder.select(
              builder.equal(b!, zero),
              zero,
              builder.multiply(g, builder.multiply(b!, builder.power(a!, builder.subtract(b!, one)))),
            )
          : undefined,
        needed[1]
          ? builder.select(
              builder.multiply(builder.equal(a!, zero), builder.lessEqual(zero, b!)),
              zero,
              builder.multiply(g, builder.multiply(y, builder.log(a!))),
            )
          : undefined,
      ];
    },
  },

  // The greater takes the cotangent; equals halve it, as PyTorch's maximum does.
  maximum: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = Math.max(a![i]!, b![i]!);
    }),
    vjp: (builder, g, [a, b], _output, _attributes, needed) => {
      const half = builder.multiply(g, builder.scalar(0.5));
      const share = (x: number, y: number): number =>
        builder.multiply(half, builder.add(builder.less(y, x), builder.lessEqual(y, x)));
      return [needed[0] ? share(a!, b!) : undefined, needed[1] ? share(b!, a!) : undefined];
    },
    branchesDiffer: ordersDiffer,
    alongBranch: alongOrder(1),
  },

  // The smaller takes the cotangent; equals halve it, as PyTorch's minimum does.
  minimum: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = Math.min(a![i]!, b![i]!);
    }),
    vjp: (builder, g, [a, b], _output, _attributes, needed) => {
      const half = builder.multiply(g, builder.scalar(0.5));
      const share = (x: number, y: number): number =>
        builder.multiply(half, builder.add(builder.less(x, y), builder.lessEqual(x, y)));
      return [needed[0] ? share(a!, b!) : undefined, needed[1] ? share(b!, a!) : undefined];
    },
    branchesDiffer: ordersDiffer,
    alongBranch: alongOrder(-1),
  },

  equal: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = a![i] === b![i] ? 1 : 0;
    }),
    vjp: 'zero',
    branchesDiffer: outputsDiffer,
  },

  less: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = a![i]! < b![i]! ? 1 : 0;
    }),
    vjp: 'zero',
    branchesDiffer: outputsDiffer,
  },

  lessEqual: {
    shape: commonShape(2),
    ...entrywise((output, [a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = a![i]! <= b![i]! ? 1 : 0;
    }),
    vjp: 'zero',
    branchesDiffer: outputsDiffer,
  },

  // a where the mask is not 0, else b
  select: {
    shape: commonShape(3),
    ...entrywise((output, [mask, a, b], start, stop) => {
      for (let i = start; i < stop; i++) output[i] = mask![i] !== 0 ? a![i]! : b![i]!;
    }),
    vjp: (builder, g, [mask], _output, _attributes, needed) => {
      const zero = builder.scalar(0);
      return [
        'zero',
        needed[1] ? builder.select(mask!, g, zero) : undefined,
        needed[2] ? builder.select(mask!, zero, g) : undefined,
      ];
    },
    branchesDiffer: choicesDiffer,
    alongBranch: ({ inputs: [, a, b], output }, { inputs: [mask] }, start, stop) => {
      for (let i = start; i < stop; i++) output[i] = mask![i] !== 0 ? a![i]! : b![i]!;
    },
  },
};
