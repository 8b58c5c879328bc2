// The check of one tensor's derivatives: random directions, then entries one by one.

import type { Ref } from '../program';
import { sizeOf, unravel } from '../shape';
import type { Shape } from '../shape';
import { errorOfSweep, examine, lineNoise, smoothSteps, sweep } from './difference';
import type { Line, Measurement, Scale } from './difference';
import { followError, measureDirection, partOf } from './direction';
import type { Surroundings } from './direction';
import type { Evaluation } from './evaluation';
import type { Gradient } from './gradient';
import { entryLine, randomDirection } from './lines';
import type { Direction } from './lines';
import { findPattern } from './patterns';
import type { Evidence } from './patterns';
import type { EntryReport, KinkReport, TensorReport } from './report';
import { samplePlaces, sampleSize, sampleRandom } from './sample';
import type { EntryTrack, Track } from './track';

const LISTED_FAILURES = 20;
/** So many are remembered to see what they have in common. */
const REMEMBERED_FAILURES = 20_000;
/** Greater tensors are not told whole: all of their entries are never compared. */
const TOLD_ENTRIES = 1e6;
const CERTAIN_FAILURES = 4;
const NOISE_SPACING = 1e-9;
/** What it takes to see the noise along an entry, in entries: of no more it is not worth it. */
const NOISE_ENTRIES = 4;
/** In units in the last place of the loss. Where that is too little, entries take more steps to be judged. */
const USUAL_NOISE = 4;
/** Where evaluations are dear, a difference that agrees to so many digits is not taken more exactly. */
const DEAR_TOLERANCE = 1e-5;
/** A value that is uncertain by this part of the greatest derivative of its tensor proves nothing. */
const VACUOUS = 0.1;

/** What lies outside the derivatives on both sides of a kink by no more than so many error bounds, or such a part, may lie between them. */
const BETWEEN = 10;
const BETWEEN_RELATIVE = 1e-3;

/** A leaf and its analytic derivative. */
export interface CheckedTensor {
  readonly ref: Ref;
  readonly name: string;
  readonly shape: Shape;
  readonly gradient: Gradient;
  /** Whether its gradient is kept, or else only what a sample of its entries needs. */
  readonly isKept: boolean;
}

export class TensorCheck {
  readonly size: number;
  private readonly gradients: ReadonlyMap<Ref, Gradient>;
  private readonly failures: EntryReport[] = [];
  private readonly verdicts = { agrees: 0, wrong: 0, kink: 0, unresolved: 0 };
  private track: Track | undefined;
  private entryTrack: EntryTrack | undefined;
  private readonly wrong = new Map<number, number>();
  private readonly wrongAnalytic = new Map<number, number>();
  private kink: KinkReport | undefined;
  private nearKinks = 0;
  private directions = 0;
  private together = Infinity;
  private wrongDirection: Direction | undefined;
  private wrongDirections = 0;
  private greatestNoise = 0;
  private ownNoise: number | undefined;
  private worst: EntryReport | undefined;
  private worstPlace = 0;
  private planned = 0;
  private region: TensorReport['region'];

  /** @param floor Below it a derivative counts as this great in relative errors. */
  constructor(
    private readonly evaluation: Evaluation,
    readonly tensor: CheckedTensor,
    private readonly seed: number,
    private readonly floor: number,
    private readonly surroundings: Surroundings,
  ) {
    this.size = sizeOf(tensor.shape);
    this.gradients = new Map([[tensor.ref, tensor.gradient]]);
  }

  get hasWrongDirection(): boolean {
    return this.wrongDirections > 0;
  }

  get hasWrongEntry(): boolean {
    return this.verdicts.wrong > 0;
  }

  /** Whether a direction of it alone was compared. */
  get hasDirection(): boolean {
    return this.directions > 0;
  }

  /** Takes note of a direction that moved so many tensors, this one among them. */
  sharesDirection(tensors: number): void {
    this.together = Math.min(this.together, tensors);
  }

  /** Checks one more random direction of the whole tensor. */
  checkDirection(): void {
    this.track ??= this.evaluation.track([this.tensor.ref]);
    const direction = randomDirection(this.track, this.seed, ++this.directions);
    if (measureDirection(this.track, direction, this.gradients, this.surroundings).verdict !== 'wrong') return;
    this.wrongDirections++;
    this.wrongDirection = direction;
  }

