// The gradient checker: analytic derivatives against differences, within a budget, without false alarms at kinks.

import { RandomStream } from '../../base/random';
import { Builder } from '../builder';
import { EngineError } from '../errors';
import { run } from '../execute';
import type { KernelTable } from '../execute';
import type { DerivativeTable } from '../primitive';
import type { AttributesOf, Program, Ref } from '../program';
import { sizeOf } from '../shape';
import { TensorCheck } from './check-tensor';
import type { CheckedTensor } from './check-tensor';
import { examine } from './difference';
import type { Verdict } from './difference';
import { Evaluation } from './evaluation';
import { alongDirection, directionLine, estimateNoise, randomDirection } from './lines';
import { localise } from './localise';
import { Budget, planEntries } from './plan';
import type { BudgetLimits } from './plan';
import type { GradientReport, TensorReport } from './report';
import { samplePlaces } from './sample';

export interface CheckProgress {
  readonly stage: 'directions' | 'entries' | 'localising';
  readonly done: number;
  readonly total: number;
}

export interface GradientCheck {
  readonly program: Program;
  /** A tensor with one entry. */
  readonly loss: Ref;
  /** The values of every leaf that the loss depends on. */
  readonly leaves: ReadonlyMap<Ref, Float64Array>;
  /** The leaves whose derivatives are checked. */
  readonly check: readonly Ref[];
  readonly seed?: number;
  /** Five seconds unless set. */
  readonly budget?: BudgetLimits;
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Asked before each evaluation; true stops the check with a CancelledError. */
  readonly cancelled?: () => boolean;
  /** Derivatives and kernels that take the place of the primitives' own. */
  readonly derivatives?: Partial<DerivativeTable>;
  readonly kernels?: KernelTable;
}

const DIRECTIONS = 2;
const LEAST_ENTRIES = 4;
/** Entries between two looks at the clock. */
const BATCH = 64;
/** A plan that was too hopeful is cut short beyond this part of the budget. */
const OVERDRAFT = 1.25;
/** Relative errors are not taken of less than this part of the greatest derivative. */
const FLOOR = 1e-4;

/** Compares the analytic derivatives of a loss with numerical ones. */
export function checkGradients(input: GradientCheck): GradientReport {
  const started = performance.now();
  const { program, loss, leaves, check, seed = 0, derivatives, kernels, cancelled, onProgress } = input;
  if (sizeOf(program.instructions[loss]!.shape) !== 1) throw new EngineError('the loss of a gradient check must have one entry');
  const evaluation = new Evaluation(program, loss, leaves, { kernels, cancelled });
  const budget = new Budget(evaluation, started, input.budget);
  const unstable = evaluation.findNondeterminism();
  const tensors = analyticGradients(input);
  const joint = checkJointDirection(evaluation, tensors, new RandomStream(seed, 'joint direction'));

  const floor = FLOOR * tensors.reduce((most, { gradient }) => gradient.reduce((a, b) => Math.max(a, Math.abs(b)), most), 1e-8);
  const costs: number[] = [];
  const checks = tensors.map((tensor, done) => {
    onProgress?.({ stage: 'directions', done, total: tensors.length });
    const single = new TensorCheck(evaluation, tensor, new RandomStream(seed, `check ${tensor.name}`), floor);
    const count = evaluation.count;
    const cost = budget.measure(() => {
      for (let i = 0; i < DIRECTIONS && (i === 0 || budget.used() < 0.25); i++) single.checkDirection();
    });
    costs.push((2 * budget.shareOf(cost)) / Math.max(1, evaluation.count - count));
    return single;
  });
  checkEntries(checks, costs, budget, seed, onProgress);

  const results = checks.map((single) => single.report());
  const failing = results.filter(({ ok }) => !ok).map(({ ref }) => ref);
  const ok = failing.length === 0 && joint !== 'wrong';
  if (!ok) onProgress?.({ stage: 'localising', done: 0, total: 1 });
  const culprits = ok ? [] : localise(evaluation, failing.length > 0 ? failing : check, { derivatives, kernels, cancelled, seed });
  return {
    ok: ok && unstable === undefined,
    loss: evaluation.baseLoss,
    tensors: results,
    worst: worstOf(results),
    joint,
    culprits,
    nondeterministic: unstable === undefined ? undefined : { ...program.instructions[unstable]!, ref: unstable },
    evaluations: evaluation.count,
    seconds: (performance.now() - started) / 1000,
  };
}

function analyticGradients({ program, loss, leaves, check, derivatives, kernels, cancelled }: GradientCheck): CheckedTensor[] {
  const builder = new Builder({ program, derivatives });
  const gradients = run(builder.program, leaves, builder.gradient(loss, check), { kernels, cancelled });
  return check.map((ref, i) => {
    const { attributes, shape } = program.instructions[ref]!;
    return { ref, name: (attributes as AttributesOf['leaf']).name, shape, gradient: gradients[i]! };
  });
}

/** All tensors at once: a first verdict after a handful of evaluations. */
function checkJointDirection(evaluation: Evaluation, tensors: readonly CheckedTensor[], random: RandomStream): Verdict {
  const track = evaluation.track(tensors.map(({ ref }) => ref));
  const gradients = new Map(tensors.map(({ ref, gradient }) => [ref, gradient]));
  const direction = randomDirection(track, random, 1);
  let rounding = 0;
  for (const [ref, values] of track.leaves) values.forEach((value, i) => (rounding += (value * gradients.get(ref)![i]!) ** 2));
  const noise = estimateNoise(track, evaluation.baseLoss, random) + Number.EPSILON * Math.sqrt(rounding);
  return examine(directionLine(track, direction), alongDirection(direction, gradients), { step: 1, noise }).verdict;
}

function checkEntries(
  checks: readonly TensorCheck[],
  costs: readonly number[],
  budget: Budget,
  seed: number,
  onProgress?: (progress: CheckProgress) => void,
): void {
  const counts = planEntries(checks.map(({ size }) => size), costs, 1 - budget.used(), LEAST_ENTRIES);
  const total = counts.reduce((sum, count) => sum + count, 0);
  let done = 0;
  checks.forEach((single, i) => {
    const { tensor, size } = single;
    const places = samplePlaces(tensor.shape, counts[i]!, new RandomStream(seed, `sample ${tensor.name}`));
    for (const [position, place] of places.entries()) {
      if (position % BATCH === 0) {
        onProgress?.({ stage: 'entries', done: done + position, total });
        if (position > 0 && budget.used() > OVERDRAFT) break;
      }
      single.checkEntry(place);
    }
    done += places.length;
    if (places.length < size && single.hasWrongDirection) single.findWrongEntry();
  });
}

/** The wrong before the right, and the greater relative error first. */
function worstOf(results: readonly TensorReport[]): TensorReport | undefined {
  const ranked = results.filter(({ ok, worst }) => !ok || worst !== undefined);
  const error = ({ worst }: TensorReport): number => worst?.relativeError ?? 0;
  return ranked.sort((a, b) => Number(a.ok) - Number(b.ok) || error(b) - error(a))[0];
}
