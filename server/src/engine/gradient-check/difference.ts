// Derivatives along a line by differences, each with its own error bound, and the verdict on an analytic value.

import type { Probe } from './evaluation';

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
}

export interface Scale {
  /** Multiplies every step size: the magnitude of what is varied, at least 1. */
  readonly step: number;
  /** How far rounding may move the loss. */
  readonly noise: number;
}

const SWEEP_STEP = 1e-6;
const STEPS = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-3] as const;
/** By how many of its own error bounds a value may be off. */
const TOLERANCE = 10;
/** What rounding within the analytic derivative may amount to. */
const RELATIVE_TOLERANCE = 1e-10;

interface Estimate {
  readonly numeric: number;
  readonly errorBound: number;
}

/** D(h) = (L(x + h) − L(x − h)) / 2h, or undefined where the loss took another branch. */
function centralDifference(line: Line, h: number): number | undefined {
  const above = line(h);
  if (above.branched) return undefined;
  const below = line(-h);
  return below.branched ? undefined : (above.loss - below.loss) / (above.offset - below.offset);
}

/** R = (4·D(h/2) − D(h)) / 3 with error O(h⁴), bounded by |R − D(h/2)| + 4·noise/h. */
function richardson(line: Line, h: number, noise: number): Estimate | undefined {
  const coarse = centralDifference(line, h);
  const fine = coarse === undefined ? undefined : centralDifference(line, h / 2);
  if (coarse === undefined || fine === undefined) return undefined;
  const numeric = (4 * fine - coarse) / 3;
  return { numeric, errorBound: Math.abs(numeric - fine) + (4 * noise) / h + Number.MIN_VALUE };
}

function agrees(analytic: number, { numeric, errorBound }: Estimate): boolean {
  return Math.abs(analytic - numeric) <= TOLERANCE * errorBound + RELATIVE_TOLERANCE * Math.abs(numeric);
}

/** One central difference: settles the ordinary case and leaves the rest to `examine`. */
export function sweep(line: Line, analytic: number, { step, noise }: Scale): Measurement | undefined {
  const h = SWEEP_STEP * step;
  const numeric = centralDifference(line, h);
  if (numeric === undefined) return undefined;
  const errorBound = (4 * noise) / h;
  return Math.abs(analytic - numeric) <= errorBound ? { verdict: 'agrees', numeric, errorBound } : undefined;
}

/** Richardson extrapolation over several step sizes; the smallest error bound decides. */
export function examine(line: Line, analytic: number, { step, noise }: Scale): Measurement {
  const enough = Math.max(RELATIVE_TOLERANCE * 100 * Math.abs(analytic), (4 * noise) / (SWEEP_STEP * step));
  const estimates: Estimate[] = [];
  let branchedAtLast = false;
  for (const h of STEPS) {
    const estimate = richardson(line, h * step, noise);
    branchedAtLast = h === STEPS.at(-2) ? estimate === undefined : branchedAtLast;
    if (!estimate || !Number.isFinite(estimate.numeric)) continue;
    estimates.push(estimate);
    if (estimate.errorBound <= enough && agrees(analytic, estimate)) return { verdict: 'agrees', ...estimate };
  }
  const [best, ...others] = estimates.sort((a, b) => a.errorBound - b.errorBound);
  if (!best) return branchedAtLast ? oneSided(line, analytic, step, noise) : unresolved;
  if (agrees(analytic, best)) return { verdict: 'agrees', ...best };
  const confirmed = others.some((other) => agrees(best.numeric, { ...other, errorBound: other.errorBound + best.errorBound }));
  return { verdict: confirmed ? 'wrong' : 'unresolved', ...best };
}

const unresolved: Measurement = { verdict: 'unresolved', numeric: NaN, errorBound: Infinity };

/** At a true tie: the one-sided derivative that lies nearest to the analytic value, or that value if it lies between them. */
function oneSided(line: Line, analytic: number, step: number, noise: number): Measurement {
  const h = SWEEP_STEP * step;
  const base = line(0);
  const [right, left] = [line(h), line(-h)].map((probe) => (probe.loss - base.loss) / probe.offset) as [number, number];
  const numeric = Math.min(Math.max(analytic, Math.min(left, right)), Math.max(left, right));
  return { verdict: 'kink', numeric, errorBound: (4 * noise) / h };
}
