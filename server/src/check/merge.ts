// The reports of several workers on one check as one report, equal to that of a worker that did it all.

import { findPattern, mergeEvidence } from '../engine/gradient-check/patterns';
import type { CheckedEntry, CheckedKink, CheckedPart, CheckedTensor, CheckReport } from './protocol';
import { spellIndex, spellKink, spellPattern } from './wording';

const mostCulprits = 3;
const mostNames = 4;

/** @param reports At least one, in the order of their shares; each has checked other entries of the same tensors. */
export function mergeReports(reports: readonly CheckReport[]): CheckReport {
  const [first] = reports as [CheckReport, ...CheckReport[]];
  const merged = mergeParts(reports, first.batch);
  return {
    ...first,
    ...merged,
    second: first.second && mergeParts(reports.flatMap(({ second }) => second ?? []), first.batch),
    seconds: Math.max(...reports.map(({ seconds }) => seconds)),
    notes: [...first.notes, ...coverageNotes(merged.tensors), ...unlocatedNotes(merged)],
  };
}

/** What the shares found of first derivatives, or of second ones. */
function mergeParts(parts: readonly CheckedPart[], batch: number): CheckedPart {
  const tensors = parts[0]!.tensors.map((_, i) => mergeTensors(parts.flatMap(({ tensors: each }) => each[i] ?? []), batch));
  const culprits = parts.flatMap((part) => part.culprits);
  const isFirst = ({ place }: CheckedPart['culprits'][number], i: number): boolean => culprits.findIndex((other) => JSON.stringify(other.place) === JSON.stringify(place)) === i;
  return { ok: parts.every(({ ok }) => ok), worst: worstEntry(tensors), tensors, suspects: parts.flatMap(({ suspects = [] }) => suspects), culprits: culprits.filter(isFirst).slice(0, mostCulprits), unsearched: Math.max(0, ...parts.map(({ unsearched = 0 }) => unsearched)) };
}

