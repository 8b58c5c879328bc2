// Numbers as people read them: grouped, shortened with a suffix, and sizes that depend on free dimensions.

import { type Dimension, print, symbolsOf } from '../symbolic/dimension';
import type { Settings } from './settings';

const format = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** `11,689,512`, or the expression. */
export function grouped(value: Dimension): string {
  return typeof value === 'number' ? format.format(value) : print(value);
}

const suffixes = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** `1.81 G`; small numbers stay as they are, and so do expressions. */
export function shortened(value: Dimension): string {
  if (typeof value !== 'number') return print(value);
  const found = suffixes.find(([unit]) => Math.abs(value) >= unit);
  if (found === undefined || Math.abs(value) < 10_000) return grouped(value);
  const [unit, suffix] = found;
  return `${(value / unit).toPrecision(3)} ${suffix}`;
}

/** A number where there is little room, in the style of the settings. */
export function written(value: Dimension, style: Settings['numbers.style']): string {
  return style === 'exact' ? grouped(value) : shortened(value);
}

/** `1,814,073,344 (1.81 G)` */
export function groupedAndShortened(value: Dimension): string {
  if (typeof value !== 'number' || Math.abs(value) < 1e6) return grouped(value);
  return `${grouped(value)} (${shortened(value)})`;
}

/** `H, W`: the free dimensions that some sizes depend on. */
export function freeNames(values: readonly Dimension[]): readonly string[] {
  return [...new Set(values.flatMap((value) => symbolsOf(value)).map((symbol) => symbol.name))];
}

/** `3e-9`, `1.2e-5`: a relative error, in which the power of ten counts. */
export function scientific(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  return value.toExponential(1).replace(/\.0(?=e)/, '').replace('e+', 'e');
}

/** `1 layer`, `3 layers` */
export function counted(count: Dimension, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** `0.4 s`, `12 s`, `3 min`: a time as one says it. */
export function duration(seconds: number): string {
  if (seconds >= 120) return `${grouped(Math.round(seconds / 60))} min`;
  return `${seconds < 10 ? seconds.toFixed(1) : grouped(Math.round(seconds))} s`;
}

/** `512 B`, `12.3 kB`, `1.5 GB` */
export function bytes(value: number): string {
  const found = value < 1000 ? undefined : suffixes.find(([unit]) => value >= unit);
  return found === undefined ? `${grouped(value)} B` : `${(value / found[0]).toPrecision(3)} ${found[1]}B`;
}
