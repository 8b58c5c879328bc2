// The gradient checker: analytic derivatives against differences, within a budget, without false alarms at kinks.

import { Builder } from '../builder';
import { EngineError } from '../errors';
import type { ExecutionOptions } from '../execute';
import type { DerivativeTable } from '../primitive';
import type { AttributesOf, Program, Ref } from '../program';
import { sizeOf } from '../shape';
import { TensorCheck } from './check-tensor';
import type { CheckedTensor } from './check-tensor';
import { Surroundings } from './direction';
import { Evaluation, memoryNeeded } from './evaluation';
import type { Continuation, LeafValues } from './evaluation';
import { GroupCheck, groupSize } from './groups';
import type { Gradient } from './gradient';
import { directionSigns, estimateNoise } from './lines';
import { localise } from './localise';
import { affordableEntries, Budget, comparableEntries } from './plan';
import type { BudgetLimits } from './plan';
import { EntriesProgress, Progress } from './progress';
import type { CheckProgress } from './progress';
import type { GradientReport, Suspects, TensorReport } from './report';
import { sampledPlaces, sampleRandom } from './sample';
import { agreedExtent, ordered, partsOf, tellCost, toldCost, whole } from './shares';
import type { Share } from './shares';

export type { CheckProgress } from './progress';

export interface GradientCheck extends ExecutionOptions {
  readonly program: Program;
  /** A tensor with one entry. */
  readonly loss: Ref;
  /** The values of every leaf that the loss depends on. */
  readonly leaves: ReadonlyMap<Ref, LeafValues>;
  /** The leaves whose derivatives are checked. */
  readonly check: readonly Ref[];
  /** What `evaluateBase` gave for the same check, if that is known. */
  readonly base?: BasePoint;
  readonly seed?: number;
  /** When the check began, if there was work before. */
  readonly started?: number;
  /** Which part of the directions and entries to check, where several checks divide them: number `index` of `count`. */
  readonly share?: Share;
  /** Five seconds unless set. */
  readonly budget?: BudgetLimits;
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Derivatives that take the place of the primitives' own. */
  readonly derivatives?: Partial<DerivativeTable>;
}

const LEAST_ENTRIES = 4;
/** What part of the budget directions may take with all before them, or of what is left behind that; and second ones. */
const DIRECTIONS_SHARE = 0.6;
const LEFT_DIRECTIONS_SHARE = 0.4;
/** What entries may take in any case, even if directions took all: those near the loss cost little. */
const ENTRIES_SHARE = 0.03;
const SECOND_DIRECTIONS_SHARE = 0.25;
/** The noise is estimated once for all tensors where that takes no greater part, and along one entry of each else. */
const NOISE_SHARE = 0.1;
const NOISE_EVALUATIONS = 7;
/** Where computing the loss takes more, not all of it is computed again to see that it stays the same: as much as this pays for. */
const BRIEF_SHARE = 0.05;
/** Leaves of up to so many entries are shaken for it: what lies behind them shakes with them, and greater ones only take longer. */
const SHAKEN_ENTRIES = 1e6;
/** What part of what then is left may go into finding out what entries cost. */
const TRIALS_SHARE = 0.25;
/** How often, and for how much of the budget, entries are tried to see what they cost. */
const TRIALS = 3;
const TRIAL_SHARE = 0.002;
/** How much of the budget may be overdrawn: where it seemed to pay for all entries, and to explain a failure. */
const OVERDRAFT = 0.25;
const FAILURE_OVERDRAFT = 1;
/** How much longer than what all before took finding the wrong one of several tensors may take, if that is more than the budget. */
const FOLLOWING = 1.5;
/** Of several checks that divide entries, one compares at least so many at a time. */
const PIECE = { milliseconds: 4, evaluations: 0 };
/** Only groups of entries are kept together of which each would have more. */
const GROUPS_OF_A_CHECK = 8;
/** Measuring the worst entry once more takes as much as this many entries; what part of the time that may take where other entries would have it. */
const REFINEMENT = 4;
const REFINED_SHARE = 0.05;
/** Relative errors are not taken of less than this part of the greatest derivative. */
const FLOOR = 1e-4;

