// Reverse mode: the derivative of a program as more instructions of the same kind.

import type { Builder } from './builder';
import { EngineError } from './errors';
import { describeInstruction } from './program';
import type { Ref } from './program';
import { formatShape, sameShape, sizeOf } from './shape';

/** Whether each of the first instructions depends on one of the refs. */
function dependents(builder: Builder, refs: readonly Ref[], last: Ref): boolean[] {
  const sought = new Set(refs);
  const depends: boolean[] = [];
  for (let ref = 0; ref <= last; ref++) {
    depends.push(sought.has(ref) || builder.instruction(ref).inputs.some((input) => depends[input]));
  }
  return depends;
}

/** Appends the reverse pass of `y`; see Builder.gradient. */
export function appendGradient(builder: Builder, y: Ref, xs: readonly Ref[], cotangent?: Ref): Ref[] {
  const shape = builder.shape(y);
  if (cotangent === undefined && sizeOf(shape) !== 1) {
    throw new EngineError(`gradient of a tensor of ${formatShape(shape)} needs a cotangent`, builder.origin);
  }
  if (cotangent !== undefined && !sameShape(builder.shape(cotangent), shape)) {
    throw new EngineError(`a cotangent of ${formatShape(builder.shape(cotangent))} does not fit ${formatShape(shape)}`, builder.origin);
  }
  const depends = dependents(builder, xs, y);
  const cotangents = new Map<Ref, Ref>([[y, cotangent ?? builder.constant(1, shape)]]);
  const outerOrigin = builder.origin;
  for (let ref = y; ref >= 0; ref--) {
    const flowing = cotangents.get(ref);
    const { primitive, inputs, attributes, origin } = builder.instruction(ref);
    if (flowing === undefined || !depends[ref] || !inputs.some((input) => depends[input])) continue;
    const vjp = builder.derivativeOf(primitive);
    if (vjp === 'zero') continue;
    builder.origin = origin;
    const needed = inputs.map((input) => depends[input]!);
    const into = vjp(builder, flowing, inputs, ref, attributes, needed);
    inputs.forEach((input, position) => {
      const part = into[position];
      if (!needed[position] || part === 'zero') return;
      const what = describeInstruction(builder.program, ref);
      if (part === undefined) throw new EngineError(`${what} has no derivative in input ${position}`, origin);
      if (!sameShape(builder.shape(part), builder.shape(input))) {
        const [is, should] = [builder.shape(part), builder.shape(input)].map(formatShape);
        throw new EngineError(`the derivative of ${what} in input ${position} has shape ${is}, not ${should}`, origin);
      }
      const sum = cotangents.get(input);
      cotangents.set(input, sum === undefined ? part : builder.add(sum, part));
    });
  }
  builder.origin = outerOrigin;
  return xs.map((x) => cotangents.get(x) ?? builder.constant(0, builder.shape(x)));
}
