// Sizes for the free dimensions of a large model, of whose entries a check can compare few: smaller ones, with which it compares more,
// but none that make a part of the model trivial.

import { liveRefs, run } from '../engine/execute';
import { fast, workOfLoss, type Work } from '../engine/gradient-check/estimate';
import { timeLimit, type BudgetLimits } from '../engine/gradient-check/plan';
import type { AttributesOf, Origin, Program, Ref } from '../engine/program';
import { sizeOf } from '../engine/shape';
import type { Graph } from '../semantics/graph';

export type Sizes = Readonly<Record<string, number>>;

/** A model at some sizes. */
export interface SizedModel {
  readonly sizes: Sizes;
  readonly graph: Graph;
  /** As a program, up to what its loss is made of: made when it is asked for; undefined where it has none. */
  readonly lower: () => LoweredResults | undefined;
}

export interface LoweredResults {
  readonly program: Program;
  readonly results: readonly Ref[];
}

/** Fewer than one entry in so many are few; the budget pays for two losses for each, at the speed of a fast host, so that all hosts take the same sizes. */
const FEW = 100;
const LOSSES_OF_AN_ENTRY = 2;
/** Sizes from which smaller ones are sought, and larger ones. */
const SMALLER = [4, 2] as const;
const LARGER = [16, 32] as const;
/** How much more work kernels are worth that meet more than padding. */
const WORTH = 1.1;

/**
 * The sizes at which a check within a budget compares most.
 * @param first The model at the preferred sizes. @param free The dimensions that may have others.
 * @param at The model with given sizes, and the others sought from one on; undefined where it has none.
 */
export function fitSizes(first: SizedModel, free: readonly string[], budget: BudgetLimits, at: (given: Sizes, from: number) => SizedModel | undefined): SizedModel {
  const limit = timeLimit(budget);
  if (limit === undefined || free.length === 0) return first;
  const reference = new Trial(first);
  if (!reference.comparesFew(limit)) return first;
  let best = reference;
  const others = (names: readonly string[]): Sizes => Object.fromEntries(Object.entries(best.sized.sizes).filter(([name]) => !names.includes(name)));
  const trialAt = (names: readonly string[], from: number): Trial | undefined => {
    const sized = at(others(names), from);
    return sized && new Trial(sized);
  };
  // All together, since they may depend on each other; then each by itself.
  for (const names of free.length === 1 ? [free] : [free, ...free.map((name) => [name])]) {
    for (const from of SMALLER) {
      const trial = best.comparesFew(limit) ? trialAt(names, from) : undefined;
      if (!trial?.holdsAllOf(reference) || trial.work >= best.work) break;
      best = trial;
    }
  }
  // Batches of small maps are larger, so that a larger map may take no more work.
  for (const from of LARGER) {
    const trial = best.unmet === 0 ? undefined : trialAt(free, from);
    if (trial === undefined || trial.work > WORTH * best.work) break;
    if (trial.unmet < best.unmet) best = trial;
  }
  return best.sized;
}

/** What is to be weighed of a model at some sizes. */
class Trial {
  private known: (Work & LoweredResults & { readonly unmet: number }) | undefined;
  private knownVaried: ReadonlyMap<Origin, readonly boolean[]> | undefined;

  constructor(readonly sized: SizedModel) {}

  /** To compute its loss once. */
  get work(): number {
    return this.lowered.multiplyAdds;
  }

  get unmet(): number {
    return this.lowered.unmet;
  }

  comparesFew(limit: number): boolean {
    return (limit * fast.multiplyAdds) / (LOSSES_OF_AN_ENTRY * this.work) < this.lowered.entries / FEW;
  }

  /** Whether everything there is as little trivial as at other sizes. */
  holdsAllOf(other: Trial): boolean {
    return !hasShrunk(this.sized.graph, other.sized.graph) && this.unmet <= other.unmet && isAsVaried(this.varied, other.varied);
  }

  private get lowered(): Work & LoweredResults & { readonly unmet: number } {
    if (this.known === undefined) {
      const lowered = this.sized.lower();
      this.known = lowered === undefined
        ? { program: { instructions: [] }, results: [], multiplyAdds: Infinity, entries: 0, unmet: 0 }
        : { ...lowered, ...workOfLoss(lowered.program, lowered.results), unmet: unmetEntries(lowered.program, lowered.results) };
    }
    return this.known;
  }

  private get varied(): ReadonlyMap<Origin, readonly boolean[]> {
    return (this.knownVaried ??= variedConstants(this.lowered));
  }
}

/**
 * Whether an axis of any tensor has one place only, or none, that has several in the other graph: a softmax along it is 1, statistics of it
 * are those of one number, a recurrence has no past.
 */
