// Derivatives along a line by differences, each with its own error bound, and the verdict on an analytic value.

import { noiseOf } from './noise';
import type { Probe } from './track';

/** The loss at an offset from the base point; `offset` is the offset really taken, after rounding. */
export type Line = (offset: number) => Probe & { readonly offset: number };

/**
 * 'agrees': within the numerical error; 'wrong': outside it, by two step sizes that agree with each other;
 * 'kink': the loss branches however close one comes; 'unresolved': no step size gave a trustworthy value.
 */
export type Verdict = 'agrees' | 'wrong' | 'kink' | 'unresolved';

export interface Measurement {
  readonly verdict: Verdict;
  readonly numeric: number;
  readonly errorBound: number;
  /** At a kink: the derivatives from below and from above. */
  readonly sides?: readonly [below: number, above: number];
}

export interface Scale {
  /** Multiplies every step size: the magnitude of what is varied, at least 1. */
  readonly step: number;
  /** How far rounding may move the loss. */
  readonly noise: number;
  /** Within such a part of itself, the analytic value counts as borne out by one difference: where evaluations are dear and the noise is not known. */
  readonly tolerance?: number;
}

const SWEEP_STEP = 1e-6;
const DEAR_STEPS = [SWEEP_STEP, 1e-7, 1e-8] as const;
const STEPS = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8] as const;
/** Where rounding is gross, only a great step sees through it. */
const GREAT_STEPS = [1e-2, 1e-3] as const;
const NOISE_SPACINGS = [1e-5, 1e-6, 1e-7, 1e-8, 1e-9] as const;
const NOISE_POINTS = 7;
/** By how many of its own error bounds a value may be off. */
const TOLERANCE = 10;
/** What rounding within the analytic derivative may amount to. */
const RELATIVE_TOLERANCE = 1e-10;

/** What is smooth needs few steps: those for entries look for kinks, too. */
export interface Steps {
  readonly steps: readonly number[];
  readonly noiseSpacings: readonly number[];
}

const entrySteps: Steps = { steps: STEPS, noiseSpacings: NOISE_SPACINGS };
export const smoothSteps: Steps = { steps: [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9], noiseSpacings: [1e-6, 1e-9] };

/** For directions: steps at which one difference is often enough, and what part of the magnitude it may be off. */
export const QUICK_STEPS: readonly number[] = [1e-5, 1e-7, 1e-9];
const QUICK_TOLERANCE = 1e-6;
/** What is off by so much of the magnitude, and by so many times what differences are apart, is wrong. */
const PLAIN = 1e-5;
const CERTAIN = 1000;
/** By which part of a step a third one is smaller. A loss that moves in coarse steps gives equal differences where the ratio is that of small numbers. */
const INCOMMENSURATE = (Math.sqrt(5) - 1) / 2;

interface Estimate {
  readonly h: number;
  readonly numeric: number;
  /** |R − D(h/2)|: what is left of the higher derivatives. */
  readonly truncation: number;
}

/** D(h) = (L(x + h) − L(x − h)) / 2h, or undefined where the loss took another branch. */
function centralDifference(line: Line, h: number): number | undefined {
  const above = line(h);
  if (above.branched) return undefined;
  const below = line(-h);
  return below.branched ? undefined : (above.loss - below.loss) / (above.offset - below.offset);
}

/** R = (4·D(h/2) − D(h)) / 3 with error O(h⁴), bounded by |R − D(h/2)| + 4·noise/h. */
function richardson(line: Line, h: number): Estimate | undefined {
  const coarse = centralDifference(line, h);
  const fine = coarse === undefined ? undefined : centralDifference(line, h / 2);
  if (coarse === undefined || fine === undefined) return undefined;
  const numeric = (4 * fine - coarse) / 3;
  return { h, numeric, truncation: Math.abs(numeric - fine) };
}

function errorBound({ h, truncation }: Estimate, noise: number): number {
  return truncation + (4 * noise) / h + Number.MIN_VALUE;
}