function mergeTensors(parts: readonly CheckedTensor[], batch: number): CheckedTensor {
  const [first] = parts as [CheckedTensor, ...CheckedTensor[]];
  const sum = (of: (part: CheckedTensor) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const ok = parts.every((part) => part.ok);
  const found = parts.reduce<CheckedTensor>((a, b) => (outranks(b, a) ? b : a), first).worst;
  // Where only a direction is wrong, no entry that was compared shows it.
  const worst = ok || found?.wrong !== false ? found : undefined;
  return {
    ...first,
    checked: Math.min(first.entries, sum(({ checked }) => checked)),
    directions: sum(({ directions }) => directions),
    together: Math.min(...parts.map(({ together }) => together)),
    kinks: sum(({ kinks }) => kinks),
    kink: firstKink(parts.flatMap(({ kink }) => kink ?? [])),
    unresolved: sum(({ unresolved = 0 }) => unresolved) || undefined,
    ok,
    worst: worst && {
      tensor: worst.tensor,
      index: worst.index,
      axes: worst.axes,
      analytic: worst.analytic,
      numeric: worst.numeric,
      relativeError: worst.relativeError,
      errorBound: worst.errorBound,
    },
    region: ok || worst !== undefined ? undefined : parts.find(({ region }) => region !== undefined)?.region,
    pattern: patternOf(parts, batch),
    evidence: undefined,
    axes: undefined,
  };
}

/** The first one whose derivative does not lie between those on both sides, else the first. */
function firstKink(kinks: readonly CheckedKink[]): CheckedKink | undefined {
  const strange = kinks.filter(({ between }) => !between);
  return (strange.length > 0 ? strange : kinks).reduce<CheckedKink | undefined>((a, b) => (a === undefined || isBefore(b.index, a.index) ? b : a), undefined);
}

/** What the wrong entries of all shares have in common. */
function patternOf(parts: readonly CheckedTensor[], batch: number): string | undefined {
  const [{ shape, entries, axes }] = parts as [CheckedTensor];
  const pattern = findPattern(shape, mergeEvidence(parts.flatMap(({ evidence }) => evidence ?? [])));
  return pattern && spellPattern(pattern, shape, axes, new Map([[batch, 'examples'], [entries, 'entries']]));
}

/** The wrong before the right, then the greater error as it was first measured, then the earlier entry. */
function outranks(a: CheckedTensor, b: CheckedTensor): boolean {
  if (a.worst === undefined) return false;
  if (b.worst === undefined) return true;
  if (a.worst.wrong !== b.worst.wrong) return a.worst.wrong === true;
  const difference = (a.worst.rank ?? 0) - (b.worst.rank ?? 0);
  return difference === 0 ? isBefore(a.worst.index, b.worst.index) : difference > 0;
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const axis = a.findIndex((place, i) => place !== b[i]);
  return axis >= 0 && a[axis]! < b[axis]!;
}

/** Of the tensors that are wrong, or else of all, the entry with the greatest relative error. */
function worstEntry(tensors: readonly CheckedTensor[]): CheckedEntry | undefined {
  const wrong = tensors.filter(({ ok }) => !ok);
  const entries = (wrong.length > 0 ? wrong : tensors).flatMap(({ worst }) => worst ?? []);
  return entries.reduce<CheckedEntry | undefined>((a, b) => (a === undefined || b.relativeError > a.relativeError ? b : a), undefined);
}

/** What is wrong without it being known where, since the time ended. */
function unlocatedNotes({ ok, tensors, suspects = [], culprits, unsearched = 0 }: CheckedPart): string[] {
  if (ok) return [];
  const regions = tensors.flatMap(({ name, ok: isRight, region }) => {
    if (isRight || region === undefined) return [];
    return [`the wrong derivatives of ${name} lie between ${spellIndex(region.from, undefined)} and ${spellIndex(region.to, undefined)}, most of them: the time did not suffice to find one`];
  });
  const groups = suspects.map(({ names, analytic, numeric }) => {
    const some = names.length > mostNames ? `${names.slice(0, mostNames).join(', ')} and ${String(names.length - mostNames)} more` : names.join(', ');
    return `of ${some}, at least one is wrong: their derivative along a common direction is ${analytic.toPrecision(7)} by differentiation and ${numeric.toPrecision(7)} by differences; the time did not suffice to find which`;
  });
  const operations = culprits.length > 0 || unsearched === 0 ? [] : [`no operation was found whose own derivative is wrong: there was no time for ${unsearched.toLocaleString('en-US')} of them`];
  return [...operations, ...regions, ...groups];
}

/** What was compared entry by entry, what by directions of how many tensors, and what lies at kinks. */
function coverageNotes(tensors: readonly CheckedTensor[]): string[] {
  const count = (number: number): string => number.toLocaleString('en-US');
  const total = (of: (tensor: CheckedTensor) => number): number => tensors.reduce((sum, tensor) => sum + of(tensor), 0);
  const notes: string[] = [];
  const sampled = tensors.filter(({ checked, entries }) => checked < entries);
  const jointly = sampled.filter(({ together }) => together === tensors.length && together > 1);
  const grouped = sampled.filter(({ together }) => together > 1 && together < tensors.length);
  const checked = total((tensor) => tensor.checked);
  if (sampled.length > 0 && (checked > 0 || jointly.length < sampled.length)) {
    const whole = jointly.length + grouped.length === 0 ? ' of their whole tensors' : '';
    notes.push(`${count(checked)} of ${count(total(({ entries }) => entries))} entries were compared one by one, the others by random directions${whole}; a larger budget compares more`);
  }
  if (grouped.length > 0) {
    const most = Math.max(...grouped.map(({ together }) => together));
    notes.push(`${count(grouped.length)} of ${count(tensors.length)} tensors shared a random direction, up to ${count(most)} of them one; a larger budget gives each its own`);
  }
  if (jointly.length > 0) {
    notes.push(
      `${count(jointly.length)} of ${count(tensors.length)} tensors were compared only by one random direction ` +
        'of all tensors together; a larger budget compares each by itself',
    );
  }
  const kinks = total((tensor) => tensor.kinks);
  if (kinks > 0) {
    const known = tensors.flatMap(({ name, kink }) => (kink === undefined ? [] : [{ name, kink }]));
    const told = known.find(({ kink }) => !kink.between) ?? known[0];
    notes.push(`${kinks === 1 ? '1 entry lies' : `${count(kinks)} entries lie`} at a kink, where there is no derivative to compare with${told === undefined ? '' : `: ${spellKink(told.name, told.kink)}`}`);
  }
  const unresolved = total((tensor) => tensor.unresolved ?? 0);
  if (unresolved > 0) notes.push(`of ${count(unresolved)} entries the differences say nothing: rounding hides their derivatives, or no two steps agree`);
  return notes;
}