/** Everything at the base point of a check, with the analytic derivatives. */
export interface BasePoint {
  readonly evaluation: Evaluation;
  readonly gradients: readonly Gradient[];
  readonly started: number;
}

/** Where a check starts: the loss and its analytic derivatives. */
export function evaluateBase(input: GradientCheck): BasePoint {
  const { program, loss, leaves, check, seed = 0, started = performance.now() } = input;
  if (sizeOf(program.instructions[loss]!.shape) !== 1) throw new EngineError('the loss of a gradient check must have one entry');
  const evaluation = new Evaluation(program, loss, leaves, executionOf(input), withGradients(input));
  // Those of their own are for tensors that have all had one in a part of the budget.
  const attempts = new Budget(evaluation, started, input.budget).used() > SECOND_DIRECTIONS_SHARE ? [1] : [1, 2];
  const gradients = evaluation.continue((index) => {
    const ref = check[index]!;
    const { shape, attributes } = program.instructions[ref]!;
    return {
      signs: attempts.map((attempt) => directionSigns(seed, attempt, ref, sizeOf(shape))),
      get places() {
        return sampledPlaces(shape, sampleRandom(seed, (attributes as AttributesOf['leaf']).name));
      },
    };
  });
  return { evaluation, gradients, started };
}

function executionOf({ kernels, implementation, cancelled }: GradientCheck): ExecutionOptions {
  return { kernels, implementation, cancelled };
}

/** Compares the analytic derivatives of a loss with numerical ones. */
export function checkGradients(input: GradientCheck): GradientReport {
  const { program, check, seed = 0, share = whole, derivatives } = input;
  const progress = new Progress(input.onProgress);
  progress.report('directions', 0);
  const { evaluation, gradients, started } = input.base ?? evaluateBase(input);
  const budget = new Budget(evaluation, started, input.budget);
  let unstable: Ref | undefined;
  const first = budget.shareOf({ milliseconds: evaluation.firstTime, evaluations: 1 });
  const isBrief = first > BRIEF_SHARE;
  const again = budget.shareOf(budget.measure(() => {
    const limit = budget.used() + BRIEF_SHARE;
    unstable = evaluation.findNondeterminism(isBrief ? () => budget.used() < limit : undefined);
  }));
  // Where code is still cold, the first time says little.
  const once = isBrief ? Math.max(first, again) : again;
  const kept = comparableEntries(input.budget);
  const tensors = check.map((ref, i) => {
    const { attributes, shape } = program.instructions[ref]!;
    return { ref, name: (attributes as AttributesOf['leaf']).name, shape, gradient: gradients[i]!, isKept: sizeOf(shape) <= kept };
  });
  progress.report('directions', 0.5);
  const surroundings = new Surroundings(
    () => estimateNoise(evaluation.track(shakenOf(tensors)), evaluation.baseLoss, seed),
    NOISE_EVALUATIONS * once > NOISE_SHARE,
  );

  const floor = FLOOR * Math.max(1e-8, ...gradients.map(({ greatest }) => greatest));
  const checks = tensors.map((tensor) => new TensorCheck(evaluation, tensor, seed, floor, surroundings));
  const { groups, suspects, dearest } = checkDirections(checks, share, 2 * once, budget, progress, (group) =>
    new GroupCheck(evaluation, group.map(({ tensor }) => tensor), seed, surroundings));
  // Where time is short, no large leaves are put back for a few entries more.
  const restoring = budget.shareOf({ milliseconds: evaluation.restoringTime, evaluations: 0 });
  if (evaluation.isAtRest || budget.left() > restoring || checks.some((single) => single.hasWrongDirection)) {
    budget.grant(ENTRIES_SHARE);
    checkEntries(checks, share, budget, progress, Math.min(2 * once, dearest));
  }

  const results = checks.map((single) => single.report());
  const failing = results.filter(({ ok }) => !ok).map(({ ref }) => ref);
  const ok = failing.length === 0 && groups.every(({ verdict }) => verdict !== 'wrong');
  if (!ok) progress.report('localising', 0);
  // Naming the operation comes last, and tells most: it has time of its own.
  const spent = budget.used();
  const mayGoOn = (): boolean => budget.used() < spent + FAILURE_OVERDRAFT;
  const { culprits, unsearched } = ok ? { culprits: [], unsearched: 0 } : localise(evaluation, failing.length > 0 ? failing : check, { ...executionOf(input), derivatives, seed, mayGoOn });
  return {
    ok: ok && unstable === undefined,
    loss: evaluation.baseLoss,
    tensors: results,
    suspects,
    worst: worstOf(results),
    culprits,
    unsearched,
    nondeterministic: unstable === undefined ? undefined : { ...program.instructions[unstable]!, ref: unstable },
    implementation: evaluation.implementation,
    evaluations: evaluation.count,
    seconds: (performance.now() - started) / 1000,
  };
}