function agree(a: number, b: number, bound: number): boolean {
  return Math.abs(a - b) <= TOLERANCE * bound + RELATIVE_TOLERANCE * Math.abs(b);
}

/** How far off one central difference may be, where rounding moves the loss so far. */
export function errorOfSweep(noise: number): number {
  return (4 * noise) / SWEEP_STEP;
}

/** One central difference: settles the ordinary case and leaves the rest to `examine`. Dear ones are settled by a few in most cases. */
export function sweep(line: Line, analytic: number, { step, noise, tolerance = 0 }: Scale): Measurement | undefined {
  if (tolerance > 0) return compareWithin(line, analytic, Math.abs(analytic), DEAR_STEPS.map((part) => part * step), (h) => Math.max((4 * noise) / h, tolerance * Math.abs(analytic)));
  const h = SWEEP_STEP * step;
  const numeric = centralDifference(line, h);
  if (numeric === undefined) return undefined;
  const errorBound = (4 * noise) / h;
  return Math.abs(analytic - numeric) <= errorBound ? { verdict: 'agrees', numeric, errorBound } : undefined;
}

/** By how much the analytic value exceeds one central difference. */
export function discrepancy(line: Line, analytic: number, h: number): number {
  return analytic - (centralDifference(line, h) ?? NaN);
}

type Settled = Measurement & { readonly step: number };

/** Differences along a smooth line. @param magnitude Of such derivatives. */
export function compare(line: Line, analytic: number, magnitude: number, steps: readonly number[]): Settled | undefined {
  return compareWithin(line, analytic, magnitude, steps, () => QUICK_TOLERANCE * magnitude);
}

/**
 * Central differences: one that bears out the analytic value settles it, and so do three that agree with each other far better than with that.
 * The rest is left to `examine`.
 */
function compareWithin(line: Line, analytic: number, magnitude: number, steps: readonly number[], boundOf: (step: number) => number): Settled | undefined {
  const tried: { readonly numeric: number; readonly step: number; readonly least: number }[] = [];
  for (const step of steps) {
    const above = line(step);
    const below = above.branched ? above : line(-step);
    if (below.branched) continue;
    const numeric = (above.loss - below.loss) / (above.offset - below.offset);
    if (Math.abs(analytic - numeric) <= boundOf(step)) return { verdict: 'agrees', numeric, errorBound: boundOf(step), step };
    const least = (4 * Number.EPSILON * Math.max(Math.abs(above.loss), Math.abs(below.loss))) / step;
    for (const other of tried) {
      const off = Math.abs(analytic - other.numeric);
      const boundWith = (numeric: number): number => Math.max(Math.abs(numeric - other.numeric), other.least);
      // A loss that is too coarse to move gives equal differences, too.
      if (numeric === 0 || off < CERTAIN * boundWith(numeric) || off < PLAIN * magnitude) continue;
      const errorBound = Math.max(boundWith(numeric), boundWith(centralDifference(line, INCOMMENSURATE * other.step) ?? NaN));
      if (off >= CERTAIN * errorBound) return { verdict: 'wrong', numeric: other.numeric, errorBound, step: other.step };
    }
    tried.push({ numeric, step, least });
  }
  return undefined;
}

/**
 * Richardson extrapolation over several step sizes; the smallest error bound decides.
 * @param noiseAlong How far rounding moves the loss along the line, asked before an entry is called wrong.
 */
