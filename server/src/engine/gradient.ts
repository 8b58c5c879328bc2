// Reverse mode: the derivative of a program as more instructions of the same kind.

import type { Builder } from './builder';
import { EngineError } from './errors';
import { describeInstruction } from './program';
import type { AttributesOf, Ref } from './program';
import { formatShape, sameShape, sizeOf } from './shape';
import type { Shape } from './shape';

/** Whether each of the first instructions depends on one of the refs. */
function dependents(builder: Builder, refs: readonly Ref[], last: Ref): boolean[] {
  const sought = new Set(refs);
  const depends: boolean[] = [];
  for (let ref = 0; ref <= last; ref++) {
    depends.push(sought.has(ref) || builder.instruction(ref).inputs.some((input) => depends[input]));
  }
  return depends;
}

/** A tensor put between zeros, without gaps. */
interface Placed {
  readonly inner: Ref;
  readonly starts: readonly number[];
  readonly lengths: Shape;
}

function placedIn(builder: Builder, ref: Ref): Placed | undefined {
  const { primitive, inputs, attributes } = builder.instruction(ref);
  if (primitive !== 'embed') return undefined;
  const { starts, steps, value } = attributes as AttributesOf['embed'];
  return value === 0 && steps.every((step) => step === 1) ? { inner: inputs[0]!, starts, lengths: builder.shape(inputs[0]!) } : undefined;
}

/** What a tensor was joined from along an axis. */
function partsOf(builder: Builder, ref: Ref, axis: number): readonly Ref[] {
  const { primitive, inputs, attributes } = builder.instruction(ref);
  return primitive === 'concat' && (attributes as AttributesOf['concat']).axis === axis ? inputs : [ref];
}

/** The sum of two cotangents. Those of neighbouring slices of one tensor are joined, which takes less than adding each between zeros. */
function sumOf(builder: Builder, a: Ref, b: Ref): Ref {
  const [first, second] = [placedIn(builder, a), placedIn(builder, b)];
  if (first && second) {
    const differs = first.starts.flatMap((start, axis) => (start === second.starts[axis] && first.lengths[axis] === second.lengths[axis] ? [] : [axis]));
    const [axis] = differs;
    if (axis !== undefined && differs.length === 1) {
      const [low, high] = first.starts[axis]! < second.starts[axis]! ? [first, second] : [second, first];
      if (low.starts[axis]! + low.lengths[axis]! === high.starts[axis]) {
        const joined = builder.concat([low, high].flatMap(({ inner }) => partsOf(builder, inner, axis)), axis);
        return builder.embed(joined, { starts: low.starts, steps: low.starts.map(() => 1), shape: builder.shape(a), value: 0 });
      }
    }
  }
  return builder.add(a, b);
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
      cotangents.set(input, sum === undefined ? part : sumOf(builder, sum, part));
    });
  }
  builder.origin = outerOrigin;
  return xs.map((x) => cotangents.get(x) ?? builder.constant(0, builder.shape(x)));
}
