// Which operation's derivative is wrong: each one's vector-Jacobian product, checked by itself at the values that it has in the network.

import { RandomStream } from '../../base/random';
import { Builder } from '../builder';
import { EngineError } from '../errors';
import { run } from '../execute';
import type { ExecutionOptions } from '../execute';
import type { DerivativeTable } from '../primitive';
import { primitives } from '../primitives/table';
import type { Ref } from '../program';
import { sizeOf } from '../shape';
import { examine } from './difference';
import type { Measurement } from './difference';
import { Evaluation } from './evaluation';
import { alongDirection, directionLine, estimateNoise, randomDirection } from './lines';
import type { Culprit } from './report';

const DIRECTIONS = 3;
/** Where a direction only meets kinks, sparser ones are tried. */
const DENSITIES = [1, 1 / 8, 1 / 64, 1 / 512] as const;

export interface LocaliseOptions extends ExecutionOptions {
  readonly derivatives?: Partial<DerivativeTable>;
  readonly seed: number;
}

/** The operations between the leaves and the loss whose own derivative is wrong, in program order, at most `limit`. */
export function localise(evaluation: Evaluation, leaves: readonly Ref[], options: LocaliseOptions, limit = 3): Culprit[] {
  const depends = new Set(leaves);
  const culprits: Culprit[] = [];
  evaluation.program.instructions.forEach(({ primitive, inputs }, ref) => {
    if (!evaluation.values[ref] || !inputs.some((input) => depends.has(input)) || primitives[primitive].vjp === 'zero') return;
    depends.add(ref);
    if (culprits.length < limit) culprits.push(...wrongInputs(evaluation, ref, depends, options));
  });
  return culprits.slice(0, limit);
}

function wrongInputs(evaluation: Evaluation, ref: Ref, depends: ReadonlySet<Ref>, options: LocaliseOptions): Culprit[] {
  const { program, values } = evaluation;
  const { primitive, inputs, attributes, shape, origin } = program.instructions[ref]!;
  const random = new RandomStream(options.seed, `localise ${ref}`);
  const builder = new Builder({ derivatives: options.derivatives });
  const leaves = inputs.map((input, i) => builder.leaf(program.instructions[input]!.shape, `input ${i}`));
  const output = builder.append(primitive, leaves, attributes);
  const cotangent = builder.constant(Float64Array.from({ length: sizeOf(shape) }, (_, i) => random.normal(i)), shape);
  const loss = builder.sum(builder.multiply(output, cotangent));
  const point = new Map(leaves.map((leaf, i) => [leaf, values[inputs[i]!]!]));
  const single = new Evaluation(builder.program, loss, point, options);
  return leaves.flatMap((leaf, position) => {
    if (!depends.has(inputs[position]!)) return [];
    const found = checkInput(single, leaf, () => {
      // Only the operation itself is differentiated: what weighs its output may have a wrong derivative, too.
      const [derivative] = builder.gradient(output, [leaf], cotangent);
      return run(builder.program, point, [derivative!], options)[0]!;
    }, random);
    return found ? [{ ref, primitive, origin, input: position, ...found }] : [];
  });
}

/** Both values along a direction where they differ. */
function checkInput(
  single: Evaluation,
  leaf: Ref,
  analyticGradient: () => Float64Array,
  random: RandomStream,
): { analytic: number; numeric: number } | undefined {
  let gradient: Float64Array;
  try {
    gradient = analyticGradient();
  } catch (error) {
    // A derivative of the wrong shape cannot even be built.
    if (error instanceof EngineError) return { analytic: NaN, numeric: NaN };
    throw error;
  }
  const gradients = new Map([[leaf, gradient]]);
  const track = single.track([leaf]);
  const scale = { step: 1, noise: estimateNoise(track, single.baseLoss, random) };
  for (let attempt = 0; attempt < DIRECTIONS; attempt++) {
    for (const density of DENSITIES) {
      const direction = randomDirection(track, random, attempt + 1, density);
      const analytic = alongDirection(direction, gradients);
      const measured: Measurement = examine(directionLine(track, direction), analytic, scale);
      if (measured.verdict === 'wrong') return { analytic, numeric: measured.numeric };
      if (measured.verdict === 'agrees') break;
    }
  }
  return undefined;
}