/** How many bytes a check will take, to be known before it starts and before its leaves have values. */
export function memoryOfCheck(input: Pick<GradientCheck, 'program' | 'loss' | 'check' | 'derivatives' | 'budget'>): number {
  return memoryNeeded(input.program, input.loss, withGradients(input));
}

function withGradients({ program, loss, check, derivatives, budget }: Pick<GradientCheck, 'program' | 'loss' | 'check' | 'derivatives' | 'budget'>): Continuation {
  const builder = new Builder({ program, derivatives });
  const wanted = builder.gradient(loss, check);
  const kept = comparableEntries(budget);
  return { program: builder.program, wanted, passing: check.map((ref) => sizeOf(program.instructions[ref]!.shape) > kept) };
}

function shakenOf(tensors: readonly CheckedTensor[]): Ref[] {
  const small = tensors.filter(({ gradient }) => gradient.length <= SHAKEN_ENTRIES);
  return (small.length > 0 ? small : tensors).map(({ ref }) => ref);
}

/**
 * A direction of every tensor, from the loss upwards: what is near to it costs least. Where there is no time for that, tensors share directions, as
 * few as possible each. Gives what they shared, which of them are wrong without it
 * being known which, and what the dearest direction cost.
 * @param most About what a direction of all tensors costs.
 */
function checkDirections(
  checks: readonly TensorCheck[],
  { index, count }: Share,
  most: number,
  budget: Budget,
  progress: Progress,
  groupOf: (group: readonly TensorCheck[]) => GroupCheck,
): { readonly groups: readonly GroupCheck[]; readonly suspects: readonly Suspects[]; readonly dearest: number } {
  const own = [...checks].reverse().filter((_, i) => i % count === index);
  const groups: GroupCheck[] = [];
  const suspects: Suspects[] = [];
  let followed = 1;
  const mayFollow = (): boolean => budget.used() < followed;
  const end = Math.max(DIRECTIONS_SHARE, budget.used() + LEFT_DIRECTIONS_SHARE * budget.left());
  let dearest = 0;
  // One that takes unusually long says nothing of the next, least of all the first, before which no code is warm.
  let [cost, before] = [0, 0];
  let next = 0;
  while (next < own.length) {
    const last = Math.min(cost, before);
    const size = groupSize(own.length - next, end - budget.used(), last, Math.max(last, most));
    const group = own.slice(next, (next += size));
    const started = budget.used();
    if (size > 1) {
      const shared = groupOf(group);
      groups.push(shared);
      for (const each of group) each.sharesDirection(size);
      if (shared.verdict === 'wrong') {
        if (followed === 1) followed = Math.max(1, (1 + FOLLOWING) * budget.used());
        const { start, stop } = shared.findWrongTensors(mayFollow);
        if (stop - start === 1) group[start]!.checkDirection();
        else suspects.push({ names: group.slice(start, stop).map(({ tensor }) => tensor.name), analytic: shared.analytic, numeric: shared.numeric });
      }
    } else group[0]!.checkDirection();
    [cost, before] = [budget.used() - started, cost];
    dearest = Math.max(dearest, cost);
    progress.report('directions', 0.5 + (0.5 * next) / own.length);
  }
  return { groups, suspects, dearest };
}