function hasShrunk(graph: Graph, other: Graph): boolean {
  if (graph.nodes.length !== other.nodes.length) return true;
  const shapesOf = ({ inputs, nodes }: Graph): number[][] => [...inputs, ...nodes.flatMap(({ outputs }) => outputs)].map(({ type }) => type.shape.map(Number));
  const shapes = shapesOf(graph);
  return shapesOf(other).some((shape, i) => shape.some((length, axis) => length > 1 && !(shapes[i]![axis]! > 1)));
}

/** By node, whether what it computes from no leaf, such as masks and places, has different values: a window beyond all places masks nothing. */
function variedConstants({ program, results }: LoweredResults): ReadonlyMap<Origin, readonly boolean[]> {
  const moving = new Set<Ref>();
  const constant: Ref[] = [];
  for (const ref of liveRefs(program, results)) {
    const { primitive, inputs, shape } = program.instructions[ref]!;
    if (primitive === 'leaf' || inputs.some((input) => moving.has(input))) moving.add(ref);
    else if (sizeOf(shape) > 1) constant.push(ref);
  }
  const varied = new Map<Origin, boolean[]>();
  run(program, new Map(), constant).forEach((values, i) => {
    const { origin = '' } = program.instructions[constant[i]!]!;
    const own = varied.get(origin) ?? [];
    varied.set(origin, own);
    own.push(values.some((value) => value !== values[0]));
  });
  return varied;
}

/** Where a node has another number of constants, as one for each step of a recurrence, any of them stands for all. */
function isAsVaried(varied: ReadonlyMap<Origin, readonly boolean[]>, other: ReadonlyMap<Origin, readonly boolean[]>): boolean {
  return [...other].every(([origin, before]) => {
    const now = varied.get(origin) ?? [];
    return now.length === before.length ? before.every((each, i) => !each || now[i]!) : !before.includes(true) || now.includes(true);
  });
}

/** How many entries of kernels meet nothing but padding wherever the kernel stands: their derivatives are 0, right or wrong. */
export function unmetEntries(program: Program, results: readonly Ref[]): number {
  const unmet = new Map<Ref, number>();
  for (const ref of liveRefs(program, results)) {
    const { primitive, inputs, attributes, shape } = program.instructions[ref]!;
    if (primitive !== 'convolution') continue;
    const { stride, paddingBefore, dilation } = attributes as AttributesOf['convolution'];
    const [x, w] = inputs.map((input) => program.instructions[input]!.shape) as [readonly number[], readonly number[]];
    const taps = w.slice(2);
    const met = taps.map((count, axis) => tapsThatMeet(x[axis + 2]!, shape[axis + 2]!, count, stride[axis]!, paddingBefore[axis]!, dilation[axis]!));
    const own = w[0]! * w[1]! * (sizeOf(taps) - sizeOf(met));
    // Of a kernel that is used several times, that use counts where most is met.
    unmet.set(inputs[1]!, Math.min(own, unmet.get(inputs[1]!) ?? Infinity));
  }
  return [...unmet.values()].reduce((sum, count) => sum + count, 0);
}

/** Along one axis: how many taps read a place of the input at some place of the kernel. */
function tapsThatMeet(input: number, output: number, taps: number, stride: number, padding: number, dilation: number): number {
  let count = 0;
  for (let tap = 0; tap < taps; tap++) {
    // Output o reads o · stride + offset: the first o at which that does not lie before the input.
    const offset = tap * dilation - padding;
    const first = Math.max(0, Math.ceil(-offset / stride));
    if (first < output && first * stride + offset < input) count++;
  }
  return count;
}

function spellSizes(sizes: Sizes): string {
  return Object.entries(sizes).map(([name, size]) => `${name} = ${String(size)}`).join(', ');
}

/** Which sizes are not the usual ones, and why; undefined where all are. */
export function describeSizes(sizes: Sizes, usual: Sizes): string | undefined {
  const others = Object.fromEntries(Object.entries(sizes).filter(([name, size]) => usual[name] !== size));
  const before = Object.fromEntries(Object.keys(others).map((name) => [name, usual[name]!]));
  if (Object.keys(others).length === 0) return undefined;
  const why = Object.entries(others).some(([name, size]) => size > before[name]!) ? 'more of its kernels meets the input, for the same work' : 'the budget compares more entries';
  return `${spellSizes(others)} instead of the usual ${spellSizes(before)}: there ${why}`;
}

/** What the sizes leave out of kernels; undefined where nothing, or where the text alone decides it. */
export function describeUnmet(sizes: Sizes, program: Program, results: readonly Ref[]): string | undefined {
  const count = Object.keys(sizes).length === 0 ? 0 : unmetEntries(program, results);
  if (count === 0) return undefined;
  return `at ${spellSizes(sizes)}, ${count.toLocaleString('en-US')} entries of convolution kernels meet nothing but padding, so that their derivatives are 0 and say nothing; larger sizes reach them`;
}