  /** Up to so many of its entries; of those whose derivatives are known, where not all are. */
  sample(count: number): number[] {
    const { shape, name, isKept } = this.tensor;
    return samplePlaces(shape, isKept ? Math.min(count, this.size) : sampleSize(count), sampleRandom(this.seed, name));
  }

  /** Whether a sample of so many entries is all of them. */
  isTold(count: number): boolean {
    return count >= this.size && this.tensor.isKept;
  }

  /** Entries of one group are cheaper to check one after the other. */
  groupOf(place: number): number {
    return this.entries.groupOf(place);
  }

  /** Does the work of checking an ordinary entry without recording it, to see what it costs. */
  tryEntry(): void {
    const place = this.size >> 1;
    sweep(entryLine(this.entries, place), 0, { step: Math.max(1, Math.abs(this.entries.values[place]!)), noise: 0 });
  }

  /** To be told how many entries will be checked. */
  plan(count: number): void {
    this.planned = count;
  }

  /** How many entries could be checked in the time that it takes to see how far rounding moves the loss. */
  get noiseCost(): number {
    return this.surroundings.isDear && this.ownNoise === undefined ? NOISE_ENTRIES : 0;
  }

  checkEntry(place: number): void {
    const line = entryLine(this.entries, place);
    const analytic = this.tensor.gradient.at(place);
    const scale = this.scaleAt(place);
    let branched = false;
    const first: Line = (offset) => {
      const probe = line(offset);
      branched ||= probe.branched;
      return probe;
    };
    const settled = sweep(first, analytic, scale);
    if (branched) this.nearKinks++;
    this.record(place, settled ?? examine(line, analytic, scale, this.noiseAlong));
  }

  /** Halves a wrong direction until one wrong entry is left, or no time, for tensors too large to sweep. */
  findWrongEntry(mayGoOn: () => boolean): void {
    const { track, wrongDirection, tensor: { ref, shape } } = this;
    if (!track || !wrongDirection) return;
    const { start, stop } = followError(track, this.gradients, this.surroundings, this.size, (from, to) => partOf(wrongDirection, ref, from, to), mayGoOn);
    if (stop - start === 1) this.checkEntry(start);
    else if (stop - start < this.size) this.region = { from: unravel(start, shape), to: unravel(stop - 1, shape) };
  }

  /** The sweep's error is mostly rounding, and that of a wrong entry is taken from others: measures the worst entry once more, as well as it can be. */
  refineWorst(): void {
    if (this.worst === undefined) return;
    const { analytic, verdict, errorBound } = this.worst;
    const measured = examine(entryLine(this.entries, this.worstPlace), analytic, this.scaleAt(this.worstPlace));
    if (measured.verdict !== verdict || (verdict === 'agrees' && measured.errorBound >= errorBound)) return;
    this.worst = { ...this.worst, ...measured, relativeError: this.relativeError(analytic, measured.numeric) };
  }

  report(): TensorReport {
    const { ref, name, shape } = this.tensor;
    const evidence = this.evidence();
    return {
      ref,
      name,
      shape,
      entries: this.size,
      checked: this.verdicts.agrees + this.verdicts.wrong + this.verdicts.kink + this.verdicts.unresolved,
      directions: this.directions,
      together: this.directions > 0 ? 1 : this.together,
      wrongDirections: this.wrongDirections,
      kinks: this.verdicts.kink,
      kink: this.kink,
      nearKinks: this.nearKinks,
      unresolved: this.verdicts.unresolved,
      wrong: this.verdicts.wrong,
      failures: this.failures,
      region: this.region,
      evidence,
      pattern: evidence && findPattern(shape, evidence),
      worst: this.worst,
      zero: this.tensor.gradient.isZero,
      hidden: this.hidden,
      ok: this.verdicts.wrong === 0 && this.wrongDirections === 0,
    };
  }

  /** What even its greatest derivative would have to exceed for differences to tell it from 0, where it does not. */
  private get hidden(): number | undefined {
    const { greatest } = this.tensor.gradient;
    const least = errorOfSweep(Math.max(this.ownNoise ?? 0, this.surroundings.knownNoise ?? Number.EPSILON * Math.abs(this.evaluation.baseLoss)));
    return greatest > 0 && greatest <= least ? least : undefined;
  }