/**
 * All entries of the share where they fit into the budget, else a sample, of the cheapest tensors first, then of the others all over the model.
 * @param most About what an entry costs whose cost is not known.
 */
function checkEntries(checks: readonly TensorCheck[], share: Share, budget: Budget, progress: Progress, most: number): void {
  const shares = share.count;
  const costs = costsOfEntries(checks, share, budget);
  const known = costs.filter(({ cost }) => cost < Infinity).sort((a, b) => (a.cost === b.cost ? b.index - a.index : a.cost * a.single.size - b.cost * b.single.size));
  const planned = [...known, ...spread(costs.filter(({ cost }) => cost === Infinity).sort((a, b) => b.index - a.index))];
  const needed = planned.reduce((sum, { single, cost }) => sum + cost * Math.ceil(single.size / shares), 0);
  const isEnough = needed <= budget.left();
  if (!isEnough) for (const { single } of planned) if (single.hasDirection && budget.used() < SECOND_DIRECTIONS_SHARE) single.checkDirection();
  // Who divides all entries with others ends with small pieces, so that nobody waits for long.
  if (isEnough && shares > 1) planned.reverse();
  const total = checks.reduce((sum, { size }) => sum + size, 0);
  const estimate = new EntriesProgress(isEnough ? planned.map(({ single, cost }) => cost * single.size) : undefined, needed, budget);
  let compared = 0;
  planned.forEach(({ single, index, cost }, position) => {
    const { size } = single;
    const before = budget.used();
    const part = budget.left() / (planned.length - position);
    const isUnknown = cost === Infinity;
    const { count, current } = isUnknown
      ? { count: budget.left() > most ? LEAST_ENTRIES : 0, current: most }
      : countOfEntries(single, cost, part, shares, budget, isEnough);
    single.plan(count);
    const extent = agreedExtent(Math.min(count * shares, size), index, share);
    const isAll = single.isTold(extent);
    // What an entry costs that nobody has tried shows as it is compared.
    const isOver = (): boolean => (isUnknown ? budget.left() < 0 || budget.used() > before + part : budget.left() < (isAll ? -OVERDRAFT : 0));
    // Of a tensor that others have finished, nothing is made ready.
    let places = isAll ? undefined : count === 0 ? [] : inGroups(single, extent);
    const length = places?.length ?? size;
    let own = 0;
    const costOfOne = (): number => (own === 0 ? current : (budget.used() - before) / own);
    for (const { start, stop } of partsOf(length, index, share, () => budget.shareOf(PIECE) / costOfOne())) {
      places ??= inGroups(single, size);
      const end = isAll ? endOfGroup(single, places, stop, shares) : stop;
      const from = isAll ? endOfGroup(single, places, start, shares) : start;
      const some = compareEntries(single, places, from, end, (count) => {
        progress.report('entries', estimate.fraction(position, (isAll ? from + count : own + count) / length), () => ({ entries: { done: compared + count, total }, secondsLeft: estimate.secondsLeft }));
        return own + count > 0 && isOver();
      });
      own += some;
      compared += some;
      if (isOver()) break;
    }
    // Beyond the budget, one wrong entry is enough.
    const mayGoOn = (): boolean => budget.left() > 0 || (budget.left() > -FAILURE_OVERDRAFT && !checks.some((each) => each.hasWrongEntry));
    if (!isAll && single.hasWrongDirection && mayGoOn()) single.findWrongEntry(mayGoOn);
    const refining = budget.left() * (isEnough ? 1 : REFINED_SHARE);
    if (own > 0 && refining > REFINEMENT * (isUnknown ? costOfOne() : current)) single.refineWorst();
  });
}

/**
 * How many entries of a tensor are to be compared in a part of the time, and what one costs.
 * @param isSettled Whether the cost is that of now. The engine's code gets faster as it warms up: what was found before is an upper bound.
 */
