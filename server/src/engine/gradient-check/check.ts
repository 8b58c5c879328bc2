// The gradient checker: analytic derivatives against differences, within a budget, without false alarms at kinks.

import { RandomStream } from '../../base/random';
import { Builder } from '../builder';
import { EngineError } from '../errors';
import { run } from '../execute';
import type { ExecutionOptions } from '../execute';
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
import { affordableEntries, Budget } from './plan';
import type { BudgetLimits } from './plan';
import type { GradientReport, TensorReport } from './report';
import { samplePlaces } from './sample';

export interface CheckProgress {
  readonly stage: 'directions' | 'entries' | 'localising';
  readonly done: number;
  readonly total: number;
}

export interface GradientCheck extends ExecutionOptions {
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
  /** Derivatives that take the place of the primitives' own. */
  readonly derivatives?: Partial<DerivativeTable>;
}

const DIRECTIONS = 2;
const LEAST_ENTRIES = 4;
/** Entries between two looks at the clock. */
const BATCH = 64;
/** Second directions are left out when so much of the budget is used up. */
const DIRECTIONS_SHARE = 0.25;
/** A plan that was too hopeful is cut short when so much of the budget is overdrawn. */
const OVERDRAFT = 0.25;
/** How often, and for how much of the budget, entries are tried to see what they cost. */
const TRIALS = 3;
const TRIAL_SHARE = 0.002;
/** Relative errors are not taken of less than this part of the greatest derivative. */
const FLOOR = 1e-4;

/** Compares the analytic derivatives of a loss with numerical ones. */
export function checkGradients(input: GradientCheck): GradientReport {
  const started = performance.now();
  const { program, loss, leaves, check, seed = 0, derivatives, onProgress } = input;
  const execution = { kernels: input.kernels, implementation: input.implementation, cancelled: input.cancelled };
  if (sizeOf(program.instructions[loss]!.shape) !== 1) throw new EngineError('the loss of a gradient check must have one entry');
  const evaluation = new Evaluation(program, loss, leaves, execution);
  const budget = new Budget(evaluation, started, input.budget);
  const unstable = evaluation.findNondeterminism();
  const tensors = analyticGradients(input, execution);
  const joint = checkJointDirection(evaluation, tensors, new RandomStream(seed, 'joint direction'));

  const floor = FLOOR * tensors.reduce((most, { gradient }) => gradient.reduce((a, b) => Math.max(a, Math.abs(b)), most), 1e-8);
  const checks = tensors.map((tensor, done) => {
    onProgress?.({ stage: 'directions', done, total: tensors.length });
    const single = new TensorCheck(evaluation, tensor, new RandomStream(seed, `check ${tensor.name}`), floor);
    for (let i = 0; i < DIRECTIONS && (i === 0 || budget.used() < DIRECTIONS_SHARE); i++) single.checkDirection();
    return single;
  });
  checkEntries(checks, budget, seed, onProgress);

  const results = checks.map((single) => single.report());
  const failing = results.filter(({ ok }) => !ok).map(({ ref }) => ref);
  const ok = failing.length === 0 && joint !== 'wrong';
  if (!ok) onProgress?.({ stage: 'localising', done: 0, total: 1 });
  const culprits = ok ? [] : localise(evaluation, failing.length > 0 ? failing : check, { ...execution, derivatives, seed });
  return {
    ok: ok && unstable === undefined,
    loss: evaluation.baseLoss,
    tensors: results,
    worst: worstOf(results),
    joint,
    culprits,
    nondeterministic: unstable === undefined ? undefined : { ...program.instructions[unstable]!, ref: unstable },
    implementation: evaluation.implementation,
    evaluations: evaluation.count,
    seconds: (performance.now() - started) / 1000,
  };
}

function analyticGradients({ program, loss, leaves, check, derivatives }: GradientCheck, execution: ExecutionOptions): CheckedTensor[] {
  const builder = new Builder({ program, derivatives });
  const gradients = run(builder.program, leaves, builder.gradient(loss, check), execution);
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

/** All entries where they fit into the budget, else a sample, of the cheapest tensors first. */
function checkEntries(checks: readonly TensorCheck[], budget: Budget, seed: number, onProgress?: (progress: CheckProgress) => void): void {
  const planned = checks.map((single) => ({ single, cost: entryCost(single, budget) })).sort((a, b) => a.cost * a.single.size - b.cost * b.single.size);
  const total = checks.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  planned.forEach(({ single, cost }, position) => {
    const { tensor, size } = single;
    // The engine's code gets faster as it warms up: what was estimated before the first tensor is an upper bound.
    const count = affordableEntries(size, position === 0 ? cost : Math.min(cost, entryCost(single, budget)), budget.left() / (checks.length - position));
    const places = samplePlaces(tensor.shape, Math.max(LEAST_ENTRIES, count), new RandomStream(seed, `sample ${tensor.name}`));
    const grouped = places.map((place) => ({ place, group: single.groupOf(place) })).sort((a, b) => a.group - b.group);
    for (const [index, { place }] of grouped.entries()) {
      if (index % BATCH === 0) {
        onProgress?.({ stage: 'entries', done: done + index, total });
        if (index > 0 && budget.left() < -OVERDRAFT) break;
      }
      single.checkEntry(place);
    }
    done += size;
    if (places.length < size && single.hasWrongDirection) single.findWrongEntry();
  });
}

/** The share of the budget that one entry takes: the quickest of a few trials. */
function entryCost(single: TensorCheck, budget: Budget): number {
  let least = Infinity;
  const limit = budget.used() + TRIAL_SHARE;
  for (let trial = 0; trial < TRIALS && (trial === 0 || budget.used() < limit); trial++) {
    least = Math.min(least, budget.shareOf(budget.measure(() => single.tryEntry())));
  }
  return least;
}

/** The wrong before the right, and the greater relative error first. */
function worstOf(results: readonly TensorReport[]): TensorReport | undefined {
  const ranked = results.filter(({ ok, worst }) => !ok || worst !== undefined);
  const error = ({ worst }: TensorReport): number => worst?.relativeError ?? 0;
  return ranked.sort((a, b) => Number(a.ok) - Number(b.ok) || error(b) - error(a))[0];
}
