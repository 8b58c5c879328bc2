// A gradient check in words: in one line for the lens, and as a page.

import type { CheckedEntry, CheckedTensor, CheckReport } from '../check/protocol';
import { spellIndex } from '../check/wording';
import type { Place } from '../semantics/graph';
import { code, escaped, paragraphs, table, unbroken } from './markdown';
import { counted, duration, grouped, scientific } from './numbers';
import { capitalized } from './spelling';

/** `conv1.weight[out=3, in=0, kh=1, kw=1]: analytic 0.25, numeric 0.5` */
export function describeEntry(entry: CheckedEntry): string {
  return `${entryName(entry)}: analytic ${precise(entry.analytic)}, numeric ${precise(entry.numeric)}`;
}

function entryName({ tensor, index, axes }: Pick<CheckedEntry, 'tensor' | 'index' | 'axes'>): string {
  return `${tensor}${spellIndex(index, axes)}`;
}

/** Seven digits, as many as are compared. */
export function precise(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** The outcome in one line. */
export function outcomeOf(report: CheckReport): string {
  const failing = report.tensors.filter((tensor) => !tensor.ok);
  const broken = report.asserts.filter((assert) => !assert.ok);
  if (report.problem !== undefined) return `✗ not checked: ${report.problem}`;
  if (failing.length > 0) {
    const worst = failing.find((tensor) => tensor.name === report.worst?.tensor) ?? failing[0]!;
    const others = failing.length - 1;
    return `✗ ${worst.worst === undefined ? `${worst.name}: a random direction of its entries differs` : describeEntry(worst.worst)}${others > 0 ? ` · and ${counted(others, 'more tensor')}` : ''}`;
  }
  if (broken.length > 0) return `✗ ${counted(broken.length, 'assert')} ${broken.length === 1 ? 'fails' : 'fail'}: ${broken[0]!.text}`;
  if (report.second?.ok === false) return `✗ ${secondOutcome(report.second)}`;
  if (!report.ok) return `✗ gradients do not agree: ${report.culprits[0]?.message ?? report.notes.at(-1) ?? 'a joint direction of all tensors differs'}`;
  const parts: string[] = [];
  const isEmpty = report.tensors.length > 0 && report.tensors.every(saysNothing);
  if (isEmpty) parts.push(`no derivative could be compared in ${counted(report.tensors.length, 'tensor')}`);
  else if (report.tensors.length > 0) {
    parts.push('gradients agree');
    if (report.tensors.every(({ zero }) => zero === true)) parts.push('all of them are 0');
    else if (report.worst !== undefined) parts.push(`worst relative error ${scientific(report.worst.relativeError)}`);
    const compared = report.tensors.filter(isCompared).length;
    const together = Math.max(...report.tensors.map(sharing));
    const shared = compared === report.tensors.length && together > 1 ? `, up to ${grouped(together)} to a direction` : '';
    parts.push(`${compared < report.tensors.length ? `only ${grouped(compared)} of ` : ''}${counted(report.tensors.length, 'tensor')}${shared}`);
  }
  if (report.asserts.length > 0) parts.push(`${counted(report.asserts.length, 'assert')} ${report.asserts.length === 1 ? 'holds' : 'hold'}`);
  return parts.length === 0 ? '✓ nothing to check' : `${isEmpty ? '–' : '✓'} ${parts.join(' · ')}`;
}

/** What the check of second derivatives came to. */
export function secondOutcome({ ok, worst, tensors, culprits }: NonNullable<CheckReport['second']>): string {
  if (ok) return `second derivatives agree${worst === undefined ? '' : ` · worst relative error ${scientific(worst.relativeError)}`} · ${counted(tensors.length, 'tensor')}`;
  return `second derivatives do not agree: ${worst === undefined ? (culprits[0]?.message ?? 'a direction of all tensors differs') : describeEntry(worst)}`;
}

/** At kinks, and where rounding hides all, there is nothing to compare. */
function saysNothing({ checked, kinks, unresolved = 0 }: CheckedTensor): boolean {
  return checked > 0 && unresolved + kinks === checked;
}

/** A check that its budget ends may come to a tensor only with all others at once. */
export function isCompared(tensor: CheckedTensor, _: number, all: readonly CheckedTensor[]): boolean {
  const { checked, entries, together } = tensor;
  if (saysNothing(tensor)) return false;
  return checked > 0 || entries === 0 || together === 1 || together < all.length;
}

/** With how many tensors one shared the direction that compared what was not compared entry by entry. */
export function sharing({ checked, entries, together }: CheckedTensor): number {
  return checked < entries ? together : 1;
}

export interface ReportOptions {
  /** The model has changed since. */
  readonly stale?: boolean;
  readonly seed?: number;
  /** Where a place is now, as one says it: `line 12`. */
  readonly lineOf?: (place: Place) => string | undefined;
}

/** The whole report as a page; a stale one is grey. */
export function reportPage(report: CheckReport, { stale = false, seed, lineOf }: ReportOptions = {}): string {
  const page = paragraphs(
    `# Gradients of ${escaped(report.model)}`,
    `**${escaped(outcomeOf(report))}**`,
    settingOf(report, seed),
    disagreementsOf(report),
    tensorTable(report, lineOf),
    report.second && paragraphs('## Second derivatives', `${report.second.ok ? '✓' : '✗'} ${escaped(sentence(secondOutcome(report.second)))} The product of the Hessian with a random direction, against differences of the gradient along it.`),
    assertTable(report, lineOf),
    report.notes.length === 0 ? undefined : paragraphs('## Remarks', report.notes.map((note) => `- ${escaped(sentence(note))}`).join('\n')),
  );
  return stale ? paragraphs('*The model has changed since this check.*', `<div style="opacity: 0.55">`, page, '</div>') : page;
}

/** How it was checked: sizes, batch, seed and time. */
function settingOf({ sizes, batch, seconds }: CheckReport, seed: number | undefined): string {
  const parts = [
    ...Object.entries(sizes).map(([name, size]) => code(`${name} = ${grouped(size)}`)),
    `${counted(batch, 'example')} at once`,
    ...(seed === undefined ? [] : [`seed ${String(seed)}`]),
    duration(seconds),
  ];
  return `Reverse-mode derivatives against central differences · ${parts.join(' · ')}`;
}

function disagreementsOf({ tensors, culprits }: CheckReport): string | undefined {
  const rows = tensors.flatMap(({ ok, worst }) => (ok || worst === undefined ? [] : [[code(entryName(worst)), code(precise(worst.analytic)), code(precise(worst.numeric)), scientific(worst.relativeError), worst.errorBound === undefined ? '' : scientific(worst.errorBound)]]));
  const patterns = tensors.flatMap(({ name, pattern }) => (pattern === undefined ? [] : [`- ${code(name)}: ${escaped(pattern)}`]));
  if (rows.length + culprits.length === 0) return undefined;
  return paragraphs(
    '## Where they do not agree',
    rows.length === 0 ? undefined : table(['Entry', 'By differentiation', 'By differences', 'Relative error', 'Differences are exact to'], rows),
    patterns.length === 0 ? undefined : patterns.join('\n'),
    culprits.length === 0 ? undefined : culprits.map(({ message }) => `- ${escaped(sentence(message))}`).join('\n'),
  );
}

/** Directions and kinks are left out where there are none. */
function tensorTable({ tensors }: CheckReport, lineOf: ReportOptions['lineOf']): string | undefined {
  if (tensors.length === 0) return undefined;
  const [sampled, kinked] = [tensors.some(({ checked, entries }) => checked < entries), tensors.some(({ kinks }) => kinks > 0)];
  const rows = tensors.map((tensor, index) => [
    tensor.ok ? (isCompared(tensor, index, tensors) ? '✓' : '–') : '✗',
    code(tensor.name),
    unbroken(`[${tensor.shape.join(', ')}]`),
    (tensor.checked === tensor.entries ? `all ${grouped(tensor.entries)}` : `${grouped(tensor.checked)} of ${grouped(tensor.entries)}`).replaceAll(' ', '\u00a0'),
    ...(sampled ? [sharing(tensor) > 1 ? `1 of ${counted(tensor.together, 'tensor')}` : grouped(tensor.directions)] : []),
    ...(kinked ? [tensor.kinks === 0 ? '' : grouped(tensor.kinks)] : []),
    // Where all is well, the place of the largest error of rounding tells nothing, and would make the page wider than it is.
    tensor.worst === undefined ? '' : `${scientific(tensor.worst.relativeError)}${tensor.ok || tensor.worst.index.length === 0 || tensor.worst.relativeError === 0 ? '' : ` at ${code(entryName({ ...tensor.worst, tensor: '' }))}`}`,
    ...placed(tensor.place, lineOf),
  ]);
  return paragraphs('## Tensors', table(['', 'Tensor', 'Shape', 'Compared', ...(sampled ? ['Directions'] : []), ...(kinked ? ['At a kink'] : []), 'Worst relative error', ...(lineOf === undefined ? [] : ['Place'])], rows));
}

function assertTable({ asserts }: CheckReport, lineOf: ReportOptions['lineOf']): string | undefined {
  if (asserts.length === 0) return undefined;
  const rows = asserts.map(({ ok, text, message, place }) => [ok ? '✓' : '✗', code(text.replace(/\s+/g, ' ')), message === undefined ? (ok ? 'holds at random points' : '') : escaped(message), ...placed(place, lineOf)]);
  return paragraphs('## Asserts', table(['', 'Assert', '', ...(lineOf === undefined ? [] : ['Place'])], rows));
}

function placed(place: Place | undefined, lineOf: ReportOptions['lineOf']): readonly string[] {
  return lineOf === undefined ? [] : [((place && lineOf(place)) ?? '').replaceAll(' ', '\u00a0')];
}

function sentence(text: string): string {
  return `${capitalized(text)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