  /** What other checks of the same tensor need, to see a pattern together with this one. */
  private evidence(): Evidence | undefined {
    const { wrong, verdicts, tensor: { gradient } } = this;
    if (wrong.size === 0 && verdicts.agrees === 0) return undefined;
    // The gradient lies in the memory of the check, which must not live as long as the report.
    const isTold = wrong.size > 0 && gradient.length <= TOLD_ENTRIES;
    return { wrong, right: verdicts.agrees, analytic: isTold ? gradient.whole().slice() : this.wrongAnalytic };
  }

  private get entries(): EntryTrack {
    return (this.entryTrack ??= this.evaluation.entryTrack(this.tensor.ref));
  }

  /** Once a tensor has failed for certain, the noise along its next wrong entries is taken from the first ones. */
  private readonly noiseAlong = (line: Line, step: number): number => {
    if (this.verdicts.wrong < CERTAIN_FAILURES) this.greatestNoise = Math.max(this.greatestNoise, lineNoise(line, step));
    return this.greatestNoise;
  };

  private scaleAt(place: number): Scale {
    const step = Math.max(1, Math.abs(this.entries.values[place]!));
    const noise = this.surroundings.knownNoise ?? this.ownNoise ?? this.findNoise(place, step);
    return { step, noise, tolerance: this.surroundings.isDear && this.planned <= NOISE_ENTRIES ? DEAR_TOLERANCE : 0 };
  }

  /** The noise for the entries of this tensor: what shows along one of them, if it takes too long to look at all. */
  private findNoise(place: number, step: number): number {
    return this.surroundings.isDear ? (this.ownNoise = this.estimateNoise(place, step)) : this.surroundings.noise;
  }

  /** How far rounding moves the loss along one entry; for few entries, what it usually does. */
  private estimateNoise(place: number, step: number): number {
    const unit = Number.EPSILON * Math.abs(this.evaluation.baseLoss);
    if (this.planned <= NOISE_ENTRIES) return USUAL_NOISE * unit;
    return Math.max(unit, lineNoise(entryLine(this.entries, place), step, { ...smoothSteps, noiseSpacings: [NOISE_SPACING] }));
  }

  private record(place: number, measured: Measurement): void {
    const { numeric, errorBound } = measured;
    const analytic = this.tensor.gradient.at(place);
    const verdict = measured.verdict === 'agrees' && this.isVacuous(analytic, measured) ? 'unresolved' : measured.verdict;
    this.verdicts[verdict]++;
    if (verdict === 'wrong' && this.wrong.size < REMEMBERED_FAILURES) {
      this.wrong.set(place, numeric);
      this.wrongAnalytic.set(place, analytic);
    }
    if (verdict === 'kink') {
      this.recordKink(place, analytic, measured);
      return;
    }
    const relativeError = verdict === 'unresolved' ? 0 : this.relativeError(analytic, numeric);
    const outranks = this.worst === undefined
      || (verdict === 'wrong' && this.worst.verdict !== 'wrong')
      || ((relativeError > this.worst.rank || (relativeError === this.worst.rank && place < this.worstPlace)) && (verdict === 'wrong' || this.worst.verdict !== 'wrong'));
    if (!outranks && (verdict !== 'wrong' || this.failures.length >= LISTED_FAILURES)) return;
    const entry = { index: unravel(place, this.tensor.shape), analytic, numeric, errorBound, relativeError, rank: relativeError, verdict };
    if (verdict === 'wrong' && this.failures.length < LISTED_FAILURES) this.failures.push(entry);
    if (!outranks) return;
    this.worst = entry;
    this.worstPlace = place;
  }

  private recordKink(place: number, analytic: number, { numeric, errorBound, sides }: Measurement): void {
    const between = Math.abs(analytic - numeric) <= BETWEEN * errorBound + BETWEEN_RELATIVE * Math.max(Math.abs(analytic), this.floor);
    if (sides === undefined || (this.kink !== undefined && (between || !this.kink.between))) return;
    this.kink = { index: unravel(place, this.tensor.shape), below: sides[0], above: sides[1], analytic, between };
  }

  /** Whether rounding may have hidden any derivative that this tensor could have. */
  private isVacuous(analytic: number, { numeric, errorBound }: Measurement): boolean {
    if (errorBound < this.floor || (analytic === 0 && numeric === 0)) return false;
    return errorBound >= VACUOUS * this.tensor.gradient.greatest;
  }

  private relativeError(analytic: number, numeric: number): number {
    const error = Math.abs(analytic - numeric);
    return Number.isNaN(error) ? Infinity : error / Math.max(Math.abs(analytic), Math.abs(numeric), this.floor);
  }
}
