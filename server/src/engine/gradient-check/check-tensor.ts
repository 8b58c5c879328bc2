// The check of one tensor's derivatives: random directions, then entries one by one.

import type { RandomStream } from '../../base/random';
import type { Ref } from '../program';
import { sizeOf, unravel } from '../shape';
import type { Shape } from '../shape';
import { examine, lineNoise, sweep } from './difference';
import type { Line, Measurement, Scale } from './difference';
import type { EntryTrack, Evaluation, Track } from './evaluation';
import { alongDirection, directionLine, entryLine, estimateNoise, randomDirection } from './lines';
import type { Direction } from './lines';
import type { EntryReport, TensorReport } from './report';

const LISTED_FAILURES = 20;
const CERTAIN_FAILURES = 4;

/** A leaf and its analytic derivative. */
export interface CheckedTensor {
  readonly ref: Ref;
  readonly name: string;
  readonly shape: Shape;
  readonly gradient: Float64Array;
}

export class TensorCheck {
  readonly size: number;
  private readonly track: Track;
  private readonly entries: EntryTrack;
  private readonly values: Float64Array;
  private readonly noise: number;
  private readonly failures: EntryReport[] = [];
  private readonly verdicts = { agrees: 0, wrong: 0, kink: 0, unresolved: 0 };
  private directions = 0;
  private wrongDirections = 0;
  private greatestNoise = 0;
  private worst: EntryReport | undefined;
  private worstPlace = 0;

  /** @param floor Below it a derivative counts as this great in relative errors. */
  constructor(
    evaluation: Evaluation,
    readonly tensor: CheckedTensor,
    private readonly random: RandomStream,
    private readonly floor: number,
  ) {
    this.size = sizeOf(tensor.shape);
    this.track = evaluation.track([tensor.ref]);
    this.entries = evaluation.entryTrack(tensor.ref);
    this.values = this.entries.values;
    this.noise = estimateNoise(this.track, evaluation.baseLoss, random);
  }

  get hasWrongDirection(): boolean {
    return this.wrongDirections > 0;
  }

  /** Checks one more random direction of the whole tensor. */
  checkDirection(): void {
    const measured = this.measure(randomDirection(this.track, this.random, ++this.directions));
    if (measured.verdict === 'wrong') this.wrongDirections++;
  }

  /** Entries of one group are cheaper to check one after the other. */
  groupOf(place: number): number {
    return this.entries.groupOf(place);
  }

  /** Does the work of checking an ordinary entry without recording it, to see what it costs. */
  tryEntry(): void {
    const place = this.size >> 1;
    sweep(entryLine(this.entries, place), this.tensor.gradient[place]!, this.scaleAt(place));
  }

  checkEntry(place: number): void {
    const line = entryLine(this.entries, place);
    const analytic = this.tensor.gradient[place]!;
    const scale = this.scaleAt(place);
    this.record(place, sweep(line, analytic, scale) ?? examine(line, analytic, scale, this.noiseAlong));
  }

  /** Halves a wrong direction until one wrong entry is left, for tensors too large to sweep. */
  findWrongEntry(): void {
    let range: [number, number] = [0, this.size];
    while (range[1] - range[0] > 1) {
      const middle = (range[0] + range[1]) >> 1;
      const halves: [number, number][] = [[range[0], middle], [middle, range[1]]];
      const wrong = halves.find(([start, stop]) => {
        const signs = Int8Array.from({ length: this.size }, (_, i) => (i >= start && i < stop ? this.random.sign(i) : 0));
        return this.measure(new Map([[this.tensor.ref, signs]])).verdict === 'wrong';
      });
      if (!wrong) return;
      range = wrong;
    }
    this.checkEntry(range[0]);
  }

  report(): TensorReport {
    const { ref, name, shape } = this.tensor;
    this.refineWorst();
    return {
      ref,
      name,
      shape,
      entries: this.size,
      checked: this.verdicts.agrees + this.verdicts.wrong + this.verdicts.kink + this.verdicts.unresolved,
      directions: this.directions,
      wrongDirections: this.wrongDirections,
      kinks: this.verdicts.kink,
      unresolved: this.verdicts.unresolved,
      wrong: this.verdicts.wrong,
      failures: this.failures,
      worst: this.worst,
      ok: this.verdicts.wrong === 0 && this.wrongDirections === 0,
    };
  }

  /** Once a tensor has failed for certain, the noise along its next wrong entries is taken from the first ones. */
  private readonly noiseAlong = (line: Line, step: number): number => {
    if (this.verdicts.wrong < CERTAIN_FAILURES) this.greatestNoise = Math.max(this.greatestNoise, lineNoise(line, step));
    return this.greatestNoise;
  };

  private scaleAt(place: number): Scale {
    return { step: Math.max(1, Math.abs(this.values[place]!)), noise: this.noise };
  }

  private measure(direction: Direction): Measurement {
    const { ref, gradient } = this.tensor;
    const analytic = alongDirection(direction, new Map([[ref, gradient]]));
    // A step of 10⁻⁶ is lost in entries far above 1, and adding it to many entries rounds each of them.
    let rounding = 0;
    let square = 0;
    for (let i = 0; i < this.size; i++) {
      rounding += (gradient[i]! * this.values[i]!) ** 2;
      square += this.values[i]! ** 2;
    }
    const noise = this.noise + Number.EPSILON * Math.sqrt(rounding);
    return examine(directionLine(this.track, direction), analytic, { step: Math.max(1, Math.sqrt(square / this.size)), noise });
  }

  private record(place: number, { verdict, numeric, errorBound }: Measurement): void {
    this.verdicts[verdict]++;
    const analytic = this.tensor.gradient[place]!;
    const relativeError = verdict === 'kink' || verdict === 'unresolved' ? 0 : this.relativeError(analytic, numeric);
    const outranks = this.worst === undefined
      || (verdict === 'wrong' && this.worst.verdict !== 'wrong')
      || (relativeError > this.worst.relativeError && (verdict === 'wrong' || this.worst.verdict !== 'wrong'));
    if (!outranks && (verdict !== 'wrong' || this.failures.length >= LISTED_FAILURES)) return;
    const entry = { index: unravel(place, this.tensor.shape), analytic, numeric, errorBound, relativeError, verdict };
    if (verdict === 'wrong' && this.failures.length < LISTED_FAILURES) this.failures.push(entry);
    if (!outranks) return;
    this.worst = entry;
    this.worstPlace = place;
  }

  /** The sweep's error is mostly rounding: measures the worst entry once more, as well as it can be. */
  private refineWorst(): void {
    if (this.worst?.verdict !== 'agrees') return;
    const { analytic } = this.worst;
    const measured = examine(entryLine(this.entries, this.worstPlace), analytic, this.scaleAt(this.worstPlace));
    if (measured.verdict !== 'agrees' || measured.errorBound >= this.worst.errorBound) return;
    this.worst = { ...this.worst, ...measured, relativeError: this.relativeError(analytic, measured.numeric) };
  }

  private relativeError(analytic: number, numeric: number): number {
    const error = Math.abs(analytic - numeric);
    return Number.isNaN(error) ? Infinity : error / Math.max(Math.abs(analytic), Math.abs(numeric), this.floor);
  }
}