function countOfEntries(single: TensorCheck, cost: number, part: number, shares: number, budget: Budget, isSettled: boolean): { readonly count: number; readonly current: number } {
  const most = Math.ceil(single.size / shares);
  const mayTry = cost * LEAST_ENTRIES <= budget.left();
  const current = isSettled || !mayTry ? cost : Math.min(cost, entryCost(single, budget));
  const fair = affordableEntries(most, current, part - single.noiseCost * current);
  return { count: Math.max(fair, Math.min(LEAST_ENTRIES, affordableEntries(most, current, budget.left()))), current };
}

/** The same in an order of which every beginning is spread over all: the first, the one in the middle, those in the middles of both halves (van der Corput, 1935). */
function spread<Item>(items: readonly Item[]): Item[] {
  const order = new Set<number>();
  for (let count = 1; order.size < items.length; count *= 2) {
    for (let i = 0; i < count; i++) order.add(Math.floor((i * items.length) / count));
  }
  return [...order].map((place) => items[place]!);
}

/** Compares the entries at some places, and says how many. @param isOver Asked before each, with how many there were. */
function compareEntries(single: TensorCheck, places: readonly number[], from: number, end: number, isOver: (count: number) => boolean): number {
  let count = 0;
  for (; from + count < end && !isOver(count); count++) single.checkEntry(places[from + count]!);
  return count;
}

/** A sample of so many entries, those of a group one after the other. */
function inGroups(single: TensorCheck, count: number): number[] {
  const places = single.sample(count);
  // Typed arrays are sorted much faster than others; and loops stay compiled, where the host forgets the code of closures with them.
  const keys = new Float64Array(places.length);
  for (let i = 0; i < keys.length; i++) keys[i] = single.groupOf(places[i]!) * single.size + places[i]!;
  keys.sort();
  for (let i = 0; i < keys.length; i++) places[i] = keys[i]! % single.size;
  return places;
}

/** Where the group ends that would be cut before an entry, so that not two checks make ready for it; the entry itself if the group is large. */
function endOfGroup(single: TensorCheck, places: readonly number[], at: number, shares: number): number {
  if (shares === 1 || at === 0 || at >= places.length) return at;
  const cut = single.groupOf(places[at - 1]!);
  const most = Math.min(places.length, at + places.length / (GROUPS_OF_A_CHECK * shares));
  for (let i = at; i < most; i++) if (single.groupOf(places[i]!) !== cut) return i;
  return most === places.length ? most : at;
}

/** What one entry of each tensor costs, infinitely much where there was no time to find out, or it is better spent on comparing one. */
function costsOfEntries(checks: readonly TensorCheck[], share: Share, budget: Budget): { readonly single: TensorCheck; readonly index: number; readonly cost: number }[] {
  const least = (1 - TRIALS_SHARE) * budget.left();
  let needed = 0;
  // One that takes unusually long says nothing of the next, least of all the first, before which no code is warm.
  let [last, before] = [0, 0];
  // Farther from the loss they cost no less.
  const isDear = (): boolean => needed > budget.left() && Math.min(last, before) * LEAST_ENTRIES * checks.length > budget.left();
  return ordered(checks.length, share).map((index) => {
    const single = checks[index]!;
    const told = toldCost(index, share);
    const cost = told ?? (budget.left() > least && !isDear() ? entryCost(single, budget, budget.left() / (2 * checks.length * single.size)) : Infinity);
    if (told === undefined) tellCost(index, share, cost);
    if (cost < Infinity) needed += cost * Math.ceil(single.size / share.count);
    if (told === undefined) [last, before] = [cost, last];
    return { single, index, cost };
  });
}

/** The share of the budget that one entry takes: the quickest of a few trials. @param enough A share that is known to be small enough. */
function entryCost(single: TensorCheck, budget: Budget, enough = 0): number {
  let least = Infinity;
  const limit = budget.used() + TRIAL_SHARE;
  for (let trial = 0; trial < TRIALS && (trial === 0 || (least > enough && budget.used() < limit)); trial++) {
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