export function examine(
  line: Line,
  analytic: number,
  { step, noise }: Scale,
  noiseAlong: (line: Line, step: number) => number = lineNoise,
  { steps }: Steps = entrySteps,
): Measurement {
  const enough = Math.max(RELATIVE_TOLERANCE * 100 * Math.abs(analytic), (4 * noise) / (SWEEP_STEP * step));
  const estimates: Estimate[] = [];
  let branched = false;
  const estimateAt = (h: number): Estimate | undefined => {
    const estimate = richardson(line, h * step);
    branched = estimate === undefined;
    if (!estimate || !Number.isFinite(estimate.numeric)) return undefined;
    estimates.push(estimate);
    return estimate;
  };
  for (const h of steps) {
    const estimate = estimateAt(h);
    const bound = estimate && errorBound(estimate, noise);
    if (estimate && bound! <= enough && agree(analytic, estimate.numeric, bound!)) {
      return { verdict: 'agrees', numeric: estimate.numeric, errorBound: bound! };
    }
  }
  if (branched) return oneSided(line, analytic, step, noise);
  const verdict = judge(estimates, analytic, noise);
  if (verdict.verdict === 'agrees') return verdict;
  // Before it is called wrong: rounding may be worse along this line than it is elsewhere.
  GREAT_STEPS.forEach(estimateAt);
  return judge(estimates, analytic, Math.max(noise, noiseAlong(line, step)));
}

/** The estimate with the smallest bound of those that all smaller steps bear out. */
function judge(estimates: readonly Estimate[], analytic: number, noise: number): Measurement {
  const bounded = estimates.map((estimate) => ({ ...estimate, errorBound: errorBound(estimate, noise) })).sort((a, b) => a.h - b.h);
  const trusted = bounded.filter((estimate, i) =>
    bounded.slice(0, i).every((smaller) => agree(estimate.numeric, smaller.numeric, estimate.errorBound + smaller.errorBound)));
  const best = trusted.reduce((a, b) => (b.errorBound < a.errorBound ? b : a), trusted[0]!);
  if (!best) return unresolved;
  const { numeric } = best;
  const verdict = agree(analytic, numeric, best.errorBound) ? 'agrees' : trusted.length > 1 ? 'wrong' : 'unresolved';
  return { verdict, numeric, errorBound: best.errorBound };
}

/** The noise along a line, where it shows at any spacing. */
export function lineNoise(line: Line, step: number, { noiseSpacings }: Steps = entrySteps): number {
  return Math.max(0, ...noiseSpacings.map((spacing) => {
    const probes = Array.from({ length: NOISE_POINTS }, (_, i) => line((i - (NOISE_POINTS - 1) / 2) * spacing * step));
    return probes.some((probe) => probe.branched) ? 0 : 2 * (noiseOf(probes.map(({ loss }) => loss)) ?? 0);
  }));
}

const unresolved: Measurement = { verdict: 'unresolved', numeric: NaN, errorBound: Infinity };

/** By what part of themselves derivatives on both sides may differ that are one, for what the step adds. */
const SMOOTH_JOIN = 1e-5;

/**
 * At a true tie: the one-sided derivative that lies nearest to the analytic value, or that value if it lies between them. No derivative
 * at all is wrong there, too.
 */
function oneSided(line: Line, analytic: number, step: number, noise: number): Measurement {
  const h = SWEEP_STEP * step;
  const bound = (4 * noise) / h;
  const { loss } = line(0);
  const [right, left] = [h, -h].map((to) => {
    const probe = line(to);
    const slope = (probe.loss - loss) / probe.offset;
    // A tenth of the way makes a tenth of the difference, unless the loss jumps.
    const jumps = Math.abs(slope) > 100 * bound && Math.abs(line(to / 10).loss - loss) > 0.5 * Math.abs(probe.loss - loss);
    return jumps ? Math.sign(slope) * Infinity : slope;
  }) as [number, number];
  if (Number.isNaN(analytic)) return { verdict: 'wrong', numeric: right, errorBound: bound };
  const numeric = Math.min(Math.max(analytic, Math.min(left, right)), Math.max(left, right));
  // Branches may meet without a kink, as those of ELU do.
  const gap = Math.abs(left - right) + bound;
  const size = Math.max(Math.abs(left), Math.abs(right));
  if (Number.isFinite(gap) && gap <= SMOOTH_JOIN * size && Math.abs(analytic - numeric) <= gap) return { verdict: 'agrees', numeric: (left + right) / 2, errorBound: gap };
  return { verdict: 'kink', numeric, errorBound: bound, sides: [left, right] };
}
