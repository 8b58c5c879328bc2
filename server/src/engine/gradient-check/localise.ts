// Which operation's derivative is wrong: each one's vector-Jacobian product, checked by itself at the values that it has in the network.

import { RandomStream } from '../../base/random';
import { Builder } from '../builder';
import { EngineError } from '../errors';
import { run } from '../execute';
import type { ExecutionOptions } from '../execute';
import { workOf } from '../incremental/step';
import type { DerivativeTable } from '../primitive';
import { primitives } from '../primitives/table';
import type { PrimitiveName, Ref } from '../program';
import { sizeOf } from '../shape';
import { measureDirection, Surroundings } from './direction';
import { Evaluation } from './evaluation';
import { KeptGradient } from './gradient';
import { alongDirection, directionSigns, estimateNoise, randomDirection } from './lines';
import type { Culprit } from './report';

const DIRECTIONS = 3;

export interface LocaliseOptions extends ExecutionOptions {
  readonly derivatives?: Partial<DerivativeTable>;
  readonly seed: number;
  /** Asked before each operation; false ends the search. */
  readonly mayGoOn: () => boolean;
}

export interface Localised {
  readonly culprits: readonly Culprit[];
  /** How many operations there was no time for. */
  readonly unsearched: number;
}

/**
 * The operations between the leaves and the loss whose own derivative is wrong, at most `limit`, in program order. The first ones of all primitives
 * are looked at before the second ones, and those that take little first, so that few have to be where a primitive is wrong wherever it is used.
 */
export function localise(evaluation: Evaluation, leaves: readonly Ref[], options: LocaliseOptions, limit = 3): Localised {
  const { program } = evaluation;
  const depends = new Set(leaves);
  const met = new Map<PrimitiveName, number>();
  const suspects: { readonly ref: Ref; readonly round: number; readonly work: number }[] = [];
  program.instructions.forEach(({ primitive, inputs, shape }, ref) => {
    // Where nothing flows back there is nothing to check, unless something does that should not.
    const passesNothing = primitives[primitive].vjp === 'zero' && (options.derivatives?.[primitive] ?? 'zero') === 'zero';
    if (!evaluation.values[ref] || !inputs.some((input) => depends.has(input)) || passesNothing) return;
    depends.add(ref);
    const round = met.get(primitive) ?? 0;
    met.set(primitive, round + 1);
    suspects.push({ ref, round, work: inputs.reduce((sum, input) => sum + sizeOf(program.instructions[input]!.shape), workOf(program, ref, sizeOf(shape))) });
  });
  suspects.sort((a, b) => a.round - b.round || a.work - b.work || a.ref - b.ref);
  const culprits: Culprit[] = [];
  let searched = 0;
  for (const { ref } of suspects) {
    if (culprits.length >= limit || !options.mayGoOn()) break;
    culprits.push(...wrongInputs(evaluation, ref, depends, options));
    searched++;
  }
  return { culprits: culprits.sort((a, b) => a.ref - b.ref || a.input - b.input).slice(0, limit), unsearched: suspects.length - searched };
}

function wrongInputs(evaluation: Evaluation, ref: Ref, depends: ReadonlySet<Ref>, options: LocaliseOptions): Culprit[] {
  const { program, values } = evaluation;
  const { primitive, inputs, attributes, shape, origin } = program.instructions[ref]!;
  const random = new RandomStream(options.seed, `localise ${ref}`);
  const builder = new Builder({ derivatives: options.derivatives });
  const leaves = inputs.map((input, i) => builder.leaf(program.instructions[input]!.shape, `input ${i}`));
  const output = builder.append(primitive, leaves, attributes);
  const weights = new Float64Array(sizeOf(shape));
  random.fillBell(weights);
  const cotangent = builder.constant(weights, shape);
  const loss = builder.sum(builder.multiply(output, cotangent));
  const point = new Map(leaves.map((leaf, i) => [leaf, values[inputs[i]!]!]));
  const single = new Evaluation(builder.program, loss, point, options);
  return leaves.flatMap((leaf, position) => {
    if (!depends.has(inputs[position]!)) return [];
    const found = checkInput(single, leaf, () => {
      // Only the operation itself is differentiated: what weighs its output may have a wrong derivative, too.
      const [derivative] = builder.gradient(output, [leaf], cotangent);
      return run(builder.program, point, [derivative!], options)[0]!;
    }, options.seed);
    return found ? [{ ref, primitive, origin, input: position, ...found }] : [];
  });
}

/** Both values along a direction where they differ. */
function checkInput(
  single: Evaluation,
  leaf: Ref,
  analyticGradient: () => Float64Array,
  seed: number,
): { analytic: number; numeric: number } | undefined {
  let gradient: Float64Array;
  try {
    gradient = analyticGradient();
  } catch (error) {
    // A derivative of the wrong shape cannot even be built.
    if (error instanceof EngineError) return { analytic: NaN, numeric: NaN };
    throw error;
  }
  const gradients = new Map([[leaf, new KeptGradient(gradient, { signs: [directionSigns(seed, 1, leaf, gradient.length)] })]]);
  const track = single.track([leaf]);
  const surroundings = new Surroundings(() => estimateNoise(track, single.baseLoss, seed));
  for (let attempt = 1; attempt <= DIRECTIONS; attempt++) {
    const direction = randomDirection(track, seed, attempt);
    const { verdict, numeric } = measureDirection(track, direction, gradients, surroundings);
    if (verdict === 'wrong') return { analytic: alongDirection(direction, gradients).slope, numeric };
  }
  return undefined;
}
